"""The experience side: one transaction, one account, and the canonical events, for people and programs that look.

Nothing here asks a system of record: everything is read from the journal, so that a portal with many users is no load
on an ERP, and sees the same as the tower does.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from domain.events.envelope import rfc3339
from integration.api.accounts import AccountBook, AccountIndex, in_order
from integration.api.conditions import answered
from integration.api.deadlines import deadlines
from integration.api.doors import House, add, house_of
from integration.api.paging import token_of
from integration.api.problems import Refused
from integration.api.shapes.base import Link
from integration.api.shapes.experience import AccountView, CaseLink, FlowView, Owner, TransactionView
from integration.api.story import Told, lineage, stage_of, told
from integration.api.waiting import NOBODY, owner_of
from integration.exceptions import ExceptionCase
from integration.journal.protocol import OPEN, FlowRow, OutboxRow

BASE = "/api/v1"
FLOWS_MAX, EVENTS_MAX, STEPS_MAX, TRANSACTIONS_MAX = 200, 1000, 500, 100
"""How much of one transaction or account is told at once: what is beyond is counted, or found by its events."""

Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
_HELPERS = frozenset({"mirror"})
"""Flows that only show what others did: they are not what a transaction waits for."""


# --- transactions ---------------------------------------------------------------------------------------------------


async def read_transaction(request: Request, transaction: Id) -> Response:
    """Read where a business transaction is, who holds it, which deadline is at risk, and all that happened.

    The id is the number of the quote that began it (or the subscription, for what needs no quote). With `If-None-Match`
    a poll costs little.
    """
    house = house_of(request)
    reader = house.node.reader
    flows = reader.flows(txn=transaction, limit=FLOWS_MAX)
    events = reader.events(txn=transaction, limit=EVENTS_MAX)
    if not flows and not events:
        raise Refused("not-found", f"there is no transaction {transaction}")
    view = _transaction(house, transaction, flows, events, reader.cases(txn=transaction, limit=FLOWS_MAX))
    return answered(request, view, leaving_out=frozenset({"as_of"}))


def _transaction(
    house: House, transaction: str, flows: list[FlowRow], events: list[OutboxRow], cases: list[ExceptionCase]
) -> TransactionView:
    now_us = house.node.now_us()
    tellings = {flow.id: told(flow, house.node.reader.trail(flow.number)) for flow in flows}
    steps = sorted((step for said in tellings.values() for step in said.steps), key=lambda step: step.at)
    parents = {child: parent for parent, said in tellings.items() for child in said.started}
    return TransactionView(
        id=transaction,
        status=_status(flows, cases),  # type: ignore[arg-type]
        stage=stage_of(events),
        owner=_owner(flows, tellings, cases),
        deadlines=deadlines(events, flows, cases, now_us, house.node.settings.quarter_end),
        cases=tuple(_case(case) for case in cases),
        flows=tuple(
            FlowView(
                id=flow.id, name=flow.name, status=flow.status, started_at=rfc3339(flow.created_us),
                started_by=parents.get(flow.id, ""),
            )
            for flow in flows
        ),
        steps=tuple(steps[-STEPS_MAX:]),
        steps_left_out=max(0, len(steps) - STEPS_MAX),
        lineage=lineage(flows, tellings),
        as_of=rfc3339(now_us),
        links={
            "self": Link(href=f"{BASE}/transactions/{transaction}"),
            "events": Link(href=f"{BASE}/events?transaction={transaction}"),
        },
    )  # fmt: skip


def _status(flows: list[FlowRow], cases: list[ExceptionCase]) -> str:
    if any(case.is_open for case in cases):
        return "needs_people"
    if any(flow.status in OPEN for flow in flows):
        return "running"
    return "given_up" if any(flow.status == "discarded" for flow in flows) else "done"


def _owner(flows: list[FlowRow], tellings: dict[str, Told], cases: list[ExceptionCase]) -> Owner:
    """Return who holds the transaction: people before systems, the flow that waits longest before the others."""
    open_cases = {case.flow: case for case in cases if case.is_open}
    waiting = [flow for flow in flows if flow.status in OPEN]
    if not waiting:
        return NOBODY
    waiting.sort(key=lambda flow: (flow.id not in open_cases, flow.name in _HELPERS, tellings[flow.id].since_us))
    first = waiting[0]
    said = tellings[first.id]
    return owner_of(said.waits_for, open_cases.get(first.id), said.since_us)


def _case(case: ExceptionCase) -> CaseLink:
    token = token_of(case.id)
    return CaseLink(
        id=token, code=case.code, owner=case.owner, status=case.status, due_at=rfc3339(case.due_us),
        href=f"{BASE}/exceptions/{token}",
    )  # fmt: skip


# --- accounts -------------------------------------------------------------------------------------------------------


async def read_account(request: Request, account: Id) -> Response:
    """Read what is known of an account: orders, subscriptions, invoices, balance and credit standing.

    Each part names the instant as of which it is known. The systems of record are not asked.
    """
    house = house_of(request)
    index: AccountIndex = request.app.state.accounts
    await index.catch_up(house.node.reader)
    transactions = index.transactions(account)
    if transactions is None:
        raise Refused("not-found", f"nothing is known of an account {account}")
    reader = house.node.reader
    chosen = transactions[-TRANSACTIONS_MAX:]
    parts = [reader.events(txn=transaction, limit=EVENTS_MAX) for transaction in chosen]
    book = AccountBook()
    book.read(in_order([*parts, reader.events(subject=account, limit=EVENTS_MAX)]))
    view = AccountView(
        id=account, credit=book.credit, balances=book.balances(), orders=tuple(book.orders.values()),
        subscriptions=tuple(book.subscriptions.values()), invoices=tuple(book.invoices.values()),
        transactions_left_out=len(transactions) - len(chosen), as_of=rfc3339(house.node.now_us()),
        links={"self": Link(href=f"{BASE}/accounts/{account}")},
    )  # fmt: skip
    return answered(request, view, leaving_out=frozenset({"as_of"}))


def router() -> APIRouter:
    """Return the routes that tell of one thing."""
    routes = APIRouter(tags=["experience"])
    add(
        routes, "GET", "/transactions/{transaction}", read_transaction, scope="transactions:read",
        refuses=("not-found",), response_model=TransactionView,
    )  # fmt: skip
    add(
        routes, "GET", "/accounts/{account}", read_account, scope="accounts:read", refuses=("not-found",),
        response_model=AccountView,
    )  # fmt: skip
    return routes
