"""What all shapes share: bodies are strict, answers are complete, texts that go into addresses are plain."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Body(BaseModel):
    """What a caller sends: unknown fields are refused, so that a slip of the pen is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


class View(BaseModel):
    """What the interface answers. Readers ignore fields that they do not know: new ones may come."""

    model_config = ConfigDict(frozen=True)


_NAME = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"

Name = Annotated[str, StringConstraints(pattern=_NAME)]
"""An identifier of another system: letters, digits, dot, underscore, colon and hyphen."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")]
"""What a person writes: no control characters."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Money(View):
    """An amount in minor units of an ISO 4217 currency."""

    amount_minor: int = Field(description="Cents of USD, yen of JPY.")
    currency: Currency


class Link(View):
    """Where something is."""

    href: str
