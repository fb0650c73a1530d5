"""A consumer that reads orders from a list in pages, with a fault by name: the reader of the mutants."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from contracts.responses.cases import Base, Provider
from contracts.responses.documents import Number, Tree, read
from contracts.responses.pages import Pager, View
from contracts.responses.shapes import Manner, Shape, learned
from domain.currency import exponent
from domain.http import Reply, Request

KNOWN = frozenset({"id", "status", "customer_name", "currency", "total", "created_at", "po_number", "tags", "note"})


class Unreadable(Exception):
    """The provider answered something that is no page of orders."""


class OrderSync:
    """Reads all orders; facts are by id: minor units, the UTC date, the status as known, the name, the tags."""

    declared = (Unreadable,)

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.name = bug or "tolerant"

    def facts(self, provider: Provider) -> dict[str, Any]:
        """Walk the pages."""
        found: dict[str, Any] = {}
        rows: list[Any] = []
        seen: set[str] = set()
        cursor = ""
        while True:
            page = self._page(provider(Request("orders", "GET", f"/v1/orders?limit=10&cursor={cursor}")))
            rows += page["orders"]
            for row in page["orders"]:
                name, fact = self._order(row)
                found[name] = fact
            cursor = page.get("next_cursor") or ""
            if self.bug == "stops_at_known" and any(row["id"] in seen for row in page["orders"]):
                break
            seen |= {row["id"] for row in page["orders"]}
            if self.bug == "total_required" and page["total"] < 0:
                break
            if self.bug == "empty_page_ends" and not page["orders"]:
                raise RuntimeError("an empty page")
            if not cursor or self.bug == "first_page" or (self.bug == "short_page_stop" and len(page["orders"]) < 10):
                break
        if self.bug == "counts_rows":
            found["count"] = len(rows)
        return found

    def _page(self, reply: Reply) -> dict[str, Any]:
        if self.bug == "ignores_status" and reply.status < 600:
            return dict(json.loads(reply.body, parse_float=Decimal))
        if self.bug == "trouble_is_empty" and reply.status != 200:
            return {"orders": []}
        if self.bug == "broken_is_empty":
            try:
                return dict(json.loads(reply.body))
            except ValueError:
                return {"orders": []}
        if reply.status not in (200, 201):
            raise Unreadable(f"status {reply.status}")
        if self.bug == "exact_media" and reply.headers["content-type"] != "application/json":
            raise Unreadable("the media type is not ours")
        try:
            tree = json.loads(reply.body.decode("ascii" if self.bug == "ascii_only" else "utf-8"), parse_float=Decimal)
        except ValueError as error:
            raise Unreadable(str(error)) from None
        if not isinstance(tree, dict) or not isinstance(tree.get("orders"), list):
            raise Unreadable("no list of orders")
        return tree

    def _order(self, row: dict[str, Any]) -> tuple[str, Any]:
        if self.bug == "extra_forbid" and set(row) - KNOWN:
            raise Unreadable(f"unknown members {set(row) - KNOWN}")
        if self.bug == "positional":
            row = {**row, "id": next(iter(row.values()))}
        if self.bug == "optional_required":
            str(row["po_number"])
        status = {"open": "open", "invoiced": "invoiced"}.get(row["status"], "unknown")
        if self.bug == "enum_crash":
            status = {"open": "open", "invoiced": "invoiced"}[row["status"]]
        if self.bug == "unknown_skipped" and status == "unknown":
            return "skipped", None
        note = "kept" if self.bug != "null_overwrites" else {"note": "kept", **row}["note"]
        name = row["id"][:20] if self.bug == "truncation" else row["id"]
        told = row["customer_name"]
        if self.bug == "latin_1":
            told = told.encode("latin-1", "replace").decode("latin-1")
        if self.bug == "stripped":
            told = " ".join(told.split())
        if self.bug == "empty_is_missing" and not told:
            raise Unreadable("no name")
        tags = tuple(row.get("tags") or ()) if self.bug != "null_crash" else tuple(row.get("tags", ()))
        if self.bug != "order_matters":
            tags = tuple(sorted(tags))
        return name, (self._minor(row), self._date(row["created_at"]), status, told, tags, row.get("note") or note)

    def _minor(self, row: dict[str, Any]) -> int:
        if self.bug == "float_money":
            return int(float(row["total"]) * 100)
        if self.bug == "two_places":
            return int(Decimal(row["total"]) * 100)
        if self.bug == "text_money":
            whole, _, rest = str(row["total"]).partition(".")
            return int(whole) * 100 + int(rest or 0)
        return int(Decimal(row["total"]).scaleb(exponent(row["currency"])))

    def _date(self, text: str) -> str:
        if self.bug == "slice_date":
            return text[:10]
        if self.bug == "naive":
            local = datetime.fromisoformat(text[:19]).replace(tzinfo=ZoneInfo("Europe/Berlin"))
            return local.astimezone(UTC).date().isoformat()
        if self.bug == "no_leap_year":
            return f"{date(2026, int(text[5:7]), int(text[8:10])):%m-%d}"
        if self.bug == "strptime":
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC).date().isoformat()
        return datetime.fromisoformat(text).astimezone(UTC).date().isoformat()


def _order(number: int, total: str, at: str, **more: Any) -> dict[str, Any]:
    named = {"id": f"ord_{number:012x}", "status": "open", "customer_name": "Acme", "currency": "USD"}
    return {**named, "total": total, "created_at": at, **more}


def _page(view: View) -> Tree:
    total = {} if view.total is None else {"total": Number(str(view.total))}
    return {"orders": list(view.records), "next_cursor": view.following or None, **total}


def _tags(number: int) -> dict[str, Any]:
    return {"tags": ["b", "a"], "note": "told"} if number % 2 else {}


PAGER = Pager(
    parameter="cursor", page=_page, cursor=lambda _record, number: f"c{number}",
    courses=("plain", "empty_last", "repeated", "inserted", "deleted", "expired_cursor", "throttled_page", "no_total"),
)  # fmt: skip
RECORDS: dict[str, tuple[dict[str, Any], ...]] = {
    "quarter_end": (
        _order(1, "20.00", "2026-03-31T23:30:00+00:00", po_number=None),
        _order(2, "1.15", "2026-04-01T00:15:00.250000+00:00", status="invoiced", po_number="PO-1"),
    ),
    "seven": tuple(
        _order(n, total, f"2026-06-30T1{n}:00:00Z", po_number=None if n % 2 else f"P{n}", **_tags(n))
        for n, total in enumerate(["0.29", "19.99", "1.10", "4.35", "100000000.07", "0.00", "8.70"])
    ),
    "empty": (),
}


def shape() -> Shape:
    """Return what all books of orders show."""
    trees = [read(json.dumps(_plain(records)).encode()) for records in RECORDS.values()]
    return learned(trees, Manner(unordered=frozenset({"tags"}), meant=frozenset({"next_cursor"})))


def _plain(records: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {"orders": list(records), "next_cursor": "c" if records else None, "total": 1}


def bases() -> list[Base]:
    """Return the books as bases."""
    fresh = _order(99, "3.00", "2026-06-30T20:00:00Z")
    known = shape()
    return [
        Base(name=name, shape=known, pager=PAGER, records=records, fresh=fresh) for name, records in RECORDS.items()
    ]
