"""What no single section can see: whether the parts of a scenario fit together in time and by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import NamedTuple

from domain.calendar import MINUTE_US
from scenarios.assertions import BASE
from scenarios.language import Scenario
from scenarios.moments import WINDOWS, Moments, moments, rehearsed_days
from scenarios.problems import shown
from scenarios.values import MICROSECOND, duration_text

MOMENTS = ("invoice_runs", "rate_moves")
Path = tuple[str | int, ...]


class Finding(NamedTuple):
    """One thing that does not fit: where, and (found, expected, hint)."""

    path: Path
    words: tuple[str, str, str]


def inconsistencies(scenario: Scenario) -> list[Finding]:
    """Return everything that does not fit; the windows are looked at when the quarter and entities are right."""
    found = [*_quarter(scenario), *_entities(scenario), *_run(scenario), *_variants(scenario)]
    if found:
        return found
    bounds = moments(scenario)
    return [
        *_named_entities(scenario, bounds), *_windows(scenario, bounds), *_moments(scenario, bounds),
        *_price_rise(scenario, bounds),
    ]  # fmt: skip


def _quarter(scenario: Scenario) -> Iterator[Finding]:
    quarter = scenario.world.quarter
    days = (quarter.end - quarter.start).days + 1
    if not 88 <= days <= 100:
        found = (
            f"a quarter of {days} days" if days > 0 else f"an end ({quarter.end}) before the start ({quarter.start})"
        )
        yield Finding(("world", "quarter", "end"), (found, "a quarter of 88 to 100 days", ""))
        return
    first, last = rehearsed_days(scenario)
    if first > last:
        yield Finding(("rehearse",), (f"{first} to {last}", "a first day that is not after the last one", ""))
    elif first < quarter.start or last > quarter.end:
        expected = f"days inside the quarter ({quarter.start} to {quarter.end})"
        yield Finding(("rehearse",), (f"{first} to {last}", expected, ""))


def _entities(scenario: Scenario) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, entity in enumerate(scenario.world.entities):
        if entity.id in seen:
            yield Finding(("world", "entities", index, "id"), (shown(entity.id), "an id no other entity has", ""))
        seen.add(entity.id)
    total = sum(entity.share for entity in scenario.world.entities)
    if total != 1:
        found = f"shares that add up to {float(total):.2%}"
        yield Finding(("world", "entities"), (found, "`share`s of the entities that add up to 100%", ""))


def _run(scenario: Scenario) -> Iterator[Finding]:
    if scenario.run_on < scenario.settle or scenario.run_on > timedelta(days=120):
        expected = f"at least `settle` ({duration_text(scenario.settle)}) and at most 120d"
        yield Finding(("run_on",), (duration_text(scenario.run_on), expected, ""))
    for name in ("close_receivables", "close_ledger"):
        after = getattr(scenario.policies, name)
        if after is not None and after > scenario.run_on:
            expected = f"a close within the run (`run_on` is {duration_text(scenario.run_on)})"
            yield Finding(("policies", name), (duration_text(after), expected, ""))


def _named_entities(scenario: Scenario, bounds: Moments) -> Iterator[Finding]:
    sections: list[tuple[Path, str | None]] = [
        ((name, index), each.entity)
        for name in (*WINDOWS, *MOMENTS)
        for index, each in enumerate(getattr(scenario, name))
    ]
    if scenario.price_rise:
        sections.append((("price_rise",), scenario.price_rise.entity))
    for path, entity in sections:
        if entity is not None and entity not in bounds.zones:
            close = get_close_matches(entity, bounds.zones, 1, 0.4)
            hint = f"did you mean {close[0]!r}?" if close else ""
            expected = f"an entity of this world: {', '.join(bounds.zones)}"
            yield Finding((*path, "entity"), (shown(entity), expected, hint))


def _windows(scenario: Scenario, bounds: Moments) -> Iterator[Finding]:
    """Windows begin in the rehearsed days. They may outlast them, as long as there is time to settle."""
    settle_us = scenario.settle // MICROSECOND
    for name in WINDOWS:
        for index, each in enumerate(getattr(scenario, name)):
            if each.entity is not None and each.entity not in bounds.zones:
                continue
            start_us, end_us = bounds.window_us(each.from_, each.to, each.lasts, each.entity)
            path: Path = (name, index, "from" if each.from_ else "to" if each.to else "kind")
            if end_us <= start_us:
                found = f"{_hours(start_us - end_us)} from its start back to its end"
                yield Finding(path, (found, "a window that ends after it starts", ""))
            elif not bounds.start_us <= start_us < bounds.ends_us:
                expected = f"a window inside the rehearsed days ({bounds.first_day} to {bounds.last_day})"
                found = _outside(start_us, end_us, bounds)
                yield Finding(path, (found, expected, "move the window or `rehearse` more"))
            elif end_us + settle_us > bounds.horizon_us:
                found = f"a window that ends {_hours(end_us - bounds.ends_us)} after the rehearsed days"
                expected = f"at most {_hours(bounds.horizon_us - settle_us - bounds.ends_us)} (`run_on` less `settle`)"
                yield Finding(path, (found, expected, "shorten the window or let the run go on for longer"))


def _moments(scenario: Scenario, bounds: Moments) -> Iterator[Finding]:
    """Invoice runs may come after the rehearsed days (on the first of the month), moved rates only within the run."""
    for name in MOMENTS:
        for index, each in enumerate(getattr(scenario, name)):
            if each.entity is not None and each.entity not in bounds.zones:
                continue
            key, text = ("from", each.from_) if name == "invoice_runs" else ("at", each.at)
            at_us = bounds.at_us(text, each.entity)
            if not bounds.start_us <= at_us < bounds.horizon_us:
                expected = f"an instant of the run ({bounds.first_day} until `run_on` after {bounds.last_day})"
                yield Finding((name, index, key), (shown(text), expected, ""))


def _variants(scenario: Scenario) -> Iterator[Finding]:
    known = (BASE, *scenario.variants)
    if BASE in scenario.variants:
        yield Finding(("variants",), (f"a variant {BASE!r}", "another name; that one means the scenario itself", ""))
    for index, each in enumerate(scenario.assertions):
        for key, name in (("variant", each.variant), ("against", each.against)):
            if name and name not in known:
                close = get_close_matches(name, known, 1)
                hint = f"did you mean {close[0]!r}?" if close else ""
                expected = f"a variant of this scenario: {', '.join(known)}"
                yield Finding(("assertions", index, key), (shown(name), expected, hint))


def _outside(start_us: int, end_us: int, bounds: Moments) -> str:
    if end_us <= bounds.start_us:
        return f"a window that ends {_hours(bounds.start_us - end_us)} before the rehearsal"
    if start_us >= bounds.ends_us:
        return f"a window that starts {_hours(start_us - bounds.ends_us)} after the rehearsal"
    return f"a window that starts {_hours(bounds.start_us - start_us)} before the rehearsal"


def _price_rise(scenario: Scenario, bounds: Moments) -> Iterator[Finding]:
    rise = scenario.price_rise
    if rise is None or (rise.entity is not None and rise.entity not in bounds.zones):
        return
    published_us = bounds.at_us(rise.published, rise.entity)
    if published_us >= bounds.ends_us or published_us + rise.within // MICROSECOND <= bounds.start_us:
        expected = f"a price rise whose wave reaches the rehearsed days ({bounds.first_day} to {bounds.last_day})"
        yield Finding(("price_rise", "published"), (shown(rise.published), expected, ""))


def _hours(microseconds: int) -> str:
    return duration_text(timedelta(microseconds=microseconds - microseconds % MINUTE_US))
