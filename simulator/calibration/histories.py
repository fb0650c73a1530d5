"""Reading a history of this project: a run's folder, or the file in it."""

from __future__ import annotations

from pathlib import Path

from domain.history import Attempted, Case, Changed, History
from simulator.calibration.observations import DONE, FAILED, TIMED_OUT, Call, Observations, Unusable, Work, ordered
from simulator.recorder import StoredHistory

FILE = "history.parquet"
_THROTTLED, _FAULTS_FROM = 429, 500


def read(path: Path) -> Observations:
    """Return what a run's history tells; raise Unusable when it is none."""
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise Unusable(f"{file}: found no such file, expected the history of a run (runs/ID/{FILE})")
    try:
        return observed(StoredHistory(file), str(path))
    except (ValueError, OSError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable(f"{file}: found no history that can be read ({error})") from None


def observed(history: History, source: str) -> Observations:
    """Return what a history tells: calls, when quotes were accepted, and what clerks worked on."""
    seen: set[tuple[str, str, str]] = set()
    calls = [_call(each, seen) for each in history.of(Attempted)]
    accepted = {
        each.txn: each.at_us for each in history.of(Changed) if each.kind == "quote" and each.status == "accepted"
    }
    return ordered(source, calls, _work(history), accepted.values(), {})


def _call(each: Attempted, seen: set[tuple[str, str, str]]) -> Call:
    what = (each.system, each.operation, each.key)
    repeats = bool(each.key) and each.write and what in seen
    seen.add(what)
    return Call(each.system, each.sent_us, each.at_us - each.sent_us, _outcome(each), each.write, repeats)


def _outcome(each: Attempted) -> str:
    """An answer is an answer, be it that there is no such record; refused for its content is not refused for load."""
    if each.outcome == "unknown" and each.reason == "timeout":
        return TIMED_OUT
    answered = each.status and each.status != _THROTTLED and each.status < _FAULTS_FROM
    return DONE if answered and each.outcome != "unknown" else FAILED


def _work(history: History) -> list[Work]:
    taken: dict[str, Case] = {}
    done = []
    for each in history.of(Case):
        if each.status == "in_progress":
            taken[each.case] = each
        elif each.status == "resolved" and each.case in taken:
            start = taken.pop(each.case)
            if each.at_us > start.at_us:  # clerks of a rehearsal say both when they are done
                done.append(Work(start.actor or start.owner, start.at_us, each.at_us - start.at_us))
    return done
