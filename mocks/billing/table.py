"""The operations of the dialect: where each is called, what it takes, what it answers, and who handles it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec

from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import catalogue, estimates, listing, reading, sales, site
from mocks.billing import customer_calls as customers
from mocks.billing import invoice_calls as bills
from mocks.billing import resources as r
from mocks.billing import subscription_calls as contracts
from mocks.billing import usage_calls as used
from mocks.billing.model import Billing
from mocks.kernel.operations import Call, Operation

Handler = Callable[[Billing, Call], Reply]
_BASE = "/api/v2"
RESOURCES: dict[str, type[Any]] = {
    kind.__struct_config__.tag: kind  # type: ignore[misc]
    for kind in vars(r).values()
    if isinstance(kind, type) and issubclass(kind, r.Shown) and kind not in (r.Shown, r.AppliedCoupon)
}


@cache
def _reply(shows: str) -> Any:
    """Return the type of a reply that shows resources by name: `invoice`, `credit_notes*` a list, `x?` maybe."""
    fields: list[Any] = []
    for word in shows.split():
        name = word.rstrip("?*")
        kind: Any = RESOURCES[name.removesuffix("s") if word.endswith("*") else name]
        if word.endswith("*"):
            fields.append((name, list[kind], []))  # left out when there are none
        else:
            fields.append((name, kind | None, None) if word.endswith("?") else (name, kind))
    fields.sort(key=len)
    title = "".join(part.title() for part in shows.replace("?", "").replace("*", "").replace("_", " ").split())
    return msgspec.defstruct(f"{title}Reply", fields, kw_only=True)


@cache
def _page(name: str) -> Any:
    names = (name, *listing.BESIDE.get(name, ()))
    fields = [(each, RESOURCES.get(each, dict[str, Any])) for each in names]
    row = msgspec.defstruct(f"{name.title().replace('_', '')}Row", fields)
    return msgspec.defstruct(
        f"{name.title().replace('_', '')}List",
        [("list", list[row]), ("next_offset", str | None, None)],  # type: ignore[valid-type]
    )


@cache
def _query(name: str) -> Any:
    """Return the type of a list's query: its filters by attribute and operator, its orders, its pages."""
    resource = listing.RESOURCES[name]
    filters = [
        (f"{attribute}[{operator}]", str | None)
        for attribute, known in resource.attributes.items()
        for operator in listing.OPERATORS[known.kind]
    ]
    names = [*filters, ("sort_by[asc]", str | None), ("sort_by[desc]", str | None), ("offset", str | None),
             ("limit", str | None), ("include_deleted", str | None)]  # fmt: skip
    fields = [(f"p{index}", kind, None) for index, (_, kind) in enumerate(names)]
    rename = {f"p{index}": name for index, (name, _) in enumerate(names)}
    return msgspec.defstruct(f"{resource.name.title().replace('_', '')}Query", fields, rename=rename)


def _get(name: str, path: str, handler: Handler, shows: str) -> Operation:
    return Operation(name, "GET", _BASE + path, handler, summary=_first_line(handler), reply=_reply(shows))


def _list(name: str, path: str, resource: listing.Resource) -> Operation:
    return _listed(name, path, resource, listing.lists(resource))


def _listed(name: str, path: str, resource: listing.Resource, handler: Handler) -> Operation:
    return Operation(
        name, "GET", _BASE + path, handler, summary=_first_line(handler), query=_query(resource.name),
        reply=_page(resource.name),
    )  # fmt: skip


def _post(name: str, path: str, handler: Handler, body: Any, shows: str, write: bool = True) -> Operation:
    return Operation(
        name, "POST", _BASE + path, handler, body, write=write, summary=_first_line(handler), reply=_reply(shows)
    )  # fmt: skip


def _first_line(handler: Handler) -> str:
    return (handler.__doc__ or "").partition("\n")[0]


_SETTLED = "subscription customer invoice? credit_notes*"


