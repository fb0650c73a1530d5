"""Shapes of the experience side: what portals, account teams, collections and analytics read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from integration.api.shapes.base import Link, Money, View


class Owner(View):
    """Who holds the state now: a system of record, a group of people, or nobody any more."""

    kind: Literal["system", "people", "customer", "integration", "nobody"]
    name: str
    why: str
    since: str | None


class Stage(View):
    """How far the transaction has come."""

    name: str
    title: str
    since: str | None


class Deadline(View):
    """A service level whose clock has started for this transaction."""

    level: str = Field(description="SLA-2 order creation, SLA-4 invoice posting, SLA-8 exception resolution, ...")
    title: str
    about: str
    started_at: str
    due_at: str
    met_at: str | None
    state: Literal["running", "at_risk", "missed", "met", "met_late"]


class Step(View):
    """One thing that was done, or is being waited for."""

    at: str
    flow: str
    kind: Literal["call", "wait", "message", "event", "exception", "start", "mapping", "person"]
    system: str
    what: str
    key: str
    outcome: Literal["ok", "failed", "unknown", "waiting"]
    detail: str
    took_ms: int | None


class Write(View):
    """A change that this transaction made in a system of record, under the key by which it is found there."""

    system: str
    operation: str
    key: str
    at: str
    flow: str
    caused_by: str = Field(description="The flow that started this one; empty for the first.")


class FlowView(View):
    """One flow of the transaction."""

    id: str
    name: str
    status: str
    started_at: str
    started_by: str


class CaseLink(View):
    """An exception case of the transaction."""

    id: str
    code: str
    owner: str
    status: str
    due_at: str
    href: str


class TransactionView(View):
    """Where a business transaction is, who holds it, what is at risk, and everything that happened."""

    id: str
    status: Literal["running", "needs_people", "done", "given_up"]
    stage: Stage
    owner: Owner
    deadlines: tuple[Deadline, ...]
    cases: tuple[CaseLink, ...]
    flows: tuple[FlowView, ...]
    steps: tuple[Step, ...] = Field(description="In order of time; the newest when there are too many.")
    steps_left_out: int
    lineage: tuple[Write, ...]
    as_of: str
    links: dict[str, Link]


class OrderLine(View):
    """An order of the account as far as it is known."""

    reference: str
    transaction: str
    kind: str
    status: str
    number: str
    total: Money | None
    as_of: str
    href: str


class SubscriptionLine(View):
    """A subscription of the account as far as it is known."""

    id: str
    status: str
    as_of: str


class InvoiceLine(View):
    """An invoice of the account as far as it is known; `balance` is what is still due."""

    id: str
    transaction: str
    status: str
    total: Money | None
    balance: Money | None
    due_date: str | None
    as_of: str


class CreditLine(View):
    """The credit standing of the account as far as it is known."""

    status: str
    as_of: str | None


class AccountView(View):
    """What the integration knows of an account, as of the instants named; the systems of record know better."""

    id: str
    credit: CreditLine
    balances: tuple[Money, ...] = Field(description="What is due, one for each currency.")
    orders: tuple[OrderLine, ...]
    subscriptions: tuple[SubscriptionLine, ...]
    invoices: tuple[InvoiceLine, ...]
    transactions_left_out: int
    as_of: str
    links: dict[str, Link]


class EventPage(View):
    """A page of canonical events, each a CloudEvent in structured form."""

    events: tuple[dict[str, Any], ...]
    next: str = Field(description="The cursor after the last event, also when there are no more yet.")
    more: bool
