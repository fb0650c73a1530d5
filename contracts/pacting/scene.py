"""A scene: one thing the integration says to a system in a certain state, and what it makes of the reply."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from integration.effects import Call
from integration.outcomes import Answer, Failed, Message, Unknown
from integration.system import System

Values = dict[str, str]
"""What a state handler tells of the state it made: ids that the provider gave, by name."""
Read = Callable[[Answer], Any]
Page = Callable[[Call, Answer], Any]


class Scene(msgspec.Struct, frozen=True):
    """A call in a state. `makes` builds the call from the state's values; `read` is the adapter's own reader.

    `page` is one that needs the call as well, to ask for the page behind. Without a reader an answer is expected that
    nothing is read of. Where the integration `signs_in` the call carries credentials itself; they stay out of the pact.
    `fails` is the kind of failure the adapter must make of the reply (`integration.outcomes.TRANSIENT`), `code` the
    vendor's code it must find in it.
    """

    system: str
    name: str
    state: str
    makes: Callable[[Values], Call]
    read: Read | None = None
    page: Page | None = None
    signs_in: bool = False
    fails: str = ""
    code: str = ""
    retries_after: bool = False


def pinging(system: System) -> Callable[[Values], Call]:
    """Return what makes a system's harmless read, in whatever state."""
    ping = system.ping
    assert ping is not None, f"{system.name} has no ping"
    return lambda _: ping


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a system that the integration hears in a state: its topic, as the adapter names it."""

    system: str
    topic: str
    state: str


def by_ones(call: Call) -> Call:
    """Return the call for a list a row at a time, so that two rows make two pages."""
    return msgspec.structs.replace(call, target=re.sub(r"limit=\d+", "limit=1", call.target))


def seen(scene: Scene, call: Call, outcome: Answer | Failed | Unknown) -> Any:
    """Return what the integration gets to know of an outcome; raise ValueError when it is not what the scene is for."""
    if scene.fails:
        if (
            not isinstance(outcome, Failed)
            or outcome.kind != scene.fails
            or (scene.code and outcome.code != scene.code)
        ):
            raise ValueError(f"{scene.system}: {scene.name}: expected {scene.fails} {scene.code}, got {outcome}")
        pause = outcome.retry_after_seconds if scene.retries_after else -1
        if scene.retries_after and pause < 0:
            raise ValueError(f"{scene.system}: {scene.name}: expected a Retry-After in seconds")
        return (outcome.kind, outcome.status, outcome.code if scene.code else "", pause)
    if not isinstance(outcome, Answer):
        raise ValueError(f"{scene.system}: {scene.name}: expected an answer, got {outcome}")
    if scene.page:
        return scene.page(call, outcome)
    return scene.read(outcome) if scene.read else None


def told(messages: list[Message]) -> list[tuple[Any, ...]]:
    """Return what the integration gets to know of messages, comparable."""
    return [(each.topic, each.key, each.txn, sorted(each.body.items(), key=str)) for each in messages]
