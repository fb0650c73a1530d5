"""The systems and people of a scenario as stations: limits, latencies, windows of trouble, the integration's guards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

import msgspec

from domain.calendar import DAY_US, MINUTE_US, SECOND_US, local_date
from integration.flows.catalogue import SYSTEMS as ADAPTERS
from integration.settings import BreakerSettings, BudgetSettings, SystemLimits
from scenarios.grants import granted
from scenarios.integration_words import IntegrationSettings
from scenarios.language import Scenario
from scenarios.moments import DAY, Moments, local_us, moments
from scenarios.peers import SystemSettings
from scenarios.trouble import FaultPlan, LimitChange
from scenarios.values import MICROSECOND
from scenarios.words import SYSTEMS
from simulator.clerks import LOOK_EVERY_US
from simulator.exchange import CONNECT_TIMEOUT_US
from simulator.network import REFUSAL_US, RETURN_US
from simulator.whatif.durations import Duration, evenly
from simulator.whatif.model import Batch, Breaker, Budget, Limit, Shift, Station
from simulator.whatif.trouble import NEVER_US, Brownout, Faults, Incidents, Window

CLERKS = "clerks"
LEGACY = "legacy_erp"
PINGED = tuple(adapter.name for adapter in ADAPTERS if adapter.ping is not None)
"""The systems that can be asked whether they live."""
BEFORE = frozenset({"error_before"})
BROKEN = frozenset({"reset_before", "closed_before", "truncated_before"})
AFTER = frozenset({"error_after", "reset_after", "closed_after", "truncated_after"})
LOST = frozenset({"lost_reply"})
UNHEARD = frozenset({"late_arrival"})
THROTTLED = frozenset({"throttled", "throttled_silently"})
FOR_A_WHILE = BEFORE | BROKEN
FOR_CALLS = FOR_A_WHILE | AFTER | LOST | UNHEARD | THROTTLED
"""Kinds of faults that a model hears: those that may strike in a window, and all that strike calls at any time."""
_QUANTILES = 2_000
_YEAR = timedelta(days=365.25)
_ANY_NUMBER = 1_000_000
"""Slots of a system that sets no limit for a while: a station whose slots change has some at any time."""


class Frame(NamedTuple):
    """A scenario in time: its moments, the integration's switches, and the model's zero."""

    scenario: Scenario
    moments: Moments
    switches: IntegrationSettings

    def at_us(self, text: str, entity: str | None) -> int:
        """Return an instant of the language in the model's time."""
        return self.moments.at_us(text, entity) - self.moments.start_us

    def window_us(
        self, start: str | None, end: str | None, lasts: timedelta | None, entity: str | None
    ) -> tuple[int, int]:
        """Return a window of the language in the model's time."""
        from_us, until_us = self.moments.window_us(start, end, lasts, entity)
        return from_us - self.moments.start_us, until_us - self.moments.start_us

    @property
    def end_us(self) -> int:
        """Return when the run ends."""
        return self.moments.horizon_us - self.moments.start_us

    @property
    def days_end_us(self) -> int:
        """Return when the rehearsed days end."""
        return self.moments.ends_us - self.moments.start_us

    @property
    def heal_us(self) -> int:
        """Return when faults end; what was begun goes on."""
        return self.moments.heal_us - self.moments.start_us

    @property
    def has_money_cases(self) -> bool:
        """Whether money makes cases: a naive integration keeps none, and a `fallout` is all causes together."""
        return bool(self.switches.dead_letters) and self.scenario.failures.fallout is None

    @property
    def has_bulk(self) -> bool:
        """Whether there is bulk work that orders should not have to wait for."""
        return bool(self.scenario.invoice_runs or self.scenario.replays)


def frame_of(scenario: Scenario) -> Frame:
    """Return the frame of a scenario."""
    return Frame(scenario, moments(scenario), scenario.integration.settled())


def latency_of(settings: SystemSettings, write: bool) -> Duration:
    """Return how long a reading or writing call of a system takes."""
    if write or settings.read_p50 is None or settings.read_p95 is None:
        return Duration.by_quantiles(settings.distribution, settings.p50 / MICROSECOND, settings.p95 / MICROSECOND)
    return Duration.by_quantiles(
        settings.distribution, settings.read_p50 / MICROSECOND, settings.read_p95 / MICROSECOND
    )


