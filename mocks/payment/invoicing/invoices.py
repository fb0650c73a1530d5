"""Invoices: making, changing and deleting drafts, and their lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.payment import listing
from mocks.payment.bodies import EmptyBody
from mocks.payment.customers import charged
from mocks.payment.invoicing import items, prices
from mocks.payment.invoicing.coupons import discounts_of
from mocks.payment.invoicing.invoice import (
    CustomerTaxId,
    Invoice,
    InvoiceParent,
    PaymentSettings,
    SubscriptionDetails,
    line_list,
    with_lines,
)
from mocks.payment.invoicing.invoice_bodies import InvoiceBody, InvoiceQuery, LinesBody, LineUpdate, RemoveBody
from mocks.payment.invoicing.items import ItemBody
from mocks.payment.invoicing.lines import Line, LineBody, pricing_of
from mocks.payment.invoicing.prices import Price, amount_of, currency_of
from mocks.payment.invoicing.tax_rates import rates_of
from mocks.payment.model import Processor, given, merged
from mocks.payment.parts import (
    Deleted,
)
from mocks.payment.queries import Paging
from mocks.payment.records import Customer
from mocks.payment.rows import alter, answer, answer_list, find, make, page, prepare, read, remove, row

WAITS_SECONDS = 3_600
"""How long a draft that advances by itself can still be changed."""
_SAME = ("custom_fields", "description", "effective_at", "footer", "number", "statement_descriptor")


# --- drafts ---------------------------------------------------------------------------------------------------------


def create(model: Processor, body: InvoiceBody) -> Invoice:
    """Make a draft for a customer; what waits for it comes along when asked to."""
    named, source = body.customer, None
    if body.from_invoice is not None:
        source = model.referred("invoice", body.from_invoice.invoice, "from_invoice[invoice]")
        named = named or source.customer
    customer = charged(model, named)
    if customer is None:
        raise Refusal("parameter_missing", "Missing required param: customer.", field="customer")
    currency = currency_of(body.currency or customer.currency or "usd")
    method = body.collection_method or "charge_automatically"
    _require_method(method, body)
    if body.default_payment_method:
        model.referred("payment_method", body.default_payment_method, "default_payment_method")
    rates = rates_of(model, body.default_tax_rates, "default_tax_rates")
    waiting = []
    if body.pending_invoice_items_behavior == "include":
        waiting = items.pending(model, customer.id, currency, body.subscription or "")
        if not waiting:
            raise Refusal("invoice_no_customer_line_items", f"Nothing to invoice for customer {customer.id}")
    key = model.new_id("in")
    discounts = discounts_of(model, body.discounts, invoice=key, customer=customer.id)
    if not discounts and body.discounts is None and customer.discount is not None:
        discounts = [customer.discount]
    invoice = blank(
        model, customer, key, currency,
        auto_advance=bool(body.auto_advance), collection_method=method, metadata=merged({}, body.metadata),
        default_payment_method=body.default_payment_method or None, default_tax_rates=rates,
        discounts=[each.id for each in discounts], due_date=_due(model, body),
        parent=_parent(model, body.subscription), billing_reason="manual",
        payment_settings=body.payment_settings or PaymentSettings(), rendering=body.rendering,
        shipping_details=body.shipping_details or None, from_invoice=body.from_invoice, **given(body, _SAME),
    )  # fmt: skip
    if source is not None:
        model.change("invoice", source, "", latest_revision=key)
        lines = [structs.replace(line, id=model.new_id("il"), invoice=key) for line in source.lines.data]
    else:
        lines = items.taken(model, waiting, key) if waiting else []
    if lines:
        invoice = with_lines(model, invoice, lines)
    return keep_draft(model, invoice)


def blank(model: Processor, customer: Customer, key: str, currency: str, **fields: Any) -> Invoice:
    """Return a draft without lines, with what it takes over from its customer."""
    now = model.now
    settings = customer.invoice_settings
    known = model.tax_ids_of.get(customer.id)
    ids = [CustomerTaxId(type=each.type, value=each.value) for each in known.values()] if known else ()
    fields.setdefault("custom_fields", settings.custom_fields)
    fields.setdefault("footer", settings.footer)
    return Invoice(
        id=key, created=now, currency=currency, customer=customer.id, customer_address=customer.address,
        customer_email=customer.email, customer_name=customer.name, customer_phone=customer.phone,
        customer_shipping=customer.shipping, customer_tax_exempt=customer.tax_exempt, customer_tax_ids=ids,
        lines=line_list(key, ()), period_end=fields.pop("period_end", now),
        period_start=fields.pop("period_start", now), test_clock=customer.test_clock,
        automatically_finalizes_at=now + WAITS_SECONDS if fields.get("auto_advance") else None, **fields,
    )  # fmt: skip


def keep_draft(model: Processor, invoice: Invoice) -> Invoice:
    """Keep a new draft; one that advances by itself is finalized in an hour."""
    model.add("invoice", invoice)
    if invoice.automatically_finalizes_at is not None:
        model.desk.agenda.add(invoice.automatically_finalizes_at * 1_000_000, "finalize_invoice", invoice.id)
    return invoice


def _require_method(method: str, body: InvoiceBody) -> None:
    if method == "charge_automatically" and (body.days_until_due is not None or body.due_date is not None):
        text = "Only an invoice with collection_method=send_invoice has a due date."
        raise Refusal("parameter_invalid", text, field="days_until_due" if body.due_date is None else "due_date")
    if body.days_until_due is not None and not 0 <= body.days_until_due <= 10_000:
        raise Refusal("parameter_invalid_integer", "days_until_due is from 0 to 10000.", field="days_until_due")


def _due(model: Processor, body: InvoiceBody) -> int | None:
    if body.due_date is not None:
        return body.due_date
    return model.now + body.days_until_due * 86_400 if body.days_until_due is not None else None


def _parent(model: Processor, subscription: str | None) -> InvoiceParent | None:
    if not subscription:
        return None
    found = model.referred("subscription", subscription, "subscription")
    return InvoiceParent(
        subscription_details=SubscriptionDetails(metadata=found.metadata, subscription=found.id),
        type="subscription_details",
    )


def update(model: Processor, invoice: Invoice, body: InvoiceBody) -> Invoice:
    """Change an invoice: a draft in any way, a finalized one where money is not concerned."""
    changes = given(body, _SAME)
    fixed = (body.due_date, body.days_until_due, body.collection_method, body.default_tax_rates, body.discounts)
    if invoice.status != "draft" and (any(value is not None for value in fixed) or "number" in changes):
        raise not_editable(invoice)
    for name in ("auto_advance", "automatically_finalizes_at", "payment_settings", "rendering"):
        if (value := getattr(body, name)) is not None:
            changes[name] = value
    if body.default_payment_method:
        model.referred("payment_method", body.default_payment_method, "default_payment_method")
        changes["default_payment_method"] = body.default_payment_method
    if body.collection_method is not None:
        changes["collection_method"] = body.collection_method
    if body.due_date is not None or body.days_until_due is not None:
        changes["due_date"] = _due(model, body)
    if body.shipping_details is not None:
        changes["shipping_details"] = body.shipping_details or None
    if body.default_tax_rates is not None:
        changes["default_tax_rates"] = rates_of(model, body.default_tax_rates, "default_tax_rates")
    if body.discounts is not None:
        made = discounts_of(model, body.discounts, invoice=invoice.id, customer=invoice.customer)
        changes["discounts"] = [each.id for each in made]
    changes["metadata"] = merged(invoice.metadata, body.metadata)
    if "default_tax_rates" in changes or "discounts" in changes:
        after = with_lines(model, structs.replace(invoice, **changes), invoice.lines.data)
        changes = structs.asdict(after)
    changed: Invoice = model.change("invoice", invoice, **changes)
    return changed


def delete(model: Processor, invoice: Invoice, body: EmptyBody) -> Deleted:
    """Delete a draft; what stood on it waits again."""
    if invoice.status != "draft":
        raise Refusal("invoice_not_editable", "You can only delete draft invoices.", field="id")
    for line in invoice.lines.data:
        _release(model, line)
    return model.drop("invoice", invoice)


def not_editable(invoice: Invoice) -> Refusal:
    """Return why an invoice can no longer be changed."""
    text = f"This invoice is {invoice.status}: it can no longer be changed."
    return Refusal("invoice_not_editable", text, field="id")


# --- lines ----------------------------------------------------------------------------------------------------------


def _require_draft(invoice: Invoice) -> None:
    if invoice.status != "draft":
        raise not_editable(invoice)


def _release(model: Processor, line: Line, behavior: str = "unassign") -> None:
    """Let the item of a line wait again, or delete it."""
    details = line.parent.invoice_item_details if line.parent is not None else None
    item = model.tables["invoiceitem"].get(details.invoice_item) if details is not None else None
    if item is None:
        return
    if behavior == "delete":
        model.drop("invoiceitem", item)
    else:
        items.wait(model, model.change("invoiceitem", item, "", invoice=None))


def add_lines(model: Processor, invoice: Invoice, body: LinesBody) -> Invoice:
    """Add lines to a draft: pending items, or new ones."""
    _require_draft(invoice)
    for line in body.lines:
        if line.invoice_item:
            item = model.referred("invoiceitem", line.invoice_item, "lines[invoice_item]")
            current: Invoice = model.tables["invoice"][invoice.id]
            after = with_lines(model, current, (*current.lines.data, *items.taken(model, [item], invoice.id)))
            model.tables["invoice"][invoice.id] = after
        else:
            items.create(model, _item_body(line, invoice))
    return _with_metadata(model, model.tables["invoice"][invoice.id], body.invoice_metadata)


def _item_body(line: LineBody, invoice: Invoice) -> ItemBody:
    return ItemBody(
        invoice=invoice.id, customer=invoice.customer, amount=line.amount, description=line.description,
        discountable=line.discountable, discounts=line.discounts, metadata=line.metadata, period=line.period,
        price_data=line.price_data, pricing=line.pricing, quantity=line.quantity, tax_rates=line.tax_rates,
    )  # fmt: skip


def update_lines(model: Processor, invoice: Invoice, body: LinesBody) -> Invoice:
    """Change lines of a draft."""
    _require_draft(invoice)
    known = {line.id: line for line in invoice.lines.data}
    for asked in body.lines:
        if asked.id not in known:
            raise Refusal("reference_missing", f"No such line item: '{asked.id}'", field="lines[id]")
        known[asked.id] = _changed(model, known[asked.id], asked)
    after = with_lines(model, invoice, list(known.values()))
    return _with_metadata(model, after, body.invoice_metadata, invoice)


def _changed(model: Processor, line: Line, asked: Any) -> Line:
    changes: dict[str, Any] = {"metadata": merged(line.metadata, asked.metadata)}
    for name in ("description", "discountable", "period"):
        if (value := getattr(asked, name)) is not None:
            changes[name] = value if value != "" else None
    quantity = line.quantity if asked.quantity is None else asked.quantity
    details = line.pricing.price_details if line.pricing is not None else None
    if asked.amount is not None:
        changes |= {"amount": asked.amount, "subtotal": asked.amount, "quantity": 1, "pricing": None}
    elif asked.quantity is not None and details is not None:
        price: Price = model.tables["price"][details.price]
        amount = amount_of(model, price, asked.quantity)
        changes |= {"amount": amount, "subtotal": amount, "quantity": quantity, "pricing": pricing_of(price)}
    elif asked.quantity is not None and line.pricing is not None:
        amount = prices.rounded(Decimal(line.pricing.unit_amount_decimal or 0) * asked.quantity)
        changes |= {"amount": amount, "subtotal": amount, "quantity": quantity}
    if asked.discounts is not None:
        changes["discounts"] = [each.id for each in discounts_of(model, asked.discounts, invoice=line.invoice)]
    if asked.tax_rates is not None:
        model.line_rates[line.id] = tuple([rate.id for rate in rates_of(model, asked.tax_rates, "tax_rates")])
    return structs.replace(line, **changes)


def remove_lines(model: Processor, invoice: Invoice, body: RemoveBody) -> Invoice:
    """Take lines off a draft."""
    _require_draft(invoice)
    known = {line.id: line for line in invoice.lines.data}
    for asked in body.lines:
        if asked.id not in known:
            raise Refusal("reference_missing", f"No such line item: '{asked.id}'", field="lines[id]")
    for asked in body.lines:
        _release(model, known.pop(asked.id), asked.behavior)
    after = with_lines(model, invoice, list(known.values()))
    return _with_metadata(model, after, body.invoice_metadata, invoice)


def _with_metadata(model: Processor, invoice: Invoice, change: Any, before: Invoice | None = None) -> Invoice:
    after = structs.replace(invoice, metadata=merged(invoice.metadata, change))
    model.tables["invoice"][after.id] = after
    model.index.note("invoice", after.id, after.metadata)
    model.emit("invoice.updated", after, "", before or invoice)
    return after


def _lines(model: Processor, call: Call) -> Reply:
    invoice: Invoice = model.named("invoice", call.params["id"])
    own = {line.id: line for line in reversed(invoice.lines.data)}  # pages walk back; lines read forward
    return answer_list(model, call, "line_item", listing.chosen(model, "line_item", call.body, own))


def _update_line(model: Processor, call: Call) -> Reply:
    prepare(model, call, "line_item")
    invoice: Invoice = model.named("invoice", call.params["invoice"], "update_lines")
    _require_draft(invoice)
    known = {line.id: line for line in invoice.lines.data}
    line = known.get(call.params["id"])
    if line is None:
        raise Refusal("resource_missing", f"No such line item: '{call.params['id']}'", field="id")
    known[line.id] = _changed(model, line, call.body)
    after = _with_metadata(model, with_lines(model, invoice, list(known.values())), None, invoice)
    found = next(each for each in after.lines.data if each.id == line.id)
    return answer(model, call, found)


_ALL, _ONE = "/v1/invoices", "/v1/invoices/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_invoice", _ALL, "invoice", InvoiceBody, create, Invoice),
    page("list_invoices", _ALL, "invoice", InvoiceQuery),
    find("search_invoices", _ALL + "/search", "invoice"),
    read("get_invoice", _ONE, "invoice", Invoice),
    alter("update_invoice", _ONE, "invoice", InvoiceBody, update, Invoice),
    remove("delete_invoice", _ONE, "invoice", delete),
    row("list_invoice_lines", "GET", _ONE + "/lines", _lines, Paging),
    row("update_invoice_line", "POST", "/v1/invoices/{invoice}/lines/{id}", _update_line, LineUpdate, Line),
    alter("add_lines", _ONE + "/add_lines", "invoice", LinesBody, add_lines, Invoice),
    alter("update_lines", _ONE + "/update_lines", "invoice", LinesBody, update_lines, Invoice),
    alter("remove_lines", _ONE + "/remove_lines", "invoice", RemoveBody, remove_lines, Invoice),
)
