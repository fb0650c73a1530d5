"""A rehearsal is a pure function of code, timeline and settings; crashes, interruptions and neighbours do not show."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domain.faults import Fault
from domain.history import Changed, Context, Crashed, Ended, Fired, Flow, Record, Sealed
from scenarios.timeline import Timeline, build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Progress, Rehearsal
from tests.demo import demo, digest, played
from tests.stage import ACCOUNT, Played, Stage

ROOT = Path(__file__).resolve().parents[2]
SIZE = ("20", "20", "3")  # orders, subscriptions, seed
OTHERS = sorted({"3.11", "3.12", "3.13"} - {f"{sys.version_info.major}.{sys.version_info.minor}"})


@pytest.fixture(scope="module")
def reference() -> str:
    """The digest of one run in this very process."""
    return digest(*map(int, SIZE))


def digest_of(interpreter: str, hash_seed: str) -> str:
    """Return the digest of the same run in a fresh process."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [interpreter, "-m", "tests.demo", *SIZE]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


def test_the_same_seed_writes_the_same_history(reference: str) -> None:
    assert digest(*map(int, SIZE)) == reference


def test_another_seed_writes_another_history(reference: str) -> None:
    orders, subscriptions, seed = map(int, SIZE)
    assert digest(orders, subscriptions, seed + 1) != reference


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_no_hash_seed_changes_the_history(hash_seed: str, reference: str) -> None:
    assert digest_of(sys.executable, hash_seed) == reference


def found(version: str) -> str | None:
    """Return an interpreter of a version that has what the project needs: one named in a variable, or on the path."""
    needs = "import click, faker, msgspec, pyarrow, pydantic, simpy, yaml"
    for name in (os.environ.get(f"PYTHON{version.replace('.', '')}", ""), f"python{version}"):
        path = shutil.which(name) if name else None
        if path and subprocess.run([path, "-c", needs], capture_output=True, check=False).returncode == 0:
            return path
    return None


@pytest.mark.parametrize("version", OTHERS)
def test_every_supported_python_writes_the_same_history(version: str, reference: str) -> None:
    interpreter = found(version)
    if interpreter is None:
        where = f"PYTHON{version.replace('.', '')}"
        pytest.skip(f"no python{version} with the dependencies is at hand; name one in the variable {where}")
    assert digest_of(interpreter, "0") == reference


# --- neighbours -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    """The demo without crashes: they strike by the count of durable writes, which neighbours change."""
    return build(demo(20, 10, crashes=False, run_on_days=4), 5)


@pytest.fixture(scope="module")
def whole(timeline: Timeline) -> list[Record]:
    return played(timeline)


def orders(records: list[Record]) -> dict[str, tuple[Any, ...]]:
    """Return what matters of each order, by reference: its lines, its status and when it came to be."""
    found: dict[str, tuple[Any, ...]] = {}
    for change in records:
        if isinstance(change, Changed) and (change.system, change.kind) == ("erp", "order"):
            order: Any = change.document
            found[order.ref] = (order.lines, order.total_minor, order.business_date, change.status)
    return found


def test_a_lifecycle_less_leaves_the_orders_of_others_alone(timeline: Timeline, whole: list[Record]) -> None:
    dropped = sorted(orders(whole))[3]
    rest = played(build(timeline.scenario, timeline.seed, without=frozenset({dropped.partition("-v")[0]})))
    expected = {reference: seen for reference, seen in orders(whole).items() if reference != dropped}
    assert len(expected) > 10
    assert orders(rest) == expected


def test_faults_strike_in_the_first_phase_only(timeline: Timeline, whole: list[Record]) -> None:
    struck = [record.at_us for record in whole if isinstance(record, Fired)]
    assert len(struck) > 20
    assert max(struck) < timeline.heal_us
    assert timeline.horizon_us > timeline.heal_us + timeline.settle_seconds * 1_000_000


def test_a_fault_without_an_end_ends_at_healing(timeline: Timeline) -> None:
    context = Rehearsal(timeline, MemoryRecorder()).world.plan.faults
    assert context
    assert all(timeline.start_us <= fault.start_us and fault.end_us <= timeline.heal_us for fault in context)


