"""Mutants: the reference integration broken on purpose. They come with the source tree, in `tests/mutants`.

The integration knows nothing of them, and nothing else loads them: a service cannot be broken by a setting.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from q2c import exits
from q2c.trouble import give_up
from scenarios.language import Scenario

_SOURCE = Path(__file__).resolve().parents[1]


def catalogue(part: str = "catalogue") -> Any:
    """Return the catalogue of mutants, or another module beside it; give up where there is no source tree."""
    if not (_SOURCE / "tests" / "mutants" / f"{part}.py").is_file():
        give_up(
            "mutants come with the source tree of q2c-harness, not with the installed package; run this in a checkout",
            exits.COULD_NOT_RUN,
        )
    if str(_SOURCE) not in sys.path:
        sys.path.append(str(_SOURCE))
    return import_module(f"tests.mutants.{part}")


def mutant_of(scenario: Scenario) -> str:
    """Return the mutant that a scenario asks for; empty without one. Give up when there is none of that name."""
    said = scenario.integration.mutant
    return "" if said == "none" else require(said)


def require(name: str) -> str:
    """Return the name of a mutant that there is; else give up with a suggestion."""
    try:
        catalogue().named(name)
    except ValueError as unknown:
        give_up(str(unknown))
    return name


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break the reference integration in a known way until the block ends; "" leaves it as it is."""
    if not name:
        yield
        return
    with catalogue().broken(name):
        yield
