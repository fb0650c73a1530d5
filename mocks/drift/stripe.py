"""Drifts of the processor: versions that a client is moved to, and additions within a version.

A client that pins a version is not touched by an upgrade of the account; it is by an upgrade of its SDK, which pins the
next one. So a version drift moves everybody who asks for an older version, in the header or by the account's default,
to the new one, and messages with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mocks.drift.row import Drift, nodes
from mocks.kernel.operations import Call
from mocks.payment.versions import MAJORS

_DIGITS = 12  # decimals behind the point of a decimal string
_NULLABLE = {
    "customer": ("email", "name"),
    "invoice": ("customer_email", "hosted_invoice_url", "invoice_pdf"),
    "charge": ("receipt_url", "description"),
    "product": ("description",),
}


def version(name: str) -> str:
    """Return the version of a major's name, as a client writes it."""
    return f"{MAJORS[name]}.{name}"


def moved_to(name: str) -> Callable[[Any, Call], None]:
    """Return what moves callers of older versions to a major version."""
    wanted, day = version(name), MAJORS[name]

    def ask(model: Any, call: Call) -> None:
        asked = call.request.headers.get("stripe-version") or model.quirks.api_version
        if asked[:10] < day:
            headers = {**call.request.headers, "stripe-version": wanted}
            call.request = msgspec.structs.replace(call.request, headers=headers)

    return ask


def _decimals(_call: Call, body: Any) -> None:
    for node in nodes(body):
        for name, value in node.items():
            if name.endswith("_decimal") and isinstance(value, str) and value:
                whole, _, rest = value.partition(".")
                node[name] = f"{whole}.{rest:0<{_DIGITS}}"


def _new_member(_call: Call, body: Any) -> None:
    for node in nodes(body):
        types = node.get("payment_method_types")
        if isinstance(types, list) and "q2c_wallet" not in types:
            types.append("q2c_wallet")


def _nulls(_call: Call, body: Any) -> None:
    for node in nodes(body):
        for name in _NULLABLE.get(str(node.get("object", "")), ()):
            if name in node:
                node[name] = None


ROWS: tuple[Drift, ...] = (
    Drift(
        name="stripe-acacia-basil", system="payment", since="2025-03-31", source="the SDK's changelog",
        summary="invoices lose subscription, paid, tax, charge and payment_intent; a subscription's period moves into "
        "its items",
        breaks="code that reads invoice.subscription or subscription.current_period_end",
        ask=moved_to("basil"), version=version("basil"),
    ),
    Drift(
        name="stripe-basil-clover", system="payment", since="2025-09-30", source="the SDK's changelog",
        summary="a discount's coupon moves into its source; promotion codes change shape",
        breaks="code that reads discount.coupon",
        ask=moved_to("clover"), version=version("clover"),
    ),
    Drift(
        name="stripe-clover-dahlia", system="payment", since="2026-03-25", source="the SDK's changelog",
        summary="decimals come as decimal strings with all their places",
        breaks="code that compares unit_amount_decimal as text or reads it as a whole number",
        ask=moved_to("dahlia"), tell=_decimals, version=version("dahlia"),
    ),
    Drift(
        name="stripe-nullable-fields", system="payment", since="2026-03-25", source="the SDK's changelog",
        summary="fields that always had a text may be null: a customer's email and name, an invoice's addresses",
        breaks="strict parsers, and code that calls methods of these texts",
        tell=_nulls,
    ),
    Drift(
        name="stripe-new-enum-value", system="payment", since="any monthly release", source="the SDK's changelog",
        summary="payment_method_types lists a kind of payment that nobody has heard of",
        breaks="closed enumerations in parsers",
        tell=_new_member,
    ),
)  # fmt: skip
