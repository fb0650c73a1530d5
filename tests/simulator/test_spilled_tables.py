"""Systems whose records leave the memory answer as those do that keep them all, and keep nothing of what is over."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from mocks.kernel.spilled import SpilledTable, SpilledTables
from mocks.world import World
from scenarios.timeline import build
from simulator import scene
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal
from tests.demo import demo, digest

SIZE = (20, 20, 3)  # orders, subscriptions, seed
STAYS: Mapping[str, str] = {
    "Agenda._due": "when the system is still to do something; what, lies in a table",
    "Billing.shown": "at most SHOWN_MAX",
    "Billing.line_items": "at most SHOWN_MAX",
    "Billing.line_items{}": "the lines of those documents",
    "Sites._known": "at most _KNOWN_MAX",
    "Site.shares": "a share for each tax code",
    "Grouped.ids": "a table for each product and each price",
    "Ledger.balances{}": "one for each account, currency and period",
}
"""What grows in memory with the number of orders, and why it may."""


def inside(thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a thing of the mocks holds, each with the name under which it does."""
    if isinstance(thing, dict):
        yield from (("{}", value) for value in thing.values())
    elif isinstance(thing, list | tuple | set | frozenset | deque):
        yield from (("{}", value) for value in thing)
    elif type(thing).__module__.startswith("mocks.") and not isinstance(thing, SpilledTable | SpilledTables):
        slots = [name for each in type(thing).__mro__ for name in getattr(each, "__slots__", ())]
        for name in [*getattr(thing, "__dict__", ()), *slots, *getattr(thing, "__struct_fields__", ())]:
            yield f"{type(thing).__name__}.{name}", getattr(thing, name, None)


def entries(world: World) -> Counter[str]:
    """Count the entries of all containers in memory, by the class and the attribute that hold them."""
    found: Counter[str] = Counter()
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("World", world)]
    while waiting:
        holder, thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, dict | list | set | deque):
            found[holder] += len(thing)
        waiting += [(name if "." in name else holder + name, each) for name, each in inside(thing)]
    return found


def held(monkeypatch: pytest.MonkeyPatch, orders: int) -> Counter[str]:
    """Play some days with so many orders; return what their systems hold in memory when all have come to rest."""
    tables = SpilledTables(hot_max=1)
    monkeypatch.setattr(scene, "World", partial(World, tables=tables))
    rehearsal = Rehearsal(build(demo(orders, 5, days=2, run_on_days=2), 3), MemoryRecorder())
    rehearsal.run(steps=1)
    return entries(rehearsal.world)


def test_a_quarter_is_the_same_when_one_record_of_a_table_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory = digest(*SIZE)
    spilled = SpilledTables(hot_max=1)
    monkeypatch.setattr(scene, "World", partial(World, tables=spilled))
    assert digest(*SIZE) == in_memory
    assert spilled.file.tables > 40, "most tables were written"


def test_what_stays_in_memory_does_not_grow_with_the_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = held(monkeypatch, 15), held(monkeypatch, 60)
    grown = {holder: (few[holder], count) for holder, count in many.items() if count > few[holder] + 15}
    assert grown.keys() <= STAYS.keys(), grown
    assert "Agenda._due" in grown, "orders were made, and have a future"
