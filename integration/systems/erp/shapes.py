"""What the ERP answers: standings of customers and orders, and changes of credit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from domain.objects import Account
from integration.effects import Call
from integration.outcomes import Answer
from integration.systems.erp.calls import changed_orders, credit_changes
from integration.systems.wire import instant_of, iso_instant, read

USER_ERROR = "USER_ERROR"
HELD = frozenset({"soft_hold", "hard_hold"})
STOPS_DELIVERY = frozenset({"hard_hold"})
"""The credit standings in which new orders wait, and in which booked ones are not delivered."""


class _Id(msgspec.Struct, frozen=True):
    id: str = ""


class CustomerStanding(msgspec.Struct, frozen=True):
    """A customer as the ERP knows it, and its credit standing."""

    id: str
    custentity_credit_status: str = "clear"
    companyName: str = ""
    subsidiary: _Id = _Id()
    terms: _Id = _Id()
    lastModifiedDate: str = ""

    @property
    def is_held(self) -> bool:
        """Tell whether new orders must wait."""
        return self.custentity_credit_status in HELD

    def is_as(self, account: Account, terms_days: int) -> bool:
        """Tell whether the ERP knows the account as it is now."""
        known = (self.companyName, self.subsidiary.id, self.terms.id)
        return known == (account.name, account.entity, f"NET{terms_days}")


NEW_CUSTOMER = CustomerStanding("")


class OrderStanding(msgspec.Struct, frozen=True):
    """An order as the ERP shows it."""

    id: str
    tranId: str
    status: _Id
    total: Decimal

    @property
    def is_booked(self) -> bool:
        """Tell whether the ERP has approved the order."""
        return self.status.id not in ("pendingApproval", "cancelled")

    @property
    def is_fulfilled(self) -> bool:
        """Tell whether all of the order is recorded as fulfilled."""
        return self.status.id in ("pendingBilling", "fullyBilled", "closed")


class CreditChange(msgspec.Struct, frozen=True):
    """A row of the credit sweep; SuiteQL gives every value as text."""

    externalid: str
    custentity_credit_status: str
    lastmodifieddate: str
    datecreated: str = ""
    id: str = "0"

    @property
    def is_news(self) -> bool:
        """Tell whether there is something to show: a customer that is new and clear is what sales expects."""
        return self.custentity_credit_status != "clear" or self.lastmodifieddate != self.datecreated

    @property
    def stamp(self) -> str:
        """The instant of the change, to the second as in messages."""
        return iso_instant(instant_of(self.lastmodifieddate))


class ChangedOrder(msgspec.Struct, frozen=True):
    """A row of the sweep for orders; SuiteQL gives every value as text."""

    id: str
    lastmodifieddate: str
    status: str = ""
    externalid: str | None = None

    @property
    def is_cancelled(self) -> bool:
        """Tell whether nothing of it will be delivered."""
        return self.status.rpartition(":")[2] == "C"


class _CreditChanges(msgspec.Struct):
    items: list[CreditChange]
    hasMore: bool = False


class _ChangedOrders(msgspec.Struct):
    items: list[ChangedOrder]
    hasMore: bool = False


_customer = msgspec.json.Decoder(CustomerStanding)
_order = msgspec.json.Decoder(OrderStanding)
_changes = msgspec.json.Decoder(_CreditChanges)
_orders = msgspec.json.Decoder(_ChangedOrders)


def customer_standing(answer: Answer) -> CustomerStanding:
    """Return the credit standing in an answer to `read_customer`."""
    return read(answer, _customer)


def order_standing(answer: Answer) -> OrderStanding:
    """Return the order in an answer to `read_order`."""
    return read(answer, _order)


def changed_credit(answer: Answer) -> Sequence[CreditChange]:
    """Return the rows of an answer to `credit_changes`."""
    return read(answer, _changes).items


def credit_page(_call: Call, answer: Answer) -> tuple[list[CreditChange], Call | None]:
    """Return the rows of a page of `credit_changes`, and the call for the next one."""
    found = read(answer, _changes)
    rows = found.items
    more = bool(rows) and found.hasMore
    return rows, credit_changes(0, (rows[-1].lastmodifieddate, rows[-1].id)) if more else None


def order_page(_call: Call, answer: Answer) -> tuple[list[ChangedOrder], Call | None]:
    """Return the rows of a page of `changed_orders`, and the call for the next one."""
    found = read(answer, _orders)
    rows = found.items
    more = bool(rows) and found.hasMore
    return rows, changed_orders(0, (rows[-1].lastmodifieddate, rows[-1].id)) if more else None
