"""The page of a calibration: what was fitted to what, how well, and what a log could not tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scenarios.seasons import WEEKS, named
from simulator.calibration.arrivals import Arrivals, week_of
from simulator.calibration.estimate import Estimate, Fitted
from simulator.calibration.goodness import measured
from web.blocks import Block, Figure, Figures, Group, Items, Section, Table, Text, columns, row
from web.plots import Curve, Plot
from web.shell import Page
from web.words import count

_POINTS = 60
_BINS = 30


def page_of(found: Estimate) -> Page:
    """Return the page of an estimate."""
    sections = [Section("answer", "What was found", tuple(_answer(found)))]
    durations = [*_durations(found)]
    if durations:
        sections.append(Section("durations", "How long calls and work take", tuple(durations)))
    if found.arrivals is not None:
        sections.append(Section("arrivals", "When lifecycles come", tuple(_arrivals(found.arrivals))))
    return Page(
        title="Calibration", kind="calibration", lede=f"From {found.source}; local times of {found.zone}.",
        sections=tuple(sections),
        footer="p is the share of samples drawn from the fit that lie further from their own fit than yours does.",
    )  # fmt: skip


def _answer(found: Estimate) -> Iterator[Block]:
    fits = [fit for _, fit in _fits(found)]
    plausible = sum(fit.goodness.is_plausible for fit in fits)
    calls = sum(each.calls for each in found.systems)
    yield Figures((
        Figure(label="calls", value=count(calls), note=f"of {len(found.systems)} systems"),
        Figure(label="lifecycles", value=count(found.arrivals.count if found.arrivals else 0)),
        Figure(
            label="fits that chance explains", value=f"{plausible} of {len(fits)}",
            note="for the others look at the distance", tone="" if plausible == len(fits) else "warn",
        ),
    ))  # fmt: skip
    if found.notes:
        yield Group("What this log does not tell", (Items(found.notes),))
    yield Table(
        caption="Calls by system",
        columns=columns("system", "#calls", "#failed", "#given up after the timeout", "#repeats", "#most at once"),
        rows=tuple(
            row(
                each.system, count(each.calls), f"{each.failed / each.calls:.2%}", f"{each.timed_out / each.calls:.2%}",
                f"{each.repeats / each.told:.2%}" if each.told else "not told", count(each.at_once),
            )
            for each in found.systems
        ),
    )  # fmt: skip


def _fits(found: Estimate) -> Iterator[tuple[str, Fitted]]:
    for each in found.systems:
        for way, fit in (("writes", each.writes), ("reads", each.reads)):
            if fit is not None:
                yield f"{each.system} {way}", fit
    if found.people is not None and found.people.touch is not None:
        yield "people's work", found.people.touch


def _durations(found: Estimate) -> Iterator[Block]:
    for index, (name, fit) in enumerate(_fits(found)):
        yield Group(
            name, (_verdict(fit), _families(name, fit), _quantiles(index, name, fit), _density(index, name, fit))
        )


def _verdict(fit: Fitted) -> Text:
    good = fit.goodness
    said = f"KS {good.ks:.3f} (p {good.ks_p:.2f}), AD {good.ad:.2f} (p {good.ad_p:.2f})."
    if good.is_plausible:
        return Text(
            f"A {fit.best.family} distribution; chance explains how far it is from what was measured. {said}", "good"
        )
    return Text(
        f"A {fit.best.family} distribution is the nearest of the three; chance alone does not explain its distance. "
        f"With {count(fit.best.count)} durations that may still be close enough: at most {good.ks:.1%} of calls are "
        f"elsewhere. {said}", "warn",
    )  # fmt: skip


def _families(name: str, fit: Fitted) -> Table:
    return Table(
        caption=f"Families fitted to {name}, the best one first",
        columns=columns("family", "#p50", "#p95", "#scale, 95% interval", "#shape, 95% interval", "#AIC"),
        rows=tuple(
            row(
                each.family, _seconds(each.curve.quantile(0.5)), _seconds(each.curve.quantile(0.95)),
                f"{each.curve.scale:.4g} ({each.scale_low:.4g} to {each.scale_high:.4g})",
                f"{each.curve.shape:.4g} ({each.shape_low:.4g} to {each.shape_high:.4g})", f"{each.aic:.1f}",
            )
            for each in fit.fits
        ),
    )  # fmt: skip


def _quantiles(index: int, name: str, fit: Fitted) -> Plot:
    """Return the QQ plot: what was measured (by Kaplan and Meier, where calls were given up) against the fit."""
    steps = measured(fit.finished, fit.censored)
    shares = [share for share in (np.arange(_POINTS) + 0.5) / _POINTS if share <= steps.below[-1]]
    pairs = [(share, fit.best.curve.quantile(float(share)), steps.quantile(float(share))) for share in shares]
    points = [(share, fitted, seen) for share, fitted, seen in pairs if seen is not None]
    x = tuple(fitted for _, fitted, _ in points)
    y = tuple(seen for _, _, seen in points)
    return Plot(
        id=f"qq-{index}", title=f"{name}: measured against fitted",
        summary="Each point is a share of the calls; on the line, as many were measured as the fit expects.",
        traces=(
            Curve(name="measured", x=x, y=y, half_widths=(0.0,) * len(x), tone="--series-1"),
            Curve(name="as fitted", x=x, y=x, half_widths=(0.0,) * len(x), tone="--series-2", dashed=True),
        ),
        x_title="fitted, seconds", y_title="measured, seconds",
        table=Table(
            caption="Quantiles", columns=columns("share", "#fitted", "#measured"),
            rows=tuple(row(f"{share:.1%}", _seconds(fitted), _seconds(seen)) for share, fitted, seen in points[::6]),
        ),
    )  # fmt: skip


def _density(index: int, name: str, fit: Fitted) -> Plot:
    top = fit.finished[int(0.99 * (len(fit.finished) - 1))]
    counts, edges = np.histogram([each for each in fit.finished if each <= top], bins=_BINS, range=(0.0, top))
    total, width = len(fit.finished) + len(fit.censored), float(edges[1] - edges[0])
    middles = tuple(float(edge) + width / 2 for edge in edges[:-1])
    seen = tuple(float(number) / total / width for number in counts)
    fitted = tuple(float(each) for each in fit.best.curve.density(np.asarray(middles)))
    shown = list(zip(middles, seen, fitted, strict=True))[::3]
    return Plot(
        id=f"density-{index}", title=f"{name}: how often a duration is met",
        summary=f"Up to the 99th percentile of those that were finished, {top:.3g} seconds.",
        traces=(
            Curve(name="measured", x=middles, y=seen, half_widths=(0.0,) * _BINS, tone="--series-1"),
            Curve(name="as fitted", x=middles, y=fitted, half_widths=(0.0,) * _BINS, tone="--series-2", dashed=True),
        ),
        x_title="seconds", y_title="density",
        table=Table(
            caption="Densities", columns=columns("around", "#measured", "#fitted"),
            rows=tuple(row(_seconds(at), f"{one:.3g}", f"{other:.3g}") for at, one, other in shown),
        ),
    )  # fmt: skip


def _arrivals(seen: Arrivals) -> Iterator[Block]:
    whole = "the whole quarter" if seen.own is not None else f"{seen.first} to {seen.last} of it"
    yield Text(
        f"{count(seen.count)} lifecycles began in the quarter from {seen.start} to {seen.end}; the log covers {whole}. "
        f"The nearest preset is {seen.nearest}: {seen.apart:.0%} of the orders lie in other weeks than it has them. "
        f"{seen.off_days:.1%} came on a weekend."
    )
    weeks = tuple(float(number) for number in range(1, WEEKS + 1))
    preset = _by_week(seen, seen.nearest)
    own = seen.own.weeks if seen.own is not None else None
    traces = [Curve(name=seen.nearest, x=weeks, y=preset, half_widths=(0.0,) * WEEKS, tone="--series-2", dashed=True)]
    if own is not None:
        traces.insert(0, Curve(name="measured", x=weeks, y=own, half_widths=(0.0,) * WEEKS, tone="--series-1"))
    rows = tuple(
        row(f"week {number + 1}", f"{own[number]:.1f}%" if own else "not covered", f"{preset[number]:.1f}%")
        for number in range(WEEKS)
    )
    yield Plot(
        id="weeks", title="Orders by week of the quarter", summary="In percent of the quarter.", traces=tuple(traces),
        x_title="week", y_title="percent of the orders",
        table=Table(caption="Orders by week", columns=columns("week", "#measured", f"#{seen.nearest}"), rows=rows),
    )  # fmt: skip
    yield Table(
        caption="Orders by hour of the day, all days together", columns=columns("hour", "#orders"),
        rows=tuple(row(f"{hour:02}:00", count(number)) for hour, number in enumerate(seen.by_hour)),
    )  # fmt: skip


def _by_week(seen: Arrivals, name: str) -> tuple[float, ...]:
    preset, found = named(name, seen.start, seen.end), [0.0] * WEEKS
    for day, weight in zip(preset.days, preset.weights, strict=True):
        found[week_of(day, seen.start, seen.end)] += 100 * weight
    return tuple(found)


def _seconds(value: float) -> str:
    return f"{value:.3g} s"
