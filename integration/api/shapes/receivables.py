"""Shapes of what people ask for about money that is owed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from integration.api.shapes.base import Body, Name, Text

Minor = Annotated[int, Field(ge=0, le=10**15, description="Minor units of the currency; 0: all that is left.")]
Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Round = Annotated[int, Field(ge=1, le=99, description="One more after each reopening.")]


class RefundRequest(Body):
    """Money back from a payment. `request` is your own id of it: the same id is the same request."""

    request: Name
    payment: Name
    transaction: Name | None = Field(default=None, description="The transaction that it belongs to, when you know it.")
    amount_minor: Minor = 0
    adjust: bool = Field(default=False, description="Whether the invoice is reduced as well, by a credit note.")
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"]


class WriteOffRequest(Body):
    """An invoice that nobody will pay; one that was not written off can be asked for again, by another request."""

    request: Name = "asked"
    invoice: Name
    transaction: Name | None = None
    reason: Text


class InvoiceDispute(Body):
    """A customer does not agree with an invoice, or with a part of it."""

    request: Name
    invoice: Name
    transaction: Name | None = None
    amount_minor: Minor = 0
    reason: Text


class PaymentPromise(Body):
    """A customer promised to pay until a day."""

    account: Name
    transaction: Name | None = None
    until: date


class PeriodClosing(Body):
    """A month of a legal entity that is to be closed."""

    entity: Name
    period: Month
    attempt: Round = 1


class PeriodReopening(Body):
    """A closed month that is to be opened again in one module."""

    entity: Name
    period: Month
    module: Literal["ar", "gl"]
    reason: Text
    attempt: Round = 1
