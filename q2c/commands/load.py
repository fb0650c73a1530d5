"""`q2c load`: the timeline of a scenario as load for an integration, with Locust, and what it proves."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from contracts.verification.outputs import junit
from q2c import exits, run_folder
from q2c.commands.scenarios import loaded
from q2c.commands.target import loaded as loaded_target
from q2c.numbers import SEED, Number, Whole
from q2c.rehearsing import Interrupted, judged, require_memory
from q2c.report.document import read
from q2c.report.summary import write
from q2c.report.writing import write_report
from q2c.trouble import give_up
from scenarios.values import duration
from web.words import counted
from web.words import duration as length

if TYPE_CHECKING:
    from loadtests.material import Material
    from loadtests.settings import Settings
    from simulator.replay.target import Target

PROFILES = ("steady", "peak", "invoices", "storm", "break")


@click.command()
@click.argument("scenario")
@click.option("--target", "file", required=True, type=click.Path(path_type=Path), help="What is tested: a target file.")
@click.option("--profile", type=click.Choice(PROFILES), default="peak", show_default=True, help="Which load.")
@click.option("--within", default="60s", show_default=True, metavar="DURATION", help="How long; of break, each step.")
@click.option("--speed", type=Number(min=0.01), help="Business seconds a second [an hour --within; break: 1].")
@click.option("--times", type=Number(min=0.001), default=1.0, show_default=True, help="So many times the orders.")
@click.option("--subscriptions", type=Whole(0), default=20, show_default=True, help="Live ones at the start.")
@click.option("--seed", type=SEED, help="Chance; the scenario's own seed by default.")
@click.option("--order-within", metavar="DURATION", help="Own limit from signature to order, of the wall [SLA-2].")
@click.option("--first-rate", type=float, default=0.5, show_default=True, help="break: lifecycles a second at first.")
@click.option("--highest-rate", type=float, default=32.0, show_default=True, help="break: and at most.")
@click.option("--storm-rate", type=float, default=50.0, show_default=True, help="storm: messages a second.")
@click.option("--storm-copies", type=int, default=20, show_default=True, help="storm: copies of each.")
@click.option("--stop-errors", type=float, default=50.0, show_default=True, help="Stop at so many percent failed.")
@click.option("--stop-late", type=float, default=0.0, help="Stop at so many percent of orders late [never].")
@click.option("--stop-backlog", type=int, default=0, help="Stop when so many orders wait [never].")
@click.option("--rest", default="10s", show_default=True, metavar="DURATION", help="Wait for what is under way.")
@click.option("--processes", type=Whole(1, 64), default=1, show_default=True, help="Workers of Locust.")
@click.option("--allow-host", "allowed", multiple=True, metavar="HOST", help="A host that may be called as well.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where run folders go [runs].")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write JUnit XML here.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path), help="Write a Markdown summary here.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as one JSON document on standard output.")
def load(scenario: str, file: Path, allowed: tuple[str, ...], **said: Any) -> None:
    """Load the integration of a target file with SCENARIO, over HTTP, and judge it and the load.

    \b
    Profiles (the scenario's timeline, an hour of it within --within):
      steady    the mean rate of the quarter         invoices  what a month begins with
      peak      the busiest hour of the last day     storm     steady, and messages told many times again
      break     rising steps until a service level breaks: the knee, with its confidence
    \b
    Examples:
      q2c load quarter_end --target target.yaml --profile peak --within 5m
      q2c load quarter_end --target target.yaml --profile break --order-within 10s --within 30s
    """
    if find_spec("locust") is None or find_spec("hdrh") is None:
        give_up("locust is not installed; this command needs: pip install 'q2c-harness[load]'", exits.COULD_NOT_RUN)
    from q2c.load_verdict import exit_status, markdown, tallies
    from q2c.loading import chosen, load_into

    target = loaded_target(file, allowed)
    found = loaded(scenario)
    require_memory(found)
    settings = _settings(scenario, said)
    what = chosen(settings)
    _announce(what, settings, target)
    folder = run_folder.create(said["runs"], found.name, what.timeline.seed)
    started = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM):  # a CI server's stop ends the load as a person's does
        signal.signal(number, signal.default_int_handler)
    try:
        done = load_into(what, settings, target, said["processes"], folder, file.parent, allowed)
    except (Interrupted, KeyboardInterrupt):
        give_up(f"stopped; the load has ended. What had happened is kept in {folder.path}", exits.INTERRUPTED)
    folder.write_replay(run_folder.ReplayNote(shlex.join(["q2c", *sys.argv[1:]]), what.speed, done.replayed))
    rehearsed = judged(done.played)
    write_report(rehearsed)
    folder.unmark()
    suites = tallies(rehearsed, done.outcome, time.monotonic() - started)
    summary = markdown(read(rehearsed.folder.verdict.read_bytes()), done.outcome)
    write(said["junit_file"], lambda: junit.written(suites))
    write(said["markdown_file"], lambda: summary)
    status = exit_status(rehearsed.verdict, done.outcome)
    if said["as_json"]:
        told = {"exit_status": status, "verdict": rehearsed.verdict.status, "as_asked": done.outcome.is_kept,
                "run": str(folder.path), "load": msgspec.to_builtins(done.outcome)}  # fmt: skip
        click.echo(msgspec.json.encode(told).decode())
    else:
        click.echo(summary + f"\nReport: {folder.report}", nl=True)
    raise SystemExit(status)


def _announce(what: Material, settings: Settings, target: Target) -> None:
    """Say what will be offered, and for how long, before anybody waits for it."""
    seconds, speed = settings.span.seconds, settings.span.speed
    load = f"{counted(len(what.arrivals), 'act')} in {length(round(seconds * 1e6))} ({speed:g} times as fast as life)"
    if settings.profile == "break":
        load = f"steps of {length(round(seconds * 1e6))}, from {settings.first_rate:g} lifecycles a second on"
    rest = length(round(target.settles_within.total_seconds() * 1e6))
    click.echo(f"  plays     {load}; then waits {rest} at most for all to come to rest", err=True)


def _settings(scenario: str, said: dict[str, Any]) -> Settings:
    from loadtests.settings import Settings

    return Settings(
        scenario=scenario, profile=said["profile"], within=_seconds(said["within"], "--within"),
        speed=said["speed"] or 0.0, times=said["times"], subscriptions=said["subscriptions"],
        seed=-1 if said["seed"] is None else said["seed"], storm_rate=said["storm_rate"],
        storm_copies=said["storm_copies"], first_rate=said["first_rate"], highest_rate=said["highest_rate"],
        order_seconds=_seconds(said["order_within"], "--order-within") if said["order_within"] else 0.0,
        rest=_seconds(said["rest"], "--rest"), errors_percent=said["stop_errors"], late_percent=said["stop_late"],
        backlog=said["stop_backlog"],
    )  # fmt: skip


def _seconds(text: str, option: str) -> float:
    try:
        return duration(text).total_seconds()
    except Exception as wrong:
        give_up(f"{option} {text}: {wrong}")
