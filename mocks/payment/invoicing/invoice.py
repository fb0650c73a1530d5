"""The invoice as it stands on the wire, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from domain import objects
from domain.calendar import SECOND_US, local_date
from mocks.payment import render
from mocks.payment.expand import EXTRAS
from mocks.payment.invoicing.lines import Line, Totals, totals
from mocks.payment.model import Processor
from mocks.payment.parts import (
    Address,
    AutomaticTax,
    CustomField,
    Discount,
    DiscountAmount,
    Liability,
    Metadata,
    Page,
    Shape,
    Shipping,
    Tax,
)

SHOWN_LINES = 10


class LineList(Shape, frozen=True, kw_only=True):
    """The lines of an invoice; on the wire the first ten."""

    object: str = "list"
    data: Sequence[Line] = ()
    has_more: bool = False
    total_count: int = 0
    url: str


class QuoteDetails(Shape, frozen=True, kw_only=True):
    """The quote an invoice comes from."""

    quote: str


class SubscriptionDetails(Shape, frozen=True, kw_only=True):
    """The subscription an invoice comes from."""

    metadata: Metadata
    subscription: str
    subscription_proration_date: int | None = None


class InvoiceParent(Shape, frozen=True, kw_only=True):
    """What an invoice comes from."""

    quote_details: QuoteDetails | None = None
    subscription_details: SubscriptionDetails | None = None
    type: str


class PaymentSettings(Shape, frozen=True, kw_only=True):
    """How an invoice may be paid."""

    default_mandate: str | None = None
    payment_method_options: dict[str, Any] | None = None
    payment_method_types: list[str] | None = None


class Transitions(Shape, frozen=True, kw_only=True):
    """When an invoice became what it is, in seconds."""

    finalized_at: int | None = None
    marked_uncollectible_at: int | None = None
    paid_at: int | None = None
    voided_at: int | None = None


class FromInvoice(Shape, frozen=True, kw_only=True):
    """The invoice that another one revises."""

    action: str
    invoice: str


class CustomerTaxId(Shape, frozen=True, kw_only=True):
    """A tax id of the customer when the invoice was made."""

    type: str
    value: str | None = None


class Invoice(Shape, frozen=True, kw_only=True):
    """An invoice (`in_`), as it stands on the wire. Amounts are minor units of `currency`."""

    id: str
    object: str = "invoice"
    account_country: str = "US"
    account_name: str = "Q2C"
    account_tax_ids: list[str] | None = None
    amount_due: int = 0
    amount_overpaid: int = 0
    amount_paid: int = 0
    amount_paid_off_stripe: int = 0
    amount_remaining: int = 0
    amount_shipping: int = 0
    application: str | None = None
    attempt_count: int = 0
    attempted: bool = False
    auto_advance: bool = False
    automatic_tax: AutomaticTax = AutomaticTax()
    automatically_finalizes_at: int | None = None
    billing_reason: str = "manual"
    collection_method: str = "charge_automatically"
    created: int
    currency: str
    custom_fields: list[CustomField] | None = None
    customer: str
    customer_account: str | None = None
    customer_address: Address | None = None
    customer_email: str | None = None
    customer_name: str | None = None
    customer_phone: str | None = None
    customer_shipping: Shipping | None = None
    customer_tax_exempt: str | None = "none"
    customer_tax_ids: Sequence[CustomerTaxId] = ()
    default_payment_method: str | None = None
    default_source: str | None = None
    default_tax_rates: Sequence[Any] = ()
    description: str | None = None
    discounts: Sequence[str] = ()
    due_date: int | None = None
    effective_at: int | None = None
    ending_balance: int | None = None
    footer: str | None = None
    from_invoice: FromInvoice | None = None
    hosted_invoice_url: str | None = None
    invoice_pdf: str | None = None
    issuer: Liability = Liability()
    last_finalization_error: dict[str, Any] | None = None
    latest_revision: str | None = None
    lines: LineList
    livemode: bool = False
    metadata: Metadata
    next_payment_attempt: int | None = None
    number: str | None = None
    on_behalf_of: str | None = None
    parent: InvoiceParent | None = None
    payment_settings: PaymentSettings = PaymentSettings()
    period_end: int
    period_start: int
    post_payment_credit_notes_amount: int = 0
    pre_payment_credit_notes_amount: int = 0
    receipt_number: str | None = None
    rendering: dict[str, Any] | None = None
    shipping_cost: dict[str, Any] | None = None
    shipping_details: Shipping | None = None
    starting_balance: int = 0
    statement_descriptor: str | None = None
    status: str = "draft"
    status_details: dict[str, Any] | None = None
    status_transitions: Transitions = Transitions()
    subtotal: int = 0
    subtotal_excluding_tax: int | None = 0
    test_clock: str | None = None
    threshold_reason: dict[str, Any] | None = None
    total: int = 0
    total_discount_amounts: Sequence[DiscountAmount] = ()
    total_excluding_tax: int | None = 0
    total_pretax_credit_amounts: Sequence[Any] = ()
    total_taxes: Sequence[Tax] = ()
    webhooks_delivered_at: int | None = None

    @property
    def subscription(self) -> str | None:
        """The subscription the invoice comes from."""
        details = self.parent.subscription_details if self.parent is not None else None
        return details.subscription if details is not None else None


class PaidTransitions(Shape, frozen=True, kw_only=True):
    """When a payment of an invoice ended."""

    canceled_at: int | None = None
    paid_at: int | None = None


class PaidWith(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What an invoice is paid with."""

    charge: str | None = None
    payment_intent: str | None = None
    payment_record: str | None = None
    type: str


