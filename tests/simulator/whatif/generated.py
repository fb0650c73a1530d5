"""Models made up by Hypothesis: small ones that together use everything a model can say."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from domain.calendar import HOUR_US, MINUTE_US, SECOND_US
from simulator.whatif.durations import Duration
from simulator.whatif.model import (
    Arrivals,
    Batch,
    Breaker,
    Budget,
    Known,
    Limit,
    Model,
    Piece,
    Repair,
    Retry,
    Route,
    Shift,
    Sla,
    Station,
    Step,
)
from simulator.whatif.trouble import NEVER_US, Brownout, Death, Faults, Incidents, Window

END_US = 2 * HOUR_US
_shares = st.sampled_from([0.0, 0.1, 0.4])
_seconds = st.integers(1, 40).map(lambda tenths: tenths * SECOND_US // 10)
_minutes = st.integers(0, 90).map(lambda minutes: minutes * MINUTE_US)


def _lengths() -> st.SearchStrategy[Duration]:
    return st.one_of(
        _seconds.map(Duration.fixed),
        _seconds.map(Duration.exponential),
        st.builds(Duration.lognormal_mean, _seconds, st.sampled_from([0.3, 1.0, 2.0])),
        st.builds(Duration.gamma, _seconds, st.sampled_from([0.5, 1.5])),
        st.builds(Duration.weibull, _seconds, st.sampled_from([0.7, 2.0])),
        st.lists(_seconds, min_size=1, max_size=4).map(lambda values: Duration.empirical(tuple(values))),
    )


def _windows() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(_minutes, st.integers(1, 20)).map(lambda row: (row[0], row[0] + row[1] * MINUTE_US))


def _outages() -> st.SearchStrategy[tuple[Window, ...]]:
    kinds: Any = st.sampled_from(["rejects", "hangs", "kills"])
    one = st.builds(
        lambda window, kind, hang: Window(from_us=window[0], until_us=window[1], kind=kind, hang_us=hang),
        _windows(), kinds, st.sampled_from([0, 3 * SECOND_US]),
    )  # fmt: skip
    return st.lists(one, max_size=2).map(tuple)


def _brownouts() -> st.SearchStrategy[tuple[Brownout, ...]]:
    one = st.builds(
        lambda window, factor, share: Brownout(
            from_us=window[0], until_us=window[1], factor=factor, error_share=share
        ),
        _windows(), st.sampled_from([1.5, 8.0]), _shares,
    )  # fmt: skip
    return st.lists(one, max_size=1).map(tuple)


def _limits() -> st.SearchStrategy[tuple[Limit, ...]]:
    excess: Any = st.sampled_from(["refuse", "wait"])
    bucket = st.builds(
        Limit, requests=st.integers(2, 9), per_us=st.just(10 * SECOND_US), burst=st.integers(1, 5), excess=excess,
        from_us=st.sampled_from([0, 20 * MINUTE_US]),
    )  # fmt: skip
    quota = st.builds(
        Limit, requests=st.integers(20, 200), per_us=st.just(HOUR_US // 2), kind=st.just("window"),
        until_us=st.sampled_from([HOUR_US, 9 * HOUR_US]),
    )  # fmt: skip
    return st.lists(st.one_of(bucket, quota), max_size=2).map(tuple)


_INCIDENTS = Incidents(
    per_year=20_000.0, length=Duration.lognormal(2 * MINUTE_US, 9 * MINUTE_US), second_share=0.3,
    second_within_us=10 * MINUTE_US, brownout_share=0.3, slow_share=0.2,
)  # fmt: skip
_FAULTS = Faults(before=0.05, after=0.05, lost=0.05, unheard=0.05, throttled=0.05, broken=0.05)
_HEALED = msgspec.structs.replace(_FAULTS, until_us=30 * MINUTE_US)
_SHIFTS = (
    Shift(from_us=5 * MINUTE_US, slots=1),
    Shift(from_us=40 * MINUTE_US, slots=0),
    Shift(from_us=HOUR_US, slots=4),
)
_BATCH = Batch(opens_us=5 * MINUTE_US, closes_us=100 * MINUTE_US, cycle_us=7 * MINUTE_US, offset_us=-3 * MINUTE_US)
_KNOWN = (Known(name="a token", lasts_us=3 * MINUTE_US, in_memory=True), Known(name="a customer", of=7))
_BREAKER = Breaker(window_us=2 * MINUTE_US, open_us=20 * SECOND_US, open_longest_us=5 * MINUTE_US)


@st.composite
def _stations(draw: st.DrawFn, name: str) -> Station:
    """Return a station: slots or not, a plain queue or a real one, with some of everything that troubles one."""
    slots = draw(st.sampled_from([0, 1, 1, 2, 5]))
    return Station(
        name=name,
        service=draw(_lengths()),
        slots=slots,
        shifts=draw(st.sampled_from([(), (), _SHIFTS])),
        overflow=draw(st.sampled_from(["waits", "waits", "refuses"])),
        discipline=draw(st.sampled_from(["fifo", "fifo", "priority"])) if slots else "fifo",
        patience=draw(st.sampled_from(["call", "start"])),
        abandoned=draw(st.sampled_from(["keeps", "frees"])),
        load_slots=draw(st.sampled_from([0, 3])) if slots else 0,
        limits=draw(_limits()),
        retry_after_us=draw(st.sampled_from([0, 3 * SECOND_US])),
        holds_all=draw(st.booleans()),
        travel_us=draw(st.sampled_from([0, 15_000])),
        outages=draw(_outages()),
        brownouts=draw(_brownouts()),
        incidents=draw(st.sampled_from([None, None, _INCIDENTS])),
        faults=draw(st.sampled_from([Faults(), Faults(), _FAULTS, _HEALED])),
        breaker=draw(st.sampled_from([None, _BREAKER, msgspec.structs.replace(_BREAKER, probe=f"ping {name}")])),
        budget=draw(st.sampled_from([None, Budget(per_minute=3, saved_max=5)])),
        batch=draw(st.sampled_from([None, None, None, _BATCH])),
    )


@st.composite
def _steps(draw: st.DrawFn, name: str, stations: list[str]) -> Step:
    """Return a step: mostly a call, else a pause."""
    mark = draw(st.sampled_from(["", "", "middle"]))
    if draw(st.integers(0, 5)) == 0:
        since = draw(st.sampled_from(["", "begin", "split"]))
        days: Any = "any" if since else draw(st.sampled_from(["any", "any", "business", "calendar"]))
        pause = draw(_lengths())
        return Step(
            name=name, pause=pause, since=since, days=days, mark=mark, share=draw(st.sampled_from([1.0, 0.5])),
            at_once_us=draw(st.sampled_from([0, 2 * MINUTE_US])),
        )  # fmt: skip
    share, share_from = draw(st.sampled_from([(1.0, 0.0), (1.0, 0.0), (0.5, 0.0), (0.4, 0.5)]))
    retry = Retry(
        attempts=draw(st.integers(1, 4)), base_us=draw(_seconds), cap_us=4 * SECOND_US,
        jitter=draw(st.sampled_from(["full", "none"])), restart_every=draw(st.sampled_from([0, 2])),
    )  # fmt: skip
    return Step(
        name=name,
        station=draw(st.sampled_from(stations)),
        service=draw(st.one_of(st.none(), _lengths())),
        timeout_us=draw(st.sampled_from([0, SECOND_US, 5 * SECOND_US])),
        retry=retry,
        lane=draw(st.integers(0, 2)),
        mode=draw(st.sampled_from(["synchronous", "synchronous", "outbox"])),
        share=share,
        share_from=share_from,
        choice=draw(st.sampled_from(["", "one", "other"])),
        finds=draw(st.sampled_from([None, None, None, *_KNOWN])),
        until_us=draw(st.sampled_from([NEVER_US, NEVER_US, 25 * MINUTE_US])),
        idempotent=draw(st.booleans()),
        looks=draw(st.one_of(st.none(), _lengths())),
        repeat_by_us=draw(st.sampled_from([0, 2 * SECOND_US, MINUTE_US])),
        fruitless=draw(st.sampled_from([0.0, 0.0, 0.3])),
        invalid_share=draw(st.sampled_from([0.0, 0.0, 0.1])),
        exhausted=draw(st.sampled_from(["people", "again", "skip", "lost"])),
        again_us=2 * MINUTE_US,
        mark=mark,
    )


def _ping(station: Station) -> Route:
    ping = Step(name="ping", station=station.name, service=Duration.fixed(SECOND_US), exhausted="skip")
    return Route(name=f"ping {station.name}", steps=(ping,))


def _deaths() -> st.SearchStrategy[tuple[Death, ...]]:
    lasts = st.sampled_from([SECOND_US, MINUTE_US])
    at = st.builds(Death, at_us=st.integers(0, 60).map(lambda minutes: minutes * MINUTE_US), lasts_us=lasts)
    called = st.builds(Death, calls=st.integers(1, 200), lasts_us=lasts)
    return st.lists(st.one_of(at, called), max_size=2).map(tuple)


def _arrivals(name: str, route: str) -> st.SearchStrategy[Arrivals]:
    pieces = (
        Piece(from_us=0, until_us=20 * MINUTE_US, expected=20.0),
        Piece(from_us=20 * MINUTE_US, until_us=30 * MINUTE_US, expected=40.0, rise=3.0),
        Piece(from_us=35 * MINUTE_US, until_us=50 * MINUTE_US, expected=30.0),
    )
    cutoff = st.sampled_from([0, 40 * MINUTE_US])
    random = st.builds(
        Arrivals, name=st.just(name), route=st.just(route), pieces=st.just(pieces), cutoff_us=cutoff,
        follows=st.sampled_from([0.0, 0.4]), batch_max=st.just(4), batch_us=st.just(5 * MINUTE_US),
    )  # fmt: skip
    burst = st.builds(
        Arrivals, name=st.just(name), route=st.just(route), at_us=_minutes, count=st.integers(1, 60),
        every_us=st.sampled_from([0, SECOND_US]), cutoff_us=cutoff,
    )  # fmt: skip
    return st.one_of(random, burst)


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Return a model with up to three stations and people, two routes and a branch of each."""
    names = ["one", "two", "three"][: draw(st.integers(1, 3))]
    stations = [draw(_stations(name)) for name in names]
    clerks = Station(
        name="clerks", kind="people", service=Duration.lognormal(MINUTE_US, 4 * MINUTE_US), slots=2,
        shifts=draw(st.sampled_from([(), (Shift(from_us=30 * MINUTE_US, slots=1),)])),
    )  # fmt: skip
    below = Route(name="below", steps=tuple(draw(_steps(f"below {i}", names)) for i in range(2)), ends="below")
    start = Step(name="split", starts="below", share=draw(st.sampled_from([1.0, 0.5])), mark="split")
    routes = [below, *(_ping(station) for station in stations)]
    for route in ("first", "second"):
        steps = [draw(_steps(f"{route} {i}", names)) for i in range(draw(st.integers(1, 4)))]
        steps.insert(draw(st.integers(0, len(steps))), start)
        amount = draw(st.sampled_from([None, Duration.lognormal(100_000, 900_000)]))
        routes.append(Route(name=route, steps=tuple(steps), begins="begin", ends="end", amount=amount))
    return Model(
        name="generated",
        stations=(*stations, clerks),
        routes=tuple(routes),
        arrivals=(draw(_arrivals("a", "first")), draw(_arrivals("b", "second"))),
        slas=(
            Sla(name="whole", begins="begin", ends="end", bound_us=MINUTE_US),
            Sla(
                name="early", begins="begin", ends="end", bound_us=MINUTE_US, until_us=30 * MINUTE_US,
                by_cutoff=draw(st.booleans()),
            ),
            Sla(name="branch", begins="split", ends="below", bound_us=SECOND_US),
            *_middle(routes),
        ),
        repair=Repair(
            station="clerks", outside_share=draw(_shares), outside=Duration.exponential(5 * MINUTE_US),
            automatic_share=draw(_shares),
        ),
        deaths=draw(_deaths()),
        end_us=END_US,
        bucket_us=draw(st.sampled_from([10 * MINUTE_US, HOUR_US])),
    )  # fmt: skip


def _middle(routes: list[Route]) -> list[Sla]:
    """Return the service level that ends in the middle, if any step stamps that."""
    is_stamped = any(step.mark == "middle" for route in routes for step in route.steps)
    return [Sla(name="middle", begins="begin", ends="middle", bound_us=MINUTE_US)] if is_stamped else []
