"""Who gets in: every operation of the document is tried by strangers and by those who have every scope but its own."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.api.document import document, operations
from integration.api.doors import OPEN_TO_ALL
from integration.service.access import (
    SCOPES,
    TOKEN_LIFE_SECONDS,
    Access,
    Caller,
    Denied,
    digest_of,
    new_secret,
)
from integration.service.configuration import ApiToken
from tests.integration.api.conftest import KEY, Stage

_VALUES = {
    "transaction": "Q-1", "account": "A-1", "operation": "submit_order", "token": "0" * 32, "case": "YQ",
    "kind": "item", "key": "SKU", "name": "internal",
}  # fmt: skip


def every_operation() -> list[tuple[str, str, str, str]]:
    """Return (name, method, address, scope) of every operation; an empty scope is open to all."""
    found = []
    for method, path, operation in operations(document()):
        security = operation["security"]
        scope = security[0]["token"][0] if security else ""
        found.append((operation["operationId"], method, path.format(**_VALUES), scope))
    return found


GUARDED = [row for row in every_operation() if row[3]]
LISTS = {"/events", "/events/stream", "/exceptions", "/mappings", "/service"}


def test_only_what_is_listed_is_open_to_all() -> None:
    assert {name for name, _, _, scope in every_operation() if not scope} == OPEN_TO_ALL
    assert {scope for _, _, _, scope in GUARDED} <= set(SCOPES)
    assert len(GUARDED) > 25


@pytest.mark.parametrize(("name", "method", "address", "scope"), GUARDED, ids=[row[0] for row in GUARDED])
def test_nobody_enters_without_the_scope(stage: Stage, name: str, method: str, address: str, scope: str) -> None:
    with stage.client("") as stranger:
        for headers, error in (
            ({}, ""),
            ({"authorization": "Bearer guess"}, "invalid_token"),
            ({"authorization": "Basic YTpi"}, "invalid_token"),
            ({"authorization": "Bearer"}, "invalid_token"),
            ({"authorization": "Bearer secret-everything\u00e9".encode("latin-1")}, "invalid_token"),
        ):
            answer = stranger.request(method, address, headers=headers)  # type: ignore[arg-type]
            assert answer.status_code == 401, (name, headers)
            assert answer.json()["type"] == "/api/v1/problems/unauthenticated"
            assert error in answer.headers["www-authenticate"]
    others = " ".join(sorted(set(SCOPES) - {scope}))
    with stage.client("") as client:
        client.headers["authorization"] = f"Bearer {token(client, others)}"
        answer = client.request(method, address)
    assert (answer.status_code, answer.json()["type"]) == (403, "/api/v1/problems/forbidden"), name
    assert f'scope="{scope}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(("name", "method", "address", "scope"), GUARDED, ids=[row[0] for row in GUARDED])
def test_the_scope_alone_is_enough(stage: Stage, name: str, method: str, address: str, scope: str) -> None:
    """Behind the door a request without a body is wrong, and what is asked for is not there; lists are."""
    if method in ("post", "put"):
        wanted = {(400, "invalid-request"), (400, "idempotency-key-missing")}
    else:
        wanted = {(404, "not-found") if address not in LISTS else (200, "")}
    with stage.client(scope.replace(":", "-")) as client, client.stream(method, address) as answer:
        kind = "" if answer.status_code == 200 else json.loads(answer.read())["type"].rpartition("/")[2]
    assert (answer.status_code, kind) in wanted, name


def token(client: httpx.Client, scope: str = "", who: str = "everything") -> str:
    form = {"grant_type": "client_credentials", "client_id": who, "client_secret": f"secret-{who}", "scope": scope}
    answer = client.post("/oauth2/token", data=form)
    assert answer.status_code == 200, answer.text
    issued: str = answer.json()["access_token"]
    return issued


def test_a_client_exchanges_its_secret_for_a_token_that_may_less(stage: Stage) -> None:
    with stage.client("") as client:
        form = {"grant_type": "client_credentials", "scope": "events:read"}
        answer = client.post("/oauth2/token", data=form, auth=("everything", "secret-everything"))
        issued = answer.json()
        assert (issued["token_type"], issued["scope"], issued["expires_in"]) == ("Bearer", "events:read", 900)
        client.headers["authorization"] = f"Bearer {issued['access_token']}"
        assert client.get("/events").status_code == 200
        assert client.get("/service").status_code == 403


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "everything", "client_secret": "no"}, 401, "invalid_client"),
        (
            {"grant_type": "client_credentials", "client_id": "nothing", "client_secret": "secret-everything"},
            401,
            "invalid_client",
        ),
        (
            {
                "grant_type": "client_credentials", "client_id": "events-read", "client_secret": "secret-events-read",
                "scope": "orders:submit",
            },
            400,
            "invalid_scope",
        ),
    ],
)  # fmt: skip
def test_the_token_endpoint_refuses_in_the_words_of_oauth(
    stage: Stage, form: dict[str, str], status: int, error: str
) -> None:
    with stage.client("") as client:
        answer = client.post("/oauth2/token", data=form or {"a": ""})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["content-type"] == "application/problem+json"


# --- without a network ----------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_790_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Sent:
    def __init__(self, **headers: str) -> None:
        self.headers = headers


def access(clock: Clock | None = None, keys: tuple[bytes, ...] = (KEY,), **scopes: tuple[str, ...]) -> Access:
    clients = [ApiToken(name, digest_of(f"secret-{name}"), found) for name, found in scopes.items()]
    return Access(clients, lambda: keys, clock or Clock())


def test_a_token_expires_in_mid_flow_and_is_told_apart_from_a_wrong_one() -> None:
    clock = Clock()
    gate = access(clock, portal=("events:read",))
    issued, caller = gate.grant("portal", "secret-portal")
    assert gate.verified(issued) == caller == Caller("portal", frozenset({"events:read"}))
    clock.seconds += TOKEN_LIFE_SECONDS - 1
    assert gate.of_token(issued) == caller
    clock.seconds += 1
    with pytest.raises(Denied) as denied:
        gate.verified(issued)
    assert denied.value.code == "expired"


def test_a_signing_key_is_rotated_without_a_gap_and_then_gone() -> None:
    old, new = b"o" * 32, b"n" * 32
    keys: list[tuple[bytes, ...]] = [(old,)]
    gate = Access([ApiToken("portal", digest_of("s"), ("*",))], lambda: keys[0], Clock())
    issued, _ = gate.grant("portal", "s")
    keys[0] = (new, old)
    assert gate.of_token(issued) is not None
    keys[0] = (new,)
    assert gate.of_token(issued) is None


def test_a_client_that_was_struck_off_or_lost_a_scope_loses_it_at_once() -> None:
    issued, _ = access(portal=("events:read", "accounts:read")).grant("portal", "secret-portal")
    assert access(portal=("events:read",)).verified(issued).scopes == {"events:read"}
    assert access(other=("events:read",)).of_token(issued) is None


@settings(max_examples=100)
@given(st.data())
def test_a_token_with_any_character_changed_is_worth_nothing(data: st.DataObject) -> None:
    gate = access(portal=("events:read",))
    issued, _ = gate.grant("portal", "secret-portal")
    place = data.draw(st.integers(0, len(issued) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda found: found != issued[place]))
    forged = issued[:place] + other + issued[place + 1 :]
    last_bits_only = place == len(issued) - 1 and gate.of_token(forged) is not None
    assert not last_bits_only, "the padding bits of the signature must count as well"
    assert gate.of_token(forged) is None


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_no_text_makes_the_door_break_down(text: str) -> None:
    gate = access(portal=("*",))
    assert gate.of_token(text) is None
    with pytest.raises(Denied):
        gate.identify(Sent(authorization=text))


def test_the_header_of_a_token_is_never_obeyed() -> None:
    import base64

    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).rstrip(b"=").decode()

    claims = {"iss": "q2c-integration", "sub": "portal", "scope": "events:read", "iat": 0, "exp": 2**40}
    unsigned = f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."
    assert access(portal=("events:read",)).of_token(unsigned) is None


@pytest.mark.parametrize(
    ("sha256", "scopes", "said"),
    [("secret", ("*",), "SHA-256"), ("0" * 64, ("orders:submit", "orders:everything"), "orders:everything")],
)
def test_a_wrong_configuration_is_refused_in_words(sha256: str, scopes: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Access([ApiToken("portal", sha256, scopes)])


def test_short_signing_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Access((), lambda: (b"short",))


def test_a_signing_key_that_is_rotated_to_a_short_one_signs_and_verifies_nothing() -> None:
    keys: list[tuple[bytes, ...]] = [(b"k" * 32,)]
    gate = Access([ApiToken("portal", digest_of("s"), ("*",))], lambda: keys[0], Clock())
    issued, _ = gate.grant("portal", "s")
    keys[0] = (b"short", b"k" * 32)
    assert gate.of_token(issued) is not None
    assert gate.of_token(gate.grant("portal", "s")[0]) is not None
    keys[0] = (b"k" * 32,)
    assert gate.of_token(issued) is not None, "it was signed with the long one"
    keys[0] = (b"",)
    assert (gate.issues_tokens, gate.of_token(issued)) == (False, None)


def test_a_new_secret_opens_the_door_and_its_digest_does_not() -> None:
    secret, digest = new_secret()
    gate = Access([ApiToken("portal", digest, ("events:read",))], now_seconds=time.time)
    assert gate.of_token(secret) is not None
    assert gate.of_token(digest) is None
    assert not gate.issues_tokens
