"""Targets: the ways between systems that are timed, and what is promised about them, as tables.

A `Leg` is a way from one fact to another of the same thing (`quote.accepted` to `order.booked` of one order): its open
items are a backlog, its durations a lag. An `Objective` promises a share of a leg's items within a time. Numbers are
those of SLA-2 to SLA-9 of the domain, with the column for the last business days of a quarter.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

MINUTE, HOUR, DAY = 60, 3600, 86_400


class Mark(msgspec.Struct, frozen=True):
    """One kind of fact: its short name, the field that says of what, and the field with its instant.

    `key` is a field of the body, or `subject` or `txn` of the event. Without `at` (or the field) the event's own time.
    """

    event: str
    key: str = "subject"
    at: str = ""


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A way between systems: what starts it, what ends it (any of these), and how its open items are called.

    `due` names a field of the starting fact with the instant until which it is to end, where each has its own. An
    `optional` leg is shown, and promises about it count, only when somebody has told of an end of it at least once: not
    every integration hears of these facts.
    """

    id: str
    title: str
    source: str
    target: str
    waiting: str
    starts: tuple[Mark, ...]
    ends: tuple[Mark, ...]
    due: str = ""
    optional: bool = False


LEGS: tuple[Leg, ...] = (
    Leg(
        id="booking", title="quote accepted to order booked", source="crm", target="erp",
        waiting="accepted, not booked",
        starts=(Mark("quote.accepted", "reference", "accepted_at_us"),),
        ends=(Mark("order.booked", "order_id", "booked_at_us"), Mark("order.rejected"), Mark("order.cancelled"),
              Mark("amendment.booked")),
    ),
    Leg(
        id="subscribing", title="order booked to subscription in billing", source="erp", target="billing",
        waiting="booked, not in billing", optional=True, starts=(Mark("order.booked", "txn", "booked_at_us"),),
        ends=(Mark("subscription.created", "txn", "at_us"), Mark("order.cancelled", "txn")),
    ),
    Leg(
        id="delivering", title="order booked to delivered", source="erp", target="fulfilment",
        waiting="booked, not delivered", optional=True, starts=(Mark("order.booked", "order_id", "booked_at_us"),),
        ends=(Mark("fulfillment.completed", "order_id", "completed_at_us"), Mark("order.cancelled")),
    ),
    Leg(
        id="invoicing", title="subscription active to first invoice", source="billing", target="billing",
        waiting="active, not invoiced", optional=True, starts=(Mark("subscription.activated", "txn", "at_us"),),
        ends=(Mark("invoice.generated", "txn", "generated_at_us"), Mark("subscription.cancelled", "txn")),
    ),
    Leg(
        id="posting", title="invoice drawn up to invoice posted", source="billing", target="erp",
        waiting="invoiced, not posted", starts=(Mark("invoice.generated", "invoice_id", "generated_at_us"),),
        ends=(Mark("invoice.posted", "invoice_id", "posted_at_us"), Mark("invoice.voided", "invoice_id")),
    ),
    Leg(
        id="applying", title="payment received to payment in the books", source="payment", target="erp",
        waiting="paid, not in the books", starts=(Mark("payment.received", "payment_id", "received_at_us"),),
        ends=(Mark("payment.applied", "payment_id"), Mark("payment.unapplied", "payment_id")),
    ),
    Leg(
        id="showing", title="payment in the books to shown in the CRM", source="erp", target="crm",
        waiting="paid, not shown to sales", starts=(Mark("payment.applied", "reference"),),
        ends=(Mark("quote.mirrored", "reference"),),
    ),
    Leg(
        id="resolving", title="exception opened to resolved", source="integration", target="people",
        waiting="exceptions open", starts=(Mark("exception.opened", "case_id", "opened_us"),),
        ends=(Mark("exception.resolved", "case_id"),), due="sla_due_us",
    ),
    Leg(
        id="replaying", title="dead letter to replayed or discarded", source="integration", target="people",
        waiting="dead letters", starts=(Mark("message.dead_lettered"),),
        ends=(Mark("message.replayed"), Mark("message.discarded")),
    ),
)  # fmt: skip


class Objective(msgspec.Struct, frozen=True, kw_only=True):
    """What is promised: `percent` of the items of a leg end within `seconds`, or by their own due time (0)."""

    id: str
    sla: str
    title: str
    leg: str
    seconds: int
    percent: Fraction

    @property
    def budget(self) -> Fraction:
        """The share of items that may miss the target."""
        return 1 - self.percent / 100


