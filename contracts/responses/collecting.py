"""Collects what the reference integration reads: the answers of the mocks to everything it asks in small rehearsals.

    python -m contracts.responses.collecting contracts/responses/answers.json

Answers of one kind differ by which members they have; a few of each are kept. The file is in git so that cases keep
their names; a test compares it with what the mocks answer today.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from contracts.responses.collected import PATH, Kept
from contracts.responses.documents import Tree, Unreadable, name_of, place_of, read, walk, write
from domain.http import Reply, Request
from integration.drivers.simpy_driver import Result
from integration.effects import Call
from scenarios.company import Rehearse
from scenarios.library import named
from scenarios.scale import scaled
from scenarios.timeline import Timeline, build
from simulator.rehearsal import Rehearsal

_OF_A_KIND = 4
_RECORDS = 3


class _Listening(Rehearsal):
    """A rehearsal that is told of every call and its answer."""

    heard: Callable[[Call, Reply], None]

    def _send(self, request: Request, call: Call, done: Callable[[Result], None]) -> None:
        def learn(result: Result) -> None:
            if isinstance(result, Reply):
                self.heard(call, result)
            done(result)

        super()._send(request, call, learn)


class _Silence:
    def add(self, record: Any) -> None:
        """Keep nothing."""


def heard_in(timeline: Timeline) -> Iterable[tuple[Call, Reply]]:
    """Return every call of a rehearsal with its answer."""
    found: list[tuple[Call, Reply]] = []
    rehearsal = _Listening(timeline, _Silence())
    rehearsal.heard = lambda call, reply: found.append((call, reply))
    rehearsal.run(steps=1)
    return found


def small() -> Timeline:
    """Return two days of the demo with a handful of orders: a second of work."""
    full = named("quarter_end")
    start = Rehearse.model_validate({"from": full.world.quarter.end - timedelta(days=2)})
    changes = {"rehearse": start, "run_on": timedelta(days=5), "faults": ()}
    return build(scaled(full.model_copy(update=changes), 6, 6), 1)


def thorough() -> Timeline:
    """Return a quarter of collections: refunds, disputes, dunning and closings happen in it. Ten seconds of work."""
    return build(scaled(named("collections_quarter"), 20, 20), 1)


def kept(heard: Iterable[tuple[Call, Reply]]) -> list[Kept]:
    """Return a few answers of every kind."""
    found: dict[tuple[str, str, int, str], dict[frozenset[str], Kept]] = {}
    for call, reply in heard:
        shape = places(reply)
        if shape is None or call.operation == "token" or reply.status >= 300:
            continue
        asked = f"{call.target} {call.body.decode('utf-8', 'replace')}" if call.operation == "suiteql" else call.target
        kind = (call.system, call.operation, reply.status, _stem(asked))
        known = found.setdefault(kind, {})
        if len(known) < _OF_A_KIND and not any(shape <= other for other in known):
            known[shape] = Kept(
                system=call.system, operation=call.operation, asked=asked, status=reply.status,
                headers={name: value for name, value in reply.headers.items() if name == "content-type"},
                body=write(_trimmed(read(reply.body))).decode(),
            )  # fmt: skip
    return [each for _, known in sorted(found.items()) for each in known.values()]


def _trimmed(tree: Tree) -> Tree:
    """Return an answer with a few records of a long list."""
    if not isinstance(tree, dict):
        return tree
    return {name: value[:_RECORDS] if isinstance(value, list) else value for name, value in tree.items()}


def _stem(asked: str) -> str:
    """Return what tells kinds of questions apart: the first words of a query, or by what a list is filtered first."""
    words = "".join(letter for letter in asked if not letter.isdigit())
    if "FROM" in asked.upper():
        return words[:120]
    return words.partition("]")[0] if "]" in words else ""


def places(reply: Reply) -> frozenset[str] | None:
    """Return where an answer has values; None when it is no JSON."""
    try:
        tree = read(reply.body)
    except Unreadable:
        return None
    found = {f"{place_of(path)}:{value is None}" for path, value in walk(tree)}
    return frozenset(found | {f"in {value}" for path, value in walk(tree) if "currency" in name_of(path).lower()})


def main(path: Path) -> None:
    """Write the file."""
    found = kept([*heard_in(small()), *heard_in(thorough())])
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PATH)
