"""Happened: the report of one scenario: go or no go, what waited when, what saturates, what each trouble costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from q2c.experiments import wording
from q2c.experiments.sections.shared import (
    bands,
    close_range,
    comparison_table,
    fan_chart,
    marks,
    of_all,
)
from simulator.experiments.answers import Estimate, FaultCost, Happened
from simulator.experiments.bottlenecks import Aftermath, Resource
from simulator.experiments.conditions import Judged
from simulator.experiments.fans import Fan
from simulator.experiments.intervals import Interval
from simulator.experiments.metrics import METRICS, metric_of
from web.blocks import Block, Cell, Figure, Figures, Fold, Group, Items, Section, Table, Text, columns, row
from web.charts import Chart, Spans
from web.plots import Plot, Swings
from web.words import NOTHING, between, count, duration, instant, sentence

_MONEY = ("late_amount", "lost_amount", "doubled_amount", "money_days")
_JUDGEMENTS = {"kept": "kept on average", "broken": "broken on average", "undecided": "too close to say on average"}
_HEADLINE = ("within", "p95", "late", "duplicates", "lost", "drain", "dead_letters")
_FIGURES_MAX = 6
_LEVELS = (("in time", "within"), ("95th percentile", "p95"), ("median", "p50"), ("99th percentile", "p99"),
           ("before the cut-off", "made"), ("never done", "unfinished"))  # fmt: skip
_WITH_INTERVALS = 2
_LINES_MAX, _GROUPS_MAX, _ALIKE = 3, 3, 6
_BANDS = "the middle run, in bands where 5 and 9 runs in 10 lie"
_GANTT_HEIGHT, _GANTT_ROW = 110, 34


def sections(answer: Happened) -> Iterator[Section]:
    """Yield the parts of the report after its answer."""
    if answer.promises:
        yield _promises(answer)
    yield _service(answer)
    yield _backlog(answer)
    yield _bottlenecks(answer)
    yield _money(answer)
    yield _faults(answer)


def figures(answer: Happened) -> Figures:
    """Return the few numbers that matter."""
    chosen = sorted(
        (each for each in answer.estimates if metric_of(each.measure).name in _HEADLINE),
        key=lambda each: _HEADLINE.index(metric_of(each.measure).name),
    )
    seen: dict[str, int] = {}
    shown: list[Figure] = []
    for each in chosen:
        name = metric_of(each.measure).name
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 1 and len(shown) < _FIGURES_MAX:
            low, high = (wording.value(each.measure, end, answer.currency) for end in (each.lowest, each.highest))
            sure = wording.spread(each.measure, each.interval.half_width, answer.currency)
            note = f"{sure}; from {low} to {high} in {count(answer.replications)} quarters"
            if each.lowest == each.highest:
                note = f"in each of {count(answer.replications)} quarters"
            mean = wording.value(each.measure, each.interval.mean, answer.currency)
            shown.append(Figure(label=_upper(wording.label(each.measure)), value=mean, note=note))
    return Figures(tuple(shown))


def _promises(answer: Happened) -> Section:
    rows = tuple(_promise(each, answer.currency) for each in answer.promises)
    return Section(
        "go", "Go or no go",
        (
            Table(
                caption="What was promised, quarter by quarter",
                columns=columns("promise", "#kept in", "#mean", "verdict"), rows=rows,
            ),
            Text(
                "Go means that every promise was kept in every quarter that was played. At risk means that some "
                "quarter missed one although it is kept on average; no go that it is missed on average."
            ),
        ),
    )  # fmt: skip


def _promise(each: Judged, currency: str) -> tuple[Cell, ...]:
    tone = "good" if each.kept == each.count else "bad" if each.judgement == "broken" else "warn"
    text = "kept in every quarter" if each.kept == each.count else _JUDGEMENTS[each.judgement]
    return row(
        wording.bound(each.condition), of_all(each.kept, each.count),
        wording.estimate(each.condition.measure, each.interval, currency), Cell(text, tone),
    )  # fmt: skip


def _service(answer: Happened) -> Section:
    known = {each.measure: each.interval for each in answer.estimates}
    levels = [each.measure.partition(" ")[2] for each in answer.estimates if each.measure.startswith("within ")]
    table = Table(
        caption="Service levels: mean over the quarters, the first two with their 95 % interval",
        columns=columns("service level", *(f"#{title}" for title, _ in _LEVELS)),
        rows=tuple(_levels(level, known) for level in levels),
        empty=wording.NO_LEVELS,
    )  # fmt: skip
    counts = Table(
        caption="Counts: mean with its 95 % interval, lowest and highest quarter",
        columns=columns("count", "#mean", "#lowest", "#highest"),
        rows=tuple(
            _estimated(each, answer.currency)
            for each in answer.estimates
            if metric_of(each.measure).of == "" and metric_of(each.measure).unit == "count"
        ),
    )
    return Section("service", "Service levels and counts", (table, counts))


def _levels(level: str, known: Mapping[str, Interval]) -> tuple[Cell, ...]:
    figures = [_level(known.get(f"{name} {level}"), name, place) for place, (_, name) in enumerate(_LEVELS)]
    return row(_upper(wording.service_level(level)), *figures)


def _level(found: Interval | None, name: str, place: int) -> str:
    if found is None:
        return NOTHING
    return wording.estimate(f"{name} x", found) if place < _WITH_INTERVALS else wording.value(f"{name} x", found.mean)


def _estimated(each: Estimate, currency: str) -> tuple[Cell, ...]:
    return row(
        _upper(wording.label(each.measure)), wording.estimate(each.measure, each.interval, currency),
        wording.value(each.measure, each.lowest, currency), wording.value(each.measure, each.highest, currency),
    )  # fmt: skip


def _backlog(answer: Happened) -> Section:
    waiting = [fan for fan in answer.fans if fan.quantity == "waiting" and not wording.is_part(fan.of)]
    if not waiting:
        return Section("backlog", "Outages against backlog", (Text("Nothing waited."),))
    range_us = close_range(waiting, answer.spans, answer.cut_offs)
    blocks: list[Block] = []
    if answer.spans:
        blocks.append(_gantt(answer, range_us))
    shaded, cut_offs = bands(answer.spans), marks(answer.cut_offs)
    for number, group in enumerate(_by_size(waiting)):
        drawn = [(wording.service_level(fan.of), fan) for fan in group]
        title = f"Waiting, at the end of each hour: {_BANDS}" if not number else "Waiting, the smaller backlogs"
        blocks.append(fan_chart(f"backlog-{number}", title, "waiting", drawn, range_us, shaded, cut_offs))
    blocks.append(_drains(answer))
    return Section("backlog", "Outages against backlog", tuple(blocks))


def _by_size(fans: list[Fan]) -> list[list[Fan]]:
    """Return backlogs of a size together, the largest first: small beside large is a flat line."""
    ordered = sorted(fans, key=lambda fan: -max(fan.top, default=0.0))
    groups: list[list[Fan]] = []
    for fan in ordered:
        top = max(fan.top, default=0.0)
        if groups and len(groups[-1]) < _LINES_MAX and top * _ALIKE >= max(groups[-1][0].top):
            groups[-1].append(fan)
        else:
            groups.append([fan])
    return groups[:_GROUPS_MAX]


def _gantt(answer: Happened, range_us: tuple[int, int]) -> Chart:
    kinds = {"down": ("--series-6", "/"), "slow": ("--series-2", "")}
    traces = tuple(
        Spans(
            name=kind, tone=tone, pattern=pattern,
            spans=tuple((wording.resource(s.station), s.from_us, s.until_us) for s in answer.spans if s.kind == kind),
        )
        for kind, (tone, pattern) in kinds.items()
        if any(span.kind == kind for span in answer.spans)
    )  # fmt: skip
    names = {span.station for span in answer.spans}
    return Chart(
        id="gantt", title="Who was down or slow, when (same days as below)",
        summary=sentence("; ".join(band.text for band in bands(answer.spans))),
        x_title="time (UTC)", y_title="", traces=traces, range_us=range_us, marks=marks(answer.cut_offs),
        height=_GANTT_HEIGHT + _GANTT_ROW * len(names),
        table=Table(
            caption="Windows", columns=columns("who", "from", "until", "how"),
            rows=tuple(
                row(wording.resource(s.station), instant(s.from_us), instant(s.until_us), s.kind) for s in answer.spans
            ),
        ),
    )  # fmt: skip


def _drains(answer: Happened) -> Table:
    return Table(
        caption="What each outage left behind",
        columns=columns("outage", "#lifecycles struck", "#waiting at once", "#the last of them done after", "never in"),
        rows=tuple(_drain(each) for each in answer.aftermaths),
        empty="No outage struck in all quarters.",
    )


def _drain(each: Aftermath) -> tuple[Cell, ...]:
    took = NOTHING
    if each.drain_seconds is not None:
        took = wording.estimate("drain x", each.drain_seconds)
    never = Cell(of_all(each.never, each.count), "bad") if each.never else Cell("")
    return row(
        f"{wording.resource(each.station)}, {between(each.from_us, each.until_us)}",
        wording.estimate("lost", each.struck), wording.estimate("lost", each.peak), took, never,
    )  # fmt: skip


def _bottlenecks(answer: Happened) -> Section:
    table = Table(
        caption="Resources, what saturates first on top",
        columns=columns("resource", "in use", "busiest hour", "#longest queue", "#wait, mean", "#refused", "saturated"),
        rows=tuple(_resource(each, answer.replications) for each in answer.resources),
    )
    blocks: list[Block] = [Text(_first(answer)), table]
    used = [fan for fan in answer.fans if fan.quantity == "utilisation"]
    if used:
        range_us = close_range(used, answer.spans, answer.cut_offs)
        order = {each.station: i for i, each in enumerate(answer.resources)}
        shown = sorted(used, key=lambda fan: order[fan.of])[:3]
        blocks.append(fan_chart(
            "use", f"Slots in use, hour by hour: {_BANDS}", "in use", [(wording.resource(f.of), f) for f in shown],
            range_us, bands(answer.spans), marks(answer.cut_offs), percent=True,
        ))  # fmt: skip
    return Section("bottlenecks", "Bottlenecks", tuple(blocks))


def _first(answer: Happened) -> str:
    first = [each for each in answer.resources if each.first]
    if not first:
        return "No resource is ever used to 95 % for an hour while something waits for it: none is a bottleneck."
    return sentence("; ".join(
        f"{wording.resource(each.station)} is the first to saturate in {of_all(each.first, answer.replications)} "
        f"quarters, at {instant(each.saturated_us)} (the middle one)"
        for each in first
    ))  # fmt: skip


def _resource(each: Resource, replications: int) -> tuple[Cell, ...]:
    use = Cell(wording.share(each.utilisation.mean), bar=_bar(each.utilisation.mean)) if each.slots else Cell(NOTHING)
    busiest = NOTHING
    if each.slots:
        busiest = f"{wording.share(each.busiest.mean)}, {instant(each.busiest_us)}"
    saturated = Cell(f"in {of_all(each.saturated, replications)}", "warn") if each.saturated else Cell("never")
    return row(
        _upper(wording.resource(each.station)), use, busiest, wording.estimate("queue_max x", each.queue),
        duration(round(each.wait_seconds.mean * 1_000_000)), wording.estimate("refused x", each.refused), saturated,
    )  # fmt: skip


def _bar(share: float) -> tuple[int, int]:
    return 0, min(1000, round(share * 1000))


def _money(answer: Happened) -> Section:
    found = [each for each in answer.estimates if metric_of(each.measure).name in _MONEY and each.highest
             and not wording.is_part(each.measure)]  # fmt: skip
    table = Table(
        caption=f"What it means in money ({answer.currency}, all entities converted at the scenario's rates)",
        columns=columns("effect", "#mean", "#lowest", "#highest"),
        rows=tuple(_estimated(each, answer.currency) for each in found),
        empty="No money was late, lost or doubled.",
    )  # fmt: skip
    note = (
        "Money waiting is what each lifecycle is worth times how long it waited: a million that waits a day is a "
        "million x days. Divide by 365 and multiply by your cost of capital for the cost of late cash."
    )
    return Section("money", "Cash timing and leakage", (table, Text(note)))


def _faults(answer: Happened) -> Section:
    blocks: list[Block] = []
    if answer.costs:
        blocks += [_tornado(answer), *(_fault(cost, answer.currency) for cost in answer.costs)]
    if answer.costless:
        blocks.append(Group("Cost nothing that was measured", (Items(tuple(map(sentence, answer.costless))),)))
    if not blocks:
        blocks = [Text("The scenario plans no trouble, or the costs were left out.")]
    return Section("faults", "What each trouble costs", tuple(blocks))


def _fault(cost: FaultCost, currency: str) -> Block:
    rows = [row for row in cost.compared if row.verdict != "same"]
    return Fold(
        sentence(cost.trouble),
        (comparison_table("With it against the same quarters without it", rows, currency, ("without", "with")),),
    )


def _tornado(answer: Happened) -> Plot:
    """Return the costs of all troubles in the first service level's late share."""
    name = next(row.measure for cost in answer.costs for row in cost.compared if row.measure.startswith("within "))
    found = sorted(
        ((cost.trouble, row.difference) for cost in answer.costs for row in cost.compared if row.measure == name),
        key=lambda pair: pair[1].mean,
    )
    labels = tuple(_cut(trouble) for trouble, _ in found)
    return Plot(
        id="costs", title=f"What each trouble does to: {wording.label(name)} (points)",
        summary="; ".join(f"{trouble}: {wording.change(name, change)}" for trouble, change in found[:4]) + ".",
        x_title="percentage points, with minus without", y_title="",
        traces=(Swings(
            name="change", labels=labels, values=tuple(change.mean * 100 for _, change in found),
            half_widths=tuple(change.half_width * 100 for _, change in found), tone="--series-1",
        ),),
        height=120 + 30 * len(found),
        table=Table(
            caption="Paired differences", columns=columns("trouble", "#change"),
            rows=tuple(row(trouble, wording.change(name, change)) for trouble, change in found),
        ),
    )  # fmt: skip


def _cut(text: str, most: int = 44) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


assert set(_MONEY) | set(_HEADLINE) <= set(METRICS), "the report shows measures that exist"
