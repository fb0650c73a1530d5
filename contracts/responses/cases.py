"""The enumeration: every mutator alone and every two of them over every base, each case with a name that stays.

unknown_field@order                 one mutator on the answer "order"
key_order+unknown_enum@order        two
unknown_field@orders/page=1         one, in a list read one by one
plain@orders/page=2,empty_last      none, and an empty page at the end
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from contracts.responses.documents import Tree
from contracts.responses.drafts import Draft, Replaced, drafted, finished
from contracts.responses.mutators import MUTATORS, Mutator, changed, owed
from contracts.responses.oracles import Outcome, Read, all_but_one, at_least, attempted, judged
from contracts.responses.pages import OWED, Course, Listing, Pager
from contracts.responses.shapes import Shape
from domain.http import Reply, Request

Provider = Callable[[Request], Reply]
IN_PROCESS = tuple(mutator for mutator in MUTATORS if mutator.part != "connection")
_SIZES = (0, 1, 2, 3)
_SHORTEST_NAME = 8  # shorter values stand in targets by chance


class Consumer(Protocol):
    """Who reads answers: makes facts (values of plain types) of what a provider answers to its requests."""

    @property
    def name(self) -> str:
        """What it is called in cases."""

    @property
    def declared(self) -> tuple[type[Exception], ...]:
        """The exceptions by which it says that it cannot read an answer."""

    def facts(self, provider: Provider) -> Any:
        """Read what there is to read; a mapping by identity for several records."""


class Unreadable(Exception):
    """A consumer cannot even read the plain answer: there is nothing to compare with."""


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What a consumer reads in a group of cases: one answer, or the records of a list in pages.

    Pairs of mutators strike main bases only.
    """

    name: str
    shape: Shape
    reply: Reply | None = None
    pager: Pager | None = None
    records: tuple[Tree, ...] = ()
    fresh: Any = None
    is_main: bool = True


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case: what is read, which mutators strike, in which page size and course (of a list).

    `draft` is the changed answer, when there is only one.
    """

    base: Base
    mutators: tuple[Mutator, ...] = ()
    size: int = 0
    course: Course = "plain"
    draft: Draft | None = None

    @property
    def name(self) -> str:
        """The name of the case: it stays as long as mutators and bases do."""
        strikes = "+".join(mutator.name for mutator in self.mutators) or "plain"
        page = f"page={self.size}" if self.size else ""
        parts = ",".join(part for part in (page, "" if self.course == "plain" else self.course) if part)
        return f"{strikes}@{self.base.name}{'/' + parts if parts else ''}"


class _Mutating:
    """A provider whose answers are changed; requests with changed names reach it with the names it knows."""

    def __init__(self, provider: Provider, case: Case) -> None:
        self._provider, self._case = provider, case
        self.replaced: dict[str, Replaced] = {}
        self.has_struck = False

    def __call__(self, request: Request) -> Reply:
        target = request.target
        for pair in self.replaced.values():
            if len(pair.new) > len(pair.old) >= _SHORTEST_NAME:
                target = target.replace(pair.new, pair.old)
        reply = self._provider(msgspec.structs.replace(request, target=target))
        if reply.status >= 300:
            return reply
        draft = changed(drafted(reply), self._case.mutators, self._case.base.shape)
        if draft is None:
            return reply
        self.has_struck = True
        self.replaced.update((pair.old, pair) for pair in draft.replaced)
        return finished(draft)


def _provider(case: Case) -> Provider:
    base = case.base
    if base.pager is not None:
        return Listing(base.pager, base.records, case.size, case.course, base.fresh)
    reply = base.reply
    assert reply is not None, f"{base.name} is neither an answer nor a list"
    return lambda _request: reply


def tried(consumer: Consumer, case: Case, before: Any) -> str | None:
    """Return what is wrong in a case, empty when nothing is; None when no mutator of it has anything to change."""
    if case.draft is not None:
        reply = finished(case.draft)
        outcome = attempted(lambda: consumer.facts(lambda _request: reply), consumer.declared)
        return judged(owed(case.mutators), before, outcome, case.draft.replaced)
    provider = _Mutating(_provider(case), case)
    outcome = attempted(lambda: consumer.facts(provider), consumer.declared)
    if case.mutators and not provider.has_struck:
        return None
    kind = owed(case.mutators)
    if OWED[case.course] == "superset" and kind == "preserving":
        return at_least(before, outcome)
    if OWED[case.course] == "subset" and kind == "preserving":
        return all_but_one(before, outcome)
    if OWED[case.course] == "refusable":
        kind = "refusable"
    return judged(kind, before, outcome, provider.replaced.values())


def facts_of(consumer: Consumer, base: Base) -> Outcome:
    """Return what a consumer makes of the plain answer."""
    return attempted(lambda: consumer.facts(_provider(Case(base=base))), consumer.declared)


def enumerated(base: Base, pairs: bool = True) -> Iterator[Case]:
    """Iterate over the cases of a base, always in the same order; pairs are of mutators of the body."""
    changes = _changes(base)
    courses = base.pager.courses if base.pager is not None else ()
    for size in _SIZES if base.pager is not None else (0,):
        for course in courses:
            yield Case(base=base, size=size, course=course)
        for mutator, draft in changes:
            yield Case(base=base, mutators=(mutator,), size=size, draft=_kept(base, draft))
    body = [change for change in changes if change[0].part == "body"] if pairs and base.is_main else []
    for (one, draft), (other, _) in itertools.combinations(body, 2):
        both = other.change(draft, base.shape) if _go_together((one, other)) else None
        if both is not None:
            yield Case(base=base, mutators=(one, other), draft=_kept(base, both))


def _kept(base: Base, draft: Draft) -> Draft | None:
    return draft if base.reply is not None else None


def drawn(base: Base, count: int, seed: int) -> Iterator[Case]:
    """Iterate over so many random cases of two to four mutators, the same for the same seed: for the night."""
    chance = random.Random(f"{seed}/{base.name}")
    body = [mutator for mutator, _ in _changes(base)]
    for _ in range(count if len(body) > 1 else 0):
        mutators = tuple(chance.sample(body, min(len(body), chance.randint(2, 4))))
        if all(_go_together(pair) for pair in itertools.combinations(mutators, 2)):
            size = chance.choice(_SIZES) if base.pager is not None else 0
            yield Case(base=base, mutators=mutators, size=size)


def _changes(base: Base) -> list[tuple[Mutator, Draft]]:
    """Return the mutators that have something to change, with the answer as they change it."""
    plain = drafted(_provider(Case(base=base))(Request("", "GET", "/")))
    possible = [mutator for mutator in IN_PROCESS if mutator.name not in base.shape.manner.never]
    found = ((mutator, mutator.change(plain, base.shape)) for mutator in possible)
    return [(mutator, draft) for mutator, draft in found if draft is not None]


def _go_together(pair: Sequence[Mutator]) -> bool:
    """Tell whether two mutators can be judged together: two that replace the same values hide each other."""
    carried = sum(mutator.kind == "carried" for mutator in pair)
    shuffled = any(mutator.name in ("array_reordered", "optional_dropped", "unknown_enum") for mutator in pair)
    refused = any(mutator.kind == "refusable" for mutator in pair)
    amounts = any(mutator.change.__module__.endswith("value_mutators") for mutator in pair if mutator.kind == "carried")
    numbers = any(mutator.name in _REWRITTEN for mutator in pair)
    return carried <= 1 and not (carried and shuffled) and not refused and not (carried and amounts and numbers)


_REWRITTEN = frozenset({"trailing_zeros", "no_trailing_zeros", "exponent", "negative_zero"})


def before_of(consumer: Consumer, base: Base) -> Any:
    """Return the facts of the plain answer; raise Unreadable when the consumer cannot even read that."""
    outcome = facts_of(consumer, base)
    if not isinstance(outcome, Read):
        raise Unreadable(f"{consumer.name} cannot read the plain answer {base.name}: {outcome}")
    return outcome.facts