def stations(frame: Frame) -> tuple[Station, ...]:
    """Return the systems of record and the clerks as stations."""
    found = [_system(frame, name) for name in SYSTEMS]
    if any(entity.books == LEGACY for entity in frame.scenario.world.entities):
        found.append(_legacy(frame))
    return (*found, _clerks(frame))


def _system(frame: Frame, name: str) -> Station:
    scenario, switches = frame.scenario, frame.switches
    settings: SystemSettings = getattr(scenario.systems, name)
    slots, shifts, overflow = _slots(frame, name, settings)
    return Station(
        name=name,
        service=latency_of(settings, write=True),
        slots=slots,
        shifts=shifts,
        overflow="refuses" if overflow and (slots or shifts) else "waits",
        discipline="priority" if switches.lanes and frame.has_bulk and slots else "fifo",
        patience="start" if switches.pool else "call",
        abandoned="frees" if switches.pool else "keeps",
        load_slots=settings.slots if slots and settings.slowdown > 1 else 0,
        load_longest=settings.slowdown,
        limits=tuple(_limits(frame, name, settings)),
        refusal_us=REFUSAL_US,
        retry_after_us=_retry_after_us(scenario, name),
        holds_all=bool(switches.pool),
        travel_us=RETURN_US,
        outages=tuple(_outages(frame, name)),
        brownouts=tuple(_brownouts(frame, name)),
        incidents=_incidents(scenario, settings),
        faults=_faults(frame, name),
        breaker=_breaker(name) if switches.breaker else None,
        budget=_budget(switches),
    )


