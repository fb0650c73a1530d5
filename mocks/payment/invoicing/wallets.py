"""What belongs to a customer: balance transactions, the cash balance and tax ids, all under the customer's path.

A negative balance is credit that the next invoices use up; a positive one is added to the next invoice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.payment import customers, listing
from mocks.payment.bodies import EmptyBody, TaxIdBody
from mocks.payment.expand import EXTRAS
from mocks.payment.model import Processor, merged
from mocks.payment.parts import Body, Deleted, Metadata, MetadataChange, Page, Shape
from mocks.payment.queries import Paging
from mocks.payment.records import Customer
from mocks.payment.rows import answer, answer_list, prepare, row


class CustomerBalanceTransaction(Shape, frozen=True, kw_only=True):
    """A change of a customer's balance (`cbtxn_`), as it stands on the wire."""

    id: str
    object: str = "customer_balance_transaction"
    amount: int
    checkout_session: str | None = None
    created: int
    credit_note: str | None = None
    currency: str
    customer: str
    description: str | None = None
    ending_balance: int
    invoice: str | None = None
    livemode: bool = False
    metadata: Metadata
    type: str


class CreditBody(Body, frozen=True, kw_only=True):
    """Change the balance by hand."""

    amount: int
    currency: str
    description: str | None = None
    metadata: MetadataChange = None


class CreditUpdate(Body, frozen=True, kw_only=True):
    """Change what is said of a change."""

    description: str | None = None
    metadata: MetadataChange = None


class TaxIdOwner(Shape, frozen=True, kw_only=True):
    """Whose tax id it is."""

    customer: str
    type: str = "customer"


class Verification(Shape, frozen=True, kw_only=True):
    """Whether the authorities know a tax id; here nobody asks them."""

    status: str = "unverified"
    verified_address: str | None = None
    verified_name: str | None = None


class TaxId(Shape, frozen=True, kw_only=True):
    """A tax id (`txi_`), as it stands on the wire."""

    id: str
    object: str = "tax_id"
    country: str | None
    created: int
    customer: str
    customer_account: str | None = None
    livemode: bool = False
    metadata: Metadata
    owner: TaxIdOwner
    type: str
    value: str
    verification: Verification = Verification()


class CashSettings(Shape, frozen=True, kw_only=True):
    """How what arrives is used."""

    reconciliation_mode: str = "automatic"
    using_merchant_default: bool = True


class CashBalance(Shape, frozen=True, kw_only=True):
    """What a customer has transferred and nobody has used; transfers pay their intents at once here."""

    object: str = "cash_balance"
    available: dict[str, int] | None = None
    customer: str
    customer_account: str | None = None
    livemode: bool = False
    settings: CashSettings


class CashBody(Body, frozen=True, kw_only=True):
    """Change how what arrives is used."""

    settings: CashSettings | None = None


class FundingBody(Body, frozen=True, kw_only=True):
    """Ask where a customer should transfer to."""

    bank_transfer: dict[str, Any]
    currency: str
    funding_type: str


def adjust(
    model: Processor, customer: Customer, amount: int, currency: str, kind: str, **about: Any
) -> CustomerBalanceTransaction:
    """Change a customer's balance by an amount in minor units, and write down why."""
    after = structs.replace(customer, balance=customer.balance + amount, currency=customer.currency or currency)
    customers.keep(model, after)
    about.setdefault("metadata", {})
    entry = CustomerBalanceTransaction(
        id=model.new_id("cbtxn"), amount=amount, created=model.now, currency=currency, customer=customer.id,
        ending_balance=after.balance, type=kind, **about,
    )  # fmt: skip
    model.add("customer_balance_transaction", entry, "")
    model.emit("customer_cash_balance_transaction.created" if kind == "funded" else "customer.updated", after)
    return entry


# --- calls ----------------------------------------------------------------------------------------------------------


def _named(model: Processor, call: Call, operation: str = "") -> Customer:
    customer: Customer = model.named("customer", call.params["customer"], operation)
    return customer


def _owned(model: Processor, call: Call, kind: str, operation: str = "") -> Any:
    """Return what the path names among the things of the customer it names."""
    customer = _named(model, call)
    found = model.named(kind, call.params["id"], operation)
    if found.customer != customer.id:
        raise Refusal("resource_missing", f"No such {kind}: '{found.id}'", field="id")
    return found


def _page_of(kind: str) -> Callable[[Processor, Call], Reply]:
    def handle(model: Processor, call: Call) -> Reply:
        key = _named(model, call).id
        own = {each.id: each for each in model.tables[kind].values() if each.customer == key}
        return answer_list(model, call, kind, listing.chosen(model, kind, call.body, own))

    return handle


def _one_of(kind: str) -> Callable[[Processor, Call], Reply]:
    def handle(model: Processor, call: Call) -> Reply:
        return answer(model, call, _owned(model, call, kind))

    return handle


def _credit(model: Processor, call: Call) -> Reply:
    prepare(model, call, "customer_balance_transaction")
    customer, body = _named(model, call), call.body
    if customer.currency not in (None, body.currency.lower()):
        raise Refusal("parameter_invalid", f"The customer's currency is {customer.currency}.", field="currency")
    entry = adjust(
        model, customer, body.amount, body.currency.lower(), "adjustment", description=body.description or None,
        metadata=merged({}, body.metadata),
    )  # fmt: skip
    return answer(model, call, entry)


def _change_credit(model: Processor, call: Call) -> Reply:
    prepare(model, call, "customer_balance_transaction")
    entry = _owned(model, call, "customer_balance_transaction")
    description = entry.description if call.body.description is None else call.body.description or None
    metadata = merged(entry.metadata, call.body.metadata)
    after = model.change("customer_balance_transaction", entry, "", description=description, metadata=metadata)
    return answer(model, call, after)


