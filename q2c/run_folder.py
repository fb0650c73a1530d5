"""The folder of a run: `runs/<id>/` with the scenario, the timeline, the history, the verdict and the report.

A folder is whole once it holds `verdict.json`; until then it holds a file `INCOMPLETE` that says why.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from domain.acts import Act
from q2c.trouble import give_up
from scenarios.timeline import Timeline
from simulator.replay.outcome import Prediction, Replayed

INCOMPLETE = "INCOMPLETE"
_ROWS = 50_000


class ReplayNote(msgspec.Struct, frozen=True):
    """What is known of a replay besides its history: the command that makes it again, its speed, how it went."""

    command: str
    speed: float
    replayed: Replayed
    prediction: Prediction | None = None


class RunFolder:
    """The files of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scenario = path / "scenario.yaml"
        self.timeline = path / "timeline.parquet"
        self.history = path / "history.parquet"
        self.program = path / "program.txt"  # the target file, when somebody's program was rehearsed
        self.verdict = path / "verdict.json"
        self.report = path / "report.html"
        self.replay = path / "replay.json"

    @property
    def id(self) -> str:
        """The run's id, which is the folder's name."""
        return self.path.name

    def mark(self, reason: str) -> None:
        """Say that the run is not whole, and why."""
        (self.path / INCOMPLETE).write_text(reason + "\n", encoding="utf-8")

    def unmark(self) -> None:
        """Say that the run is whole."""
        (self.path / INCOMPLETE).unlink(missing_ok=True)

    def write_replay(self, played: ReplayNote) -> None:
        """Keep how a replay was made and how exactly its load was offered."""
        self.replay.write_bytes(msgspec.json.format(msgspec.json.encode(played), indent=1) + b"\n")

    def read_replay(self) -> ReplayNote:
        """Return what `write_replay` kept."""
        return msgspec.json.decode(self.replay.read_bytes(), type=ReplayNote)

    def write_verdict(self, verdict: dict[str, Any]) -> None:
        """Write the machine-readable verdict under its final name, in one step."""
        partial = self.verdict.with_suffix(".partial")
        partial.write_text(json.dumps(verdict, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(self.verdict)


def create(runs: Path, name: str, seed: int) -> RunFolder:
    """Make a new run folder; its id is the time, the scenario and the seed. Trouble when it cannot be written."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    base = f"{stamp}-{name}-{seed}"
    for attempt in range(1000):
        path = runs / (base if attempt == 0 else f"{base}-{attempt}")
        try:
            path.mkdir(parents=True, exist_ok=False)
        except FileExistsError:
            if not runs.is_dir():
                give_up(f"{runs} is not a folder. Name another one with --runs.")
            continue
        except OSError as error:
            give_up(f"cannot write to {runs}: {error.strerror}. Name another folder with --runs.")
        folder = RunFolder(path)
        folder.mark("the run is under way, or was killed")
        return folder
    give_up(f"{runs} already holds a thousand runs of this second; try again.")


def write_timeline(folder: RunFolder, timeline: Timeline) -> None:
    """Write the acts of a timeline as Parquet, a row an act."""
    import pyarrow
    import pyarrow.parquet

    text = pyarrow.string()
    columns = [("at_us", pyarrow.int64()), ("system", text), ("action", text), ("txn", text), ("arguments", text)]
    schema = pyarrow.schema(columns)
    with pyarrow.parquet.ParquetWriter(folder.timeline, schema, compression="zstd") as writer:
        rows: list[tuple[Any, ...]] = []
        for act in timeline.acts:
            rows.append(_row(act))
            if len(rows) == _ROWS:
                _flush(writer, schema, rows)
        _flush(writer, schema, rows)


def _row(act: Act) -> tuple[Any, ...]:
    return act.at_us, act.system, act.action, act.txn, json.dumps(act.arguments, ensure_ascii=False, default=str)


def _flush(writer: Any, schema: Any, rows: list[tuple[Any, ...]]) -> None:
    import pyarrow

    if rows:
        arrays = [
            pyarrow.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)
        ]
        writer.write_table(pyarrow.table(arrays, schema=schema))
        rows.clear()


def newest(runs: Path) -> RunFolder | None:
    """Return the newest whole run or experiment, or None."""
    whole = sorted(path.parent for name in ("verdict", "experiment") for path in runs.glob(f"*/{name}.json"))
    return RunFolder(whole[-1]) if whole else None