def _catalogue() -> Iterator[Operation]:
    yield _post("create_item_family", "/item_families", catalogue.create_item_family, f.CreateFamily, "item_family")
    yield _list("list_item_families", "/item_families", listing.ITEM_FAMILIES)
    yield _get("read_item_family", "/item_families/{id}", catalogue.read_item_family, "item_family")
    path = "/item_families/{id}"
    yield _post("update_item_family", path, catalogue.update_item_family, f.UpdateFamily, "item_family")
    yield _post("delete_item_family", f"{path}/delete", catalogue.delete_item_family, f.Body, "item_family")
    yield _post("create_item", "/items", catalogue.create_item, f.CreateItem, "item")
    yield _list("list_items", "/items", listing.ITEMS)
    yield _get("read_item", "/items/{id}", catalogue.read_item, "item")
    yield _post("update_item", "/items/{id}", catalogue.update_item, f.UpdateItem, "item")
    yield _post("delete_item", "/items/{id}/delete", catalogue.delete_item, f.Body, "item")
    yield _post("create_item_price", "/item_prices", catalogue.create_item_price, f.CreateItemPrice, "item_price")
    yield _list("list_item_prices", "/item_prices", listing.ITEM_PRICES)
    yield _get("read_item_price", "/item_prices/{id}", reading.read_item_price, "item_price")
    path = "/item_prices/{id}"
    yield _post("update_item_price", path, catalogue.update_item_price, f.UpdateItemPrice, "item_price")
    yield _post("delete_item_price", f"{path}/delete", catalogue.delete_item_price, f.Body, "item_price")
    yield _post("create_coupon", "/coupons/create_for_items", catalogue.create_coupon, f.CreateCoupon, "coupon")
    yield _list("list_coupons", "/coupons", listing.COUPONS)
    yield _get("read_coupon", "/coupons/{id}", catalogue.read_coupon, "coupon")
    path = "/coupons/{id}/update_for_items"
    yield _post("update_coupon", path, catalogue.update_coupon, f.UpdateCoupon, "coupon")
    yield _post("delete_coupon", "/coupons/{id}/delete", catalogue.delete_coupon, f.Body, "coupon")


def _customers() -> Iterator[Operation]:
    path = "/customers/{id}"
    yield _post("create_customer", "/customers", customers.create_customer, f.CreateCustomer, "customer")
    yield _list("list_customers", "/customers", listing.CUSTOMERS)
    yield _get("read_customer", path, reading.read_customer, "customer")
    yield _post("update_customer", path, customers.update_customer, f.UpdateCustomer, "customer")
    yield _post(
        "update_billing_info", f"{path}/update_billing_info", customers.update_billing_info, f.UpdateBilling, "customer"
    )  # fmt: skip
    yield _post("delete_customer", f"{path}/delete", customers.delete_customer, f.DeleteCustomer, "customer")
    both = "customer transaction"
    address = f"{path}/record_excess_payment"
    yield _post("record_excess_payment", address, customers.record_excess_payment, f.ExcessPayment, both)
    address = f"{path}/collect_payment"
    yield _post("collect_customer_payment", address, customers.collect_payment, f.CollectFromCustomer, both)
    both = "customer promotional_credit"
    address = f"{path}/add_promotional_credits"
    yield _post("add_promotional_credits", address, customers.add_promotional_credits, f.AddCredits, both)
    address = "/promotional_credits/add"
    yield _post("give_promotional_credits", address, customers.add_promotional_credits, f.AddCredits, both)
    address = "/promotional_credits/deduct"
    yield _post("deduct_promotional_credits", address, customers.deduct_promotional_credits, f.AddCredits, both)
    yield _list("list_promotional_credits", "/promotional_credits", listing.PROMOTIONAL_CREDITS)
    both = "customer payment_source"
    yield _post("create_card", "/payment_sources/create_card", customers.create_card, f.CreateCard, both)
    address = "/payment_sources/create_using_token"
    yield _post("create_using_token", address, customers.create_using_token, f.CreateFromToken, both)
    yield _list("list_payment_sources", "/payment_sources", listing.PAYMENT_SOURCES)
    yield _get("read_payment_source", "/payment_sources/{id}", customers.read_payment_source, "payment_source")
    address = "/payment_sources/{id}/delete"
    yield _post("delete_payment_source", address, customers.delete_payment_source, f.Body, both)