def add_tax_id(model: Processor, customer: Customer, body: TaxIdBody) -> TaxId:
    """Give a customer a tax id."""
    made = TaxId(
        id=model.new_id("txi"), country=None if body.type == "eu_vat" and len(body.value) < 2 else body.value[:2]
        if body.type == "eu_vat" else body.type[:2].upper(), created=model.now, customer=customer.id, metadata={},
        owner=TaxIdOwner(customer=customer.id), type=body.type, value=body.value,
    )  # fmt: skip
    model.tax_ids_of.setdefault(customer.id, {})[made.id] = made
    model.add("tax_id", made)
    return made


def _add_tax_id(model: Processor, call: Call) -> Reply:
    prepare(model, call, "tax_id")
    return answer(model, call, add_tax_id(model, _named(model, call), call.body))


def _drop_tax_id(model: Processor, call: Call) -> Reply:
    prepare(model, call, "tax_id")
    tax_id: TaxId = _owned(model, call, "tax_id")
    model.tax_ids_of.get(tax_id.customer, {}).pop(tax_id.id, None)
    return answer(model, call, model.drop("tax_id", tax_id))


def _cash(model: Processor, call: Call) -> Reply:
    mode = model.cash_modes.get(_named(model, call).id)
    return json_reply(_cash_view(call.params["customer"], mode))


def _cash_view(customer: str, mode: str | None) -> CashBalance:
    settings = CashSettings() if mode is None else CashSettings(reconciliation_mode=mode, using_merchant_default=False)
    return CashBalance(customer=customer, settings=settings)


def _change_cash(model: Processor, call: Call) -> Reply:
    customer, body = _named(model, call), call.body
    if body.settings is not None:
        model.cash_modes[customer.id] = body.settings.reconciliation_mode
    return json_reply(_cash_view(customer.id, model.cash_modes.get(customer.id)))


def _cash_entries(model: Processor, call: Call) -> Reply:
    _named(model, call)
    return json_reply(Page(data=[], has_more=False, url=call.request.target.partition("?")[0]))


def _funding(model: Processor, call: Call) -> Reply:
    customer, body = _named(model, call), call.body
    transfer = {"country": "US", "financial_addresses": [], "type": body.bank_transfer.get("type", "us_bank_transfer")}
    view = {
        "object": "funding_instructions", "bank_transfer": transfer, "currency": body.currency,
        "customer": customer.id, "funding_type": body.funding_type, "livemode": False,
    }  # fmt: skip
    return json_reply(view)


def _delete_discount(model: Processor, call: Call) -> Reply:
    prepare(model, call, "customer")
    customer = _named(model, call)
    if customer.discount is None:
        raise Refusal("resource_missing", "No active discount for customer", field="id")
    customers.keep(model, structs.replace(customer, discount=None))
    model.emit("customer.discount.deleted", customer.discount)
    return json_reply(Deleted(id=customer.discount.id, object="discount"))


EXTRAS["customer", "tax_ids"] = lambda model, node: _listed(model, "tax_id", node["id"], "tax_ids")
EXTRAS["customer", "subscriptions"] = lambda model, node: _listed(model, "subscription", node["id"], "subscriptions")
EXTRAS["customer", "sources"] = lambda model, node: Page(
    data=[], has_more=False, url=f"/v1/customers/{node['id']}/sources"
)


def _listed(model: Processor, kind: str, customer: str, name: str) -> Page:
    rows = [each for each in reversed(model.tables[kind].values()) if each.customer == customer]
    return Page(data=rows[:10], has_more=len(rows) > 10, url=f"/v1/customers/{customer}/{name}")


_CUSTOMER = "/v1/customers/{customer}"
_ENTRIES, _IDS, _CASH = _CUSTOMER + "/balance_transactions", _CUSTOMER + "/tax_ids", _CUSTOMER + "/cash_balance"
_ENTRY, _ENTRY_KIND = CustomerBalanceTransaction, "customer_balance_transaction"
ROWS: tuple[Operation, ...] = (
    row("create_customer_balance_transaction", "POST", _ENTRIES, _credit, CreditBody, _ENTRY),
    row("list_customer_balance_transactions", "GET", _ENTRIES, _page_of(_ENTRY_KIND), Paging, Page),
    row("get_customer_balance_transaction", "GET", _ENTRIES + "/{id}", _one_of(_ENTRY_KIND), EmptyBody, _ENTRY),
    row("update_customer_balance_transaction", "POST", _ENTRIES + "/{id}", _change_credit, CreditUpdate, _ENTRY),
    row("create_customer_tax_id", "POST", _IDS, _add_tax_id, TaxIdBody, TaxId),
    row("list_customer_tax_ids", "GET", _IDS, _page_of("tax_id"), Paging, Page),
    row("get_customer_tax_id", "GET", _IDS + "/{id}", _one_of("tax_id"), EmptyBody, TaxId),
    row("delete_customer_tax_id", "DELETE", _IDS + "/{id}", _drop_tax_id, EmptyBody, Deleted),
    row("get_cash_balance", "GET", _CASH, _cash, EmptyBody, CashBalance),
    row("update_cash_balance", "POST", _CASH, _change_cash, CashBody, CashBalance),
    row("list_cash_balance_transactions", "GET", _CUSTOMER + "/cash_balance_transactions", _cash_entries, Paging, Page),
    row("create_funding_instructions", "POST", _CUSTOMER + "/funding_instructions", _funding, FundingBody),
    row("delete_customer_discount", "DELETE", _CUSTOMER + "/discount", _delete_discount, EmptyBody, Deleted),
)
