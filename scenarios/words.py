"""What all sections of the scenario language share: the strict base model and small types of number and text."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from scenarios.values import wrong

System = Literal["crm", "erp", "billing", "tax", "payment", "fulfilment"]
SYSTEMS: tuple[str, ...] = ("crm", "erp", "billing", "tax", "payment", "fulfilment")
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=0, le=1_000_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=4_000)]


Section = TypeVar("Section")


class Words(BaseModel):
    """The base of every section: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


def percent(number: str) -> Fraction:
    """Return a default share written in percent."""
    return Fraction(number) / 100


def ascending(section: Section, low: str, high: str) -> Section:
    """Return the section if 0 < section.low < section.high, or raise what was expected."""
    smaller, larger = getattr(section, low), getattr(section, high)
    if not timedelta(0) < smaller < larger:
        raise wrong(f"0 < `{low}` < `{high}`")
    return section
