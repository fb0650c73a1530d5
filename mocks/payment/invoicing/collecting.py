"""Collecting: an invoice is finalized, charged or sent, and ends as paid, void or uncollectible."""

from __future__ import annotations

from typing import Literal

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.payment import attempts, customers, methods, render
from mocks.payment.bodies import EmptyBody
from mocks.payment.errors import ErrorView, Failed, declined
from mocks.payment.invoicing import invoice as documents
from mocks.payment.invoicing import wallets
from mocks.payment.invoicing.invoice import Invoice, InvoicePayment, PaidTransitions, PaidWith, Transitions
from mocks.payment.invoicing.settling import OWING, close, paid
from mocks.payment.model import Processor
from mocks.payment.parts import Body, Shape
from mocks.payment.queries import Paging
from mocks.payment.records import Customer, Intent, Method
from mocks.payment.rows import alter, answer, page, prepare, read, row
from mocks.payment.statuses import METHODS


class FinalizeBody(Body, frozen=True, kw_only=True):
    """Finalize a draft."""

    auto_advance: bool | None = None


class PayBody(Body, frozen=True, kw_only=True):
    """Pay an invoice now."""

    forgive: bool | None = None
    mandate: str | None = None
    off_session: bool | None = None
    paid_out_of_band: bool = False
    payment_method: str | None = None
    source: str | None = None


class AttachPaymentBody(Body, frozen=True, kw_only=True):
    """Let a payment intent there is pay an invoice."""

    payment_intent: str | None = None
    payment_record: str | None = None


class PaidBy(Shape, frozen=True, kw_only=True):
    """By what an invoice was paid."""

    type: Literal["payment_intent", "payment_record"]
    payment_intent: str | None = None
    payment_record: str | None = None


class InvoicePaymentQuery(Paging, frozen=True, kw_only=True):
    """Which payments of invoices."""

    invoice: str | None = None
    payment: PaidBy | None = None
    status: Literal["canceled", "open", "paid"] | None = None


# --- finalizing -----------------------------------------------------------------------------------------------------


def finalize(model: Processor, invoice: Invoice, body: FinalizeBody | None = None, *, charges: bool = True) -> Invoice:
    """Finalize a draft: it has a number, can no longer be changed, and waits for its payment.

    One that advances by itself is charged then; without `charges` the caller sees to that.
    """
    if invoice.status != "draft":
        text = "This invoice is already finalized, you can't re-finalize a non-draft invoice."
        raise Refusal("invoice_not_editable", text, field="id")
    advance = invoice.auto_advance if body is None or body.auto_advance is None else body.auto_advance
    customer: Customer = model.customers[invoice.customer]
    applied = _apply_balance(model, customer, invoice)
    due = max(0, invoice.total + applied)
    now = model.now
    number = invoice.number or _number(model, invoice.customer)
    deadline = invoice.due_date
    if deadline is None and invoice.collection_method == "send_invoice":
        deadline = now + 30 * 86_400
    after = structs.replace(
        invoice, status="open", number=number, auto_advance=advance, effective_at=invoice.effective_at or now,
        due_date=deadline, automatically_finalizes_at=None, starting_balance=customer.balance,
        ending_balance=customer.balance - applied, amount_due=due, amount_remaining=due,
        hosted_invoice_url=f"https://invoice.example/i/{invoice.id}",
        invoice_pdf=f"https://invoice.example/i/{invoice.id}/pdf",
        status_transitions=Transitions(finalized_at=now),
    )  # fmt: skip
    model.tables["invoice"][after.id] = after
    model.emit("invoice.finalized", after, "", invoice)
    if due == 0:
        return close(model, after, attempted=True)
    _await_payment(model, after)
    documents.show(model, after)
    if charges and advance and after.collection_method == "charge_automatically":
        model.desk.agenda.add(model.desk.now_us, "retry_invoice", after.id)
    return after


def _apply_balance(model: Processor, customer: Customer, invoice: Invoice) -> int:
    """Use a customer's credit for an invoice, or add what the customer owes; return what that adds to the total."""
    held = customer.balance
    if invoice.total < 0:
        applied = -invoice.total
        wallets.adjust(model, customer, invoice.total, invoice.currency, "unapplied_from_invoice", invoice=invoice.id)
        return applied
    applied = max(held, -invoice.total)
    if applied and (customer.currency in (None, invoice.currency)):
        wallets.adjust(model, customer, -applied, invoice.currency, "applied_to_invoice", invoice=invoice.id)
        return applied
    return 0


def _number(model: Processor, key: str) -> str:
    customer: Customer = model.customers[key]
    sequence = customer.next_invoice_sequence
    customers.keep(model, structs.replace(customer, next_invoice_sequence=sequence + 1))
    return f"{customer.invoice_prefix}-{sequence:04d}"


