"""The store in the protocol of the Pact Broker, on loopback: standard Pact clients publish and ask unchanged.

As much of the protocol as they use: publish pacts, fetch pacts for verification (branch and environment selectors,
pending, work in progress), publish results, record a deployment, ask can-i-deploy.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import msgspec

from contracts.matrix import hal
from contracts.matrix.answer import can_i_deploy
from contracts.matrix.store import Content, Environment, Store, Unusable, Verification, Version

LARGEST_BODY_BYTES = 20_000_000
Json = Any


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request: the parts of its path by name, its query, its JSON, and the broker's own address."""

    parts: dict[str, str]
    query: dict[str, list[str]]
    body: Json
    base: str

    def first(self, name: str) -> str:
        """Return the first value of a query parameter, empty without one."""
        return (self.query.get(name) or [""])[0]


Answered = tuple[int, Json]
Handler = Callable[[Store, Asked], Answered]


def _index(_store: Store, asked: Asked) -> Answered:
    return 200, hal.index(asked.base)


def _publish(store: Store, asked: Asked) -> Answered:
    body = asked.body
    name, number = str(body.get("pacticipantName", "")), str(body.get("pacticipantVersionNumber", ""))
    notices = []
    branch, tags = str(body.get("branch") or ""), tuple(str(tag) for tag in body.get("tags") or ())
    for contract in body.get("contracts", ()):
        try:
            pact = json.loads(base64.b64decode(contract["content"]))
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise Unusable("a contract carries its pact as base64 in `content`") from None
        content = store.publish(pact, number, branch, tags)
        text = f"{content.consumer} {number} with {content.provider}: {content.sha[:12]}"
        notices.append({"type": "success", "text": text})
    store.note_version(name, number, branch, tags)
    who = {"href": f"{asked.base}/pacticipants/{quote(name)}"}
    which = {"href": f"{who['href']}/versions/{quote(number)}"}
    return 200, {
        "notices": notices,
        "logs": [],
        "_embedded": {
            "pacticipant": {"name": name, "_links": {"self": who}},
            "version": {"number": number, "_links": {"self": which}},
        },
        "_links": {"pb:pacticipant": who, "pb:pacticipant-version": which, "pb:contracts": []},
    }


def _itself(_store: Store, asked: Asked) -> Answered:
    # Clients of the Rust kind GET a link before they POST to it.
    name = quote(asked.parts["provider"])
    return 200, {"_links": {"self": {"href": f"{asked.base}/pacts/provider/{name}/for-verification"}}}


def _for_verification(store: Store, asked: Asked) -> Answered:
    provider, wanted = asked.parts["provider"], asked.body or {}
    selectors = wanted.get("consumerVersionSelectors") or [{"mainBranch": True}]
    branches = {str(wanted.get("providerVersionBranch") or "main"), "main"}
    environments = store.environments()
    found: dict[str, Json] = {}
    for version in reversed(store.versions()):
        for content in version.pacts:
            if content.provider != provider or content.sha in found:
                continue
            is_wanted = any(_selects(each, version, environments) for each in selectors)
            if not is_wanted and not wanted.get("includeWipPactsSince"):
                continue
            is_pending = bool(wanted.get("includePendingStatus")) and not _held(store, content, branches)
            if is_wanted or not _held(store, content, branches):
                found[content.sha] = _offered(asked.base, version, content, is_pending, wip=not is_wanted)
    return 200, {"_embedded": {"pacts": list(found.values())}, "_links": {"self": {"href": asked.base}}}


def _selects(selector: Mapping[str, Json], version: Version, environments: list[Environment]) -> bool:
    """Tell whether a selector means a version."""
    if (name := selector.get("consumer")) and name != version.participant:
        return False
    if selector.get("branch"):
        return bool(selector["branch"] == version.branch)
    if selector.get("tag"):
        return selector["tag"] in version.tags
    if selector.get("mainBranch"):
        return version.branch in ("main", "master")
    places = [each for each in environments if selector.get("environment") in (None, each.name)]
    is_deployed = any(version.number in each.deployed.get(version.participant, ()) for each in places)
    asks = selector.get("deployedOrReleased") or selector.get("deployed") or selector.get("environment")
    return is_deployed if asks else bool(selector.get("latest"))


