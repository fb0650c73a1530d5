"""Pacts of messages: what the integration hears from the systems, and what others hear from it.

The first are real messages of the mocks, of which only what the adapter's own parser reads stays. The second are the
canonical events, read by their registry's own decoder.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from contracts.pacting import events
from contracts.pacting.matching import kind_of, matched
from contracts.pacting.reading import Read, what_is_read
from contracts.pacting.scene import Heard, told
from contracts.pacting.scenes import HEARD
from contracts.pacting.stage import Stage, Unset
from contracts.pacting.states import STATES
from domain.events.envelope import decode
from domain.events.registry import REGISTRY
from domain.http import Request
from integration.flows.catalogue import SOURCES

SUBSCRIBER, PUBLISHER = "q2c-subscribers", "q2c-integration-events"
TOPIC = "topic"
"""The metadata by which a message of a pact names its event, whatever its body looks like."""
_SOURCES = {source.name: source for source in SOURCES}
_ANY = r"[\s\S]*"  # no flags: the verifier's regular expressions do not know (?s)
_SOAP = (
    rf"^{_ANY}<OrganizationId>00D000000000001EAA</OrganizationId>{_ANY}<Notification>\s*<Id>[^<]+</Id>"
    rf"{_ANY}<sf:Id>[^<]+</sf:Id>{_ANY}<sf:QuoteNumber>Q-\d{{6}}</sf:QuoteNumber>{_ANY}$"
)
"""What the integration reads of an outbound message of the CRM; the rest of the XML may be anything."""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it becomes a pact: its body, or for one that is no JSON its text and the pattern that fits it."""

    provider: str
    description: str
    state: str
    topic: str
    read: Read | None = None
    text: str = ""
    pattern: str = ""


def name_of(system: str) -> str:
    """Return the provider's name in the pacts of a system's messages."""
    return f"{system}-messages"


def sent(heard: Heard, stage: Stage) -> Request:
    """Return the message that a system sends in a state; raise Unset when it sends none."""
    stage.begins()
    STATES[heard.state](stage)
    stage.later(60)
    for attempt in stage.world.attempts():
        arrival = attempt.arrival
        if (arrival.system, arrival.delivery.message.topic) == (heard.system, heard.topic):
            return stage.world.services[heard.system].prepare(arrival.delivery, stage.world.clock.now_us())
    raise Unset(f"{heard.system} sends no {heard.topic} in the state {heard.state!r}")


def noted(heard: Heard, stage: Stage) -> Noted:
    """Return what is read of a message that the integration hears."""
    request = sent(heard, stage)
    description, provider = f"{heard.topic} is told", name_of(heard.system)
    source = _SOURCES[heard.system]
    if not request.body.lstrip().startswith(b"{"):
        text = request.body.decode()
        if not re.match(_SOAP, text) or not source.parse(request):
            raise Unset(f"{heard.system}: {heard.topic} is not as the integration reads it: {text[:300]}")
        return Noted(
            provider=provider, description=description, state=heard.state, topic=heard.topic, text=text, pattern=_SOAP
        )  # fmt: skip

    def reader(body: Any) -> Any:
        return told(list(source.parse(msgspec.structs.replace(request, body=msgspec.json.encode(body)))))

    read = what_is_read(msgspec.json.decode(request.body), reader)
    return Noted(provider=provider, description=description, state=heard.state, topic=heard.topic, read=read)


def record(stage: Stage, folder: Path, consumer: str) -> None:
    """Write the pacts of all messages into a folder."""
    os.environ["PACT_DO_NOT_TRACK"] = "true"
    heard = [noted(each, stage) for each in HEARD]
    for provider in dict.fromkeys(each.provider for each in heard):
        _write(consumer, provider, [each for each in heard if each.provider == provider], folder, _decodes)
    _write(SUBSCRIBER, PUBLISHER, [_event(name) for name in events.TYPES], folder, lambda body: decode(body))


def _event(name: str) -> Noted:
    body = msgspec.json.decode(events.published(REGISTRY[name]))
    read = what_is_read(body, lambda told: decode(msgspec.json.encode(told)))
    return Noted(
        provider=PUBLISHER, description=f"{name} is published", state="something happened", topic=name, read=read
    )  # fmt: skip


def _decodes(body: bytes) -> Any:
    return msgspec.json.decode(body) if body.lstrip().startswith(b"{") else body


def _write(
    consumer: str, provider: str, all_noted: Iterable[Noted], folder: Path, reads: Callable[[bytes], Any]
) -> None:
    from pact import Pact

    pact = Pact(consumer, provider).with_specification("V4")
    for each in all_noted:
        saying = pact.upon_receiving(each.description, "Async").given(each.state)
        saying.with_metadata({TOPIC: each.topic})
        if each.read is None:
            saying.with_body(each.text, content_type="text/plain")
            rules = {"body": {"$": {"combine": "AND", "matchers": [{"match": "regex", "regex": each.pattern}]}}}
            saying.with_matching_rules(rules)
            continue
        for name, ways in freedoms(each.read).items():
            saying.set_comment(name, ways)
        saying.with_body(json.dumps(matched(each.read.value)), content_type="application/json")
    pact.verify(lambda body, _metadata: reads(body if isinstance(body, bytes) else str(body).encode()), kind="Async")
    pact.write_file(folder)


def freedoms(read: Read) -> dict[str, list[str]]:
    """Return the comments of an interaction: which parts may be missing, null, or words nobody knows yet."""
    words = [way for way in read.tolerates_unknown_values if kind_of(way.rpartition("/")[2]) == "status"]
    found = {"optional": list(read.optional), "nullable": list(read.nullable), "tolerates_unknown_values": words}
    return {name: ways for name, ways in found.items() if ways}


def produced(provider: str, stage: Stage) -> Mapping[str, tuple[str, str, dict[str, str]]]:
    """Return the messages that a provider of ours really produces now, by their descriptions in the pacts."""
    return dict(_produced(provider, stage))


def _produced(provider: str, stage: Stage) -> Iterator[tuple[str, tuple[str, str, dict[str, str]]]]:
    if provider == PUBLISHER:
        for name in events.TYPES:
            yield f"{name} is published", (events.published(REGISTRY[name]).decode(), "application/json", {TOPIC: name})
    for heard in HEARD:
        if name_of(heard.system) == provider:
            body = sent(heard, stage).body.decode()
            media = "application/json" if body.lstrip().startswith("{") else "text/plain"
            yield f"{heard.topic} is told", (body, media, {TOPIC: heard.topic})
