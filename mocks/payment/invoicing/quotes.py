"""Quotes: an offer that becomes a subscription or an invoice when it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.payment import listing
from mocks.payment.bodies import EmptyBody
from mocks.payment.customers import charged
from mocks.payment.expand import EXTRAS
from mocks.payment.invoicing import invoices, items, prices, subscribing
from mocks.payment.invoicing.coupons import discounts_of, taken_off
from mocks.payment.invoicing.invoice import InvoiceParent, QuoteDetails
from mocks.payment.invoicing.invoice_bodies import InvoiceBody
from mocks.payment.invoicing.prices import Price, amount_of
from mocks.payment.invoicing.quote import (
    Computed,
    FinalizeBody,
    LineItem,
    Quote,
    QuoteBody,
    QuoteLine,
    QuoteQuery,
    Recurring,
    SubscriptionData,
    TotalDetails,
    Upfront,
)
from mocks.payment.invoicing.subscription_bodies import ItemEntry, SubscriptionBody
from mocks.payment.invoicing.tax_rates import TaxRate, rates_of, taxes_on
from mocks.payment.model import DAY_SECONDS, Processor, given, merged
from mocks.payment.parts import (
    DiscountBody,
    Page,
)
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, answer_list, make, page, read, row

VALID_DAYS = 30


_SAME = ("collection_method", "description", "footer", "header", "automatic_tax", "invoice_settings", "expires_at")


def create(model: Processor, body: QuoteBody) -> Quote:
    """Make a quote."""
    source = model.referred("quote", body.from_quote.quote, "from_quote[quote]") if body.from_quote else None
    customer = charged(model, body.customer or (source.customer if source is not None else None))
    rates = rates_of(model, body.default_tax_rates, "default_tax_rates")
    key = model.new_id("qt")
    discounts = discounts_of(model, body.discounts, customer=customer.id if customer is not None else None)
    lines = _lines(model, body.line_items or (), rates)
    if source is not None and not lines:
        lines = model.quote_lines.get(source.id, ())
    found = [each.id for each in discounts]
    fields = given(body, _SAME)
    fields.setdefault("expires_at", model.now + VALID_DAYS * DAY_SECONDS)
    quote = Quote(
        id=key, created=model.now, customer=customer.id if customer is not None else None,
        default_tax_rates=[rate.id for rate in rates], discounts=found, from_quote=body.from_quote,
        metadata=merged({}, body.metadata), subscription_data=body.subscription_data or SubscriptionData(),
        test_clock=body.test_clock, **_computed(model, lines, found), **fields,
    )  # fmt: skip
    model.quote_lines[key] = lines
    model.add("quote", quote)
    return quote


def _lines(model: Processor, bodies: Sequence[QuoteLine], rates: Sequence[TaxRate]) -> tuple[LineItem, ...]:
    made = []
    for index, body in enumerate(bodies):
        field = f"line_items[{index}]"
        if body.price:
            price: Price = model.referred("price", body.price, f"{field}[price]")
        elif body.price_data is not None:
            price = prices.on_the_fly(model, body.price_data, f"{field}[price_data]")
        else:
            raise Refusal("parameter_missing", f"Missing required param: {field}[price].", field=f"{field}[price]")
        quantity = 1 if body.quantity is None else max(0, body.quantity)
        amount = amount_of(model, price, quantity)
        own = rates_of(model, body.tax_rates, f"{field}[tax_rates]") or rates
        tax = sum(each.amount for each in taxes_on(own, amount) if each.tax_behavior == "exclusive")
        product = model.tables["product"].get(price.product)
        made.append(
            LineItem(
                id=model.new_id("li"), amount_subtotal=amount, amount_tax=tax, amount_total=amount + tax,
                currency=price.currency, description=product.name if product is not None else price.product,
                price=price, quantity=quantity,
            )
        )  # fmt: skip
    return tuple(made)


def _computed(model: Processor, lines: Sequence[LineItem], discounts: Sequence[str]) -> dict[str, Any]:
    subtotal, tax = sum(line.amount_subtotal for line in lines), sum(line.amount_tax for line in lines)
    currency = lines[0].currency if lines else None
    off = 0
    for key in discounts:
        off += taken_off(model, model.tables["discount"][key], subtotal - off, currency or "")
    details = TotalDetails(amount_discount=off, amount_tax=tax)
    upfront = Upfront(amount_subtotal=subtotal, amount_total=subtotal - off + tax, total_details=details)
    again = [line for line in lines if line.price.recurring is not None]
    recurring = None
    if again and again[0].price.recurring is not None:
        terms = again[0].price.recurring
        amount, share = sum(line.amount_subtotal for line in again), sum(line.amount_tax for line in again)
        recurring = Recurring(
            amount_subtotal=amount, amount_total=amount + share, interval=terms.interval,
            interval_count=terms.interval_count, total_details=TotalDetails(amount_discount=0, amount_tax=share),
        )  # fmt: skip
    return {
        "amount_subtotal": subtotal,
        "amount_total": subtotal - off + tax,
        "currency": currency,
        "total_details": details,
        "computed": Computed(recurring=recurring, upfront=upfront),
    }


def update(model: Processor, quote: Quote, body: QuoteBody) -> Quote:
    """Change a quote that is a draft."""
    if quote.status != "draft" and (body.line_items is not None or body.customer is not None):
        raise _unexpected(quote, "change")
    changes = given(body, _SAME)
    if body.customer:
        changes["customer"] = model.referred("customer", body.customer, "customer").id
    if body.line_items is not None:
        rates = [model.tables["tax_rate"][key] for key in quote.default_tax_rates]
        lines = _lines(model, body.line_items, rates)
        model.quote_lines[quote.id] = lines
        changes |= _computed(model, lines, quote.discounts)
    if body.subscription_data is not None:
        changes["subscription_data"] = body.subscription_data
    after: Quote = model.change("quote", quote, "", **changes, metadata=merged(quote.metadata, body.metadata))
    return after


def finalize(model: Processor, quote: Quote, body: FinalizeBody) -> Quote:
    """Finalize a draft: from now on it can be accepted."""
    if quote.status != "draft":
        raise _unexpected(quote, "finalize")
    if not model.quote_lines.get(quote.id):
        raise Refusal("quote_unexpected_state", "A quote without line items cannot be finalized.", field="line_items")
    if quote.customer is None:
        raise Refusal("parameter_missing", "A quote is finalized for a customer.", field="customer")
    number = f"QT-{model.desk.next('quote number'):06d}-1"
    transitions = structs.replace(quote.status_transitions, finalized_at=model.now)
    after: Quote = model.change(
        "quote", quote, "finalized", status="open", number=number, status_transitions=transitions,
        expires_at=body.expires_at or quote.expires_at,
    )  # fmt: skip
    return after


def accept(model: Processor, quote: Quote, body: EmptyBody) -> Quote:
    """Accept an open quote: it becomes a subscription when something recurs, otherwise an invoice."""
    if quote.status != "open":
        raise _unexpected(quote, "accept")
    if quote.expires_at <= model.now and model.stand_in is None:
        raise Refusal("quote_unexpected_state", "The quote has expired.", field="id")
    lines = model.quote_lines[quote.id]
    again = [line for line in lines if line.price.recurring is not None]
    once = [line for line in lines if line.price.recurring is None]
    changes = _subscribed(model, quote, again, once) if again else _invoiced(model, quote, once)
    transitions = structs.replace(quote.status_transitions, accepted_at=model.now)
    after: Quote = model.change(
        "quote", quote, "accepted", status="accepted", status_transitions=transitions, **changes
    )
    return after


def _subscribed(model: Processor, quote: Quote, again: Sequence[LineItem], once: Sequence[LineItem]) -> dict[str, Any]:
    for line in once:
        items.create(model, items.ItemBody(customer=quote.customer, price=line.price.id, quantity=line.quantity))
    said, days = quote.subscription_data, quote.invoice_settings.days_until_due
    sends = quote.collection_method == "send_invoice"
    body = SubscriptionBody(
        customer=quote.customer or "", collection_method=quote.collection_method, description=said.description,
        days_until_due=(30 if days is None else days) if sends else None,
        default_tax_rates=list(quote.default_tax_rates), metadata=dict(said.metadata or {}),
        discounts=[DiscountBody(discount=key) for key in quote.discounts],
        items=[ItemEntry(price=line.price.id, quantity=line.quantity) for line in again],
        trial_period_days=int(str(said.trial_period_days)) if str(said.trial_period_days or "").isdecimal() else None,
    )  # fmt: skip
    made = subscribing.create(model, body)
    return {"subscription": made.id, "invoice": made.latest_invoice}


def _invoiced(model: Processor, quote: Quote, once: Sequence[LineItem]) -> dict[str, Any]:
    days = quote.invoice_settings.days_until_due
    sends = quote.collection_method == "send_invoice"
    invoice = invoices.create(
        model,
        InvoiceBody(
            customer=quote.customer, currency=quote.currency, collection_method=quote.collection_method,
            days_until_due=(30 if days is None else days) if sends else None,
            default_tax_rates=list(quote.default_tax_rates),
            discounts=[DiscountBody(discount=key) for key in quote.discounts],
        ),
    )  # fmt: skip
    parent = InvoiceParent(quote_details=QuoteDetails(quote=quote.id), type="quote_details")
    model.change("invoice", invoice, "", parent=parent, billing_reason="quote_accept")
    for line in once:
        items.create(model, items.ItemBody(invoice=invoice.id, price=line.price.id, quantity=line.quantity))
    return {"invoice": invoice.id}


def cancel(model: Processor, quote: Quote, body: EmptyBody) -> Quote:
    """Cancel a quote that is not accepted."""
    if quote.status not in ("draft", "open"):
        raise _unexpected(quote, "cancel")
    transitions = structs.replace(quote.status_transitions, canceled_at=model.now)
    after: Quote = model.change("quote", quote, "canceled", status="canceled", status_transitions=transitions)
    return after


def _unexpected(quote: Quote, verb: str) -> Refusal:
    return Refusal("quote_unexpected_state", f"This quote is {quote.status}: you cannot {verb} it.", field="id")


# --- calls ----------------------------------------------------------------------------------------------------------


def _line_items(model: Processor, call: Call) -> Reply:
    quote: Quote = model.named("quote", call.params["id"])
    own = {line.id: line for line in reversed(model.quote_lines.get(quote.id, ()))}
    return answer_list(model, call, "item", listing.chosen(model, "item", call.body, own))


def _pdf(model: Processor, call: Call) -> Reply:
    """Show a quote on paper: the smallest document that is one."""
    quote: Quote = model.named("quote", call.params["id"])
    text = f"%PDF-1.4\n% {quote.id} {quote.number or 'draft'}\n%%EOF\n"
    return Reply(200, {"content-type": "application/pdf"}, text.encode())


EXTRAS["quote", "line_items"] = lambda model, node: Page(
    data=list(model.quote_lines.get(node["id"], ())), has_more=False, url=f"/v1/quotes/{node['id']}/line_items"
)
_ALL, _ONE = "/v1/quotes", "/v1/quotes/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_quote", _ALL, "quote", QuoteBody, create, Quote),
    page("list_quotes", _ALL, "quote", QuoteQuery),
    read("get_quote", _ONE, "quote", Quote),
    alter("update_quote", _ONE, "quote", QuoteBody, update, Quote),
    alter("finalize_quote", _ONE + "/finalize", "quote", FinalizeBody, finalize, Quote),
    alter("accept_quote", _ONE + "/accept", "quote", EmptyBody, accept, Quote),
    alter("cancel_quote", _ONE + "/cancel", "quote", EmptyBody, cancel, Quote),
    row("list_quote_line_items", "GET", _ONE + "/line_items", _line_items, Paging),
    row("list_quote_upfront_lines", "GET", _ONE + "/computed_upfront_line_items", _line_items, Paging),
    row("get_quote_pdf", "GET", _ONE + "/pdf", _pdf, EmptyBody),
)
