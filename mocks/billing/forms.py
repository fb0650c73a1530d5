"""Request bodies: forms with bracketed names, read into typed bodies; what a type does not name is refused.

Lists of objects travel as columns (`subscription_items[quantity][0]`) and are read as rows. Custom fields (`cf_...`)
are collected in `custom` of the bodies that allow them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from mocks.kernel.codec import Undecodable, decode_form
from mocks.kernel.operations import Call, Refusal

KEY_HEADER = "chargebee-idempotency-key"
KEY_LENGTH_MAX = 100

Amount = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Key = Annotated[str, Meta(min_length=1, max_length=50)]
Text = Annotated[str, Meta(max_length=2000)]
Json = Annotated[str, Meta(max_length=65_535)]
Seconds = Annotated[int, Meta(ge=0)]
Custom = dict[str, str]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request body without parameters."""


class AddressBody(Body, frozen=True, kw_only=True):
    """A billing address; the names of people and their contacts are taken and not kept."""

    line1: str = ""
    line2: str = ""
    line3: str = ""
    city: str = ""
    state: str = ""
    state_code: str = ""
    zip: str = ""
    country: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""


class CreateCustomer(Body, frozen=True, kw_only=True):
    """POST /customers."""

    id: Key = ""
    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    preferred_currency_code: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"
    net_term_days: Annotated[int, Meta(ge=0, le=365)] = 0
    auto_collection: Literal["on", "off"] = "off"
    taxability: Literal["taxable", "exempt"] = "taxable"
    business_entity_id: str = ""
    locale: str = ""
    meta_data: Json = ""
    billing_address: AddressBody = AddressBody()
    custom: Custom = {}


class UpdateCustomer(Body, frozen=True, kw_only=True):
    """POST /customers/{id}: what is not given stays."""

    company: str | None = None
    email: str | None = None
    net_term_days: Annotated[int, Meta(ge=0, le=365)] | None = None
    auto_collection: Literal["on", "off"] | None = None
    taxability: Literal["taxable", "exempt"] | None = None
    meta_data: Json | None = None
    custom: Custom = {}


