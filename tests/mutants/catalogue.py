"""The catalogue of mutants, in the order of their groups, and how the integration is broken by one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import chain
from types import MappingProxyType

import simulator.rehearsal  # noqa: F401  # so that every module that a run needs is there to be patched
from tests.mutants import (
    audit,
    calendar,
    compensation,
    credentials,
    enums,
    exceptions,
    keys,
    limits,
    mapping,
    money,
    ordering,
    paging,
    proration,
    retries,
    tax,
    timeouts,
    undoing,
    webhooks,
)
from tests.mutants.mutant import GROUPS, Mutant, applied

_MODULES = (
    keys, retries, timeouts, webhooks, ordering, money, tax, calendar, proration, paging, enums, mapping, limits,
    credentials, exceptions, compensation, undoing, audit,
)  # fmt: skip
MUTANTS: tuple[Mutant, ...] = tuple(
    sorted(
        chain.from_iterable(module.MUTANTS for module in _MODULES),
        key=lambda mutant: GROUPS.index(mutant.group),
    )
)
BY_NAME: Mapping[str, Mutant] = MappingProxyType({mutant.name: mutant for mutant in MUTANTS})


def named(name: str) -> Mutant:
    """Return a mutant; raise ValueError with the nearest names for one that does not exist."""
    if name not in BY_NAME:
        close = get_close_matches(name, BY_NAME, 3)
        hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise ValueError(f"no mutant is called {name!r}; {hint}all are named by: q2c mutants --list")
    return BY_NAME[name]


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break the reference integration in a known way until the block ends."""
    with applied(named(name).patches()):
        yield