def test_the_first_record_says_what_the_run_was(timeline: Timeline, whole: list[Record]) -> None:
    context = whole[0]
    assert isinstance(context, Context)
    assert (context.scenario, context.seed, context.engine) == ("quarter_end", 5, "rehearsal")
    assert (context.heal_us, context.horizon_us) == (timeline.heal_us, timeline.horizon_us)
    sealed, ended = whole[-2:]
    assert isinstance(sealed, Sealed)
    assert sealed.intact
    assert ended == Ended(at_us=timeline.horizon_us, complete=True, lifecycles=timeline.lifecycles)


def test_the_collector_is_patient_while_a_rehearsal_is_played_and_as_before_afterwards(timeline: Timeline) -> None:
    before, seen = gc.get_threshold(), list[tuple[int, int, int]]()
    Rehearsal(timeline, MemoryRecorder()).run(lambda _progress: seen.append(gc.get_threshold()), steps=3)
    assert len(seen) == 3
    assert all(young > before[0] and old > before[2] for young, _, old in seen)
    assert gc.get_threshold() == before


# --- crashes --------------------------------------------------------------------------------------------------------


def one_order(*faults: Fault) -> Played:
    """Return the play of one order that needs a second try to be paid, under some faults."""
    stage = Stage(*faults)
    stage.customer(declines=1, decline_code="processing_error")
    stage.signs("Q-000001")
    return stage.play(days=6, heal_after=5)


def business(played: Played) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    """Return the state of business at the end: what there is in each system, without ids and instants."""
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    last = {(c.system, c.kind, c.id): c for c in played.of(Changed)}
    for (system, kind, _), change in last.items():
        document: Any = change.document
        names = ("ref", "total_minor", "tax_minor", "balance_minor", "amount_minor")
        amounts = tuple(getattr(document, name, None) for name in names)
        shown = (document.order_status, document.invoice_status) if kind == "mirror" else ()
        found.setdefault((system, kind), []).append((change.status, *amounts, *shown))
    return found


@pytest.fixture(scope="module")
def undisturbed() -> Played:
    return one_order()


def test_an_order_needs_some_dozens_of_durable_writes(undisturbed: Played) -> None:
    flows = [flow.status for flow in undisturbed.of(Flow) if flow.txn == "Q-000001"]
    assert flows.count("finished") >= 4
    assert "paid" in undisturbed.walk("billing", "invoice")


@pytest.mark.parametrize("write", range(3, 150, 7))
def test_a_crash_at_any_durable_write_does_not_show_in_the_business(write: int, undisturbed: Played) -> None:
    crashed = one_order(
        Fault(kind="crash", count=write, seconds=90.0), Fault(kind="crash_after", count=write + 3, seconds=30.0)
    )
    assert [crash.write for crash in crashed.of(Crashed)] == [write, write + 3]
    assert {crash.after for crash in crashed.of(Crashed)} == {False, True}
    assert business(crashed) == business(undisturbed)
    assert crashed.broken() == {}


# --- interruption ---------------------------------------------------------------------------------------------------


def test_an_interrupted_run_ends_with_a_record_that_says_so() -> None:
    stage = Stage()
    stage.customer()
    stage.signs("Q-000001")
    recorder = MemoryRecorder()
    rehearsal = Rehearsal(stage.timeline(days=2, heal_after=1), recorder)
    seen: list[Progress] = []

    def stop(step: Progress) -> None:
        seen.append(step)
        if len(seen) == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rehearsal.run(stop)
    ended = recorder.records[-1]
    assert isinstance(ended, Ended)
    assert not ended.complete
    assert ended.at_us == seen[-1].at_us < rehearsal.timeline.horizon_us
    assert not any(isinstance(record, Sealed) for record in recorder.records)


def test_progress_goes_from_the_start_to_the_horizon() -> None:
    stage = Stage()
    stage.customer(account=ACCOUNT)
    seen: list[Progress] = []
    rehearsal = Rehearsal(stage.timeline(days=1, heal_after=0.5), MemoryRecorder())
    rehearsal.run(seen.append)
    assert len(seen) == 200
    assert [step.at_us for step in seen] == sorted({step.at_us for step in seen})
    assert seen[-1].at_us == rehearsal.timeline.horizon_us
    assert seen[-1].acts_done == seen[-1].acts == len(rehearsal.timeline.acts)
