"""What the flows say in canonical events: the bodies, in the words of the registry (`domain.events`).

The envelope adds what every payload has besides (transaction, version of the aggregate). Amounts are integer minor
units with their currency. What goes beyond the registry (`kind`, `total`, `tax`, ...) is additive; the analytics
consumer builds key figures and totals from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from domain.objects import Line, Quote
from integration.systems.billing import BillingInvoice, CreditNote
from integration.systems.crm import AcceptedQuote
from integration.systems.erp import OrderStanding, Posting

Body = dict[str, Any]


def amount(amount_minor: int, currency: str) -> Body:
    """Return money as events write it."""
    return {"amount_minor": amount_minor, "currency": currency}


def books(entity: str, day: date) -> Body:
    """Return in whose books, and on which local date, something happened."""
    return {"legal_entity": entity, "business_date": day.isoformat()}


def _lines(lines: Sequence[Line], currency: str) -> list[Body]:
    return [_line(line, currency) for line in lines]


def _line(line: Line, currency: str) -> Body:
    said = {
        "line_id": line.id, "sku": line.sku, "quantity": line.quantity,
        "net": amount(line.amount_minor, currency), "kind": line.kind,
    }  # fmt: skip
    if line.period_start is not None and line.period_end is not None:
        said |= {"period_start": line.period_start.isoformat(), "period_end": line.period_end.isoformat()}
    return said


def quote_accepted(accepted: AcceptedQuote, reference: str, accepted_us: int, day: date) -> Body:
    """Return the body of `quote.accepted`: a customer signed; `accepted_us` is when the CRM knew."""
    quote = accepted.quote
    return {
        **books(quote.entity, day), "quote_id": quote.number, "version": quote.version, "reference": reference,
        "accepted_at_us": accepted_us, "signer": quote.account, "kind": quote.kind,
        "total": amount(quote.total_minor, quote.currency),
    }  # fmt: skip


def order_received(quote: Quote, reference: str, day: date) -> Body:
    """Return the body of `order.received`."""
    return {
        **books(quote.entity, day), "order_id": reference, "quote_id": quote.number, "quote_version": quote.version,
        "order_type": quote.kind, "lines": _lines(quote.lines, quote.currency),
        "total": amount(quote.total_minor, quote.currency),
    }  # fmt: skip


def order_accepted(quote: Quote, reference: str, standing: OrderStanding, day: date) -> Body:
    """Return the body of `order.accepted`."""
    return {**books(quote.entity, day), "order_id": reference, "erp_request_id": standing.id}


def order_booked(quote: Quote, reference: str, standing: OrderStanding, booked_us: int, day: date) -> Body:
    """Return the body of `order.booked`; `booked_us` is when the ERP's approval was learned."""
    return {
        **books(quote.entity, day), "order_id": reference, "erp_order_no": standing.tranId, "booked_at_us": booked_us,
        "order_type": quote.kind, "lines": _lines(quote.lines, quote.currency),
        "total": amount(quote.total_minor, quote.currency), "bill_to": quote.account, "ship_to": quote.account,
    }  # fmt: skip


def quote_converted(number: str, version: int, entity: str, orders: Sequence[str], day: date) -> Body:
    """Return the body of `quote.converted`: all orders of a quote are booked."""
    return {**books(entity, day), "quote_id": number, "version": version, "order_ids": list(orders)}


def quote_mirrored(entity: str, txn: str, reference: str, as_of_us: int, day: date, shown: dict[str, str]) -> Body:
    """Return the body of `quote.mirrored`: the CRM shows facts as of an instant."""
    return {
        **books(entity, day), "quote_id": txn, "version": int(reference.rpartition("-v")[2].partition("~")[0] or 0),
        "reference": reference, "as_of_us": as_of_us, "shown": shown,
    }  # fmt: skip


def invoice_generated(invoice: BillingInvoice, lines: Sequence[Line], posting: Posting) -> Body:
    """Return the body of `invoice.generated`: what billing drew up, its tax not yet in the total."""
    currency = invoice.currency_code
    net_minor = sum([line.amount_minor for line in lines])
    return {
        **books(posting.entity, posting.business_date), "invoice_id": invoice.id, "run_id": invoice.subscription_id,
        "lines": _lines(lines, currency), "total": amount(net_minor, currency), "currency": currency,
        "due_date": (posting.due_date or posting.business_date).isoformat(), "reference": invoice.quote_reference,
        "generated_at_us": invoice.generated_at * 1_000_000, "account": invoice.customer_id,
    }  # fmt: skip


def invoice_posted(invoice: BillingInvoice, posting: Posting, record: str, posted_us: int) -> Body:
    """Return the body of `invoice.posted`; `record` is the ERP's own id of it, `posted_us` when that was learned."""
    currency, day = posting.currency, posting.business_date
    tax_minor = sum([share.amount_minor for share in posting.taxes])
    total_minor = sum([line.amount_minor for line in posting.lines]) + tax_minor
    return {
        **books(posting.entity, day), "invoice_id": invoice.id, "number": invoice.id, "posted_at_us": posted_us,
        "period": day.isoformat()[:7], "gl_entry_id": record, "balance": amount(total_minor, currency),
        "total": amount(total_minor, currency), "tax": amount(tax_minor, currency), "account": posting.customer,
        "reference": invoice.quote_reference, "generated_at_us": invoice.generated_at * 1_000_000,
        "is_first": invoice.first_invoice,
    }  # fmt: skip


def payment_received(posting: Posting, payment: str, received_minor: int, received_us: int, day: date) -> Body:
    """Return the body of `payment.received`: money is there since `received_us`."""
    return {
        **books(posting.entity, day), "payment_id": payment, "account": posting.customer,
        "amount": amount(received_minor, posting.currency), "value_date": day.isoformat(),
        "remittance": [posting.id], "received_at_us": received_us,
    }  # fmt: skip


def payment_applied(posting: Posting, payment: str, invoice: BillingInvoice, taken_minor: int, day: date) -> Body:
    """Return the body of `payment.applied`: so much of a payment was put against its invoice."""
    return {
        **books(posting.entity, day), "application_id": f"{payment}/{invoice.id}", "payment_id": payment,
        "account": posting.customer, "reference": invoice.quote_reference,
        "applications": [{"invoice_id": invoice.id, "amount": amount(taken_minor, posting.currency)}],
    }  # fmt: skip


def credit_memo_issued(note: CreditNote, posting: Posting) -> Body:
    """Return the body of `credit_memo.issued`; amounts are positive, the document is what is negative."""
    currency = posting.currency
    tax_minor = sum([share.amount_minor for share in posting.taxes])
    total_minor = sum([line.amount_minor for line in posting.lines]) + abs(tax_minor)
    return {
        **books(posting.entity, posting.business_date), "memo_id": note.id, "account": posting.customer,
        "invoice_id": posting.invoice, "lines": _lines(posting.lines, currency),
        "amount": amount(total_minor, currency), "tax": amount(abs(tax_minor), currency),
    }  # fmt: skip


def payout_settled(payout: str, entity: str, currency: str, gross_minor: int, fee_minor: int, day: date) -> Body:
    """Return the body of `payout.settled`; its items are in the processor's own report."""
    return {
        **books(entity, day), "payout_id": payout, "gross": amount(gross_minor, currency),
        "fees": amount(fee_minor, currency), "net": amount(gross_minor - fee_minor, currency), "items": [],
    }  # fmt: skip