class InvoicePayment(Shape, frozen=True, kw_only=True):
    """A payment of an invoice (`inpay_`), as it stands on the wire."""

    id: str
    object: str = "invoice_payment"
    amount_paid: int | None = None
    amount_requested: int
    created: int
    currency: str
    invoice: str
    is_default: bool = True
    livemode: bool = False
    payment: PaidWith
    status: str = "open"
    status_transitions: PaidTransitions = PaidTransitions()

    @property
    def metadata(self) -> Metadata:
        """Payments of invoices have none."""
        return {}


class ConfirmationSecret(Shape, frozen=True, kw_only=True):
    """What a browser confirms the payment with."""

    client_secret: str
    type: str = "payment_intent"


def line_list(key: str, lines: Sequence[Line]) -> LineList:
    """Return lines as an invoice holds them."""
    return LineList(data=lines, total_count=len(lines), url=f"/v1/invoices/{key}/lines")


def with_lines(
    model: Processor, invoice: Invoice, lines: Sequence[Line], discounts: Sequence[Discount] | None = None
) -> Invoice:
    """Return a draft with other lines, and all that follows from them; a preview's discounts are not kept yet."""
    if discounts is None:
        discounts = [model.tables["discount"][key] for key in invoice.discounts]
    found = totals(model, lines, discounts, invoice.default_tax_rates)
    return structs.replace(invoice, lines=line_list(invoice.id, found.lines), **amounts(found))


def amounts(found: Totals) -> dict[str, Any]:
    """Return the amounts of an invoice nobody has paid anything of yet."""
    due = max(0, found.total)
    return {
        "subtotal": found.subtotal,
        "subtotal_excluding_tax": found.subtotal_excluding_tax,
        "total": found.total,
        "total_excluding_tax": found.total_excluding_tax,
        "total_discount_amounts": found.discount_amounts,
        "total_taxes": found.taxes,
        "amount_due": due,
        "amount_remaining": due,
    }


def _shown(invoice: Invoice) -> Invoice:
    lines = invoice.lines
    if len(lines.data) <= SHOWN_LINES:
        return invoice
    first = structs.replace(lines, data=lines.data[:SHOWN_LINES], has_more=True)
    return structs.replace(invoice, lines=first)


def payment_of(model: Processor, invoice: str) -> InvoicePayment | None:
    """Return the payment an invoice waits for, or was paid with."""
    found = model.payments_of.get(invoice)
    return model.tables["invoice_payment"][found[-1]] if found else None


def _secret(model: Processor, node: dict[str, Any]) -> ConfirmationSecret | None:
    payment = payment_of(model, node["id"])
    if payment is None or payment.payment.payment_intent is None:
        return None
    intent = render.intent(model.intents[payment.payment.payment_intent])
    return ConfirmationSecret(client_secret=intent.client_secret)


def _payments(model: Processor, node: dict[str, Any]) -> Page:
    rows = [model.tables["invoice_payment"][key] for key in reversed(model.payments_of.get(node["id"], ()))]
    return Page(data=rows, has_more=False, url=f"/v1/invoice_payments?invoice={node['id']}")


render.RENDERERS[Invoice] = _shown
EXTRAS["invoice", "confirmation_secret"] = _secret
EXTRAS["invoice", "payments"] = _payments


# --- history --------------------------------------------------------------------------------------------------------


def show(model: Processor, invoice: Invoice) -> None:
    """Write an invoice that is no draft any more into the history."""
    ref, txn = model.correlate(invoice.metadata, "")
    day = local_date((invoice.status_transitions.finalized_at or invoice.created) * SECOND_US, "UTC")
    due = local_date((invoice.due_date or invoice.effective_at or invoice.created) * SECOND_US, "UTC")
    tax = sum(each.amount for each in invoice.total_taxes)
    shown = objects.Invoice(
        id=invoice.id, ref=ref, txn=txn, number=invoice.number or "", customer=invoice.customer, entity="",
        currency=invoice.currency.upper(), status=invoice.status,
        lines=tuple([_line(line) for line in invoice.lines.data]),
        taxes=tuple([_tax(each) for each in invoice.total_taxes]), net_minor=invoice.total - tax, tax_minor=tax,
        total_minor=invoice.total, balance_minor=invoice.amount_remaining, business_date=day, due_date=due,
        subscription=invoice.subscription or "",
    )  # fmt: skip
    model.desk.book.put("invoice", invoice.id, None, shown, invoice.status, txn)


def _line(line: Line) -> objects.Line:
    details = line.pricing.price_details if line.pricing is not None else None
    quantity = line.quantity or 1
    net = line.amount - sum(off.amount for off in line.discount_amounts)
    recurring = line.parent is not None and line.parent.type == "subscription_item_details"
    return objects.Line(
        id=line.id, sku=details.price if details is not None else "", kind="recurring" if recurring else "one_time",
        quantity=quantity, unit_minor=line.amount // quantity, amount_minor=net,
        period_start=local_date(line.period.start * SECOND_US, "UTC"),
        period_end=local_date(line.period.end * SECOND_US, "UTC"),
    )  # fmt: skip


def _tax(tax: Tax) -> objects.TaxShare:
    rate = tax.tax_rate_details.tax_rate if tax.tax_rate_details is not None else ""
    return objects.TaxShare(rate, tax.taxable_amount or 0, tax.amount)
