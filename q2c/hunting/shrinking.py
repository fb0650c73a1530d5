"""Shrinking: from a trial that breaks a rule to the smallest trial that breaks the same rule.

The history tells more than a search could: which transaction broke the rule, and which faults struck it. So the big
guess comes first: that transaction alone, with just those strikes, in a scenario without anything else. What the guess
leaves is made smaller by delta debugging, and then the numbers are rounded. Nothing is believed: whatever is returned
was played and broke the rule. docs/explanation/shrinking.md tells it at length.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from contracts.checks.verdict import instant_of
from domain.faults import Fault
from domain.history import Fired
from q2c.hunting import simpler
from q2c.hunting.anchors import anchors_of, is_death
from q2c.hunting.culprits import POINTS_MAX, Culprits, culprits_of, strikes_beside
from q2c.hunting.ddmin import smallest
from q2c.hunting.pointing import FORMS, is_point, pointed, strikes_on, strikes_on_nobody
from q2c.hunting.rounding import rounder_plans, roundest
from q2c.hunting.seen import Seen, look
from q2c.hunting.texts import read, written
from q2c.hunting.trial import Trial, timeline_of
from scenarios.timeline import Timeline

ATTEMPTS_MAX = 80
SECONDS_MAX = 5.0
LEFT_OVER = ("lifecycles", "faults", "the scenario", "numbers")
"""What a search makes smaller, in this order."""


class Size(msgspec.Struct, frozen=True, order=True):
    """How big a trial is: its lifecycles, its faults, and the live subscriptions in its background."""

    lifecycles: int
    faults: int
    subscriptions: int


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest trial found that breaks the rule `check`, and what it took to find it.

    `seconds` counts CPU time, the first look at the whole trial included. `left_over` names what was not searched
    through, of `LEFT_OVER`, when attempts or seconds ran out: then a smaller trial may exist.
    """

    trial: Trial
    check: str
    before: Size
    after: Size
    attempts: int
    seconds: float
    left_over: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything was searched through."""
        return not self.left_over


class NotBroken(ValueError):
    """The trial does not break the rule that it was to be shrunk for."""


def shrink(trial: Trial, check: str, seconds: float = SECONDS_MAX, attempts: int = ATTEMPTS_MAX) -> Shrunk:
    """Return the smallest trial that breaks the same rule; raise NotBroken when this one does not.

    `seconds` (CPU time of this process) are for the attempts; a first look, which every search takes, comes before.
    Deterministic as long as they do not run out.
    """
    return _Search(trial, check, seconds, attempts).run()


class _Spent(Exception):
    """Attempts or seconds have run out."""


class _Search:
    """One search: the smallest trial so far as it was seen, and what may still be spent.

    Candidates name a death by the durable write that it struck at first; which one that is among fewer neighbours is
    known when a candidate is played.
    """

    def __init__(self, trial: Trial, check: str, seconds: float, attempts: int) -> None:
        self._check, self._started = check, time.process_time()
        self._known: dict[Trial, bool] = {}
        self._names = timeline_of(trial).acts.lifecycles()
        self._best = look(_explicit(trial), check)
        if not self._best.is_broken:
            raise NotBroken(f"the trial does not break {check}: its result is {self._best.result.status}")
        self._before = self._size()
        self._anchors, self._played = anchors_of(self._best.trial), self._best.trial
        self._parts: tuple[simpler.Part, ...] = ()
        self._attempts_max, self._attempts = attempts, 0
        self._until = time.process_time() + seconds  # a long run has had its first look, and some attempts are left

    def run(self) -> Shrunk:
        """Search until nothing can be left out any more, or what may be spent is spent."""
        phases = {
            self._guess: LEFT_OVER, self._only_before: LEFT_OVER, self._fewest_lifecycles: LEFT_OVER,
            self._fewest_faults: LEFT_OVER[1:], self._fewest_parts: LEFT_OVER[2:], self._round: LEFT_OVER[3:],
        }  # fmt: skip
        left_over: tuple[str, ...] = ()
        try:
            for phase, left_over in phases.items():  # noqa: B007  (what the last phase leaves when it cannot end)
                phase()
            left_over = ()
        except _Spent:
            pass
        self._name_lifecycles()
        return Shrunk(
            trial=self._planned(self._played.faults or ()), check=self._check, before=self._before, after=self._size(),
            attempts=self._attempts, seconds=time.process_time() - self._started, left_over=left_over,
        )  # fmt: skip

    def _size(self) -> Size:
        subscriptions = read(self._best.trial.scenario).world.live_subscriptions
        return Size(len(self._names), len(self._plan()), subscriptions)

    def _plan(self) -> tuple[Fault, ...]:
        assert self._best.trial.faults is not None, "a trial in a search names its faults itself"
        return self._best.trial.faults

    # --- one attempt ------------------------------------------------------------------------------------------------

    def _breaks(self, trial: Trial) -> bool:
        """Play a candidate; one that breaks the rule is the smallest so far from now on."""
        if trial == self._best.trial:
            return True
        if trial not in self._known:
            self._known[trial] = self._try(trial)
        return self._known[trial]

    def _try(self, trial: Trial) -> bool:
        if self._attempts >= self._attempts_max or time.process_time() > self._until:
            raise _Spent
        self._attempts += 1
        try:
            seen = look(self._anchors.moved(trial), self._check)
        except Exception:  # what was left out was needed: by the scenario, or by the code under test
            return False
        if seen.is_broken:
            self._best, self._played = replace(seen, trial=trial), seen.trial
        return seen.is_broken

    # --- the big guess ----------------------------------------------------------------------------------------------

    def _guess(self) -> None:
        """Try the transactions of a violation alone, with the faults that struck them, the boldest guess first."""
        seen = self._best
        for culprits in culprits_of(seen, self._names):
            self._parts = simpler.parts_beside((*culprits.lifecycles, *culprits.transactions))
            for plan, parts in self._candidates(seen, culprits):
                if self._breaks(_reduced(seen.trial, culprits.lifecycles, plan, parts)):
                    self._names = culprits.lifecycles
                    return
        self._parts = simpler.parts_beside(self._names)

    def _candidates(
        self, seen: Seen, culprits: Culprits
    ) -> Iterator[tuple[tuple[Fault, ...], tuple[simpler.Part, ...]]]:
        facts, parts, plan = seen.facts, self._parts, seen.trial.faults or ()
        strikes, nobodys = strikes_on(facts, (*culprits.lifecycles, *culprits.transactions)), strikes_on_nobody(facts)
        shown = tuple(each for each in strikes if each.number in culprits.numbers)
        struck = {each.fault for each in strikes}
        deaths = tuple(filter(is_death, plan))
        own = tuple(each for each in deaths if self._anchors.quote_of(each) in culprits.transactions)
        points = [pointed(strikes, facts, form) for form in FORMS] if len(strikes) <= POINTS_MAX else []
        beside = list(strikes_beside(strikes, culprits, facts))
        simple = [
            (), pointed(shown[:POINTS_MAX], facts, FORMS[0]), *points[:1], own, *beside,
            *((*each, *some) for each in points[:1] for some in (own, deaths)),
            tuple(fault for index, fault in enumerate(plan) if index in struck or is_death(fault)), plan,
        ]  # fmt: skip
        yield from ((each, parts) for each in sorted(simple, key=len))
        yield from ((each, ()) for each in (*beside, *points, plan))
        if nobodys:
            yield from ((pointed((*strikes, *nobodys), facts, form), ()) for form in FORMS[:2])

    # --- the rest, by delta debugging -------------------------------------------------------------------------------

    def _only_before(self) -> None:
        """Leave out whoever began, and whatever struck, after the last that a violation shows."""
        trial, seen = self._best.trial, self._best
        shown = [instant_of(each) for each in seen.violations[0].evidence]
        last_us = max(shown, default=0)
        begun = {act.txn for act in timeline_of(trial).acts if act.at_us <= last_us}
        struck = {each.fault for each in seen.facts.history.of(Fired) if each.at_us <= last_us}
        later = frozenset(self._names) - begun
        plan = (fault for index, fault in enumerate(self._plan()) if index in struck)
        if shown and self._breaks(msgspec.structs.replace(self._planned(plan), without=trial.without | later)):
            self._names = tuple(name for name in self._names if name in begun)

    def _fewest_lifecycles(self) -> None:
        """Leave out lifecycles; a process that must die does so at the same write of the same flow."""
        self._breaks(msgspec.structs.replace(self._best.trial, faults=_without_deaths(self._plan())))
        trial, names = self._best.trial, self._names

        def breaks(kept: tuple[str, ...]) -> bool:
            left_out = frozenset(names) - frozenset(kept)
            if not self._breaks(msgspec.structs.replace(trial, without=left_out)):
                return False
            self._names = kept
            return True

        smallest(names, breaks)
        self._name_lifecycles()

    def _name_lifecycles(self) -> None:
        """Say which lifecycles are played instead of which are not: it plays the same."""
        trial = self._best.trial
        scenario = read(trial.scenario)
        if trial.without or scenario.lifecycles is None:
            text = written(scenario.model_copy(update={"lifecycles": self._names}))
            named = msgspec.structs.replace(trial, scenario=text, without=frozenset())
            self._best = replace(self._best, trial=named)

    def _fewest_faults(self) -> None:
        struck = {each.fault for each in self._best.facts.history.of(Fired)}
        self._breaks(self._planned(fault for index, fault in enumerate(self._plan()) if index in struck))
        self._fewest(self._plan())
        for form in FORMS:
            if all(is_point(fault) or is_death(fault) for fault in self._plan()):
                return
            facts, before = self._best.facts, (self._best, self._played)
            strikes = tuple(each for each in facts.history.of(Fired) if each.operation)
            if len(strikes) > POINTS_MAX:
                return
            deaths = tuple(fault for fault in self._plan() if is_death(fault))
            plan = (*pointed(strikes, facts, form), *deaths)
            if self._breaks(self._planned(plan)):
                self._fewest(plan)
                if len(self._plan()) > len(before[0].faults):
                    self._best, self._played = before
                return

    def _fewest(self, plan: tuple[Fault, ...]) -> None:
        trial = self._best.trial
        smallest(plan, lambda kept: self._breaks(msgspec.structs.replace(trial, faults=kept)))

    def _fewest_parts(self) -> None:
        """Leave out what the scenario carries beside lifecycles and faults, all of it if possible."""
        trial = self._best.trial
        scenario = read(trial.scenario)
        parts = tuple(part for part in self._parts if written(part(scenario)) != trial.scenario)

        def breaks(kept: tuple[simpler.Part, ...]) -> bool:
            left_out = [part for part in parts if part not in kept]
            return self._breaks(_reduced(trial, self._names, self._plan(), left_out))

        smallest(parts, breaks)

    def _round(self) -> None:
        if self._breaks(self._planned(map(roundest, self._plan()))):
            return
        for index in range(len(self._plan())):
            while self._is_rounder(index):
                pass

    def _is_rounder(self, index: int) -> bool:
        plans = rounder_plans(self._plan(), index)
        return any(self._breaks(self._planned(plan)) for plan in plans)

    def _planned(self, plan: Iterable[Fault]) -> Trial:
        """Return the smallest trial so far with another plan of faults."""
        return msgspec.structs.replace(self._best.trial, faults=tuple(plan))


def _explicit(trial: Trial) -> Trial:
    """Return a trial that names its faults itself and plays the same."""
    timeline = timeline_of(trial)
    plan = tuple(_unbounded(fault, timeline) for fault in timeline.faults)
    return msgspec.structs.replace(trial, scenario=written(simpler.bare(timeline.scenario)), faults=plan)


def _unbounded(fault: Fault, timeline: Timeline) -> Fault:
    """Return a fault without its window when that is the whole time in which faults strike."""
    is_whole = fault.start_us <= timeline.start_us and fault.end_us >= timeline.heal_us
    return msgspec.structs.replace(fault, start_us=0, end_us=0) if is_whole else fault


def _reduced(trial: Trial, names: tuple[str, ...], plan: tuple[Fault, ...], left_out: Iterable[simpler.Part]) -> Trial:
    """Return a trial of some lifecycles and faults, whose scenario lacks some parts."""
    scenario = read(trial.scenario).model_copy(update={"lifecycles": names})
    text = written(simpler.without(scenario, left_out))
    return msgspec.structs.replace(trial, scenario=text, faults=plan, without=frozenset())


def _without_deaths(plan: tuple[Fault, ...]) -> tuple[Fault, ...]:
    return tuple(fault for fault in plan if not is_death(fault))
