"""A recipe computes named outputs from facts; it is chosen by the keys that are there, never by a case's id."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from domain.oracle.facts import Facts

Compute = Callable[[Facts], Mapping[str, Any]]


class Recipe(msgspec.Struct, frozen=True):
    """How to compute a kind of case: `suits` tells from the inputs whether it applies.

    `whole` recipes read the list under "rows" themselves; the others see one row at a time.
    """

    name: str
    suits: Callable[[Facts], bool]
    compute: Compute
    whole: bool = False


def named(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give an output several names: {"net total": x} becomes net: x, total: x."""
    return {name: value for names, value in outputs.items() for name in names.split()}
