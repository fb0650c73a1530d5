"""Shapes of the process side: quotes to be checked, what is submitted, and what came of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from integration.api.shapes.base import Body, Link, Money, Name, View

QuoteNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
QuoteId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{15,18}$")]


class QuoteReference(Body):
    """One version of a quote: the CRM's id of it, and number and version, so that a mix-up is noticed."""

    quote_id: QuoteId = Field(examples=["0Q0000000000001EAA"])
    number: QuoteNumber = Field(examples=["Q-000123"])
    version: int = Field(ge=1, le=999)


class QuoteValidationRequest(Body):
    """Which quote is to be checked; it may be a draft."""

    quote_id: QuoteId = Field(examples=["0Q0000000000001EAA"])


class CheckView(View):
    """One check: `unknown` means that nobody could tell in time, never that it is all right."""

    name: Literal["terms", "price", "mapping", "tax", "credit"]
    system: str
    outcome: Literal["ok", "failed", "unknown"]
    code: str = Field(description="A code of the error taxonomy, empty when all is well.")
    detail: str
    answered_at: str | None = Field(description="When the system answered; null when it did not.")


class QuoteValidation(View):
    """What is known of a quote: failed when a check failed, else unknown when one could not be made, else ok."""

    id: str
    quote_id: str
    number: str
    version: int
    account: str
    outcome: Literal["ok", "failed", "unknown"]
    checks: tuple[CheckView, ...]
    net: Money | None
    estimated_tax: Money | None = Field(description="Null while nobody can tell.")
    complete: bool = Field(description="False when the time was up before every system had answered.")
    validated_at: str


class Cancellation(Body):
    """The end of a subscription without a quote. `request` is your own id of it: the same id is the same request."""

    request: Name
    subscription: Name
    entity: Name
    effective: date
    refund: Literal["none", "prorated", "full"] = "prorated"


class Pause(Body):
    """A pause of a subscription: from `effective` on, until `resume`, the first day on which it is active again."""

    request: Name
    subscription: Name
    entity: Name
    effective: date
    resume: date


class Resumption(Body):
    """The end of a pause, earlier than planned."""

    request: Name
    subscription: Name


class SubmissionView(View):
    """What became of something that was submitted."""

    id: str
    status: Literal["pending", "accepted", "refused"]
    operation: str
    reference: str | None = Field(description="The business key under which it runs.")
    flow: str | None
    already_known: bool | None = Field(description="Whether it ran already, by another submission or a message.")
    code: str | None = Field(description="Why it was refused: a code of the error taxonomy.")
    detail: str | None
    links: dict[str, Link]
