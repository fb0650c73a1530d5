"""Playing: each variant once in each engine that an assertion asks, then every assertion judged by its figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from contracts.checks.verdict import UNKNOWN
from q2c.expecting import rehearsed
from q2c.expecting.judgement import Answer, judged
from scenarios.assertions import Assertion
from scenarios.engines import unheard
from scenarios.language import Scenario
from scenarios.scale import scaled
from scenarios.variants import variant
from scenarios.words import ENGINES, REHEARSAL, WHATIF
from simulator.experiments.metrics import measures, named
from simulator.experiments.replications import seed_of
from simulator.whatif.engine import simulate
from simulator.whatif.translation import translate

SMALL_ORDERS, SMALL_SUBSCRIPTIONS = 20, 8
"""How many lifecycles a small rehearsal has, unless the scenario's `play` says otherwise."""
MANY = 1_000
"""Runs that the choice of the engine is told of: variants and replications add up, so compiling pays."""


class Player:
    """Plays variants of one scenario and remembers what came of them. `full`: rehearsals as large as the world is."""

    def __init__(self, scenario: Scenario, full: bool = False) -> None:
        self._scenario, self._full = scenario, full
        self.modelled = cache(self._modelled)
        self.rehearsed = cache(self._rehearsed)

    def _modelled(self, name: str) -> tuple[Mapping[str, float], ...]:
        """Return the figures of a variant in the what-if engine, replication by replication."""
        model = translate(variant(self._scenario, name))
        numbers = range(self._scenario.play.replications)
        return tuple(measures(simulate(model, seed_of(self._scenario.seed, number), runs=MANY)) for number in numbers)

    def _rehearsed(self, name: str) -> rehearsed.Played:
        """Return a variant as a rehearsal played it; raise ValueError for what a rehearsal cannot play."""
        chosen = variant(self._scenario, name)
        unknown = unheard(chosen, REHEARSAL)
        if unknown:
            raise ValueError(f"a rehearsal cannot play {', '.join(unknown)}")
        return rehearsed.play(chosen if self._full else small(chosen))


def small(scenario: Scenario) -> Scenario:
    """Return the small form of a scenario, by its `play` section."""
    orders, subscriptions = scenario.play.orders, scenario.play.subscriptions
    return scaled(
        scenario,
        SMALL_ORDERS if orders is None else orders,
        SMALL_SUBSCRIPTIONS if subscriptions is None else subscriptions,
    )


def answers(scenario: Scenario, engines: Iterable[str] = ENGINES, full: bool = False) -> Iterator[Answer]:
    """Yield the answer to every assertion of a scenario that one of these engines can give."""
    player, asked = Player(scenario, full), frozenset(engines)
    for assertion in scenario.assertions:
        if assertion.engine in asked:
            yield _answer(player, assertion)


def _answer(player: Player, assertion: Assertion) -> Answer:
    try:
        if assertion.engine == WHATIF:
            return judged(assertion, *_modelled(player, assertion))
        return judged(assertion, *_rehearsed(player, assertion))
    except (KeyError, ValueError) as error:  # a name that does not exist, a model that cannot be played
        return Answer(assertion=assertion, status=UNKNOWN, reason=str(error.args[0] if error.args else error))


def _modelled(player: Player, assertion: Assertion) -> tuple[list[float], list[float] | None]:
    name = named(assertion.metric, assertion.of)
    sides = [player.modelled(each) for each in (assertion.variant or "base", assertion.against) if each]
    if any(name not in run for side in sides for run in side):  # it pairs no other
        return [], [] if assertion.against else None
    ours, *theirs = [[run[name] for run in side] for side in sides]
    return ours, theirs[0] if theirs else None


def _rehearsed(player: Player, assertion: Assertion) -> tuple[list[float], list[float] | None]:
    ours = player.rehearsed(assertion.variant or "base")
    theirs = player.rehearsed(assertion.against) if assertion.against else None
    if assertion.is_difference:
        assert theirs is not None, "the schema asks for `against`"
        return [rehearsed.differences(ours, theirs)], None
    figures = [rehearsed.figure(each, assertion.metric, assertion.of) for each in (ours, theirs) if each is not None]
    found = [[] if figure is None else [figure] for figure in figures]
    return found[0], found[1] if theirs is not None else None