def _held(store: Store, content: Content, branches: set[str]) -> bool:
    """Tell whether a version of the provider on one of the branches ever held a content: else it is pending."""
    rows = (each for each in store.verifications() if (each.sha, each.provider) == (content.sha, content.provider))
    return any(each.success and each.branch in branches for each in rows)


def _offered(base: str, version: Version, content: Content, is_pending: bool, *, wip: bool) -> Json:
    pair = f"{content.consumer} ({version.number}) and {content.provider}"
    why = "work in progress" if wip else "pending" if is_pending else "required"
    return {
        "shortDescription": why,
        "verificationProperties": {
            "pending": is_pending or wip, "wip": wip,
            "notices": [{"when": "before_verification", "text": f"The pact between {pair} is {why}."}],
        },
        "_links": {"self": {"href": _pact_at(base, content), "name": f"Pact between {pair}"}},
    }  # fmt: skip


def _pact_at(base: str, content: Content) -> str:
    names = f"provider/{quote(content.provider)}/consumer/{quote(content.consumer)}"
    return f"{base}/pacts/{names}/pact-version/{content.sha}"


def _pact(store: Store, asked: Asked) -> Answered:
    content = Content(consumer=asked.parts["consumer"], provider=asked.parts["provider"], sha=asked.parts["sha"])
    pact = store.pact(content.sha)
    if pact is None:
        return 404, {"error": f"no pact says {content.sha}"}
    here = _pact_at(asked.base, content)
    provider = {"href": f"{asked.base}/pacticipants/{quote(content.provider)}", "name": content.provider}
    results = {"href": f"{here}/verification-results"}
    links = {"self": {"href": here}, "pb:provider": provider, "pb:publish-verification-results": results}
    return 200, {**pact, "_links": links}


def _results(store: Store, asked: Asked) -> Answered:
    told, parts = asked.body, asked.parts
    number = str(told.get("providerApplicationVersion", ""))
    known = store.version(parts["provider"], number)
    tests = [each for each in told.get("testResults") or () if isinstance(each, Mapping)]
    failed = [str(each.get("interactionDescription", "")) for each in tests if not each.get("success", True)]
    store.record(
        Verification(
            sha=parts["sha"], consumer=parts["consumer"], provider=parts["provider"], version=number,
            success=bool(told.get("success")), branch=known.branch if known else "", interactions=len(tests),
            failed=tuple(each for each in failed if each),
        )
    )  # fmt: skip
    store.note_version(parts["provider"], number)
    return 201, {"_links": {"self": {"href": f"{_pact_at(asked.base, _content(parts))}/verification-results/1"}}}


def _content(parts: Mapping[str, str]) -> Content:
    return Content(consumer=parts["consumer"], provider=parts["provider"], sha=parts["sha"])


def _branch(store: Store, asked: Asked) -> Answered:
    version = store.note_version(asked.parts["name"], asked.parts["version"], asked.parts["branch"])
    return 200, hal.version(asked.base, version.participant, version.number, store.environments())


def _tag(store: Store, asked: Asked) -> Answered:
    store.note_version(asked.parts["name"], asked.parts["version"], tags=(asked.parts["tag"],))
    return 200, {"name": asked.parts["tag"]}


def _participant(_store: Store, asked: Asked) -> Answered:
    return 200, hal.pacticipant(asked.base, asked.parts["name"])


def _version(store: Store, asked: Asked) -> Answered:
    name, number = asked.parts["name"], asked.parts["version"]
    if store.version(name, number) is None:
        return 404, {"error": f"nobody told of {name} {number}"}
    return 200, hal.version(asked.base, name, number, store.environments())


