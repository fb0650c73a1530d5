"""`q2c replay`: play a scenario over HTTP against an integration, on the clock of the wall."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from q2c import exits, run_folder
from q2c.commands.rehearse import finish
from q2c.commands.scenarios import loaded
from q2c.commands.target import loaded as loaded_target
from q2c.numbers import SEED, Number, Whole
from q2c.predicting import compared, learned, require_enough
from q2c.progress import progress
from q2c.rehearsing import Interrupted, judged, require_memory
from q2c.report.document import read
from q2c.report.summary import put
from q2c.report.writing import write_report
from q2c.trouble import give_up
from scenarios.language import Scenario
from scenarios.moments import moments
from scenarios.scale import scaled
from scenarios.timeline import Timeline, build
from scenarios.values import duration, instant
from simulator.replay.excerpt import excerpt, parted
from simulator.replay.replaying import Progress
from web.words import counted
from web.words import duration as length

_WALL_SECONDS_MAX = 24 * 3600


@click.command()
@click.argument("scenario")
@click.option("--target", "file", required=True, type=click.Path(path_type=Path), help="What is tested: a target file.")
@click.option("--speed", type=Number(min=0.01), default=1.0, show_default=True, help="Business seconds a second.")
@click.option("--within", metavar="DURATION", help="Instead of --speed: as fast as it takes to be over in e.g. 1h.")
@click.option("--from", "start", metavar="INSTANT", help='First instant, e.g. "quarter_end - 10h"; else the whole.')
@click.option("--to", "end", metavar="INSTANT", help="Last instant; else the end of the rehearsed days.")
@click.option(
    "--orders",
    type=Whole(1),
    help="About so many orders in all rehearsed weeks, of which --from and --to play a part.",
)
@click.option("--subscriptions", type=Whole(0), default=20, show_default=True, help="Live ones at the start.")
@click.option("--seed", type=SEED, help="Chance; the scenario's own seed by default.")
@click.option(
    "--allow-host", "allowed", multiple=True, metavar="HOST", help="A host that may be called besides this one."
)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where run folders go [runs].")
@click.option(
    "--predict",
    "earlier",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="The folder of an earlier replay: calibrate the model by it, and compare this run with what it predicts.",
)
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write the verdict as JUnit XML.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path), help="Write a summary in Markdown.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as one JSON document on standard output.")
def replay(
    scenario: str, file: Path, speed: float, within: str | None, start: str | None, end: str | None,
    orders: int | None, subscriptions: int, seed: int | None, allowed: tuple[str, ...], runs: Path,
    earlier: Path | None, junit_file: Path | None, markdown_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Play SCENARIO against the integration of a target file, over HTTP, and judge what arrived at the systems.

    \b
    Examples:
      q2c replay quarter_end --target target.yaml --within 1h
      q2c replay quarter_end --target target.yaml --from "quarter_end - 10h" --orders 400 --speed 20
    """
    target = loaded_target(file, allowed)
    chosen = _sized(loaded(scenario), orders, subscriptions)
    require_memory(chosen)
    first_us, last_us, pace = _part(chosen, start, end, speed, within)
    patience_seconds = target.settles_within.total_seconds()
    whole = build(chosen, seed)
    timeline = excerpt(whole, first_us, last_us, round(patience_seconds * pace * 1e6))
    _announce(whole, timeline, pace, patience_seconds)
    fit = None
    if earlier is not None:
        require_enough(timeline, whole)
        fit = learned(run_folder.RunFolder(earlier))
    folder = run_folder.create(runs, chosen.name, timeline.seed)
    from q2c.replaying import replay_into

    try:
        with _stoppable(), _progress(chosen.title) as step:
            played, replayed = replay_into(timeline, target, pace, folder, file.parent, allowed, step)
    except Interrupted:
        give_up(f"stopped; the faults are healed. What had happened is kept in {folder.path}", exits.INTERRUPTED)
    rehearsed = judged(played)
    prediction = compared(fit, rehearsed, replayed, earlier.name) if fit is not None and earlier is not None else None
    note = run_folder.ReplayNote(_again(), pace, replayed, prediction)
    folder.write_replay(note)
    write_report(rehearsed)
    put(read(folder.verdict.read_bytes()), note, junit_file, markdown_file)
    folder.unmark()
    if not as_json:
        _tell(note)
    finish(rehearsed, as_json)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM, which CI servers and time limits send, stop a run as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _again() -> str:
    """Return the command line that made this run."""
    return shlex.join(["q2c", *sys.argv[1:]])