def _subscriptions() -> Iterator[Operation]:
    path, calls = "/subscriptions/{id}", contracts
    address = "/customers/{id}/subscription_for_items"
    yield _post("create_subscription", address, calls.create_subscription, f.CreateSubscription, _SETTLED)
    address = "/customers/{id}/import_for_items"
    yield _post("import_subscription", address, calls.import_subscription, f.ImportSubscription, _SETTLED)
    yield _list("list_subscriptions", "/subscriptions", listing.SUBSCRIPTIONS)
    yield _get("read_subscription", path, reading.read_subscription, "subscription customer")
    address = f"{path}/retrieve_with_scheduled_changes"
    yield _get("read_scheduled_changes", address, calls.retrieve_with_scheduled_changes, "subscription customer")
    address = f"{path}/update_for_items"
    yield _post("update_subscription", address, calls.update_subscription, f.UpdateSubscription, _SETTLED)
    address = f"{path}/cancel_for_items"
    yield _post("cancel_subscription", address, calls.cancel_subscription, f.CancelSubscription, _SETTLED)
    for name, handler, body in (
        ("reactivate", calls.reactivate_subscription, f.Reactivate),
        ("pause", calls.pause_subscription, f.Pause),
        ("resume", calls.resume_subscription, f.Resume),
        ("delete", calls.delete_subscription, f.Body),
    ):
        yield _post(f"{name}_subscription", f"{path}/{name}", handler, body, _SETTLED)
    for name, handler, body in (
        ("change_term_end", calls.change_term_end, f.ChangeTermEnd),
        ("remove_scheduled_changes", calls.remove_scheduled_changes, f.Body),
        ("remove_scheduled_cancellation", calls.remove_scheduled_cancellation, f.Reactivate),
        ("charge_future_renewals", calls.charge_future_renewals, f.ChargeAhead),
    ):
        yield _post(name, f"{path}/{name}", handler, body, _SETTLED)
    yield _post("create_ramp", f"{path}/create_ramp", sales.create_ramp, f.CreateRamp, "ramp")
    yield _list("list_ramps", "/ramps", listing.RAMPS)
    yield _get("read_ramp", "/ramps/{id}", sales.read_ramp, "ramp")
    yield _post("create_usage", f"{path}/usages", used.create_usage, f.CreateUsage, "usage")
    yield _get("read_usage", f"{path}/usages", used.read_usage, "usage")
    yield _post("delete_usage", f"{path}/delete_usage", used.delete_usage, f.UsageKey, "usage")
    yield _list("list_usages", "/usages", listing.USAGES)
    address = "/unbilled_charges"
    yield _post("create_unbilled_charges", address, used.create_unbilled, f.CreateUnbilled, "unbilled_charges*")
    yield _list("list_unbilled_charges", address, listing.UNBILLED_CHARGES)
    address = "/unbilled_charges/invoice_unbilled_charges"
    yield _post("invoice_unbilled_charges", address, used.invoice_unbilled, f.InvoiceUnbilled, "invoices*")
    address = "/unbilled_charges/{id}/delete"
    yield _post("delete_unbilled_charge", address, used.delete_unbilled, f.Body, "unbilled_charge")


def _invoices() -> Iterator[Operation]:
    path = "/invoices/{id}"
    address = "/invoices/create_for_charge_items_and_charges"
    yield _post("create_invoice", address, bills.create_invoice, f.CreateInvoice, "invoice")
    yield _list("list_invoices", "/invoices", listing.INVOICES)
    yield _get("read_invoice", path, reading.read_invoice, "invoice")
    yield _listed("list_invoice_payments", f"{path}/payments", listing.TRANSACTIONS, listing.payments)
    for name, handler, body, shows in (
        ("add_charge", bills.add_charge, f.AddCharge, "invoice"),
        ("record_payment", bills.record_payment, f.RecordPayment, "invoice transaction"),
        ("collect_payment", bills.collect_payment, f.CollectInvoice, "invoice transaction"),
        ("remove_payment", bills.remove_payment, f.RemovePayment, "invoice transaction"),
        ("apply_credits", bills.apply_credits, f.ApplyCredits, "invoice"),
        ("apply_payments", bills.apply_payments, f.ApplyPayments, "invoice"),
        ("stop_dunning", bills.stop_dunning, f.Comment, "invoice"),
        ("resume_dunning", bills.resume_dunning, f.Comment, "invoice"),
    ):
        yield _post(name, f"{path}/{name}", handler, body, shows)
    refunded = "invoice transaction credit_note"
    own: tuple[tuple[str, Handler, Any, str], ...] = (
        ("close", bills.close_invoice, f.CloseInvoice, "invoice"),
        ("void", bills.void_invoice, f.Comment, "invoice"),
        ("write_off", bills.write_off_invoice, f.Comment, "invoice credit_note"),
        ("refund", bills.refund_invoice, f.RefundInvoice, refunded),
        ("pdf", bills.invoice_pdf, f.Pdf, "download"),
    )
    for name, action, kind, shows in own:
        yield _post(f"{name}_invoice", f"{path}/{name}", action, kind, shows)
    address = f"{path}/record_refund"
    yield _post("record_invoice_refund", address, bills.record_invoice_refund, f.RecordInvoiceRefund, refunded)


