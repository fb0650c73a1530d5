"""What is known of an account: folded from the event log, never asked of a system of record.

The log is keyed by transaction and subject, so which transactions are an account's is kept here, in memory, and brought
up to date from the log whenever somebody asks. It is a projection: another process, or this one after a restart, makes
the same one again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.events.envelope import rfc3339
from integration.api.shapes.base import Money
from integration.api.shapes.experience import CreditLine, InvoiceLine, OrderLine, SubscriptionLine
from integration.journal.protocol import OutboxRow
from integration.journal.reading import Reader

EVENTS_AT_ONCE = 500
_ACCOUNT_FIELDS = ("account", "account_id", "bill_to", "customer_id")
_SIGNED = ("q2c.quote.accepted.v1", "signer")


def account_of(event: OutboxRow) -> str:
    """Return the account that an event names; empty when it names none."""
    for field in _ACCOUNT_FIELDS:
        if isinstance(found := event.body.get(field), str) and found:
            return found
    kind, field = _SIGNED
    return str(event.body.get(field, "")) if event.type == kind else ""


class AccountIndex:
    """Which transactions are an account's, in the order in which they were first told of."""

    def __init__(self) -> None:
        self._of_account: dict[str, dict[str, None]] = {}
        self._number = 0
        self._catching_up = asyncio.Lock()

    async def catch_up(self, reader: Reader) -> None:
        """Read what has been told since the last time, a part at a time so that others have their turn."""
        async with self._catching_up:
            while events := reader.events(after=self._number, limit=EVENTS_AT_ONCE):
                for event in events:
                    self.take(event)
                await asyncio.sleep(0)

    def take(self, event: OutboxRow) -> None:
        """Take one event to heart."""
        self._number = event.number
        account = account_of(event)
        if account:
            transactions = self._of_account.setdefault(account, {})
            if event.txn:
                transactions[event.txn] = None

    def transactions(self, account: str) -> list[str] | None:
        """Return the transactions of an account; None for one that nobody told of."""
        found = self._of_account.get(account)
        return None if found is None else list(found)


class AccountBook:
    """What the events of an account add up to."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderLine] = {}
        self.subscriptions: dict[str, SubscriptionLine] = {}
        self.invoices: dict[str, InvoiceLine] = {}
        self.credit = CreditLine(status="unknown", as_of=None)
        self._kinds = {
            "order": self._order, "amendment": self._order, "renewal": self._order,
            "subscription": self._subscription, "invoice": self._invoice, "credit_memo": self._credit_memo,
            "payment": self._payment, "credit_hold": self._credit_hold, "customer": self._customer,
        }  # fmt: skip

    def read(self, events: Iterable[OutboxRow]) -> None:
        """Take events to heart, in their order."""
        for event in events:
            kind, _, fact = event.type.removeprefix("q2c.").removesuffix(".v1").partition(".")
            take = self._kinds.get(kind)
            if take is not None:
                take(event, fact)

    def balances(self) -> tuple[Money, ...]:
        """Return what is due, one for each currency."""
        due: dict[str, int] = {}
        for invoice in self.invoices.values():
            if invoice.balance is not None:
                due[invoice.balance.currency] = due.get(invoice.balance.currency, 0) + invoice.balance.amount_minor
        return tuple(Money(amount_minor=amount, currency=currency) for currency, amount in sorted(due.items()))

    def _order(self, event: OutboxRow, fact: str) -> None:
        body, before = event.body, self.orders.get(event.subject)
        kind = str(body.get("order_type") or body.get("kind") or (before.kind if before else ""))
        self.orders[event.subject] = OrderLine(
            reference=event.subject, transaction=event.txn, kind=kind, status=fact,
            number=str(body.get("erp_order_no") or (before.number if before else "")),
            total=_money(body.get("total")) or (before.total if before else None), as_of=rfc3339(event.created_us),
            href=f"/api/v1/transactions/{event.txn}",
        )  # fmt: skip

    def _subscription(self, event: OutboxRow, fact: str) -> None:
        line = SubscriptionLine(id=event.subject, status=fact, as_of=rfc3339(event.created_us))
        self.subscriptions[event.subject] = line

    def _invoice(self, event: OutboxRow, fact: str) -> None:
        body, before = event.body, self.invoices.get(event.subject)
        total = _money(body.get("total")) or (before.total if before else None)
        balance = _money(body.get("balance")) or (before.balance if before else None)
        if fact in ("voided", "written_off") and total is not None:
            balance = Money(amount_minor=0, currency=total.currency)
        due_date = body.get("due_date") or (before.due_date if before else None)
        self.invoices[event.subject] = InvoiceLine(
            id=event.subject, transaction=event.txn, status=fact, total=total, balance=balance,
            due_date=str(due_date) if due_date else None, as_of=rfc3339(event.created_us),
        )  # fmt: skip

    def _payment(self, event: OutboxRow, fact: str) -> None:
        """Money put against invoices, or taken off them again."""
        sign = {"applied": -1, "unapplied": 1}.get(fact, 0)
        for application in event.body.get("applications") or () if sign else ():
            self._settled(str(application.get("invoice_id", "")), _money(application.get("amount")), sign, event)

    def _credit_memo(self, event: OutboxRow, fact: str) -> None:
        if fact == "issued":
            self._settled(str(event.body.get("invoice_id", "")), _money(event.body.get("amount")), -1, event)

    def _settled(self, invoice: str, amount: Money | None, sign: int, event: OutboxRow) -> None:
        line = self.invoices.get(invoice)
        if line is None or line.balance is None or amount is None or amount.currency != line.balance.currency:
            return
        left = line.balance.amount_minor + sign * amount.amount_minor
        status = (
            "paid" if left <= 0 else "partially_paid" if line.total and left < line.total.amount_minor else "posted"
        )
        balance = Money(amount_minor=left, currency=amount.currency)
        as_of = rfc3339(event.created_us)
        self.invoices[invoice] = line.model_copy(update={"balance": balance, "status": status, "as_of": as_of})

    def _credit_hold(self, event: OutboxRow, fact: str) -> None:
        level = str(event.body.get("level") or "")
        status = "clear" if fact == "released" else f"{level}_hold" if level in ("soft", "hard") else "hold"
        self.credit = CreditLine(status=status, as_of=rfc3339(event.created_us))

    def _customer(self, event: OutboxRow, _fact: str) -> None:
        status = event.body.get("credit_status")
        if isinstance(status, str) and status:
            self.credit = CreditLine(status=status, as_of=rfc3339(event.created_us))


def _money(told: Any) -> Money | None:
    """Return money as events write it; None for anything else."""
    if not isinstance(told, Mapping):
        return None
    amount, currency = told.get("amount_minor"), told.get("currency")
    known = isinstance(amount, int) and isinstance(currency, str) and len(currency) == 3
    return Money(amount_minor=amount, currency=currency) if known else None  # type: ignore[arg-type]


def in_order(events: Iterable[Sequence[OutboxRow]]) -> list[OutboxRow]:
    """Return the events of several lists once each, in the order in which they were told."""
    found = {event.number: event for part in events for event in part}
    return [found[number] for number in sorted(found)]