class UpdateBilling(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/update_billing_info."""

    billing_address: AddressBody


class ItemRow(Body, frozen=True, kw_only=True):
    """One row of subscription_items."""

    item_price_id: str
    quantity: Positive = 1
    unit_price: Amount | None = None
    billing_cycles: Positive | None = None
    charge_on_event: Literal["subscription_creation", "subscription_activation", "on_demand"] | None = None
    charge_on_option: Literal["immediately", "on_event"] | None = None
    charge_once: bool = True
    item_type: Literal["plan", "addon", "charge"] | None = None


class ContractTerm(Body, frozen=True, kw_only=True):
    """contract_term[...] of a subscription."""

    action_at_term_end: Literal["renew", "evergreen", "cancel"] = "cancel"
    contract_start: Seconds | None = None
    cancellation_cutoff_period: Amount = 0


class CreateSubscription(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/subscription_for_items."""

    subscription_items: list[ItemRow] = []
    id: Key = ""
    start_date: Seconds | None = None
    billing_cycles: Amount | None = None
    auto_collection: Literal["on", "off"] = "off"
    po_number: Annotated[str, Meta(max_length=100)] = ""
    invoice_immediately: bool = True
    invoice_notes: Text = ""
    create_pending_invoices: bool = True
    meta_data: Json = ""
    contract_term: ContractTerm = ContractTerm()
    custom: Custom = {}


class UpdateSubscription(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/update_for_items."""

    subscription_items: list[ItemRow] = []
    replace_items_list: bool = False
    start_date: Seconds | None = None
    change_option: Literal["immediately", "end_of_term", "specific_date"] = "immediately"
    changes_scheduled_at: Seconds | None = None
    end_of_term: bool = False
    prorate: bool = True
    invoice_immediately: bool = True
    invoice_notes: Text = ""
    auto_collection: Literal["on", "off"] | None = None
    po_number: Annotated[str, Meta(max_length=100)] | None = None
    force_term_reset: bool = False
    meta_data: Json = ""
    custom: Custom = {}


class CancelSubscription(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/cancel_for_items."""

    cancel_option: Literal["immediately", "end_of_term", "specific_date"] = "immediately"
    end_of_term: bool = False
    cancel_at: Seconds | None = None
    credit_option_for_current_term_charges: Literal["none", "prorate", "full"] = "none"
    unbilled_charges_option: Literal["invoice", "delete"] = "invoice"
    account_receivables_handling: Literal["no_action", "schedule_payment_collection", "write_off"] = "no_action"
    refundable_credits_handling: Literal["no_action", "schedule_refund"] = "no_action"
    cancel_reason_code: Annotated[str, Meta(max_length=100)] = ""
    custom: Custom = {}


class ChangeTermEnd(Body, frozen=True, kw_only=True):
    """POST /subscriptions/{id}/change_term_end."""

    term_ends_at: Seconds
    prorate: bool = True
    invoice_immediately: bool = True
    custom: Custom = {}


class AddCharge(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/add_charge."""

    amount: Positive
    description: Annotated[str, Meta(min_length=1, max_length=250)]
    comment: Text = ""
    date_from: Seconds | None = None
    date_to: Seconds | None = None


class CloseInvoice(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/close."""

    comment: Text = ""
    invoice_note: Text = ""
    remove_general_note: bool = False


class Comment(Body, frozen=True, kw_only=True):
    """A body with a remark only."""

    comment: Text = ""


class TransactionRow(Body, frozen=True, kw_only=True):
    """transaction[...] of a recorded payment or refund."""

    payment_method: Literal["cash", "check", "bank_transfer", "other", "custom", "card", "chargeback", "direct_debit"]
    amount: Positive | None = None
    reference_number: Annotated[str, Meta(max_length=100)] = ""
    date: Seconds | None = None
    id: str = ""
    status: Literal["success", "failure"] = "success"


class RecordPayment(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/record_payment, and record_refund of a credit note."""

    transaction: TransactionRow
    comment: Text = ""
    refund_reason_code: str = ""


class TransactionKey(Body, frozen=True, kw_only=True):
    """transaction[id]."""

    id: str


class RemovePayment(Body, frozen=True, kw_only=True):
    """POST /invoices/{id}/remove_payment."""

    transaction: TransactionKey


class ExcessPayment(Body, frozen=True, kw_only=True):
    """POST /customers/{id}/record_excess_payment."""

    transaction: TransactionRow
    comment: Text = ""


class NoteRow(Body, frozen=True, kw_only=True):
    """One row of line_items of a credit note."""

    reference_line_item_id: str
    amount: Positive
    description: str = ""
    quantity: Positive | None = None
    unit_amount: Positive | None = None
    date_from: Seconds | None = None
    date_to: Seconds | None = None


class CreateNote(Body, frozen=True, kw_only=True):
    """POST /credit_notes."""

    reference_invoice_id: str
    type: Literal["adjustment", "refundable"]
    total: Positive | None = None
    reason_code: Annotated[str, Meta(max_length=100)] = "other"
    create_reason_code: Annotated[str, Meta(max_length=100)] = ""
    date: Seconds | None = None
    customer_notes: Text = ""
    comment: Text = ""
    line_items: list[NoteRow] = []


_PATH = re.compile(r"`\$\.?(.*?)`")
_ROW = re.compile(r"(\w+)\[(\d+|\.\.\.)\]\.?(\w+)?")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")
_MISSING = re.compile(r"missing required field `(\w+)`")
_KEPT_EMPTY = ("id", "meta_data")


def read(call: Call) -> Any:
    """Return the body of a request as its operation's type; raise Refusal naming the wrong parameter."""
    if len(call.key) > KEY_LENGTH_MAX and KEY_HEADER in call.request.headers:
        raise Refusal("param_wrong_value", f"expected at most {KEY_LENGTH_MAX} characters", field=KEY_HEADER)
    type_ = call.operation.body
    if type_ is None:
        return None
    try:
        return msgspec.convert(_tabulated(call.request.body), type_, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal("param_wrong_value", _reason(str(error)), field=_parameter(str(error))) from error


def _tabulated(body: bytes) -> dict[str, Any]:
    """Return a form nested, with columns turned into rows and custom fields collected under `custom`."""
    nested: dict[str, Any] = {}
    custom: Custom = {}
    tables: dict[str, dict[int, dict[str, str]]] = {}
    for name, value in decode_form(body).items():
        head, inner, row = _place(name)
        if not inner:
            if head.startswith("cf_"):
                custom[head] = value
            elif (value or head in _KEPT_EMPTY) and nested.setdefault(head, value) is not value:
                raise Undecodable(f"{head} is used both as a value and as a container")
        elif row < 0:
            _put(nested, head, inner, value)
        else:
            tables.setdefault(head, {}).setdefault(row, {})[inner[0]] = value
    for head, rows in tables.items():
        if head in nested:
            raise Undecodable(f"{head} is used both as a value and as a container")
        nested[head] = [rows[row] for row in sorted(rows)]
    if type(meta := nested.get("meta_data")) is dict:
        nested["meta_data"] = msgspec.json.encode(meta).decode()
    if custom:
        nested["custom"] = custom
    return nested


@lru_cache(maxsize=4_096)
def _place(name: str) -> tuple[str, tuple[str, ...], int]:
    """Return where a form field belongs: its name, its brackets, and its row (-1: none).

    A name of two brackets is a cell of a column, and its last bracket a row: `subscription_items[quantity][0]`.
    """
    if "[" not in name:
        return name, (), -1
    head, *inner = name.replace("]", "").split("[")
    if len(inner) != 2 or head == "meta_data":
        return head, tuple(inner), -1
    column, row = inner
    if not (row.isdecimal() and row.isascii() and len(row) <= 4):
        raise Undecodable(f"{head}[{column}][{row[:20]}] needs a number as its last bracket")
    return head, (column,), int(row)


def _put(nested: dict[str, Any], head: str, inner: tuple[str, ...], value: str) -> None:
    node = nested.setdefault(head, {})
    for part in inner[:-1]:
        node = node.setdefault(part, {}) if type(node) is dict else None
    if type(node) is not dict or type(node.get(inner[-1], "")) is not str:
        raise Undecodable(f"{head} is used both as a value and as a container")
    node[inner[-1]] = value


def _parameter(message: str) -> str:
    """Return the name, as it stands in the form, of the parameter that a validation error is about."""
    named = _UNKNOWN.search(message) or _MISSING.search(message)
    found = _PATH.findall(message)
    path = found[-1] if found and " - at " in message else ""
    row = _ROW.fullmatch(path)
    if row is not None:
        return f"{row[1]}[{row[3] or (named[1] if named else '')}][{row[2]}]"
    head, _, rest = path.partition(".")
    parts = [part for part in (rest, named[1] if named else "") if part]
    if not head:
        return parts[0] if parts else ""
    return head + "".join(f"[{part}]" for part in parts)


def _reason(message: str) -> str:
    text = message.partition(" - at ")[0]
    if _UNKNOWN.search(text):
        return "is no parameter of this operation"
    if _MISSING.search(text):
        return "cannot be blank"
    return text[:1].lower() + text[1:]