def _await_payment(model: Processor, invoice: Invoice) -> InvoicePayment:
    """Make the payment intent that is to pay an invoice."""
    ref, txn = model.correlate(invoice.metadata, "")
    types = tuple(invoice.payment_settings.payment_method_types or ())
    intent = Intent(
        id=model.new_id("pi"), created=model.now, amount=invoice.amount_remaining, currency=invoice.currency,
        status="requires_payment_method", customer=invoice.customer, attempt=1,
        kind=METHODS.get(types[0], "card") if types else "card", types=types or ("card",),
        description=f"Payment for Invoice {invoice.number}", ref=ref or invoice.id, txn=txn,
    )  # fmt: skip
    attempts.keep(model, intent)
    model.desk.book.know(intent.id, txn)
    model.show(intent, intent.status)
    model.emit("payment_intent.created", intent, txn)
    return _attach(model, invoice, intent)


def _attach(model: Processor, invoice: Invoice, intent: Intent, is_default: bool = True) -> InvoicePayment:
    payment = InvoicePayment(
        id=model.new_id("inpay"), amount_requested=intent.amount, created=model.now, currency=invoice.currency,
        invoice=invoice.id, is_default=is_default, payment=PaidWith(payment_intent=intent.id, type="payment_intent"),
    )  # fmt: skip
    model.billed[intent.id] = payment.id
    model.payments_of.setdefault(invoice.id, []).append(payment.id)
    model.add("invoice_payment", payment, "")
    return payment


# --- paying ---------------------------------------------------------------------------------------------------------


def pay(model: Processor, invoice: Invoice, body: PayBody) -> tuple[Invoice, Intent | None]:
    """Try to pay an invoice now; return it as it is then, and the intent when one was tried."""
    if invoice.status == "draft":
        invoice = finalize(model, invoice, charges=False)
        if invoice.status == "paid":
            return invoice, None
    if invoice.status not in OWING:
        code = "invoice_unexpected_state"
        raise Refusal(code, "Invoice is already paid" if invoice.status == "paid" else f"Invoice is {invoice.status}")
    if body.paid_out_of_band:
        _cancel_payments(model, invoice)
        done = {"amount_paid": invoice.amount_paid + invoice.amount_remaining, "amount_remaining": 0}
        done["amount_paid_off_stripe"] = invoice.amount_remaining
        return close(model, invoice, attempted=True, **done), None
    method = _method(model, invoice, body.payment_method or body.source)
    if method.id not in model.methods:
        methods.keep(model, structs.replace(method, customer=invoice.customer))
    payment = documents.payment_of(model, invoice.id)
    intent = model.intents.get(payment.payment.payment_intent or "") if payment is not None else None
    if intent is None or intent.status == "canceled":
        payment = _await_payment(model, invoice)
        intent = model.intents[payment.payment.payment_intent or ""]
    if intent.status in ("requires_payment_method", "requires_confirmation", "requires_action"):
        types = intent.types if method.type in intent.types else (*intent.types, method.type)
        intent = attempts.confirm(model, structs.replace(intent, types=types), method, not _is_here(body))
    return model.tables["invoice"][invoice.id], intent


def _is_here(body: PayBody) -> bool:
    return body.off_session is False


def _method(model: Processor, invoice: Invoice, chosen: str | None) -> Method:
    """Return what an invoice is paid with: as chosen, or by default of the invoice, the subscription, the customer."""
    if chosen:
        return methods.method_for(model, chosen, "payment_method")
    subscription = model.tables["subscription"].get(invoice.subscription or "")
    defaults = (
        invoice.default_payment_method,
        subscription.default_payment_method if subscription is not None else None,
        model.customers[invoice.customer].method,
    )
    for key in defaults:
        if key and key in model.methods:
            return model.methods[key]
    if model.stand_in is not None:
        return methods.method_for(model, "pm_card_visa", "payment_method")
    text = f"The customer {invoice.customer} has no default payment method, and none is given."
    raise Refusal("no_payment_method", text, field="payment_method")


def _pay(model: Processor, call: Call) -> Reply:
    """Pay: 402 when the card is declined, or wants the customer; the invoice stays open then."""
    prepare(model, call, "invoice")
    invoice, intent = pay(model, model.named("invoice", call.params["id"], "pay_invoice"), call.body)
    if intent is None or intent.status in ("succeeded", "processing", "requires_capture"):
        return answer(model, call, invoice)
    if intent.failure is not None:
        return json_reply(Failed(error=declined(intent.failure, intent.charge, render.intent(intent))), 402)
    if intent.kind == "push":
        return answer(model, call, invoice)
    view = render.intent(intent)
    text = "The payment needs the customer to act: confirm its payment intent with the customer there."
    error = ErrorView(
        type="card_error", code="invoice_payment_intent_requires_action", message=text, payment_intent=view
    )
    return json_reply(Failed(error=error), 402)


def retry(model: Processor, key: str) -> None:
    """Agenda: charge an open invoice by its default method; without one it is as if the charge had failed."""
    invoice: Invoice | None = model.tables["invoice"].get(key)
    if invoice is None or invoice.status != "open":
        return
    try:
        pay(model, invoice, PayBody())
    except Refusal:
        model.change("invoice", invoice, "payment_failed", attempted=True, attempt_count=invoice.attempt_count + 1)


