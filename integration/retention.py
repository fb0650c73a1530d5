"""What the integration may forget, and after how long: the ages, and the tables of what passes.

What is not in a table of what passes is kept for ever, so that a new flow, event or source is safe until somebody has
thought about it. Kept for ever in any case: flows themselves (their ids are the business keys by which a repetition is
known), mappings, cases, the digests of the audit trail and what people noted in it.

The source of the ages is the domain (section 4.3): idempotency for at least 30 days for orders, for ever for financial
postings; vendors' own windows are shorter (24 hours to 30 days).
"""

from __future__ import annotations

import msgspec

from domain.calendar import DAY_US

MESSAGES_DAYS_MIN = 30

PASSING_SOURCES = ("crm", "erp", "fulfilment", "integration")
"""Whose messages lead to orders and statuses. Those of billing and payment lead to postings: known for ever."""

PASSING_EVENTS = frozenset(
    {
        "contract_schema", "credit_check", "dunning", "exception", "fulfillment", "message", "price_book", "product",
        "quote", "renewal",
    }
)  # fmt: skip
"""What events may be about that pass. The others tell of money: orders, invoices, payments, payouts, payables, rates;
the ledgers are reconciled with them for ever; or of what accounts are: customers, holds, subscriptions.
"""

KEPT_EVENTS = frozenset({"q2c.quote.accepted.v1", "q2c.quote.mirrored.v1"})
"""They belong to what is kept: to an order that is reconciled, and to a payment whose clock they stop."""

PASSING_FLOWS = frozenset(
    {
        "accepted_quote", "member_order", "submit_quote", "submit_command", "check_quote", "learn_quote", "mirror",
        "undo_order", "apply_amendment", "undo_amendment", "cancel", "pause", "resume", "dunning", "promise",
        "sweep_quotes", "sweep_invoices", "sweep_credit_notes", "sweep_payouts", "sweep_credit", "sweep_accounts",
        "sweep_balances", "sweep_disputes", "sweep_messages", "sweep_overdue", "sweep_orders", "sweep_billed",
        "sweep_payments", "forgotten", "show_credit", "show_account", "withheld", "read_ledgers", "load_mappings",
        "merge_customers", "unmerge_customers", "customer_holdings",
    }
)  # fmt: skip
"""Flows whose steps pass once they are over. The others post, collect or return money."""


class Ages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After how many days something passes; 0 keeps it for ever. Raise ValueError for ages that are not allowed.

    `messages`: the ids by which repeated webhooks are known. `untaken`: messages that no flow has taken; one that is
    lost is none, for whoever waits for a message asks after a while. `commands`: people's commands that were left for a
    worker and are answered. `events`: of the log, once every consumer is past them. `steps`: the journals of flows that
    are over, but for the last row of each.
    """

    messages_days: int = 30
    untaken_days: int = 30
    commands_days: int = 30
    events_days: int = 90
    steps_days: int = 90

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is negative; 0 keeps for ever")
        if 0 < self.messages_days < MESSAGES_DAYS_MIN:
            raise ValueError(
                f"messages_days is {self.messages_days}: repeated orders must be known for {MESSAGES_DAYS_MIN} days"
            )

    @staticmethod
    def of(days: int) -> Ages:
        """Return ages by which all passes after so many days, ids of messages not before their time."""
        known_days = max(days, MESSAGES_DAYS_MIN)
        return Ages(messages_days=known_days, untaken_days=days, commands_days=days, events_days=days, steps_days=days)


def family_of(event_type: str) -> str:
    """Return what an event is about.

    >>> family_of("q2c.credit_hold.applied.v1")
    'credit_hold'
    """
    return event_type.removeprefix("q2c.").partition(".")[0]


def passes_event(event_type: str) -> bool:
    """Tell whether events of a type may be forgotten."""
    return family_of(event_type) in PASSING_EVENTS and event_type not in KEPT_EVENTS


def passes_flow(name: str) -> bool:
    """Tell whether the steps of flows of a name may be forgotten."""
    return name in PASSING_FLOWS


def before_us(now_us: int, days: int) -> int:
    """Return the instant before which something has passed; 0 when it is kept for ever."""
    return max(0, now_us - days * DAY_US) if days else 0