def _sized(scenario: Scenario, orders: int | None, subscriptions: int) -> Scenario:
    world = scenario.world
    if orders is None:
        smaller = world.model_copy(update={"live_subscriptions": min(subscriptions, world.live_subscriptions)})
        return scenario.model_copy(update={"world": smaller})
    try:
        return scaled(scenario, orders=orders, subscriptions=subscriptions)
    except ValueError as error:
        give_up(str(error))


def _part(
    scenario: Scenario, start: str | None, end: str | None, speed: float, within: str | None
) -> tuple[int, int, float]:
    """Return the first and the last instant that are played, and how many times as fast as life."""
    bounds = moments(scenario)
    first_us = _instant(start, "--from", scenario) if start else bounds.start_us
    last_us = _instant(end, "--to", scenario) if end else bounds.heal_us
    if not bounds.start_us <= first_us < last_us <= bounds.heal_us:
        give_up("--from and --to must lie within the rehearsed days, the first before the second")
    if within is not None:
        speed = (last_us - first_us) / 1e6 / _seconds(within)
    wall_seconds = (last_us - first_us) / 1e6 / speed
    if wall_seconds > _WALL_SECONDS_MAX:
        give_up(
            f"that takes {wall_seconds / 3600:.0f} hours; name a shorter part (--from, --to) or be faster (--within)"
        )
    return first_us, last_us, speed


def _announce(whole: Timeline, part: Timeline, speed: float, patience_seconds: float) -> None:
    """Say what will be played, and for how long, before anybody waits for it."""
    _, acts = parted(part)
    business_us = part.heal_us - part.start_us
    click.echo(
        f"  plays     {counted(len(acts), 'act')} of {counted(part.lifecycles, 'lifecycle')} in "
        f"{length(round(business_us / speed))} ({length(business_us)} of business time, {speed:g} times as fast); then "
        f"waits {length(round(patience_seconds * 1e6))} at most for all to come to rest",
        err=True,
    )
    others = whole.lifecycles - part.lifecycles
    if others:
        click.echo(
            f"  not       {counted(others, 'other lifecycle')} of this timeline: signed before or after, or for people "
            "to decide; --orders counts them too",
            err=True,
        )


def _instant(text: str, option: str, scenario: Scenario) -> int:
    try:
        instant(text)
        return moments(scenario).at_us(text, None)
    except Exception as wrong:
        give_up(
            f'{option} {text}: expected a local instant, such as "2026-12-31 14:00" or "quarter_end - 10h" ({wrong})'
        )


def _seconds(text: str) -> float:
    try:
        found = duration(text).total_seconds()
    except Exception as wrong:
        give_up(f"--within {text}: {wrong}")
    if not found:
        give_up("--within 0s: expected some time")
    return found


def _tell(note: run_folder.ReplayNote) -> None:
    replayed, kept = note.replayed, note.replayed.kept
    how = (
        "as asked"
        if kept.is_kept
        else "NOT as asked: this machine could not keep the pace, so a verdict is about less load"
    )
    click.echo(
        f"\n  offered   {kept.offered} acts in {kept.wall_seconds:.1f} s of {kept.asked_seconds:.1f} s, {how}; "
        f"late by {kept.p50_seconds * 1000:.0f} ms (p50), {kept.p99_seconds * 1000:.0f} ms (p99)"
    )
    rest = f"after {replayed.settled_seconds:.1f} s" if replayed.settled else "NOT within the target's patience"
    click.echo(f"  at rest   {rest}")
    if replayed.deaths:
        click.echo(f"  killed    {replayed.deaths} times")
    if replayed.deaths_left_out:
        click.echo(f"  left out  {replayed.deaths_left_out} deaths of its process, which had no room or none to strike")
    if replayed.unasked:
        click.echo(f"  left out  {replayed.unasked} requests that people make of our own integration only")
    for problem in replayed.problems:
        click.echo(f"  trouble   {problem}")
    if (found := note.prediction) is not None:
        errors = ", ".join(
            f"p{share * 100:.0f} off by {found.error(share):.1%} (luck alone: {found.luck(share):.1%})"
            for share in (0.5, 0.95)
        )
        click.echo(f"  predicted signed to booked, over {found.orders} orders: {errors}")


@contextmanager
def _progress(title: str) -> Iterator[Callable[[Progress], None]]:
    with progress(title) as shown:
        yield lambda now: shown.step(now.wall_seconds / now.of_seconds, f"{now.acts_done}/{now.acts} acts, {now.phase}")
