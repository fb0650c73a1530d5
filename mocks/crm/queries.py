"""Queries at work: a statement runs, large results come in pages, a locator finds the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from domain.paging import PAGE_SIZES_MAX
from mocks.crm import ids
from mocks.crm.aggregates import summed
from mocks.crm.conditions import Literals
from mocks.crm.csv_text import Sheet
from mocks.crm.literals import MalformedQuery, lift
from mocks.crm.plans import Plan, prepared, select
from mocks.crm.shapes import columns_of, render, text_of
from mocks.crm.store import Store
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import glancing

BATCH_MIN, BATCH_MAX = 200, PAGE_SIZES_MAX["crm"]
Lift = Callable[[str], tuple[str, Literals]]
_PLANS_MAX = 2_048
_LIFE_US = 2 * 86_400 * 1_000_000


class Cursor(msgspec.Struct, frozen=True):
    """An open result: the ids found, and the plan to render them by."""

    plan: Plan
    literals: Literals
    keys: tuple[str, ...]
    batch: int
    opened_us: int


class Queries:
    """Runs statements and keeps the cursors of results that need more than one page, for two days."""

    def __init__(self, desk: Desk, store: Store, rows_max: int = 0) -> None:
        self._desk = desk
        self._store = store
        self._rows_max = rows_max
        self._plans: dict[str, Plan] = {}
        self._cursors: dict[str, Cursor] = {}

    def run(self, statement: str, base: str, batch: int, deleted: bool = False, lifted: Lift = lift) -> dict[str, Any]:
        """Return the first page of a statement's result; `base` is the versioned path of the REST resources.

        `lifted` takes the literals out: `lift`, or `lift_encoded` for a statement as it stands in a query string.
        """
        plan, literals, keys = self._found(statement, deleted, lifted)
        if plan.groups is not None:
            records = self._summed(plan, keys)
            return {"totalSize": len(records), "done": True, "records": records}
        if len(keys) > batch and not plan.counts:
            return self._page(self._open(plan, literals, tuple(keys), batch), 0, base)
        records = self._records(plan, keys, base, literals) if keys and not plan.counts else []
        return {"totalSize": len(keys), "done": True, "records": records}

    def table(self, statement: str, deleted: bool, only_check: bool = False) -> Sheet:
        """Return a statement's result as rows of text, as bulk jobs carry it; dotted columns read through parents."""
        if only_check:
            plan, _ = self.planned(statement, lift)
            if plan.shape.children or plan.counts or plan.groups is not None:
                raise Refusal("bad_job", "a bulk query has no sub-select and sums nothing up")
            return Sheet((), ())
        plan, literals, keys = self._found(statement, deleted, lift)
        names = columns_of(plan.shape)
        records = self._records(plan, keys, "", literals) if keys else []
        return Sheet(names, tuple([tuple([text_of(record, name) for name in names]) for record in records]))

    def _found(self, statement: str, deleted: bool, lifted: Lift) -> tuple[Plan, Literals, list[str]]:
        """Return the plan of a statement, its literals and the ids of the records it finds."""
        plan, literals = self.planned(statement, lifted)
        if self._rows_max and not plan.probes and len(self._store.tables[plan.of.name]) > self._rows_max:
            raise Refusal("query_timeout")
        return plan, literals, select(self._store, plan, literals, deleted)

    def planned(self, statement: str, lifted: Lift) -> tuple[Plan, Literals]:
        """Return the plan of a statement, remembered for the next one that differs in its literals only."""
        try:
            skeleton, literals = lifted(statement)
            plan = self._plans.get(skeleton)
            if plan is None:
                if len(self._plans) >= _PLANS_MAX:
                    self._plans.clear()
                plan = self._plans[skeleton] = prepared(self._store.schema, skeleton)
        except MalformedQuery as error:
            raise Refusal("malformed_query", str(error)) from error
        return plan, (*literals, self._desk.now_us)

    def _summed(self, plan: Plan, keys: list[str]) -> list[dict[str, Any]]:
        assert plan.groups is not None, "the statement sums records up"
        records = summed(self._store, plan.groups, list(map(glancing(self._store.tables[plan.of.name]), keys)))
        return records[plan.offset :][: plan.limit]

    def more(self, locator: str, base: str) -> dict[str, Any]:
        """Return a later page; `locator` is the id of the cursor and the offset, joined by a dash."""
        key, _, offset = locator.partition("-")
        if key not in self._cursors or not offset.isdecimal():
            raise Refusal("bad_locator", "invalid query locator")
        if self._desk.now_us - self._cursors[key].opened_us > _LIFE_US:
            raise Refusal("bad_locator", "the query locator has expired")
        return self._page(key, int(offset), base)

    def _open(self, plan: Plan, literals: Literals, keys: tuple[str, ...], batch: int) -> str:
        now_us = self._desk.now_us
        while self._cursors:  # the oldest come first
            key = next(iter(self._cursors))
            if now_us - self._cursors[key].opened_us <= _LIFE_US:
                break
            del self._cursors[key]
        locator = ids.record_id("0r8", self._desk.next("0r8"))
        self._cursors[locator] = Cursor(plan, literals, keys, batch, now_us)
        return locator

    def _page(self, locator: str, offset: int, base: str) -> dict[str, Any]:
        cursor = self._cursors[locator]
        plan, literals = cursor.plan, cursor.literals
        end = offset + cursor.batch
        page: dict[str, Any] = {"totalSize": len(cursor.keys), "done": end >= len(cursor.keys)}
        if not page["done"]:
            page["nextRecordsUrl"] = f"{base}query/{locator}-{end}"
        page["records"] = self._records(plan, cursor.keys[offset:end], base, literals)
        return page

    def _records(self, plan: Plan, keys: Sequence[str], base: str, literals: Literals) -> list[Any]:
        path, store, of, shape = base + "sobjects/", self._store, plan.of, plan.shape
        look = glancing(store.tables[of.name])
        return [render(store, of, shape, look(key), path, literals) for key in keys]
