"""Customers."""

from __future__ import annotations

from msgspec import structs

from domain import objects
from mocks.kernel.operations import Operation, Refusal
from mocks.payment import methods
from mocks.payment.bodies import CustomerBody, EmptyBody, InvoiceSettingsBody
from mocks.payment.model import Processor, given, merged
from mocks.payment.queries import CustomerQuery
from mocks.payment.records import Customer, InvoiceSettings, Method
from mocks.payment.rows import alter, find, make, page, read, remove

_PLAIN = (
    "address", "balance", "business_name", "description", "email", "individual_name", "invoice_prefix", "name",
    "next_invoice_sequence", "phone", "preferred_locales", "shipping", "tax_exempt",
)  # fmt: skip
_FIELD = "invoice_settings[default_payment_method]"


def create(model: Processor, body: CustomerBody, key: str = "", currency: str = "", ref: str = "") -> Customer:
    """Create a customer; a payment method given with it is attached."""
    metadata = merged({}, body.metadata)
    source = body.payment_method or body.source
    method = methods.method_for(model, source, "payment_method") if source else None
    chosen = body.invoice_settings.default_payment_method if body.invoice_settings else None
    if chosen and chosen != source:
        model.referred("payment_method", chosen, _FIELD)
    if body.test_clock:
        model.referred("test_helpers.test_clock", body.test_clock, "test_clock")
    key = key or model.new_id("cus")
    fields = given(body, _PLAIN)
    fields.setdefault("invoice_prefix", f"Q2C{key[-6:].upper()}")
    settings = _settings(InvoiceSettings(), body.invoice_settings)
    if method is not None and chosen in (None, "", source):  # a test method's name has become a method of one's own
        settings = structs.replace(settings, default_payment_method=method.id)
    customer = Customer(
        id=key, created=model.now, currency=currency.lower() or None, invoice_settings=settings, metadata=metadata,
        test_clock=body.test_clock, **fields,
    )  # fmt: skip
    if method is not None:
        methods.keep(model, structs.replace(method, customer=key))
    keep(model, customer, ref)
    model.emit("customer.created", customer)
    return customer


def update(model: Processor, customer: Customer, body: CustomerBody) -> Customer:
    """Change a customer; a field that is not given stays."""
    _require_there(customer)
    settings = body.invoice_settings
    chosen = settings.default_payment_method if settings is not None else None
    if chosen:
        method: Method = model.referred("payment_method", chosen, _FIELD)
        if method.customer != customer.id:
            text = f"The payment method {chosen} is not attached to this customer."
            raise Refusal("parameter_invalid", text, field=_FIELD)
    after = structs.replace(
        customer,
        **given(body, _PLAIN),
        invoice_settings=_settings(customer.invoice_settings, settings),
        metadata=merged(customer.metadata, body.metadata),
    )
    keep(model, after)
    model.emit("customer.updated", after, "", customer)
    return after


def _settings(before: InvoiceSettings, body: InvoiceSettingsBody | None) -> InvoiceSettings:
    if body is None:
        return before
    return structs.replace(before, **given(body, InvoiceSettingsBody.__struct_fields__))


def delete(model: Processor, customer: Customer, body: EmptyBody | None = None) -> Customer:
    """Delete a customer: it can still be read, but no longer be charged; what it subscribed to ends."""
    from mocks.payment.invoicing.renewals import end_all  # what is billed knows customers, so not at the top

    _require_there(customer)
    end_all(model, customer.id)
    after = structs.replace(customer, deleted=True)
    keep(model, after)
    model.emit("customer.deleted", customer)
    return after


def _require_there(customer: Customer) -> None:
    if customer.is_deleted:
        raise Refusal("resource_missing", f"No such customer: '{customer.id}'", field="id")


def keep(model: Processor, customer: Customer, ref: str = "") -> None:
    """Keep a customer and write it into the history."""
    model.customers[customer.id] = customer
    model.index.note("customer", customer.id, customer.metadata)
    shown = objects.Customer(
        id=customer.id,
        ref=ref or customer.metadata.get("account", ""),
        name=customer.name or "",
        currency=(customer.currency or "").upper(),
    )
    status = "deleted" if customer.is_deleted else "active"
    model.desk.book.put("customer", customer.id, None, shown, status)


def charged(model: Processor, key: str | None, field: str = "customer") -> Customer | None:
    """Return the customer a parameter names, None when it names none; a deleted one is refused."""
    if not key:
        return None
    customer: Customer = model.referred("customer", key, field)
    if customer.is_deleted:
        raise Refusal("reference_missing", f"No such customer: '{key}'", field=field)
    return customer


def _detach(model: Processor, method: Method, body: EmptyBody) -> Method:
    """Take a payment method from its customer; it is no default any more."""
    if not method.customer:
        raise Refusal("method_in_use", "The payment method is not attached to a customer.")
    customer = model.customers[method.customer]
    if customer.method == method.id:
        settings = structs.replace(customer.invoice_settings, default_payment_method=None)
        keep(model, structs.replace(customer, invoice_settings=settings))
    after = structs.replace(method, customer="")
    methods.keep(model, after)
    model.emit("payment_method.detached", after)
    return after


_ONE = "/v1/customers/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_customer", "/v1/customers", "customer", CustomerBody, create, Customer),
    page("list_customers", "/v1/customers", "customer", CustomerQuery),
    find("search_customers", "/v1/customers/search", "customer"),
    read("get_customer", _ONE, "customer", Customer),
    alter("update_customer", _ONE, "customer", CustomerBody, update, Customer),
    remove("delete_customer", _ONE, "customer", delete),
    alter("detach_payment_method", "/v1/payment_methods/{id}/detach", "payment_method", EmptyBody, _detach),
)