def advance(model: Processor, key: str) -> None:
    """Agenda: finalize a draft that advances by itself, unless that has changed."""
    invoice: Invoice | None = model.tables["invoice"].get(key)
    if invoice is not None and invoice.status == "draft" and invoice.auto_advance:
        finalize(model, invoice)


def attach_payment(model: Processor, invoice: Invoice, body: AttachPaymentBody) -> Invoice:
    """Let a payment intent there is pay an open invoice; one that has succeeded pays it at once."""
    if invoice.status not in OWING:
        raise Refusal("invoice_unexpected_state", f"Invoice is {invoice.status}: only an open one takes payments.")
    if not body.payment_intent:
        raise Refusal("parameter_missing", "Missing required param: payment_intent.", field="payment_intent")
    intent: Intent = model.referred("payment_intent", body.payment_intent, "payment_intent")
    if intent.id in model.billed:
        raise Refusal("parameter_invalid", "The payment intent pays an invoice already.", field="payment_intent")
    _attach(model, invoice, intent, is_default=False)
    if intent.status == "succeeded":
        paid(model, intent)
    after: Invoice = model.tables["invoice"][invoice.id]
    return after


# --- ends -----------------------------------------------------------------------------------------------------------


def send(model: Processor, invoice: Invoice, body: EmptyBody) -> Invoice:
    """Send an invoice to the customer; a draft is finalized first."""
    if invoice.status == "draft":
        invoice = finalize(model, invoice)
    elif invoice.status not in OWING:
        raise Refusal("invoice_unexpected_state", f"Invoice is {invoice.status}: it cannot be sent.")
    model.emit("invoice.sent", invoice)
    return invoice


def void(model: Processor, invoice: Invoice, body: EmptyBody) -> Invoice:
    """Void an invoice that is owed: it stays on paper, and nobody has to pay it."""
    if invoice.status not in OWING:
        raise Refusal("invoice_not_editable", f"Invoice is {invoice.status}: only an open one can be voided.")
    _cancel_payments(model, invoice)
    transitions = structs.replace(invoice.status_transitions, voided_at=model.now)
    changes = {"status": "void", "status_transitions": transitions, "auto_advance": False, "amount_remaining": 0}
    after: Invoice = model.change("invoice", invoice, "voided", next_payment_attempt=None, **changes)
    documents.show(model, after)
    return after


def give_up(model: Processor, invoice: Invoice, body: EmptyBody) -> Invoice:
    """Mark an invoice as uncollectible; it can still be paid."""
    if invoice.status not in ("open", "draft"):
        raise Refusal("invoice_unexpected_state", f"Invoice is {invoice.status}: only an open one is uncollectible.")
    if invoice.status == "draft":
        invoice = finalize(model, invoice)
    transitions = structs.replace(invoice.status_transitions, marked_uncollectible_at=model.now)
    after: Invoice = model.change(
        "invoice", invoice, "marked_uncollectible", status="uncollectible", status_transitions=transitions,
        auto_advance=False, next_payment_attempt=None,
    )  # fmt: skip
    documents.show(model, after)
    return after


def _cancel_payments(model: Processor, invoice: Invoice) -> None:
    for key in model.payments_of.get(invoice.id, ()):
        payment: InvoicePayment = model.tables["invoice_payment"][key]
        if payment.status != "open":
            continue
        transitions = PaidTransitions(canceled_at=model.now)
        model.change("invoice_payment", payment, "", status="canceled", status_transitions=transitions)
        intent = model.intents.get(payment.payment.payment_intent or "")
        if intent is not None and intent.status in (
            "requires_payment_method",
            "requires_confirmation",
            "requires_action",
        ):
            attempts.cancelled(model, intent, "void_invoice")


_ONE = "/v1/invoices/{id}"
_PAYMENTS = "/v1/invoice_payments"
ROWS: tuple[Operation, ...] = (
    alter("finalize_invoice", _ONE + "/finalize", "invoice", FinalizeBody, finalize, Invoice),
    row("pay_invoice", "POST", _ONE + "/pay", _pay, PayBody, Invoice),
    alter("send_invoice", _ONE + "/send", "invoice", EmptyBody, send, Invoice),
    alter("void_invoice", _ONE + "/void", "invoice", EmptyBody, void, Invoice),
    alter("mark_uncollectible", _ONE + "/mark_uncollectible", "invoice", EmptyBody, give_up, Invoice),
    alter("attach_payment", _ONE + "/attach_payment", "invoice", AttachPaymentBody, attach_payment, Invoice),
    page("list_invoice_payments", _PAYMENTS, "invoice_payment", InvoicePaymentQuery),
    read("get_invoice_payment", _PAYMENTS + "/{id}", "invoice_payment", InvoicePayment),
)
