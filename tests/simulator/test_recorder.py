"""Recorders keep every record: on disk as in memory, under a final name only when whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from contracts.checks.judge import judge
from domain import history
from domain.history import Attempted, Changed, Context, Ended, Flow, MemoryHistory, Record
from simulator import recorder
from simulator.recorder import MemoryRecorder, ParquetRecorder, StoredHistory
from tests.stage import Stage


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """The history of one order, a little over two thousand records."""
    stage = Stage()
    stage.customer()
    stage.signs("Q-000001")
    return stage.play(days=1).records


def stored_by(kept: ParquetRecorder, records: list[Record]) -> None:
    for record in records:
        kept.add(record)


def stored(path: Path, records: list[Record]) -> str:
    kept = ParquetRecorder(path)
    stored_by(kept, records)
    return kept.close()


def test_a_stored_history_answers_as_one_in_memory_does(
    tmp_path: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "ROW_GROUP", 500)  # so that answers cross row groups
    path = tmp_path / "history.parquet"
    stored(path, records)
    disk, memory = StoredHistory(path), MemoryHistory(records)
    assert disk.context == memory.context
    assert list(disk) == records
    for kind in history.Record.__args__:
        assert list(disk.of(kind)) == list(memory.of(kind)), kind.__name__
    kinds: set[Any] = {(change.kind, system) for change in memory.of(Changed) for system in ("", change.system)}
    assert len(kinds) > 10
    for kind, system in kinds:
        assert list(disk.changes(kind, system)) == list(memory.changes(kind, system)), (kind, system)


def test_an_answer_can_be_iterated_again_and_again(tmp_path: Path, records: list[Record]) -> None:
    path = tmp_path / "history.parquet"
    stored(path, records)
    rows = StoredHistory(path).of(Attempted)
    assert list(rows) == list(rows) != []


def test_checks_come_to_the_same_verdict_on_disk_and_in_memory(tmp_path: Path, records: list[Record]) -> None:
    path = tmp_path / "history.parquet"
    stored(path, records)
    assert judge(StoredHistory(path)) == judge(MemoryHistory(records))


def test_the_digest_does_not_depend_on_where_the_history_is_kept(tmp_path: Path, records: list[Record]) -> None:
    in_memory = MemoryRecorder()
    for record in records:
        in_memory.add(record)
    digest = stored(tmp_path / "history.parquet", records)
    assert digest == in_memory.history().digest()
    assert digest != stored(tmp_path / "shorter.parquet", records[:-1])
    assert digest != stored(tmp_path / "swapped.parquet", [records[0], *records[:0:-1]])


def test_an_unfinished_file_has_no_final_name(
    tmp_path: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "ROW_GROUP", 100)
    path = tmp_path / "history.parquet"
    kept = ParquetRecorder(path)
    for record in records[:250]:
        kept.add(record)
    assert not path.exists()
    assert [each.suffix for each in tmp_path.iterdir()] == [".partial"]
    kept.close()
    assert [each.name for each in tmp_path.iterdir()] == ["history.parquet"]
    assert kept.count == 250


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live run whose pieces are of 50 records, and its row groups of 200."""
    monkeypatch.setattr(recorder, "LIVE_PIECE", 50)
    monkeypatch.setattr(recorder, "LIVE_ROW_GROUP", 200)


def test_a_live_run_makes_the_same_history(tmp_path: Path, records: list[Record], small_pieces: None) -> None:
    path = tmp_path / "live.parquet"
    kept = ParquetRecorder(path, live=True)
    stored_by(kept, records)
    assert kept.count == len(records) // 50 * 50  # the rest is held
    assert kept.close() == stored(tmp_path / "rehearsed.parquet", records)
    assert list(StoredHistory(path)) == records
    assert pyarrow.parquet.ParquetFile(path).num_row_groups == -(-len(records) // 200)


def test_what_goes_wrong_beside_a_live_run_is_raised(tmp_path: Path, records: list[Record], small_pieces: None) -> None:
    kept = ParquetRecorder(tmp_path / "live.parquet", live=True)
    stored_by(kept, records[:50])
    kept._writer.close()
    with pytest.raises(AssertionError):  # pyarrow's: a file that is closed takes nothing
        stored_by(kept, records)


def test_nothing_is_written_when_nothing_happened(tmp_path: Path) -> None:
    assert ParquetRecorder(tmp_path / "history.parquet").close() == history.Digest().hex()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_history_is_refused(tmp_path: Path, records: list[Record]) -> None:
    path = tmp_path / "history.parquet"
    stored(path, records[1:])
    with pytest.raises(ValueError, match="does not start with a Context record"):
        StoredHistory(path)


def test_rows_can_be_selected_by_columns_without_decoding(tmp_path: Path, records: list[Record]) -> None:
    path = tmp_path / "history.parquet"
    stored(path, records)
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == ["at_us", "type", "system", "kind", "txn", "body"]
    assert table.schema.metadata[b"q2c.history"] == b"1"
    assert table.column("type")[0].as_py() == Context.__name__
    assert table.column("type")[-1].as_py() == Ended.__name__
    flows = [record for record in records if isinstance(record, Flow)]
    assert table.column("type").to_pylist().count("Flow") == len(flows)
