"""What cannot be played is refused before the run, with the figure that shows why."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from simulator.whatif.durations import Duration
from simulator.whatif.load import work_of
from simulator.whatif.model import Arrivals, Limit, Model, Station, Step
from simulator.whatif.numbering import known_things
from simulator.whatif.states import BATCH_MAX
from simulator.whatif.trouble import NEVER_US, Brownout, Window


class Problem(msgspec.Struct, frozen=True):
    """One reason not to play a model: where it is in the model, and what is wrong with which figure."""

    place: str
    message: str


class Unplayable(ValueError):
    """A model that cannot be played. `problems` says why, one by one."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.place}: {problem.message}" for problem in problems))


def check(model: Model) -> None:
    """Raise Unplayable when a model cannot be played."""
    problems = tuple(problems_of(model))
    if problems:
        raise Unplayable(problems)


def problems_of(model: Model) -> Iterator[Problem]:
    """Yield every reason not to play a model; what overloads it is looked at only when it is well formed."""
    parts = (_names, _stations, _routes, _arrivals, _slas, _repair, _deaths)
    found = [problem for part in parts for problem in part(model)]
    yield from found
    if not found:
        yield from _overloads(model)


def _names(model: Model) -> Iterator[Problem]:
    if model.end_us <= 0 or model.bucket_us <= 0:
        yield Problem("model", f"it ends at {model.end_us} us in buckets of {model.bucket_us} us; both must be above 0")
    if not model.stations or not model.routes or not model.arrivals:
        yield Problem("model", "it needs stations, routes and arrivals, at least one of each")
    for kind, names in (
        ("station", [row.name for row in model.stations]),
        ("route", [row.name for row in model.routes]),
    ):
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem(f"{kind} {name}", "its name is taken twice")


def _duration(place: str, duration: Duration | None) -> Iterator[Problem]:
    problem = duration.problem() if duration is not None else ""
    if problem:
        yield Problem(place, problem)


def _share(place: str, name: str, share: float) -> Iterator[Problem]:
    if not 0.0 <= share <= 1.0:
        yield Problem(place, f"{name} is {share:g}; a share lies between 0 and 1")


def _stations(model: Model) -> Iterator[Problem]:
    for station in model.stations:
        place = f"station {station.name}"
        yield from _duration(place, station.service)
        if station.slots < 0 or any(shift.slots < 0 for shift in station.shifts):
            yield Problem(place, "it has fewer than 0 slots")
        if station.is_queue and not station.slots and not station.shifts:
            yield Problem(place, "a station with priorities needs slots: nobody waits where there is no limit")
        if station.load_slots < 0 or (station.load_slots and not station.slots and not station.shifts):
            yield Problem(place, "load slows down a station with slots only")
        for name, share in station.faults.shares.items():
            yield from _share(place, f"faults.{name}", share)
        for limit in station.limits:
            yield from _limit(place, limit, model)
        yield from _windows(place, station, model)
        yield from _guards(place, station, model)


def _limit(place: str, limit: Limit, model: Model) -> Iterator[Problem]:
    if limit.requests <= 0 or limit.per_us <= 0 or limit.burst <= 0:
        yield Problem(place, f"a limit of {limit.requests} calls in {limit.per_us / 1e6:g} s lets nothing through")
    if model.end_us * limit.requests + limit.per_us * (limit.burst + 1) >= NEVER_US:
        yield Problem(
            place,
            f"a limit of {limit.requests} calls in {limit.per_us / 1e6:g} s over {model.end_us / 1e6:g} s is beyond "
            "whole numbers; say it in smaller ones",
        )


def _windows(place: str, station: Station, model: Model) -> Iterator[Problem]:
    windows: list[Window | Brownout] = [*station.outages, *station.brownouts]
    for window in windows:
        if window.until_us <= window.from_us:
            yield Problem(place, f"a window from {_at(window.from_us)} to {_at(window.until_us)} ends before it begins")
        elif window.from_us >= model.end_us or window.until_us <= 0:
            yield Problem(
                place,
                f"a window from {_at(window.from_us)} to {_at(window.until_us)} lies outside the run, "
                f"which goes from 0 to {_at(model.end_us)}",
            )
    for brownout in station.brownouts:
        if brownout.factor <= 0:
            yield Problem(place, f"a brownout by the factor {brownout.factor:g} is impossible")
        yield from _share(place, "brownouts.error_share", brownout.error_share)
    times = [shift.from_us for shift in station.shifts]
    if times != sorted(set(times)) or min(times, default=0) < 0:
        yield Problem(place, "its shifts are not in the order of time, from 0 on")
    if station.incidents is not None:
        yield from _duration(place, station.incidents.length)
        if station.incidents.per_year < 0:
            yield Problem(place, f"{station.incidents.per_year:g} incidents a year are impossible")


