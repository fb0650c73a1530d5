"""What every document of accounts receivable needs: its header read alike, and one way into the books.

Invoices, credit memos, payments and refunds differ in what they do to balances. Whose they are, in which currency, at
which rate and in which period they are posted, and how they are numbered and found again, is the same for all.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

import msgspec

from domain.calendar import local_date
from domain.objects import Posting
from mocks.erp.bodies import Ref, TransactionBody
from mocks.erp.catalogue import FX_GAIN, Catalogue, currency_of, invalid_reference
from mocks.erp.credit import Credit
from mocks.erp.customers import CustomerRecord, Customers
from mocks.erp.ledger import Ledger
from mocks.erp.orders import Orders
from mocks.erp.periods import Periods, Slot
from mocks.erp.rates import SAME, Rate, Rates
from mocks.erp.shelf import Shelf
from mocks.kernel.desk import Desk

R = TypeVar("R")


class Header(msgspec.Struct, frozen=True, gc=False):
    """Whose a document is, in which currency, and where and at which rate it is posted."""

    customer: CustomerRecord
    entity: str
    currency: str
    asked_date: date
    slot: Slot
    rate: Rate


class Subledger:
    """The parts of the ERP that a document of accounts receivable touches."""

    def __init__(
        self, desk: Desk, catalogue: Catalogue, customers: Customers, credit: Credit, orders: Orders,
        periods: Periods, rates: Rates, ledger: Ledger,
    ) -> None:  # fmt: skip
        self.desk = desk
        self.catalogue = catalogue
        self.customers = customers
        self.credit = credit
        self.orders = orders
        self.periods = periods
        self.rates = rates
        self.ledger = ledger

    def header(self, owner: Ref | None, field: str, body: TransactionBody, rate: Rate | None = None) -> Header:
        """Read what a body says of its customer, subsidiary, currency and date; refuse what does not fit together.

        The rate is that of the day unless the caller has one (a credit memo takes its invoice's).
        """
        customer = self.customers.of(owner, field)
        entity = customer.entity
        subsidiary = self.catalogue.subsidiaries[entity]
        if body.subsidiary is not None and body.subsidiary.id != entity:
            found = self.catalogue.subsidiary(body.subsidiary).id
            if found != entity:
                raise invalid_reference(f"{found} (the customer belongs to {entity})", "subsidiary")
        currency = customer.currency if body.currency is None else currency_of(body.currency)
        day = body.tranDate or local_date(self.desk.now_us, subsidiary.zone)
        slot = self.periods.slot(entity, day)
        if rate is None:
            rate = (
                SAME if currency == subsidiary.currency else self.rates.require(currency, subsidiary.currency, slot.day)
            )
        return Header(customer, entity, currency, day, slot, rate)

    def slot_now(self, entity: str) -> Slot:
        """Return where something of today is posted; refuse it when the period is closed."""
        return self.periods.slot(entity, local_date(self.desk.now_us, self.catalogue.subsidiaries[entity].zone))

    def enter(self, shelf: Shelf[Any], key: str, external_id: str, customer: str, txn: str) -> None:
        """Make a new document known under its names; its customer's currency and subsidiary are fixed from now on."""
        self.customers.used[customer] = None
        shelf.know(external_id, key)
        self.desk.book.know(external_id or key, txn)

    def review(self, customer: str) -> None:
        """Bring a customer's credit level up to date after its balances have changed."""
        self.credit.review(customer, self.orders.follow)


def with_realised(rows: list[Posting]) -> tuple[Posting, ...]:
    """Return the postings with the row that takes the difference between two rates, when there is one."""
    difference = sum([row.base_minor for row in rows])
    return (*rows, Posting(FX_GAIN, 0, -difference)) if difference else tuple(rows)
