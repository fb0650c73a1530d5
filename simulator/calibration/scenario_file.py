"""An estimate as a scenario file: every figure marked as yours, with the size of the sample it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from scenarios.values import duration_text
from simulator.calibration.arrivals import Arrivals
from simulator.calibration.estimate import Estimate, Fitted, PeopleEstimate, SystemEstimate

_DIGITS = 3
_AT_LEAST_US = 1_000
FAILURES_LEAST = 0.0005
"""A smaller share of failed calls is not written as a fault."""


def written(found: Estimate, name: str) -> str:
    """Return the text of a scenario file."""
    return "\n".join(
        [*_head(found, name), *_world(found), *_people(found.people), *_systems(found), *_faults(found), ""]
    )


def _head(found: Estimate, name: str) -> Iterator[str]:
    yield f"# Calibrated from {found.source}."
    yield "# [yours, n = 1,234]: from so many of your own measurements. What is not said has the library's default."
    for note in found.notes:
        yield f"# Not known: {note}"
    yield f"name: {name}"
    yield f"title: {json.dumps('The quarter as ' + found.source.rpartition('/')[2] + ' shows it')}"
    yield 'question: "Is the next quarter end like the one that was measured?"'
    yield ""


def _world(found: Estimate) -> Iterator[str]:
    yield "world:"
    if found.arrivals is not None:
        yield from _quarter(found.arrivals)
    yield "  entities:                # replace currency and country by your own"
    yield f"    - {{id: MAIN, currency: USD, zone: {found.zone}, country: US, share: 100%}}"
    yield ""
    yield "rehearse: {weeks: 2}"
    yield ""


def _quarter(seen: Arrivals) -> Iterator[str]:
    mark = f"[yours, n = {seen.count:,}]"
    yield "  quarter:"
    yield f"    start: {seen.start}"
    yield f"    end: {seen.end}"
    said = f"nearest preset: {seen.nearest}, {seen.apart:.0%} of the orders in other weeks"
    if seen.own is None:
        yield f"    pattern: {seen.nearest}   # {mark} from {seen.first} to {seen.last}; {said}"
    else:
        yield f"    pattern:               # {mark} {said}"
        yield f"      weeks: [{', '.join(f'{each:g}' for each in seen.own.weeks)}]"
        yield f"      last_week: [{', '.join(f'{each:g}' for each in seen.own.last_week)}]"
        if seen.own.last_day:
            yield f"      last_day: [{', '.join(f'{each:g}' for each in seen.own.last_day)}]"
    scope = "" if seen.own is not None else f" of {seen.first} to {seen.last}, made a quarter by the preset"
    yield f"  orders_per_quarter: {seen.per_quarter}   # {mark}{scope}"


def _people(seen: PeopleEstimate | None) -> Iterator[str]:
    if seen is None:
        return
    mark = f"[yours, n = {seen.pieces:,}]"
    yield "people:"
    yield f"  clerks: {max(seen.people, seen.at_once)}   # {mark} {seen.people} people, {seen.at_once} at work at once"
    yield f'  opens: "{seen.opens_hour:02}:00"   # {mark}'
    yield f'  closes: "{seen.closes_hour:02}:00"   # {mark}'
    yield "  overtime: 0s"
    if seen.touch is not None:
        yield f"  touch_median: {_quantile(seen.touch, 0.5)}   # {_mark(seen.touch)}"
        yield f"  touch_p95: {_quantile(seen.touch, 0.95)}   # {_mark(seen.touch)}"
    yield ""


def _systems(found: Estimate) -> Iterator[str]:
    rows = [line for each in found.systems for line in _system(each)]
    if rows:
        yield "systems:"
        yield from rows
        yield ""


def _system(each: SystemEstimate) -> Iterator[str]:
    writes = each.writes or each.reads
    if writes is None:
        return
    yield f"  {each.system}:                 # {each.calls:,} calls, {each.at_once} at once at most"
    yield f"    p50: {_quantile(writes, 0.5)}   # {_mark(writes)}"
    yield f"    p95: {_quantile(writes, 0.95)}   # {_mark(writes)}"
    yield f"    distribution: {writes.best.family}   # {_mark(writes)}"
    if each.reads is not None and each.writes is not None:
        yield f"    read_p50: {_quantile(each.reads, 0.5)}   # {_mark(each.reads)}"
        yield f"    read_p95: {_quantile(each.reads, 0.95)}   # {_mark(each.reads)}"
    if each.timeout_seconds is not None:
        mark = f"[yours, n = {each.timed_out:,}] calls that were given up"
        yield f"    timeout: {_text(each.timeout_seconds)}   # {mark}"


def _faults(found: Estimate) -> Iterator[str]:
    rows = []
    for each in found.systems:
        share = each.failed / each.calls
        if share >= FAILURES_LEAST:
            repeated = f"; {each.repeats:,} of {each.told:,} calls were repeats" if each.told else ""
            mark = f"[yours, n = {each.calls:,}] {each.failed:,} failed{repeated}"
            rows.append(f"  - {{kind: error_before, system: {each.system}, share: {100 * share:.3g}%}}   # {mark}")
    if rows:
        yield "faults:"
        yield from rows


def _mark(seen: Fitted) -> str:
    fit, good = seen.best, seen.goodness
    cut = f", {fit.censored:,} given up" if fit.censored else ""
    doubt = "" if good.is_plausible else "; chance does not explain the distance"
    return f"[yours, n = {fit.count:,}{cut}] {fit.family}, KS {good.ks:.3f} (p {good.ks_p:.2f}){doubt}"


def _quantile(seen: Fitted, share: float) -> str:
    low, high = seen.best.curve.quantile(0.5), seen.best.curve.quantile(0.95)
    value = low if share == 0.5 else max(high, low * 1.01)
    return _text(value)


def _text(seconds: float) -> str:
    """Return a duration in three digits, as the language writes it, and never none at all."""
    microseconds = float(f"{seconds * 1e6:.{_DIGITS}g}")
    return duration_text(timedelta(microseconds=max(round(microseconds), _AT_LEAST_US)))
