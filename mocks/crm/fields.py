"""Short names for the fields of sObjects, so that an object reads as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mocks.crm.schema import Field

_CATALOGUE = frozenset({"Product2", "Pricebook2", "PricebookEntry"})
"""Objects of which there are few, while very many records refer to each."""


def text(name: str, length: int = 255, **extra: Any) -> Field:
    """Return a field of text."""
    return Field(name=name, type="string", length=length, **extra)


def long_text(name: str, length: int = 32_000, **extra: Any) -> Field:
    """Return a field of long text, by which no query may filter."""
    return Field(name=name, type="textarea", length=length, **extra)


def pick(name: str, *values: str, **extra: Any) -> Field:
    """Return a restricted picklist of these values."""
    return Field(name=name, type="picklist", length=40, picklist=values, **extra)


def amount(name: str, **extra: Any) -> Field:
    """Return an amount in the currency of its record."""
    return Field(name=name, type="currency", scale=2, **extra)


def whole(name: str, **extra: Any) -> Field:
    """Return a whole number."""
    return Field(name=name, type="int", **extra)


def day(name: str, **extra: Any) -> Field:
    """Return a date."""
    return Field(name=name, type="date", **extra)


def flag(name: str, **extra: Any) -> Field:
    """Return a checkbox, false unless it is given."""
    return Field(name=name, type="boolean", nillable=False, **extra)


def link(name: str, target: str, reads_as: str, **extra: Any) -> Field:
    """Return a reference to another object, and the name by which queries read through it."""
    index = "group" if target in _CATALOGUE else "key"
    return Field(name=name, type="reference", length=18, refers_to=target, reads_as=reads_as, index=index, **extra)


def owned_by(**extra: Any) -> Field:
    """Return the user who looks after a record; it is no index, for one user may have them all."""
    return Field(name="OwnerId", type="reference", length=18, refers_to="User", reads_as="Owner", **extra)


def address(prefix: str, *, has_codes: bool = False, **extra: Any) -> Iterator[Field]:
    """Yield the parts of an address; `has_codes` adds those of state and country."""
    yield text(f"{prefix}Street", **extra)
    yield text(f"{prefix}City", 40, **extra)
    yield text(f"{prefix}State", 80, **extra)
    yield text(f"{prefix}PostalCode", 20, **extra)
    yield text(f"{prefix}Country", 80, **extra)
    if has_codes:
        yield text(f"{prefix}CountryCode", 2, **extra)
        yield text(f"{prefix}StateCode", 10, **extra)
