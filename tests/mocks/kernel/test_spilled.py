"""Tables whose older entries lie in a file behave as dicts do, whatever is done to them."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import UNSET

from domain.http import Reply
from mocks.kernel.spilled import SpilledTable, SpilledTables
from mocks.kernel.tables import IN_MEMORY, glancing

KEYS = st.sampled_from([f"k{number}" for number in range(12)])
VALUES = st.integers() | st.tuples(st.text(max_size=3), st.integers())


def outcome(action: Any) -> Any:
    """Return what an action returns, or the type and text of what it raises."""
    try:
        return action()
    except (KeyError, RuntimeError) as error:
        return type(error), error.args


class AsADict(RuleBasedStateMachine):
    """Does the same to a spilled table and to an ordered dict."""

    @initialize(hot_max=st.integers(1, 9))
    def begin(self, hot_max: int) -> None:
        self.table: SpilledTable[Any] = SpilledTable(SpilledTables(hot_max))
        self.model: OrderedDict[str, Any] = OrderedDict()

    def both(self, action: Any) -> None:
        assert outcome(lambda: action(self.table)) == outcome(lambda: action(self.model))

    @rule(key=KEYS, value=VALUES)
    def put(self, key: str, value: Any) -> None:
        self.both(lambda table: table.__setitem__(key, value))

    @rule(entries=st.dictionaries(KEYS, VALUES))
    def put_many(self, entries: dict[str, Any]) -> None:
        self.both(lambda table: table.update(entries))

    @rule(key=KEYS, value=VALUES)
    def put_where_nothing_is(self, key: str, value: Any) -> None:
        self.both(lambda table: table.setdefault(key, value))

    @rule(key=KEYS)
    def look_up(self, key: str) -> None:
        self.both(lambda table: table[key])
        self.both(lambda table: table.get(key, "nothing"))
        self.both(lambda table: key in table)

    @rule(keys=st.lists(KEYS, max_size=3))
    def glance(self, keys: list[str]) -> None:
        self.both(lambda table: list(map(glancing(table), keys)))

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        self.both(lambda table: table.__delitem__(key))

    @rule(key=KEYS)
    def take(self, key: str) -> None:
        self.both(lambda table: table.pop(key))

    @rule(last=st.booleans())
    def take_an_end(self, last: bool) -> None:
        if self.model:
            self.both(lambda table: table.popitem(last=last))

    @rule()
    def empty(self) -> None:
        self.both(lambda table: table.clear())

    @rule(key=KEYS, value=VALUES, at=st.integers(0, 5))
    def put_during_a_walk(self, key: str, value: Any, at: int) -> None:
        def walk(table: Any) -> list[Any]:
            seen = []
            for number, entry in enumerate(table.items()):
                seen.append(entry)
                if number == at and key in table:
                    table[key] = value
            return seen

        self.both(walk)

    @rule(key=KEYS, backwards=st.booleans())
    def look_up_during_a_walk(self, key: str, backwards: bool) -> None:
        def walk(table: Any) -> list[Any]:
            values = reversed(table.values()) if backwards else iter(table.values())
            return [(value, table.get(key)) for value in values]

        self.both(walk)

    @invariant()
    def they_are_equal(self) -> None:
        if not hasattr(self, "table"):
            return
        assert len(self.table) == len(self.model)
        assert bool(self.table) == bool(self.model)
        assert list(self.table) == list(self.model)
        assert list(reversed(self.table)) == list(reversed(self.model))
        for view in ("keys", "values", "items"):
            assert list(getattr(self.table, view)()) == list(getattr(self.model, view)())
            assert list(reversed(getattr(self.table, view)())) == list(reversed(getattr(self.model, view)()))
        assert self.table == self.model


TestAsADict = AsADict.TestCase
TestAsADict.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def filled(count: int, hot_max: int) -> SpilledTable[Any]:
    table: SpilledTable[Any] = SpilledTable(SpilledTables(hot_max))
    for number in range(count):
        table[f"k{number}"] = (number,)
    return table


def test_few_entries_stay_in_memory_however_many_there_are() -> None:
    table = filled(1_000, 16)
    assert list(table.values()) == [(number,) for number in range(1_000)]
    assert sum(table[f"k{number}"][0] for number in range(1_000)) == 499_500
    assert len(table._hot) <= 18


def test_a_page_that_is_read_once_leaves_in_memory_what_is_at_work() -> None:
    table = filled(100, 16)
    at_work = set(table._hot)
    assert [glancing(table)(f"k{number}") for number in range(100)] == [(number,) for number in range(100)]
    assert set(table._hot) == at_work
    table["k0"] = ("new",)
    assert list(map(glancing(table), ["k0"])) == [("new",)]


def test_a_table_that_grows_under_a_walk_says_so_as_a_dict_does() -> None:
    table = filled(100, 4)
    with pytest.raises(RuntimeError, match="changed size during iteration"):
        table.update((f"{key} again", 1) for key in table)


def test_what_cannot_be_pickled_is_said_when_it_leaves_the_memory() -> None:
    table = filled(2, 1)
    table["a function"] = lambda: None
    with pytest.raises(Exception, match="pickle"):
        table.update(dict.fromkeys("abc"))


def test_nothing_is_found_in_an_empty_table() -> None:
    table = filled(0, 4)
    with pytest.raises(KeyError):
        table.popitem()
    assert list(table) == []
    assert "k" not in table


def test_headers_that_are_read_only_come_back_so() -> None:
    table = filled(1, 1)
    table["reply"] = Reply(200, MappingProxyType({"content-type": "application/json"}), b"{}")
    table.update({"k1": 1, "k2": 2})
    headers: Mapping[str, str] = table["reply"].headers
    assert type(headers) is MappingProxyType
    assert headers["content-type"] == "application/json"


def test_what_is_unset_comes_back_so() -> None:
    table = filled(1, 1)
    table.update({"unset": (UNSET, 1), "k1": 1, "k2": 2})
    assert table["unset"][0] is UNSET


def test_a_key_is_no_number_that_reads_like_it() -> None:
    table = filled(0, 1)
    table.update({"1": "one", "2": "two", "3": "three"})
    assert table.get(1) is None  # type: ignore[arg-type]
    assert table["1"] == "one"


def test_the_file_is_closed_when_its_tables_are_gone() -> None:
    table = filled(10, 1)
    assert table._rows is not None
    connection = table._rows._connection
    del table
    gc.collect()
    with pytest.raises(Exception, match="closed database"):
        connection.execute("SELECT 1")


def test_in_memory_a_table_is_a_dict_and_a_log_gives_its_first_entry() -> None:
    assert isinstance(IN_MEMORY.table(), dict)
    log = IN_MEMORY.log()
    log.update({"a": 1, "b": 2})
    assert log.popitem(last=False) == ("a", 1)
