"""What callers send: the request models of the dialect, decoded exactly and without regard to the case of names."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from mocks.kernel.codec import Undecodable
from mocks.kernel.operations import Refusal

T = TypeVar("T")


class Address(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """A postal address; `country` defaults to US as with the vendor [K]."""

    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    postal_code: str | None = None
    location_code: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None


class Override(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """A tax override: TaxDate, TaxAmount or Exemption."""

    type: str = "None"
    tax_amount: Decimal | None = None
    tax_date: str | None = None
    reason: str | None = None


Addresses = dict[str, Address]
NO_ADDRESSES: Addresses = {}


class LineInput(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """One line to tax; `amount` is the extended amount, negative on returns."""

    amount: Decimal
    number: str | int | None = None
    quantity: Decimal = Decimal(1)
    item_code: str | None = None
    tax_code: str | None = None
    description: str | None = None
    entity_use_code: str | None = None
    customer_usage_type: str | None = None
    exemption_code: str | None = None
    discounted: bool = False
    tax_included: bool = False
    addresses: Addresses | None = None
    tax_override: Override | None = None
    ref1: str | None = None
    ref2: str | None = None
    business_identification_no: str | None = None
    revenue_account: str | None = None


class Transaction(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """A transaction to calculate, and to store unless its type ends in Order."""

    type: str | None = None
    code: str | None = None
    company_code: str | None = None
    date: str | None = None
    customer_code: str | None = None
    currency_code: str | None = None
    commit: bool = False
    addresses: Addresses | None = None
    lines: list[LineInput] | None = None
    reference_code: str | None = None
    purchase_order_no: str | None = None
    description: str | None = None
    tax_override: Override | None = None
    discount: Decimal | None = None
    entity_use_code: str | None = None
    customer_usage_type: str | None = None
    exemption_no: str | None = None
    business_identification_no: str | None = None
    salesperson_code: str | None = None
    reporting_location_code: str | None = None
    exchange_rate: Decimal | None = None
    exchange_rate_effective_date: str | None = None
    exchange_rate_currency_code: str | None = None
    pos_lane_code: str | None = None
    email: str | None = None
    debug_level: str | None = None
    is_seller_importer_of_record: bool = False


class CreateOrAdjust(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """The transaction to have stored, whether or not one with its code is there already."""

    create_transaction_model: Transaction
    adjustment_reason: str = "Other"
    adjustment_description: str | None = None


class Adjust(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """A new revision of a committed document."""

    new_transaction: Transaction
    adjustment_reason: str = "Other"
    adjustment_description: str | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """Whether to commit; false changes nothing."""

    commit: bool


class Void(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """Why a document is voided: DocVoided keeps its code taken, DocDeleted frees it."""

    code: str


class Verify(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """What the caller believes the document says."""

    verify_transaction_date: str | None = None
    verify_total_amount: Decimal | None = None
    verify_total_tax: Decimal | None = None


class ChangeCode(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """The new code of a document."""

    new_code: str


class Settle(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """Verify, rename and commit in one step; each part may be missing."""

    verify: Verify | None = None
    change_code: ChangeCode | None = None
    commit: Commit | None = None


class Lock(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """Whether the document is to be locked."""

    is_locked: bool


class Refund(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel", forbid_unknown_fields=True):
    """A return made from a committed document."""

    refund_date: str
    refund_transaction_code: str | None = None
    refund_type: str = "Full"
    refund_percentage: Decimal | None = None
    refund_lines: list[str] | None = None
    reference_code: str | None = None


_MODELS = (Address, Override, LineInput, Transaction, CreateOrAdjust, Adjust, Commit, Void, Verify, ChangeCode, Settle)
_PLACES = ("singleLocation", "shipFrom", "shipTo", "pointOfOrderOrigin", "pointOfOrderAcceptance", "goodsPlaceOrServiceRendered")  # fmt: skip  # noqa: E501
_NAMES = {
    name.lower(): name
    for name in (*_PLACES, *(name for model in (*_MODELS, Lock, Refund) for name in model.__struct_encode_fields__))
}
_loose = msgspec.json.Decoder(float_hook=Decimal)
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_PATH = re.compile(r"at `\$\.?([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")


def decode(body: bytes, model: type[T], refuses_unknown: bool = False) -> T:
    """Return a body as a model; exact names take the fast road, others are matched without regard to case.

    Raises Undecodable when it is not JSON, Refusal `value_required` or `validation` when it does not fit.
    """
    decoder = _decoders.get(model)
    if decoder is None:
        decoder = _decoders[model] = msgspec.json.Decoder(model)
    try:
        result: T = decoder.decode(body or b"{}")
        return result
    except msgspec.ValidationError:
        return _decode_loosely(body or b"{}", model, refuses_unknown)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error


def _decode_loosely(body: bytes, model: type[T], refuses_unknown: bool) -> T:
    try:
        return msgspec.convert(_normal(_loose.decode(body), refuses_unknown), model)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def _normal(value: Any, refuses_unknown: bool) -> Any:
    if isinstance(value, list):
        return [_normal(entry, refuses_unknown) for entry in value]
    if not isinstance(value, dict):
        return value
    members: dict[str, Any] = {}
    for name, member in value.items():
        known = _NAMES.get(name.lower())
        if known is not None:
            members[known] = _normal(member, refuses_unknown)
        elif refuses_unknown:
            raise Refusal("validation", f"{name} is not a member of this model", field=name)
    return members


def _refusal(problem: str) -> Refusal:
    missing, path = _MISSING.search(problem), _PATH.search(problem)
    place = path.group(1) if path else ""
    if missing is not None:
        field = f"{place}.{missing.group(1)}" if place else missing.group(1)
        return Refusal("value_required", f"Field {field} is required.", field=field)
    return Refusal("validation", problem.partition(" - at ")[0], field=place)


def read_date(text: str | None, field: str) -> date:
    """Return an ISO date, with or without a time after it; raise Refusal when it is missing or none."""
    if not text:
        raise Refusal("value_required", f"Field {field} is required.", field=field)
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Refusal("validation", f"{text!r} is not a date such as 2026-12-31", field=field) from None