def _used(slots: int, switches: IntegrationSettings) -> int:
    """Return the share of what a system grants that the integration uses of itself."""
    return max(1, slots * SystemLimits().share_percent // 100) if switches.pool and slots else slots


def _slots(frame: Frame, name: str, settings: SystemSettings) -> tuple[int, tuple[Shift, ...], bool]:
    """Return the slots, their changes, and whether a call too many is refused.

    The integration's own pool is smaller than the licence, so that callers wait in it; without one, or when the vendor
    grants less than the pool believes, what is too much is refused.
    """
    switches, slots = frame.switches, _used(settings.slots, frame.switches)
    usual, refuses = slots or _ANY_NUMBER, not switches.pool
    shifts = [Shift(from_us=0, slots=usual)]
    for at_us, change in _changes(frame, name, "slots"):
        granted = (change.slots or _ANY_NUMBER) if change else usual
        told = change is not None and change.announced
        refuses = refuses or (not told and granted < usual)
        shifts.append(Shift(from_us=at_us, slots=_used(granted, switches) if told else min(usual, granted)))
    return slots, tuple(shifts) if len(shifts) > 1 else (), refuses


def _changes(frame: Frame, system: str, limit: str) -> list[tuple[int, LimitChange | None]]:
    """Return from when on, in the model's time, which change of a system's limit holds; None: none does."""
    changes = [each for each in frame.scenario.limit_changes if each.system == system]
    return [(at_us - frame.moments.start_us, each) for at_us, each in granted(changes, limit, frame.moments)]


def _limits(frame: Frame, name: str, settings: SystemSettings) -> Iterator[Limit]:
    """Yield the limits of a system: what its vendor refuses, and the pace that the integration keeps of itself."""
    for from_us, until_us, rps, told in _spells(frame, name, "rps", settings.rps):
        if rps:
            yield Limit(requests=rps, per_us=SECOND_US, burst=rps, from_us=from_us, until_us=until_us)
        paced = told * SystemLimits().share_percent // 100
        if frame.switches.pool and paced:
            burst = max(1, paced // 10)
            per = Limit(requests=max(1, paced - burst + 1), per_us=SECOND_US, burst=burst, excess="wait")
            yield Limit(
                requests=per.requests, per_us=per.per_us, burst=burst, excess="wait", from_us=from_us, until_us=until_us
            )
    for from_us, until_us, calls, _ in _spells(frame, name, "daily_calls", settings.daily_calls):
        if calls:
            yield Limit(requests=calls, per_us=DAY_US, kind="window", from_us=from_us, until_us=until_us)


def _spells(frame: Frame, system: str, limit: str, usual: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (from, until, what is granted, what the integration was told) of a limit that may change."""
    edges = {0: (usual, usual)}
    for at_us, change in _changes(frame, system, limit):
        value = getattr(change, limit) if change else usual
        edges[at_us] = (value, value if change is None or change.announced else usual)
    for from_us, until_us in pairwise([*edges, NEVER_US]):
        yield from_us, until_us, *edges[from_us]


def _outages(frame: Frame, name: str) -> list[Window]:
    """Return the outages of a system; those of one kind that overlap are one, which ends with the last of them."""
    found: dict[str, list[Window]] = {}
    for each in sorted(_planned_outages(frame, name), key=lambda window: window.from_us):
        own = found.setdefault(each.kind, [])
        if own and each.from_us <= own[-1].until_us:
            own[-1] = msgspec.structs.replace(own[-1], until_us=max(own[-1].until_us, each.until_us))
        else:
            own.append(each)
    return [window for own in found.values() for window in own]


def _planned_outages(frame: Frame, name: str) -> Iterator[Window]:
    scenario = frame.scenario
    for each in scenario.outages:
        if each.system == name:
            from_us, until_us = frame.window_us(each.from_, each.to, each.lasts, each.entity)
            kind, hang_us = ("hangs", CONNECT_TIMEOUT_US) if each.kind == "black_hole" else ("rejects", 0)
            yield Window(from_us=from_us, until_us=until_us, kind=kind, hang_us=hang_us)  # type: ignore[arg-type]
    for closed in scenario.maintenance:
        if closed.system == name:
            from_us, until_us = frame.window_us(closed.from_, closed.to, closed.lasts, closed.entity)
            yield Window(from_us=from_us, until_us=until_us)


def _brownouts(frame: Frame, name: str) -> Iterator[Brownout]:
    for each in frame.scenario.brownouts:
        if each.system == name:
            from_us, until_us = frame.window_us(each.from_, each.to, each.lasts, each.entity)
            yield Brownout(from_us=from_us, until_us=until_us, factor=each.factor, error_share=float(each.errors))
    for fault in frame.scenario.faults:
        if is_timed(fault) and fault.system in (name, None) and fault.kind in FOR_A_WHILE and is_plain(fault):
            from_us, until_us = frame.window_us(fault.from_, fault.to, fault.lasts, fault.entity)
            yield Brownout(from_us=from_us, until_us=until_us, error_share=float(fault.share))


def is_timed(fault: FaultPlan) -> bool:
    """Tell whether a fault strikes for a while only."""
    return fault.from_ is not None or fault.to is not None


def is_plain(fault: FaultPlan) -> bool:
    """Tell whether a fault strikes every operation, any time it is called."""
    return fault.operation is None and not fault.nth


def _faults(frame: Frame, name: str) -> Faults:
    plans = [
        each for each in frame.scenario.faults if each.system in (name, None) and is_plain(each) and not is_timed(each)
    ]

    def share(kinds: frozenset[str]) -> float:
        return float(sum(each.share for each in plans if each.kind in kinds))

    return Faults(
        before=share(BEFORE), after=share(AFTER), lost=share(LOST), unheard=share(UNHEARD), throttled=share(THROTTLED),
        broken=share(BROKEN), until_us=frame.heal_us,
    )  # fmt: skip


def _retry_after_us(scenario: Scenario, name: str) -> int:
    waits = [
        each.wait for each in scenario.faults if each.kind in THROTTLED and each.system in (name, None) and each.wait
    ]
    return max((wait // MICROSECOND for wait in waits), default=0)


def _incidents(scenario: Scenario, settings: SystemSettings) -> Incidents | None:
    """Return the drawn outages of a system that is not always there: so many that its availability comes out."""
    if settings.availability >= 1:
        return None
    drawn = scenario.incidents
    length = Duration.lognormal(drawn.median / MICROSECOND, drawn.p95 / MICROSECOND)
    return Incidents(
        per_year=float(1 - settings.availability) * (_YEAR / MICROSECOND) / length.mean_us,
        length=length,
        second_share=float(drawn.second),
        brownout_share=float(drawn.brownout),
        slow_share=float(drawn.slow),
    )


def _breaker(system: str) -> Breaker:
    said = BreakerSettings()
    return Breaker(
        error_percent=said.error_percent, window_us=said.window_seconds * SECOND_US, calls_min=said.calls_min,
        open_us=said.open_seconds * SECOND_US, open_longest_us=said.open_longest_seconds * SECOND_US,
        probe=f"ping {system}" if system in PINGED else "",
    )  # fmt: skip


def _budget(switches: IntegrationSettings) -> Budget | None:
    """Return the budget of retries; a point-to-point integration has none, and 100% is as good as none."""
    if switches.style == "naive" or switches.retry_budget >= 1:
        return None
    said = BudgetSettings()
    return Budget(
        percent=round(switches.retry_budget * 100), per_minute=said.per_minute_min, saved_max=said.saved_max
    )  # fmt: skip


def _legacy(frame: Frame) -> Station:
    """Return the legacy ERP, which works off files at fixed times of its local day."""
    scenario = frame.scenario
    entity = next(each for each in scenario.world.entities if each.books == LEGACY)
    day = local_date(frame.moments.start_us, entity.zone)
    midnight_us = local_us(day, 0, entity.zone) - frame.moments.start_us
    batch = scenario.batch
    return Station(
        name=LEGACY,
        service=Duration.fixed(SECOND_US),
        travel_us=RETURN_US,
        outages=tuple(_outages(frame, "erp")),
        batch=Batch(
            opens_us=of_day_us(batch.opens), closes_us=of_day_us(batch.closes), cycle_us=batch.every // MICROSECOND,
            offset_us=midnight_us,
        ),
    )  # fmt: skip


def _clerks(frame: Frame) -> Station:
    return Station(name=CLERKS, kind="people", service=_worked_on(frame), shifts=tuple(_working_hours(frame)))


def _worked_on(frame: Frame) -> Duration:
    """Return how long a case keeps a clerk: who is free looks for the next one every five minutes, then works on it."""
    people = frame.scenario.people
    touch = Duration.lognormal(people.touch_median / MICROSECOND, people.touch_p95 / MICROSECOND)
    shares = ((place + 0.5) / _QUANTILES for place in range(_QUANTILES))
    worked_us = (touch.scale * math.exp(touch.shape * NormalDist().inv_cdf(share)) for share in shares)
    return Duration.empirical(tuple(round(us + evenly(place) * LOOK_EVERY_US) for place, us in enumerate(worked_us)))


def _working_hours(frame: Frame) -> Iterator[Shift]:
    """Yield when how many clerks are at work."""
    closed_us = 0
    for opens_us, closes_us in _office_hours(frame):
        if opens_us > closed_us:
            yield Shift(from_us=closed_us, slots=0)
        yield Shift(from_us=opens_us, slots=frame.scenario.people.clerks)
        closed_us = closes_us
    yield Shift(from_us=closed_us, slots=0)


def _office_hours(frame: Frame) -> Iterator[tuple[int, int]]:
    """Yield from when until when the office is open: on the first entity's business days, from the run's start on."""
    people, moments_ = frame.scenario.people, frame.moments
    zone = frame.scenario.world.entities[0].zone
    day, last = local_date(moments_.start_us, zone), local_date(moments_.horizon_us, zone)
    while day <= last:
        if day.weekday() < 5:
            longer = people.overtime if _in_last_week(moments_, day) else timedelta(0)
            until_us = min(of_day_us(people.closes) + longer // MICROSECOND, DAY_US - 1)
            opens_us = local_us(day, of_day_us(people.opens), zone) - moments_.start_us
            closes_us = local_us(day, until_us, zone) - moments_.start_us
            if closes_us > 0:
                yield max(0, opens_us), closes_us
        day += DAY


def _in_last_week(moments_: Moments, day: date) -> bool:
    return moments_.cutoff_date - timedelta(days=7) <= day < moments_.cutoff_date


def of_day_us(text: str) -> int:
    """Return how long after midnight an hour of a day is ("09:00")."""
    hours, minutes = text.split(":")
    return (int(hours) * 60 + int(minutes)) * MINUTE_US
