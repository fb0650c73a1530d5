"""What all sections of the scenario language share: the strict base model and small types of number and text."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from scenarios.values import Shape, wrong

System = Literal["crm", "erp", "billing", "tax", "payment", "fulfilment"]
AnySystem = Literal["crm", "erp", "billing", "tax", "payment", "fulfilment", "erp2", "legacy_erp"]
"""With the systems that keep books in some worlds only (`books` of an entity)."""
SYSTEMS: tuple[str, ...] = ("crm", "erp", "billing", "tax", "payment", "fulfilment")
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=0, le=1_000_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=4_000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,59}$"), Shape("lower-case words joined by _")]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"), Shape("local time HH:MM")]
Factor = Annotated[float, Field(ge=1, le=100, allow_inf_nan=False)]

WHATIF, REHEARSAL = "whatif", "rehearsal"
ENGINES = (WHATIF, REHEARSAL)


def only(engine: str) -> dict[str, Any]:
    """Return what marks a key of the language that one engine alone understands (`json_schema_extra` of its field)."""
    assert engine in ENGINES, f"there is no engine {engine!r}"
    return {"only": engine}


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