def _guards(place: str, station: Station, model: Model) -> Iterator[Problem]:
    breaker, budget, batch = station.breaker, station.budget, station.batch
    if breaker is not None and (breaker.open_us <= 0 or breaker.window_us < 2 or not 0 < breaker.error_percent <= 100):
        yield Problem(place, "a breaker opens for some time at some share of errors, both above 0")
    if breaker is not None and breaker.probe:
        probes = [route.steps for route in model.routes if route.name == breaker.probe]
        asks = [step.station == station.name and step.mode == "synchronous" for steps in probes for step in steps]
        if asks != [True]:
            yield Problem(place, f"its probe {breaker.probe!r} is no route that is one call of it")
    if budget is not None and (budget.per_minute <= 0 or budget.percent < 0 or budget.saved_max <= 0):
        yield Problem(place, f"a retry budget of {budget.per_minute} a minute never lets a retry go; 1 is the least")
    if budget is not None and model.end_us * 100 * budget.per_minute >= NEVER_US:  # what is saved is kept in hundredths
        yield Problem(
            place,
            f"a retry budget of {budget.per_minute} a minute over {model.end_us / 1e6:g} s is beyond whole numbers; "
            "say it in smaller ones, or give the station no budget",
        )
    if batch is not None and (batch.cycle_us <= 0 or not 0 <= batch.opens_us <= batch.closes_us):
        yield Problem(place, "a batch has a cycle above 0 and closes after it opens")


def _routes(model: Model) -> Iterator[Problem]:
    stations, routes = {row.name for row in model.stations}, {row.name for row in model.routes}
    marks = marks_of(model)
    for route in model.routes:
        yield from _duration(f"route {route.name}", route.amount)
        for step in route.steps:
            place = f"step {route.name}.{step.name}"
            if sum((bool(step.station), step.pause is not None, bool(step.starts))) != 1:
                yield Problem(place, "it is exactly one of a call of a station, a pause, the start of a route")
            if step.station and step.station not in stations:
                yield Problem(place, f"no station is called {step.station!r}")
            if step.starts and step.starts not in routes:
                yield Problem(place, f"no route is called {step.starts!r}")
            if step.days != "any" and (step.pause is None or step.since):
                yield Problem(place, "days of banks are for a pause that counts from its own beginning")
            if step.since and step.since not in marks:
                yield Problem(place, f"nothing stamps the mark {step.since!r} that its pause counts from")
            yield from _step(place, step, model)
    yield from _circles(model)
    yield from _known(model)


def _known(model: Model) -> Iterator[Problem]:
    found = known_things(model)
    for each in found:
        if each.of < 1 or each.lasts_us <= 0:
            yield Problem(f"known {each.name}", f"{each.of} things, known for {each.lasts_us} us, are impossible")
        if sum(other.name == each.name for other in found) > 1:
            yield Problem(f"known {each.name}", "steps disagree on how many there are and how long they are known")


def _step(place: str, step: Step, model: Model) -> Iterator[Problem]:
    yield from _duration(place, step.service)
    yield from _duration(place, step.pause)
    yield from _duration(place, step.looks)
    yield from _share(place, "share", step.share)
    yield from _share(place, "share_from + share", step.share_from + step.share)
    yield from _share(place, "invalid_share", step.invalid_share)
    yield from _share(place, "fruitless", step.fruitless)
    retry = step.retry
    if retry.attempts < 1 or retry.base_us < 0 or retry.cap_us < 0 or retry.restart_every < 0:
        yield Problem(place, f"{retry.attempts} attempts are impossible: at least one is made")
    if min(step.timeout_us, step.lane, step.repeat_by_us) < 0 or (step.exhausted == "again" and step.again_us <= 0):
        yield Problem(place, "a timeout, a lane or a pause before the next try is below what is possible")
    needs_people = step.exhausted == "people" and (step.invalid_share > 0 or step.station)
    if needs_people and model.repair is None:
        yield Problem(place, "its dead letters go to people, but the model has no repair")


