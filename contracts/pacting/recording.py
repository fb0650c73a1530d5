"""The pact files, recorded from the integration's own calls: `python -m contracts.pacting.recording [FOLDER]`.

Each scene is tried on the mocks first; of the reply stays what the adapter reads. Then pact-python's mock server is
told of it, the same call goes there over HTTP, and the adapter reads the answer: only what it really sends and really
reads becomes part of the contract.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from contracts.pacting import messages
from contracts.pacting.matching import header, matched
from contracts.pacting.reading import Read, what_is_read
from contracts.pacting.scene import Scene, Values, seen
from contracts.pacting.scenes import SCENES
from contracts.pacting.stage import ADAPTERS, Stage, wire_headers
from contracts.pacting.states import STATES
from domain.http import Reply
from integration.effects import Call

CONSUMER = "q2c-integration"
FOLDER = Path(__file__).parents[1] / "pacts"
AUTHORIZATION = {
    "pact:matcher:type": "regex", "regex": "^(Basic|Bearer) .+$", "value": "Bearer a-token-from-the-state",
    "pact:generator:type": "ProviderState", "expression": "${authorization}",
}  # fmt: skip


CREDENTIALS = ("client_secret", "client_assertion")
_CREDENTIAL = re.compile(rf"\b({'|'.join(CREDENTIALS)})=[^&]*")


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """A scene as it was tried on the mocks: what was sent, what came back, and what of it is read."""

    scene: Scene
    values: Values
    call: Call
    reply: Reply
    read: Read


def untracked() -> None:
    """See to it that Pact tells nobody of its use."""
    os.environ["PACT_DO_NOT_TRACK"] = "true"


def take(scene: Scene, stage: Stage) -> Take:
    """Try a scene on the mocks; raise ValueError when the reply is not what the scene is for."""
    stage.begins(scene.system)
    values = STATES[scene.state](stage)
    call = scene.makes(values)
    known = {"authorization": values["authorization"]} if "authorization" in values else {} if scene.signs_in else None
    reply = stage.sent(call, known)
    reader = _reader(scene, call, reply)
    body = msgspec.json.decode(reply.body) if reply.body else None
    reader(body)
    return Take(scene=scene, values=values, call=call, reply=reply, read=_read(body, reader))


def _read(body: Any, reader: Callable[[Any], Any]) -> Read:
    """Return what is read of a body; nothing at all when no body at all makes no difference."""
    try:
        is_read = reader(None) != reader(body)
    except Exception:  # whatever a reader raises: it cannot do without
        is_read = True
    return what_is_read(body, reader) if is_read else Read(value=None)


def _reader(scene: Scene, call: Call, reply: Reply) -> Callable[[Any], Any]:
    adapter = ADAPTERS[scene.system]

    def reader(body: Any) -> Any:
        raw = b"" if body is None else msgspec.json.encode(body)
        return seen(scene, call, adapter.classify(call, msgspec.structs.replace(reply, body=raw), 0))

    return reader


def record(takes: Iterable[Take], folder: Path) -> None:
    """Write the pacts of takes into a folder; raise ValueError when the integration reads the pact otherwise."""
    untracked()
    from pact import Pact

    pacts: dict[str, Any] = {}
    for each in takes:
        # A pact of its own for each, so that the one request meets the one interaction it is for.
        system = each.scene.system
        alone = Pact(CONSUMER, f"{system}").with_specification("V4")
        _told(alone, each)
        with alone.serve(raises=False) as server:
            reply = _sent(str(server.url), each)
            if not server.matched:
                raise ValueError(f"{system}: {each.scene.name}: {json.dumps(server.mismatches)[:1500]}")
        _same(each, reply)
        pacts.setdefault(system, alone)
        alone.write_file(folder)


def _told(pact: Any, each: Take) -> None:
    scene, call = each.scene, each.call
    target = urlsplit(call.target)
    told = pact.upon_receiving(scene.name).given(scene.state)
    for name, ways in messages.freedoms(each.read).items():
        told.set_comment(name, ways)
    told.set_comment("operation", call.operation)
    told.with_request(call.method, target.path)
    known = {} if scene.signs_in else {**ADAPTERS[scene.system].headers, "authorization": "x"}
    for name, value in sorted(wire_headers(call, known).items()):
        if name != "content-type":  # it comes with the body
            told.with_header(name, _json(AUTHORIZATION if name == "authorization" else value))
    for name, value in parse_qsl(target.query, keep_blank_values=True):
        told.with_query_parameter(name, _json(_of_state(value, each.values)))
    if call.body:
        told.with_body(_without_credentials(call.body.decode()), content_type=call.headers["content-type"])
    if scene.signs_in:
        rule = {"combine": "AND", "matchers": [{"match": "regex", "regex": "^.+$"}]}
        told.with_matching_rules({"body": {f"$.{name}": rule for name in _credentials(call)}})
    if generators := _generators(each, target.path):
        told.with_generators(generators)
    told.will_respond_with(each.reply.status)
    if scene.retries_after:
        told.with_header("Retry-After", json.dumps(header("retry-after", each.reply.headers["retry-after"])))
    if each.read.value is not None:
        told.with_header("Content-Type", json.dumps(header("content-type", _media(each.reply))))
        told.with_body(json.dumps(matched(each.read.value)), content_type=_media(each.reply))


def _credentials(call: Call) -> list[str]:
    """Return the fields of a form that prove who signs in."""
    return [name for name, _ in parse_qsl(call.body.decode()) if name in CREDENTIALS]


def _without_credentials(body: str) -> str:
    return _CREDENTIAL.sub(r"\1=from-the-state", body)


def _media(reply: Reply) -> str:
    return reply.headers.get("content-type", "application/json").partition(";")[0].strip()


def _json(value: Any) -> Any:
    return value if isinstance(value, str) else json.dumps(value)


def _generators(each: Take, path: str) -> dict[str, Any]:
    """Say where ids that only the provider knows stand in the request, and where credentials do."""
    found: dict[str, Any] = {}
    if each.scene.signs_in:
        found["body"] = {
            f"$.{name}": {"type": "ProviderState", "expression": f"${{{name}}}", "dataType": "STRING"}
            for name in _credentials(each.call)
        }
    if (expression := _expression(path, each.values)) != path:
        found["path"] = {"type": "ProviderState", "expression": expression, "dataType": "STRING"}
    return found


def _of_state(value: str, values: Mapping[str, str]) -> Any:
    """Return a value of a query; one that only the provider knows comes from the state."""
    name = next((name for name, known in values.items() if known == value), "")
    if not name:
        return value
    generated = {"pact:generator:type": "ProviderState", "expression": f"${{{name}}}"}
    return {"pact:matcher:type": "type", "value": value, **generated}


def _expression(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        steps = text.split("/")
        text = "/".join(f"${{{name}}}" if step == value else step for step in steps)
    return text


def _sent(address: str, each: Take) -> Reply:
    """Send the call as it is to the mock server of Pact."""
    call = each.call
    place = urlsplit(address)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=10)
    known = {} if each.scene.signs_in else {**ADAPTERS[each.scene.system].headers, "authorization": "Bearer recorded"}
    try:
        connection.request(call.method, call.target, call.body or None, wire_headers(call, known))
        reply = connection.getresponse()
        headers = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, headers, reply.read())
    finally:
        connection.close()


def _same(each: Take, reply: Reply) -> None:
    """Make sure that the adapter reads of the pact what it reads of the system itself."""
    adapter = ADAPTERS[each.scene.system]
    pacted = seen(each.scene, each.call, adapter.classify(each.call, reply, 0))
    real = seen(each.scene, each.call, adapter.classify(each.call, each.reply, 0))
    if pacted != real:
        raise ValueError(f"{each.scene.system}: {each.scene.name}: reads {pacted!r} of the pact, but {real!r} itself")


def written(folder: Path, scenes: Iterable[Scene] = SCENES, *, with_messages: bool = True) -> list[Path]:
    """Record scenes and messages into a folder, in a stable order; return the files."""
    stage = Stage()
    with tempfile.TemporaryDirectory() as scratch:
        record([take(scene, stage) for scene in scenes], Path(scratch))
        if with_messages:
            messages.record(stage, Path(scratch), CONSUMER)
        folder.mkdir(parents=True, exist_ok=True)
        return [_tidied(path, folder / path.name) for path in sorted(Path(scratch).glob("*.json"))]


def _tidied(source: Path, target: Path) -> Path:
    """Write a pact so that the same contract is the same file: interactions by name, versions of tools left out."""
    pact = json.loads(source.read_text(encoding="utf-8"))
    pact["interactions"].sort(key=lambda each: (each["description"], json.dumps(each.get("providerStates"))))
    pact["metadata"] = {"pactSpecification": {"version": "4.0"}}
    target.write_text(json.dumps(pact, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return target


def main() -> None:
    """Record all pacts into the folder of the project, or into another."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for path in written(folder):
        print(path)


if __name__ == "__main__":
    main()
