"""A page holds as many rows as a system is set to, whatever is asked for, and whoever follows the way sees them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import msgspec
import pytest

from domain.acts import Act
from domain.http import Request
from domain.paging import PAGE_SIZES_MAX
from mocks.doors.settings import QUIRKS, quirks_of
from mocks.world import World

NOW_US = 1_796_000_000_000_000  # 2026-11-30T00:53:20Z
NAMES = tuple(f"A-{number:06d}" for number in range(1, 6))
ACCOUNT: Mapping[str, Any] = {"name": "Acme", "entity": "US", "currency": "USD"}
PRICE: Mapping[str, Any] = {"sku": "SEAT", "currency": "USD", "kind": "recurring", "list_unit_minor": 1}
SUITEQL = "/services/rest/query/v1/suiteql"
QUERY = msgspec.json.encode({"q": "SELECT externalid FROM customer ORDER BY id"})
Acts = tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True)
class List:
    """A list of a system: how its rows come to be, how it is asked for, and what its answers say.

    `rows` finds the rows of an answer, `following` the target of the next page (empty at the end).
    """

    system: str
    target: str
    rows: Callable[[Any], list[Any]]
    following: Callable[[str, Any], str]
    acts: Acts = ()
    body: bytes = b""


def _next_link(_target: str, answer: Any) -> str:
    links = {each["rel"]: each["href"] for each in answer["links"]}
    return str(links.get("next", "")).removeprefix("https://erp.test")


def _behind_offset(_target: str, answer: Any) -> str:
    offset = answer.get("next_offset")
    return f"{PRICES}&offset={quote_plus(offset)}" if offset else ""


def _behind_last(_target: str, answer: Any) -> str:
    return f"{CUSTOMERS}&starting_after={answer['data'][-1]['id']}" if answer["has_more"] else ""


def _next_found(_target: str, answer: Any) -> str:
    return f"{SEARCH}&page={answer['next_page']}" if answer["next_page"] else ""


PRICES, CUSTOMERS = "/api/v2/item_prices?limit=100", "/v1/customers?limit=100"
SEARCH = "/v1/customers/search?query=name:'Acme'&limit=100"
TASKS = "/v1/tasks?limit=100"
BUYERS: Acts = tuple(
    ("create_customer", {"account": each, "name": "Acme", "currency": "USD", "method": "card"}) for each in NAMES
)
LISTS = {
    "a query of the CRM": List(
        "crm", "/services/data/v62.0/query?q=SELECT+AccountNumber+FROM+Account", lambda answer: answer["records"],
        lambda _target, answer: answer.get("nextRecordsUrl", ""),
        tuple(("create_account", {"account": each, "country": "US", **ACCOUNT}) for each in NAMES),
    ),
    "SuiteQL": List(
        "erp", f"{SUITEQL}?limit=1000", lambda answer: answer["items"], _next_link,
        tuple(
            ("create_customer", {"account": each, "credit_limit_minor": 0, "terms_days": 30, **ACCOUNT})
            for each in NAMES
        ),
        QUERY,
    ),
    "prices of billing": List(
        "billing", PRICES, lambda answer: answer["list"], _behind_offset,
        tuple(("create_item_price", {**PRICE, "months": months}) for months in (1, 3, 6, 12, 24)),
    ),
    "definitions of the tax engine": List(
        "tax", "/api/v2/definitions/entityusecodes?$top=1000", lambda answer: answer["value"],
        lambda _target, answer: str(answer.get("@nextLink", "")),
    ),
    "customers of the processor": List("payment", CUSTOMERS, lambda answer: answer["data"], _behind_last, BUYERS),
    "a search of the processor": List("payment", SEARCH, lambda answer: answer["data"], _next_found, BUYERS),
    "tasks": List(
        "fulfilment", TASKS, lambda answer: answer["tasks"],
        lambda _target, answer: f"{TASKS}&after={answer['tasks'][-1]['id']}" if answer["has_more"] else "",
    ),
}  # fmt: skip


def _world(of: List, **switches: Any) -> World:
    off = {} if of.system in ("billing", "fulfilment") else {"authentication": "off"}
    world = World(1, lambda record: None, quirks=quirks_of({of.system: {**off, **switches}}))
    for action, arguments in of.acts:
        world[of.system].act(Act(at_us=NOW_US, system=of.system, action=action, arguments=dict(arguments)))
    for name in NAMES if of.system == "fulfilment" else ():
        task = {"order": name, "account": name, "lines": [{"sku": "SEAT", "quantity": 1}]}
        _ask(world, of.system, "PUT", f"/v1/tasks/{name}", msgspec.json.encode(task))
    return world


def _ask(world: World, system: str, method: str, target: str, body: bytes = b"") -> Any:
    headers = {
        "authorization": "Basic dGVzdDo=" if system == "billing" else "Bearer test",
        "host": "erp.test" if system == "erp" else "", "content-type": "application/json", "prefer": "transient",
    }  # fmt: skip
    reply = world[system].handle(Request(system, method, target, headers, body), NOW_US, "r1").reply
    assert reply.status < 300, reply.body
    return msgspec.json.decode(reply.body)


def _pages(world: World, of: List) -> Iterator[list[Any]]:
    target = of.target
    while target:
        answer = _ask(world, of.system, "POST" if of.body else "GET", target, of.body)
        yield of.rows(answer)
        target = of.following(target, answer)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_every_row_is_on_one_page_of_that_size(name: str, size: int) -> None:
    usual = list(_pages(_world(LISTS[name]), LISTS[name]))
    assert len(usual) == 1, "the vendor's page holds them all"
    small = list(_pages(_world(LISTS[name], page_size=size), LISTS[name]))
    count = len(usual[0])
    assert count >= 5
    assert [len(page) for page in small[:-1]] == [size] * ((count - 1) // size)
    assert [row for page in small for row in page] == usual[0]


def test_whoever_counts_rows_instead_of_reading_them_misses_some() -> None:
    world = _world(LISTS["SuiteQL"], page_size=2)
    first = _ask(world, "erp", "POST", f"{SUITEQL}?limit=1000&offset=0", QUERY)
    assert (first["count"], first["totalResults"], first["hasMore"]) == (2, 5, True)
    assert _ask(world, "erp", "POST", f"{SUITEQL}?limit=1000&offset=1000", QUERY)["items"] == []
    behind = _ask(world, "erp", "POST", f"{SUITEQL}?limit=1000&offset=2", QUERY)
    assert (behind["count"], behind["offset"]) == (2, 2)


def test_a_page_holds_the_vendors_most_unless_it_is_set() -> None:
    assert {name: quirks().page_size for name, quirks in QUIRKS.items()} == dict(PAGE_SIZES_MAX)


@pytest.mark.parametrize("system", PAGE_SIZES_MAX)
@pytest.mark.parametrize("wrong", [0, -1, 1_000_000, "many"])
def test_a_size_that_no_vendor_has_is_refused(system: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=rf"a switch of {system} is not understood: .*page_size"):
        quirks_of({system: {"page_size": wrong}})
    above = PAGE_SIZES_MAX[system] + 1
    with pytest.raises(ValueError, match=f"<= {PAGE_SIZES_MAX[system]}"):
        quirks_of({system: {"page_size": above}})