def _circles(model: Model) -> Iterator[Problem]:
    """Yield routes that start themselves, by whatever way: they would never end."""
    starts = {route.name: {step.starts for step in route.steps if step.starts} for route in model.routes}
    for name in starts:
        seen, waiting = set[str](), list(starts[name])
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting.extend(starts.get(other, ()))
        if name in seen:
            yield Problem(f"route {name}", "it starts itself")


def _arrivals(model: Model) -> Iterator[Problem]:
    routes = {row.name for row in model.routes}
    for stream in model.arrivals:
        place = f"arrivals {stream.name}"
        if stream.route not in routes:
            yield Problem(place, f"no route is called {stream.route!r}")
        if bool(stream.pieces) == bool(stream.count):
            yield Problem(place, "they are either pieces with so many expected, or a run of so many")
        if stream.count < 0 or stream.every_us < 0 or stream.at_us < 0:
            yield Problem(place, f"a run of {stream.count} every {stream.every_us} us is impossible")
        if not 1 <= stream.batch_max <= BATCH_MAX or not 0.0 <= stream.follows < 1.0:
            yield Problem(place, f"an arrival brings between 1 and {BATCH_MAX}, not up to {stream.batch_max}")
        yield from _pieces(place, stream, model)


def _pieces(place: str, stream: Arrivals, model: Model) -> Iterator[Problem]:
    before_us = 0
    for piece in stream.pieces:
        what = f"{piece.expected:g} expected from {_at(piece.from_us)} to {_at(piece.until_us)}"
        if not (math.isfinite(piece.expected) and piece.expected >= 0 and piece.rise >= 0):
            yield Problem(place, f"{what}: a rate is zero or above, and finite")
        if piece.until_us <= piece.from_us or piece.from_us < before_us:
            yield Problem(place, f"{what}: pieces follow each other in time")
        if piece.from_us >= model.end_us:
            yield Problem(place, f"{what}: that is after the end of the run, {_at(model.end_us)}")
        before_us = piece.until_us
    if stream.pieces and not sum(piece.expected for piece in stream.pieces) > 0:
        yield Problem(place, "nothing is expected at all: the rate is 0 everywhere")


def _slas(model: Model) -> Iterator[Problem]:
    marks = marks_of(model)
    bounds = {sla.name: (sla.bound_us, sla.share) for sla in model.slas}
    for sla in model.slas:
        if bounds[sla.name] != (sla.bound_us, sla.share):
            yield Problem(f"service level {sla.name}", "its clocks have several bounds; they are one service level")
        for mark in (sla.begins, sla.ends):
            if mark not in marks or not mark:
                yield Problem(f"service level {sla.name}", f"nothing stamps the mark {mark!r}")


def _repair(model: Model) -> Iterator[Problem]:
    repair = model.repair
    if repair is None:
        return
    if repair.station not in {station.name for station in model.stations}:
        yield Problem("repair", f"no station is called {repair.station!r}")
    if repair.outside_share > 0 and repair.outside is None:
        yield Problem("repair", "some cases wait for an answer from outside, but not for how long")
    yield from _share("repair", "outside_share", repair.outside_share)
    yield from _share("repair", "automatic_share", repair.automatic_share)
    yield from _duration("repair", repair.outside)


def _deaths(model: Model) -> Iterator[Problem]:
    for death in model.deaths:
        if death.lasts_us <= 0 or death.at_us < 0 or death.calls < 0:
            when = f"call {death.calls}" if death.calls else _at(death.at_us)
            yield Problem("deaths", f"one at {when} that lasts {death.lasts_us} us is impossible")


def _overloads(model: Model) -> Iterator[Problem]:
    for station in model.stations:
        work = work_of(model, station)
        if work.utilisation > 1.0:
            yield Problem(f"station {station.name}", work.sentence())


def marks_of(model: Model) -> set[str]:
    """Return every mark that something stamps."""
    marks = {mark for route in model.routes for mark in (route.begins, route.ends)}
    return (marks | {step.mark for route in model.routes for step in route.steps}) - {""}


def _at(us: int) -> str:
    days, rest = divmod(us / 1e6, 86_400)
    return f"day {int(days)} {int(rest // 3600):02d}:{int(rest % 3600 // 60):02d}"
