"""Material: what a campaign plays, made from its settings; every node of a distributed load makes the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from domain.acts import Act
from loadtests.desk import Unusable
from loadtests.profiles import HELD, Arrival, Life, lives, merged, offered, profiled, share, stepped, strokes
from loadtests.settings import Settings
from scenarios.language import Scenario
from scenarios.library import find
from scenarios.loader import load
from scenarios.problems import ScenarioError
from scenarios.scale import scaled
from scenarios.timeline import Timeline, build


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of load: it begins at an instant of the wall (seconds since 1970), for one driver of several.

    With a `rate` it is a step of lifecycles from the `first` of the supply on; without one, the whole profile.
    """

    at: float
    seconds: float
    index: int
    count: int
    rate: float = 0.0
    first: int = 0


class Material(msgspec.Struct, frozen=True):
    """The timeline of a profile, what people do in it, and the lifecycles that steps are made of."""

    timeline: Timeline
    arrivals: tuple[Arrival, ...]
    supply: tuple[Life, ...]
    speed: float

    def founding(self) -> list[Act]:
        """Return the acts that are done when the load begins."""
        return [act for act in self.timeline.acts if act.at_us <= self.timeline.start_us]

    def of(self, level: Level) -> tuple[Arrival, ...]:
        """Return what one driver offers in a level."""
        whole: Sequence[Arrival] = self.arrivals
        if level.rate:
            whole = stepped(self.supply[level.first :], level.rate, level.seconds, self.speed)
        return share(whole, level.index, level.count)


def material(settings: Settings) -> Material:
    """Return what a campaign plays; raise Unusable with everything that is wrong with its settings."""
    problems = settings.problems()
    if problems:
        raise Unusable("\n".join(problems))
    span = settings.span
    try:
        timeline = build(_scenario(settings), None if settings.seed < 0 else settings.seed)
        chosen = profiled(timeline, settings.profile, span)
    except (ScenarioError, ValueError) as wrong:
        raise Unusable(str(wrong)) from wrong
    hunted = settings.profile == "break"
    arrivals = () if hunted else offered(chosen, span.speed)
    if settings.profile == "storm":
        arrivals = merged(arrivals, strokes(span.seconds, settings.storm_rate))
    supply = tuple(lives(timeline, {HELD})) if hunted else ()  # a step is over before a hold is: nothing could rest
    return Material(chosen, arrivals[: settings.limits.arrivals], supply, span.speed)


def _scenario(settings: Settings) -> Scenario:
    name = settings.scenario
    found = load(Path(name)) if name.endswith((".yaml", ".yml")) else find(name)
    world = found.world
    subscriptions = min(settings.subscriptions, world.live_subscriptions)
    if settings.times == 1.0:
        smaller = world.model_copy(update={"live_subscriptions": subscriptions})
        return found.model_copy(update={"world": smaller})
    orders = round(world.orders_per_quarter * settings.times)
    whole = found.model_copy(update={"world": world.model_copy(update={"orders_per_quarter": orders})})
    return scaled(whole, orders=_rehearsed(whole), subscriptions=subscriptions)


def _rehearsed(scenario: Scenario) -> int:
    from scenarios.moments import rehearsed_days, season_of

    first, last = rehearsed_days(scenario)
    return max(1, round(scenario.world.orders_per_quarter * season_of(scenario).share(first, last)))