def _credits() -> Iterator[Operation]:
    path = "/credit_notes/{id}"
    yield _list("list_credit_notes", "/credit_notes", listing.CREDIT_NOTES)
    yield _get("read_credit_note", path, reading.read_credit_note, "credit_note")
    yield _post("create_credit_note", "/credit_notes", bills.create_credit_note, f.CreateNote, "credit_note invoice")
    both = "credit_note transaction"
    yield _post("record_refund", f"{path}/record_refund", bills.record_refund, f.RecordPayment, both)
    yield _post("refund_credit_note", f"{path}/refund", bills.refund_credit_note, f.RefundNote, both)
    yield _post("void_credit_note", f"{path}/void", bills.void_credit_note, f.Comment, "credit_note")
    yield _post("pdf_credit_note", f"{path}/pdf", bills.credit_note_pdf, f.Pdf, "download")
    yield _list("list_transactions", "/transactions", listing.TRANSACTIONS)
    path = "/transactions/{id}"
    yield _get("read_transaction", path, reading.read_transaction, "transaction")
    yield _post("refund_transaction", f"{path}/refund", bills.refund_transaction, f.RefundTransaction, "transaction")
    address = f"{path}/record_refund"
    yield _post(
        "record_transaction_refund", address, customers.record_transaction_refund, f.RecordPayment, "transaction"
    )
    yield _post("void_transaction", f"{path}/void", bills.void_transaction, f.Comment, "transaction")


def _sales() -> Iterator[Operation]:
    address = "/estimates/create_subscription_for_items"
    yield _post("estimate_creation", address, estimates.estimate_creation, f.EstimateNew, "estimate", False)
    address = "/customers/{id}/create_subscription_for_items_estimate"
    yield _post("estimate_for_customer", address, estimates.estimate_creation, f.EstimateNew, "estimate", False)
    address = "/estimates/update_subscription_for_items"
    yield _post("estimate_update", address, estimates.estimate_update, f.EstimateUpdate, "estimate", False)
    yield _get("estimate_renewal", "/subscriptions/{id}/renewal_estimate", estimates.estimate_renewal, "estimate")
    offered = "quote quoted_subscription"
    address = "/customers/{id}/create_subscription_quote_for_items"
    yield _post("create_quote", address, sales.create_quote, f.CreateQuote, offered)
    yield _list("list_quotes", "/quotes", listing.QUOTES)
    yield _get("read_quote", "/quotes/{id}", sales.read_quote, offered)
    converted = f"{offered} subscription customer invoice? credit_notes*"
    yield _post("convert_quote", "/quotes/{id}/convert", sales.convert_quote, f.ConvertQuote, converted)
    yield _post("update_quote_status", "/quotes/{id}/update_status", sales.update_quote_status, f.QuoteStatus, offered)
    yield _post("create_order", "/orders", sales.create_order, f.CreateOrder, "order")
    yield _list("list_orders", "/orders", listing.ORDERS)
    yield _get("read_order", "/orders/{id}", sales.read_order, "order")
    yield _post("update_order", "/orders/{id}", sales.update_order, f.UpdateOrder, "order")


def _site() -> Iterator[Operation]:
    yield _list("list_events", "/events", listing.EVENTS)
    yield _get("read_event", "/events/{id}", reading.read_event, "event")
    path, shows = "/webhook_endpoints", "webhook_endpoint"
    yield _post("create_webhook_endpoint", path, site.create_webhook_endpoint, f.CreateEndpoint, shows)
    yield _list("list_webhook_endpoints", path, listing.WEBHOOK_ENDPOINTS)
    path = "/webhook_endpoints/{id}"
    yield _get("read_webhook_endpoint", path, site.read_webhook_endpoint, shows)
    yield _post("update_webhook_endpoint", path, site.update_webhook_endpoint, f.UpdateEndpoint, shows)
    yield _post("delete_webhook_endpoint", f"{path}/delete", site.delete_webhook_endpoint, f.Body, shows)
    path, shows = "/time_machines/{name}", "time_machine"
    yield _get("read_time_machine", path, site.read_time_machine, shows)
    yield _post("start_afresh", f"{path}/start_afresh", site.start_afresh, f.StartAfresh, shows)
    yield _post("travel_forward", f"{path}/travel_forward", site.travel_forward, f.TravelForward, shows)
    yield _get("list_configurations", "/configurations", site.list_configurations, "configurations*")
    yield _get("read_site", "/site", site.read_site, "site")
    for resource in listing.NEVER:
        yield _list(f"list_{resource.name}s", f"/{resource.name}s", resource)


OPERATIONS = (
    *_customers(), *_subscriptions(), *_invoices(), *_credits(), *_catalogue(), *_sales(), *_site(),
)  # fmt: skip
