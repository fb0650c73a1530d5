"""Culprits: whom the violation of a rule names, and what it shows: there the guesses of a search begin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.verdict import Violation
from domain.faults import CATALOGUE, Fault
from domain.history import Fired
from q2c.hunting.pointing import FORMS, at_every_try, pointed
from q2c.hunting.seen import Seen
from q2c.hunting.simpler import contract_of

POINTS_MAX = 8
"""A fault that struck more often is told as the window it is: an outage is an outage."""
_NEAR_MAX = 24
"""So many strikes at the systems that a violation shows are tried by themselves."""
_VIOLATIONS_GUESSED = 3
_ACCOUNT = re.compile(r"\bA-(\d{6})\b")


class Culprits(msgspec.Struct, frozen=True):
    """Whom a violation names: lifecycles of the timeline, all quotes (live contracts among them), and what it shows.

    That is numbers of calls, operations (system and name), and systems.
    """

    lifecycles: tuple[str, ...]
    transactions: tuple[str, ...]
    numbers: frozenset[str]
    operations: frozenset[tuple[str, str]]
    systems: frozenset[str]


def culprits_of(seen: Seen, names: tuple[str, ...]) -> Iterator[Culprits]:
    """Yield whom the violations name: the first one itself, then with all that its evidence names, then the next."""
    told: dict[Culprits, None] = {}
    for violation in seen.violations[:_VIOLATIONS_GUESSED]:
        shown = [
            (getattr(each, "number", ""), getattr(each, "system", ""), getattr(each, "operation", ""))
            for each in violation.evidence
        ]
        numbers, systems = frozenset(number for number, _, _ in shown), frozenset(system for _, system, _ in shown)
        operations = frozenset((system, operation) for _, system, operation in shown if operation)
        for transactions in ((violation.txn,), _named_by(violation)):
            quotes = tuple(sorted({txn.partition(".")[0] for txn in transactions if txn}))
            if quotes:
                told[Culprits(_lifecycles_of(quotes, names), quotes, numbers, operations, systems)] = None
    yield from told


def strikes_beside(strikes: Sequence[Fired], culprits: Culprits, facts: Facts) -> Iterator[tuple[Fault, ...]]:
    """Yield plans of the strikes on some transactions at the operations, then at the systems that a violation shows.

    The boldest has one fault: it strikes the operation that is shown at every try.
    """
    at_it = [each for each in strikes if (each.system, each.operation) in culprits.operations]
    steady = [each for each in at_it if not CATALOGUE[each.kind].is_conditional]
    yield pointed(steady[:1], facts, at_every_try)
    yield pointed(at_it[:POINTS_MAX], facts, FORMS[0])
    near = [each for each in strikes if each.system in culprits.systems]
    yield pointed(near[:_NEAR_MAX], facts, FORMS[0])


def _named_by(violation: Violation) -> tuple[str, ...]:
    """Return all transactions that a violation names, and those of the accounts it names: their first orders."""
    records = [each for each in violation.evidence if not isinstance(each, tuple)]
    accounts = _ACCOUNT.findall(" ".join((violation.sentence, *violation.entities)))
    return (violation.txn, *(getattr(each, "txn", "") for each in records), *(f"Q-{serial}" for serial in accounts))


def _lifecycles_of(quotes: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lifecycles of some quotes; those of a contract are its amendments."""
    return tuple(name for name in names if name in quotes or contract_of(name) in quotes)