def _environments(store: Store, asked: Asked) -> Answered:
    return 200, hal.environments(asked.base, store.environments())


def _environment(store: Store, asked: Asked) -> Answered:
    found = store.environment(asked.parts["environment"])
    return (200, hal.environment(asked.base, found)) if found else (404, {"error": "there is no such environment"})


def _deployed(store: Store, asked: Asked) -> Answered:
    parts = asked.parts
    store.deploy(parts["name"], parts["version"], parts["environment"])
    return 201, {"uuid": f"{parts['name']}-{parts['version']}-{parts['environment']}", "currentlyDeployed": True}


def _matrix(store: Store, asked: Asked) -> Answered:
    name, number, where = (asked.first(each) for each in ("q[][pacticipant]", "q[][version]", "environment"))
    if not name or not number or not where:
        return 400, {"error": "ask for one version (--version) and an environment (--to-environment)"}
    return 200, hal.matrix(can_i_deploy(store, name, number, where))


_NAME = r"[^/]+"
_OF = rf"/pacts/provider/(?P<provider>{_NAME})"
_ONE = rf"{_OF}/consumer/(?P<consumer>{_NAME})/pact-version/(?P<sha>{_NAME})"
_WHO = rf"/pacticipants/(?P<name>{_NAME})"
_WHICH = rf"{_WHO}/versions/(?P<version>{_NAME})"
ROUTES: tuple[tuple[str, re.Pattern[str], Handler], ...] = tuple(
    (method, re.compile(pattern), handler)
    for method, pattern, handler in (
        ("GET", "/?", _index),
        ("POST", "/contracts/publish", _publish),
        ("GET", f"{_OF}/for-verification", _itself),
        ("POST", f"{_OF}/for-verification", _for_verification),
        ("GET", _ONE, _pact),
        ("POST", f"{_ONE}/verification-results", _results),
        ("PUT", rf"{_WHO}/branches/(?P<branch>.+)/versions/(?P<version>{_NAME})", _branch),
        ("PUT", rf"{_WHICH}/tags/(?P<tag>{_NAME})", _tag),
        ("POST", rf"{_WHICH}/deployed-versions/environment/(?P<environment>{_NAME})", _deployed),
        ("GET", _WHO, _participant),
        ("GET", _WHICH, _version),
        ("GET", "/environments", _environments),
        ("GET", rf"/environments/(?P<environment>{_NAME})", _environment),
        ("GET", "/matrix", _matrix),
    )
)


def answer(store: Store, method: str, target: str, body: bytes, base: str) -> Answered:
    """Answer one request; what cannot be understood is a 400 that says why, what is not there a 404."""
    place = urlsplit(target)
    for known, pattern, handler in ROUTES:
        match = pattern.fullmatch(place.path)
        if known != method or match is None:
            continue
        parts = {name: unquote(value) for name, value in match.groupdict().items()}
        try:
            told = json.loads(body) if body else {}
            return handler(store, Asked(parts=parts, query=parse_qs(place.query), body=told, base=base))
        except (Unusable, ValueError, AttributeError) as refusal:
            return 400, {"error": {"message": str(refusal)}}
    return 404, {"error": {"message": f"{method} {place.path} is not served here"}}


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        length = min(int(self.headers.get("content-length") or 0), LARGEST_BODY_BYTES)
        port = self.server.server_port  # type: ignore[attr-defined]
        body = self.rfile.read(length) if length else b""
        with self.server.lock:  # type: ignore[attr-defined]
            store = self.server.store  # type: ignore[attr-defined]
            status, said = answer(store, self.command, self.path, body, f"http://127.0.0.1:{port}")
        told = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", hal.HAL)
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = do_PUT = _do  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing: standard error belongs to the command."""


@contextmanager
def serving(store: Store, port: int = 0) -> Iterator[str]:
    """Serve a store on loopback until the block ends; return the address. Raise OSError when the port is taken."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Door)
    server.store, server.lock = store, threading.Lock()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