def _objective(name: str, sla: str, title: str, leg: str, seconds: int, percent: str) -> Objective:
    return Objective(id=name, sla=sla, title=title, leg=leg, seconds=seconds, percent=Fraction(percent))


NORMAL: tuple[Objective, ...] = (
    _objective("booked", "SLA-2", "Orders are booked", "booking", HOUR, "99"),
    _objective("invoiced", "SLA-3", "First invoices are drawn up", "invoicing", 4 * HOUR, "98"),
    _objective("posted", "SLA-4", "Invoices are posted", "posting", HOUR, "99"),
    _objective("applied", "SLA-5", "Payments are in the books", "applying", 15 * MINUTE, "95"),
    _objective("shown", "SLA-6", "Sales sees what is paid", "showing", 5 * MINUTE, "95"),
    _objective("resolved", "SLA-8", "Exceptions are resolved in time", "resolving", 0, "95"),
    _objective("replayed", "SLA-9", "Dead letters are dealt with", "replaying", DAY, "95"),
)
QUARTER_END: tuple[Objective, ...] = (
    _objective("booked", "SLA-2", "Orders are booked", "booking", 15 * MINUTE, "99"),
    _objective("invoiced", "SLA-3", "First invoices are drawn up", "invoicing", 2 * HOUR, "99"),
    _objective("posted", "SLA-4", "Invoices are posted", "posting", 30 * MINUTE, "99.5"),
    *NORMAL[3:6],
    _objective("replayed", "SLA-9", "Dead letters are dealt with", "replaying", 4 * HOUR, "95"),
)
"""Without numbers for them the text asks for the same at the end of a quarter; 95 % stands where it names no share."""


class BurnRule(msgspec.Struct, frozen=True):
    """An alert: the error budget burns `rate` times too fast over a long and a short window at once (SRE workbook)."""

    severity: str
    rate: Fraction
    long_seconds: int
    short_seconds: int


BURN_RULES: tuple[BurnRule, ...] = (
    BurnRule("page", Fraction("14.4"), HOUR, 5 * MINUTE),
    BurnRule("page", Fraction(6), 6 * HOUR, 30 * MINUTE),
    BurnRule("ticket", Fraction(3), DAY, 2 * HOUR),
    BurnRule("ticket", Fraction(1), 3 * DAY, 6 * HOUR),
)
EVENTS_MIN = 10
"""Fewer items in the long window prove nothing: quote-to-cash has low volumes."""

STAGES: tuple[tuple[str, str, tuple[Mark, ...]], ...] = (
    ("accepted", "crm", (Mark("quote.accepted", "reference"),)),
    ("booked", "erp", (Mark("order.booked", "order_id"), Mark("amendment.booked"))),
    ("in billing", "billing", (Mark("subscription.created", "reference"), Mark("amendment.applied"))),
    ("delivered", "fulfilment", (Mark("fulfillment.completed", "order_id"),)),
    ("invoiced", "billing", (Mark("invoice.generated", "reference"),)),
    ("posted", "erp", (Mark("invoice.posted", "reference"),)),
    ("paid", "payment", (Mark("payment.received", "remittance"),)),
    ("in the books", "erp", (Mark("payment.applied", "reference"),)),
)
"""The funnel from quote to cash: a step, the system that told it, and the facts; the key is the order's reference.

What a payer writes (`remittance`) names an invoice, and that its order.
"""


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the reconciliation: which system told which amount, and the column it must agree with.

    `amount` is a path into the body, such as `total` or `applications`; `less` is subtracted (tax). `key` is the
    document both sides are about. Facts whose `kind` is `but_kind` are not compared: nothing has to agree with them.
    """

    id: str
    title: str
    system: str
    event: str
    key: str
    amount: str
    less: str = ""
    but_kind: str = ""
    agrees_with: str = ""


TELLINGS: tuple[Telling, ...] = (
    Telling(id="sold", title="sold", system="crm", event="quote.accepted", key="reference", amount="total",
            but_kind="amend"),
    Telling(id="booked", title="booked", system="erp", event="order.booked", key="order_id", amount="total",
            agrees_with="sold"),
    Telling(id="invoiced", title="invoiced", system="billing", event="invoice.generated", key="invoice_id",
            amount="total"),
    Telling(id="posted", title="posted", system="erp", event="invoice.posted", key="invoice_id", amount="total",
            less="tax", agrees_with="invoiced"),
    Telling(id="paid", title="paid", system="payment", event="payment.received", key="payment_id", amount="amount"),
    Telling(id="applied", title="in the books", system="erp", event="payment.applied", key="payment_id",
            amount="applications", agrees_with="paid"),
)  # fmt: skip
