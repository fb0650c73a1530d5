"""What the billing platform answers, and the canonical form of it."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from domain.objects import Line
from integration.effects import Call
from integration.outcomes import Answer
from integration.systems.crm import Address
from integration.systems.wire import date_of_seconds, major_text, page_at, read

NOT_FOUND = "resource_not_found"
WRONG_STATE = "invalid_state_for_request"
ONE_TIME = "one_time"
TAX_REASON = "tax_change"
TAX_PREFIX = "Tax "


@lru_cache(maxsize=4096)
def sold(item_price: str) -> tuple[str, int]:
    """Return the sku and the months of the price of an item ("PLAT-STD-USD-12"); 0 months: charged once."""
    item, _, months = item_price.rpartition("-")
    return item.rpartition("-")[0], int(months or 0)


class Terms(msgspec.Struct, frozen=True):
    """What one charge of a subscription costs: so many units at a price per billing period of so many months."""

    sku: str
    quantity: int
    unit_minor: int
    months: int


class InvoiceLine(msgspec.Struct, frozen=True):
    """A line of an invoice or credit note; `date_to` is exclusive, both dates are Unix seconds."""

    id: str
    amount: int
    entity_type: str = ""
    entity_id: str | None = None
    quantity: int = 1
    unit_amount: int = 0
    date_from: int = 0
    date_to: int = 0
    description: str = ""
    reference_line_item_id: str | None = None
    reference_invoice_id: str | None = None  # on an invoice: the one that a negative line credits

    @property
    def jurisdiction(self) -> str:
        """The jurisdiction a tax line was added for; empty for other lines."""
        if self.entity_type == "adhoc" and self.description.startswith(TAX_PREFIX):
            return self.description.removeprefix(TAX_PREFIX)
        return ""

    def canonical(self) -> Line:
        """Return the line in canonical form."""
        sku, months = sold(self.entity_id or "")
        return Line(
            id=self.id, sku=sku, kind="recurring" if months else ONE_TIME, quantity=self.quantity,
            unit_minor=self.unit_amount, amount_minor=self.amount, months=months,
            period_start=date_of_seconds(self.date_from), period_end=date_of_seconds(self.date_to),
            reverses=self.reference_line_item_id or "",
        )  # fmt: skip


class BillingAddress(msgspec.Struct, frozen=True):
    """The address on an invoice."""

    line1: str = ""
    city: str = ""
    state_code: str = ""
    zip: str = ""
    country: str = ""

    def canonical(self) -> Address:
        """Return the address as the tax engine is asked with."""
        return Address(self.line1, self.city, self.state_code, self.zip, self.country)


class Balance(msgspec.Struct, frozen=True):
    """What is open of an invoice as of a version of it, in major units of its currency as text."""

    invoice: str
    version: int
    open: str


class BillingInvoice(msgspec.Struct, frozen=True):
    """An invoice as billing shows it."""

    id: str
    customer_id: str
    status: str
    currency_code: str
    date: int
    total: int
    amount_due: int
    line_items: list[InvoiceLine]
    amount_paid: int = 0
    generated_at: int = 0
    subscription_id: str = ""
    business_entity_id: str = ""
    po_number: str = ""
    due_date: int | None = None
    first_invoice: bool = False
    billing_address: BillingAddress = BillingAddress()
    resource_version: int = 0  # it grows with every change

    @property
    def quote_reference(self) -> str:
        """The reference of the quote version it bills ("Q-000123-v1"); empty when it was sold in another system."""
        return self.po_number if "-v" in self.po_number else ""

    @property
    def balance(self) -> Balance:
        """What is open of it."""
        return Balance(self.id, self.resource_version, major_text(self.amount_due, self.currency_code))

    @property
    def tax_lines(self) -> dict[str, InvoiceLine]:
        """The lines that were added for tax, by jurisdiction."""
        added = [line for line in self.line_items if line.entity_type == "adhoc" and line.amount > 0]
        return {line.jurisdiction: line for line in added if line.jurisdiction}

    @property
    def charges(self) -> list[InvoiceLine]:
        """The lines that charge something, without taxes and without what a net invoice credits."""
        return [line for line in self.line_items if line.amount > 0 and not line.jurisdiction]

    @property
    def net_minor(self) -> int:
        """The sum of all lines but taxes."""
        return sum([line.amount for line in self.line_items if not line.jurisdiction])

    def canonical_lines(self) -> tuple[Line, ...]:
        """Return the lines that are not tax, in canonical form."""
        lines = [line for line in self.line_items if line.entity_type != "adhoc" or not line.jurisdiction]
        return tuple([line.canonical() for line in lines])


class CreditNote(msgspec.Struct, frozen=True):
    """A credit note as billing shows it."""

    id: str
    reference_invoice_id: str
    customer_id: str
    status: str
    type: str
    currency_code: str
    date: int
    total: int
    line_items: list[InvoiceLine]
    generated_at: int = 0
    subscription_id: str = ""
    business_entity_id: str = ""
    reason_code: str = ""
    customer_notes: str = ""
    amount_available: int = 0  # of a refundable one: what is neither used for an invoice nor paid back


class SubscriptionItem(msgspec.Struct, frozen=True):
    """A charge of a subscription."""

    item_price_id: str
    quantity: int = 1
    unit_price: int = 0

    def terms(self) -> Terms:
        """Return the charge in canonical form."""
        sku, months = sold(self.item_price_id)
        return Terms(sku, self.quantity, self.unit_price, months)


class ContractTerm(msgspec.Struct, frozen=True):
    """The contract behind a subscription: when it ends, in Unix seconds."""

    contract_end: int


class BillingSubscription(msgspec.Struct, frozen=True):
    """A subscription as billing shows it."""

    id: str
    customer_id: str
    status: str
    currency_code: str
    subscription_items: list[SubscriptionItem]
    start_date: int = 0
    business_entity_id: str = ""
    cancelled_at: int | None = None
    resume_date: int | None = None
    contract_term: ContractTerm | None = None
    meta_data: dict[str, Any] = {}
    resource_version: int | None = None

    @property
    def ends(self) -> date | None:
        """The day on which the contract ends (exclusive); None for one that goes on for ever."""
        return None if self.contract_term is None else date_of_seconds(self.contract_term.contract_end)


class _Invoice(msgspec.Struct):
    invoice: BillingInvoice


class _Invoices(msgspec.Struct):
    rows: list[_Invoice] = msgspec.field(name="list")
    next_offset: str | None = None


class _CreditNote(msgspec.Struct):
    credit_note: CreditNote


class _CreditNotes(msgspec.Struct):
    rows: list[_CreditNote] = msgspec.field(name="list")
    next_offset: str | None = None


class _Subscription(msgspec.Struct):
    subscription: BillingSubscription


class _Made(msgspec.Struct):
    id: str


class _Invoiced(msgspec.Struct):
    invoice: _Made | None = None


_invoice = msgspec.json.Decoder(_Invoice)
_invoices = msgspec.json.Decoder(_Invoices)
_credit_note = msgspec.json.Decoder(_CreditNote)
_credit_notes = msgspec.json.Decoder(_CreditNotes)
_subscription = msgspec.json.Decoder(_Subscription)
_invoiced = msgspec.json.Decoder(_Invoiced)


def invoice_of(answer: Answer) -> BillingInvoice:
    """Return the invoice of an answer."""
    return read(answer, _invoice).invoice


def invoices_of(answer: Answer) -> list[BillingInvoice]:
    """Return the invoices of an answer to `pending_invoices`."""
    return [row.invoice for row in read(answer, _invoices).rows]


def invoice_page(call: Call, answer: Answer) -> tuple[list[BillingInvoice], Call | None]:
    """Return the invoices of a page of a list of them, and the call for the next page."""
    found = read(answer, _invoices)
    return [row.invoice for row in found.rows], _following(call, found.next_offset)


def credit_note_page(call: Call, answer: Answer) -> tuple[list[CreditNote], Call | None]:
    """Return the credit notes of a page of a list of them, and the call for the next page."""
    found = read(answer, _credit_notes)
    return [row.credit_note for row in found.rows], _following(call, found.next_offset)


def _following(call: Call, offset: str | None) -> Call | None:
    return page_at(call, "offset", offset) if offset else None


def credit_note_of(answer: Answer) -> CreditNote:
    """Return the credit note of an answer."""
    return read(answer, _credit_note).credit_note


def credit_notes_in(answer: Answer) -> list[CreditNote]:
    """Return the credit notes of an answer to `credit_notes_of`."""
    return [row.credit_note for row in read(answer, _credit_notes).rows]


def subscription_of(answer: Answer) -> BillingSubscription:
    """Return the subscription of an answer."""
    return read(answer, _subscription).subscription


def has_invoiced(answer: Answer) -> bool:
    """Tell whether what was asked for has made an invoice at once."""
    return read(answer, _invoiced).invoice is not None
