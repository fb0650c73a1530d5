"""Offered: how exactly a replay sent the load of its timeline, how it came to rest, and what it could not tell."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.checks.registry import BY_ID
from q2c.report.gathered import Gathered
from simulator.replay.outcome import SHARES, Prediction, Replayed
from simulator.replay.pacing import LATE_SECONDS
from web.blocks import Block, Figure, Figures, Group, Items, Section, Table, Text, columns, row
from web.charts import Chart, Line
from web.plots import Curve, Plot
from web.words import count, counted, instant

_ASKED = 0.1
"""An error of prediction above this share is marked."""


def sections(gathered: Gathered) -> tuple[Section, ...]:
    """Return the section of a replay; none for a rehearsal."""
    note = gathered.run.replay
    if note is None:
        return ()
    blocks: list[Block] = [_figures(note.replayed, note.speed), *_verdict(note.replayed)]
    if any(note.replayed.asked):  # of a load, Locust keeps them
        blocks.append(_chart(gathered, note.replayed))
    if note.prediction is not None:
        blocks.append(Group("Predicted and measured", tuple(_prediction(note.prediction)), "prediction"))
    blocks.append(Group("What a black box does not tell", (_unknown(gathered),)))
    return (Section("offered", "Offered and achieved", tuple(blocks)),)


def _figures(replayed: Replayed, speed: float) -> Figures:
    kept = replayed.kept
    late = f"{count(kept.late)} later than {LATE_SECONDS * 1000:.0f} ms"
    rest = f"{replayed.settled_seconds:.1f} s" if replayed.settled else "never"
    return Figures((
        Figure(label="acts offered", value=count(kept.offered), note=late, tone="" if kept.is_kept else "bad"),
        Figure(label="lateness, p50 and p99", note=f"{_ms(kept.worst_seconds)} at worst",
               value=f"{_ms(kept.p50_seconds)}, {_ms(kept.p99_seconds)}"),
        Figure(label="took", value=f"{kept.wall_seconds:.1f} s", note=f"{kept.asked_seconds:.1f} s asked"),
        Figure(label="business time", value=f"{speed:g} x", note="as fast as the wall; calls and timeouts are as ever"),
        Figure(label="at rest after", value=rest, note="after the last fault was healed",
               tone="good" if replayed.settled else "warn"),
    ))  # fmt: skip


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _verdict(replayed: Replayed) -> Iterator[Block]:
    if replayed.kept.is_kept:
        yield Text("The load was offered as the timeline asks: whatever the integration did, nothing waited for it.")
    else:
        yield Text("This machine could not keep the pace: the verdict is about less load than was asked for.", "bad")
    if not replayed.settled:
        yield Text("The integration did not come to rest within its patience (settles_within of the target).", "warn")
    notes = [f"{counted(replayed.deaths, 'time')} its process was killed and started again"] if replayed.deaths else []
    if replayed.deaths_left_out:
        notes.append(
            f"{counted(replayed.deaths_left_out, 'death')} of the scenario had no room, or no process to strike: it "
            "may be away for half of the time at most, and only one that the harness started can be killed"
        )
    if replayed.unasked:
        notes.append(f"{counted(replayed.unasked, 'request')} left out that people make of the reference alone")
    notes += replayed.problems
    if notes:
        yield Items(tuple(notes))


def _chart(gathered: Gathered, replayed: Replayed) -> Chart:
    start_us, step_us = gathered.context.at_us, replayed.step_us
    booked = [0] * len(replayed.asked)
    for at_us in gathered.load.booked_us:
        place = (at_us - start_us) // step_us
        if 0 <= place < len(booked):
            booked[place] += 1
    lines = (
        ("acts asked for", replayed.asked, "--series-1", False),
        ("acts offered", replayed.offered, "--series-2", True),
        ("orders booked", tuple(booked), "--series-3", False),
    )
    steps = list(zip(replayed.asked, replayed.offered, booked, strict=True))
    missing = sum(abs(asked - offered) for asked, offered, _ in steps) // 2
    return Chart(
        id="offered-load", title="Load by step of business time",
        summary=f"{count(sum(replayed.asked))} acts asked for, {count(missing)} of them done in another step.",
        traces=tuple(
            Line(name=name, start_us=start_us, step_us=step_us, values=values, tone=tone, dashed=dashed)
            for name, values, tone, dashed in lines
        ),
        x_title="time (UTC)", y_title="in a step", range_us=(start_us, start_us + step_us * len(replayed.asked)),
        table=Table(
            caption="Load by step", columns=columns("from", "#acts asked for", "#acts offered", "#orders booked"),
            rows=tuple(
                row(instant(start_us + place * step_us), count(asked), count(offered), count(done))
                for place, (asked, offered, done) in enumerate(steps)
            ),
        ),
    )  # fmt: skip


def _prediction(found: Prediction) -> Iterator[Block]:
    errors = {share: found.error(share) for share in (0.5, 0.95)}
    yield Figures(tuple(
        Figure(label=f"error at p{share * 100:.0f}", value=f"{error:.1%}", tone="good" if error <= _ASKED else "warn")
        for share, error in errors.items()
    ))  # fmt: skip
    yield Text(
        f"The model, calibrated by {found.calibrated_by} (steps {found.fit.scale:.2f} times as long as the model's, "
        f"{found.fit.own_us / 1e6:.2f} s besides), against {counted(found.orders, 'order')} of this run. "
        "Luck alone, how long the single calls take, moves single runs of the model by "
        f"{found.luck(0.5):.1%} at p50 and {found.luck(0.95):.1%} at p95 to either side, nine in ten of them."
    )
    shares = tuple(share * 100 for share in SHARES)
    still = (0.0,) * len(shares)
    widths = tuple(found.luck(share) * value for share, value in zip(SHARES, found.predicted_seconds, strict=True))
    yield Plot(
        id="predicted", title="Signed to booked: predicted and measured",
        summary="Seconds of the wall within which a share of the orders was booked.",
        traces=(
            Curve(name="measured", x=shares, y=found.measured_seconds, half_widths=still, tone="--series-1"),
            Curve(
                name="predicted", x=shares, y=found.predicted_seconds, half_widths=widths, tone="--series-2",
                dashed=True,
            ),
        ),
        x_title="percent of the orders", y_title="seconds",
        table=Table(
            caption="Signed to booked", columns=columns("share", "#predicted", "#measured", "#off by", "#luck"),
            rows=tuple(
                row(f"{share:.0%}", f"{expected:.2f} s", f"{seen:.2f} s", f"{found.error(share):.1%}",
                    f"{found.luck(share):.1%}")
                for share, expected, seen in zip(SHARES, found.predicted_seconds, found.measured_seconds, strict=True)
            ),
        ),
    )  # fmt: skip


def _unknown(gathered: Gathered) -> Items:
    inside = [result.check for result in gathered.verdict.results if BY_ID[result.check].inside]
    named = ", ".join(f"{check} ({BY_ID[check].title})" for check in inside)
    return Items((
        f"Not judged, because only the inside knows: {named}.",
        "Attempts at a permanent refusal and the number of tries (a part of P6): who asks again may have a reason.",
        "How many calls were under way at once (a part of P5) is seen by what the systems refused (429), not by count.",
        "Orders that only people of the integration can decide (a price from an outdated book, a customer much like "
        "another) were not played: what is in whose hands, nobody outside sees.",
        "Whether a caller was still there to hear an answer, and what it made of it.",
    ))  # fmt: skip
