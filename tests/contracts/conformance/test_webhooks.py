from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from contracts.conformance.suite import of_receiver, of_sender
from contracts.conformance.target import Unusable
from contracts.conformance.webhooks import RECEIVER, SENDER, ReceiverTarget, SenderTarget, read_receiver_target
from contracts.conformance.webhooks.schemes import SCHEMES, Scheme
from contracts.findings import Tally
from contracts.verification.mutants import faults
from tests.contracts.conformance import hook_sender
from tests.contracts.conformance.hook_receiver import FAULTS, NEXT_SECRET, SECRET, HookReceiver

SENDER_FAULTS = faults("sender")
LOOK = "http://shop.test/things/{unique}"
DESCRIBED: dict[str, Any] = {
    "url": "http://shop.test/hooks",
    "scheme": "standard-webhooks",
    "secret": SECRET,
    "next_secret": NEXT_SECRET,
    "event": {"id": "{id}", "type": "invoice.created", "data": {"reference": "{unique}"}},
    "later": {"type": "invoice.paid"},
    "count": {"url": LOOK, "pointer": "/count"},
    "state": {"url": LOOK, "pointer": "/state"},
    "fail": {"url": "http://shop.test/fail"},
    "settles_seconds": 0.1,
}


def examined(receiver: HookReceiver, ids: Iterable[str] = (), **changed: Any) -> Tally:
    target = msgspec.convert({**DESCRIBED, **changed}, ReceiverTarget)

    def client() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=receiver.app, raise_app_exceptions=False))

    return of_receiver(target, "t", ids=tuple(ids), clients=client).run(lambda *_: None)


def broken(tally: Tally) -> set[str]:
    return {finding.rule for finding in tally.findings}


def test_a_receiver_that_is_right_keeps_every_promise() -> None:
    tally = examined(HookReceiver())
    assert tally.findings == ()
    assert tally.checked == len(RECEIVER.assertions)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_promise_meant_for_it(fault: str) -> None:
    assert broken(examined(HookReceiver(fault))) & FAULTS[fault]


def test_every_promise_finds_a_fault() -> None:
    assert {promise.id for promise in RECEIVER.assertions} == set().union(*FAULTS.values())


def test_without_a_way_to_look_effects_are_skipped_not_passed() -> None:
    tally = examined(HookReceiver(), count=None, state=None, later={}, fail=None)
    assert {"W10", "W11", "W14", "W15"} <= {name for name, _ in tally.skipped}


def test_a_receiver_that_takes_nothing_breaks_one_promise_and_not_all_of_them() -> None:
    tally = examined(HookReceiver("refuses_all"))
    assert broken(tally) == {"W01", "W07", "W08", "W09", "W11"}
    assert {"W10", "W12", "W13", "W14", "W15"} <= {name for name, why in tally.skipped if "see W01" in why}


def test_nobody_at_the_address_is_no_verdict() -> None:
    target = msgspec.convert({**DESCRIBED, "url": "http://127.0.0.1:9/hooks"}, ReceiverTarget)
    assert of_receiver(target, "t").run(lambda *_: None).outcome == "could not run"


def test_an_unknown_scheme_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "hooks.yaml"
    path.write_text(json.dumps({"url": "x", "scheme": "none", "secret": "s", "event": {}}), encoding="utf-8")
    with pytest.raises(Unusable, match="known are: standard-webhooks, stripe"):
        read_receiver_target(path)


def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hooks.yaml"
    path.write_text(
        json.dumps({"url": "x", "scheme": "stripe", "secret": "${HOOK_SECRET}", "event": {}}), encoding="utf-8"
    )
    with pytest.raises(Unusable, match=r"\$\{HOOK_SECRET\} is not set"):
        read_receiver_target(path)
    monkeypatch.setenv("HOOK_SECRET", "")  # as a CI server hands on a secret that nobody has set
    with pytest.raises(Unusable, match=r"\$\{HOOK_SECRET\} is not set in the environment, or empty"):
        read_receiver_target(path)
    monkeypatch.setenv("HOOK_SECRET", "whsec_x")
    assert read_receiver_target(path).secret == "whsec_x"


# --- senders


def sent(fault: str = "", scheme: str = "standard-webhooks", ids: Iterable[str] = ()) -> Tally:
    command = [sys.executable, "-S", "-E", hook_sender.__file__, "{peer}", "{unique}", scheme, fault]
    described = {"trigger": {"command": command}, "scheme": scheme, "secret": SECRET, "step_seconds": 0.1}
    return of_sender(msgspec.convert(described, SenderTarget), "t", ids=tuple(ids)).run(lambda *_: None)


@pytest.mark.parametrize("scheme", ["standard-webhooks", "stripe"])
def test_a_sender_that_is_right_keeps_every_promise(scheme: str) -> None:
    tally = sent(scheme=scheme)
    assert tally.findings == ()
    assert tally.checked == len(SENDER.assertions)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_a_signature_is_recognised_whatever_letters_it_has(scheme: Scheme) -> None:
    deliveries = [scheme.sign(SECRET, f"evt_{number}", 1_700_000_000, b"%d" % number) for number in range(300)]
    for delivery, other in zip(deliveries, reversed(deliveries), strict=True):
        rotated = scheme.joined(delivery, other) if scheme.joined else delivery
        assert all(scheme.carries(rotated[name], delivery[name]) for name in scheme.headers)
        foreign = scheme.sign("another secret", "evt_0", 1_700_000_000, b"[]")
        assert not scheme.carries(rotated[scheme.headers[-1]], foreign[scheme.headers[-1]])


@pytest.mark.parametrize("fault", SENDER_FAULTS)
def test_a_fault_of_a_sender_is_found(fault: str) -> None:
    assert broken(sent(fault, ids=SENDER_FAULTS[fault])) == SENDER_FAULTS[fault]


def test_every_promise_of_a_sender_finds_a_fault() -> None:
    assert {promise.id for promise in SENDER.assertions} == set().union(*SENDER_FAULTS.values())
