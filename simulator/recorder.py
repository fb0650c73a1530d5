"""Recorders: where a running engine writes its history, in memory or as a stream of Parquet row groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from domain.history import Changed, Context, Digest, MemoryHistory, Record, decode, encode

if TYPE_CHECKING:
    import pyarrow

R = TypeVar("R")
_Row = tuple[int, str, str, str, str, bytes]
ROW_GROUP = 20_000
"""Records in a row group, and the most that are held in memory: some 20 MB."""
LIVE_ROW_GROUP = 2_000
LIVE_PIECE = 500
"""So few records of a live run are turned into columns at once, in a millisecond or two: no request waits for more."""


class MemoryRecorder:
    """Keeps every record; for runs that fit in memory, such as the hundreds of small ones of a test."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.add = self.records.append

    def history(self) -> MemoryHistory:
        """Return what was recorded so far as a history."""
        return MemoryHistory(self.records)


class ParquetRecorder:
    """Streams records to a Parquet file, one row a record, and keeps the running digest.

    Columns: `at_us`, `type`, `system`, `kind`, `txn` to select by, and `body`, the record's canonical JSON. At most one
    row group is held in memory. The file is written beside its final name and takes it only when closed whole, so
    nothing half-written looks complete. A `live` run must not stand still: its row groups are made of small pieces,
    and a thread writes them. What a file knows of each row group stays in memory until it is closed, some 5 kB.
    """

    def __init__(self, path: Path, *, live: bool = False) -> None:
        self.path = path
        self.count = 0
        self._row_group = LIVE_ROW_GROUP if live else ROW_GROUP
        self._piece = LIVE_PIECE if live else ROW_GROUP
        self._pieces: list[pyarrow.Table] = []
        self._thread = ThreadPoolExecutor(1) if live else None
        self._writing: Future[None] | None = None
        self._partial = path.with_suffix(".partial")
        self._digest = Digest()
        self._rows: list[_Row] = []
        self._schema: pyarrow.Schema = None
        self._writer: Any = None

    def add(self, record: Record) -> None:
        """Take one record; it is written with the others of its row group."""
        row = _row(record)
        self._rows.append(row)
        self._digest.add(row[-1])
        if len(self._rows) >= self._piece:
            self._gather()
            if sum(piece.num_rows for piece in self._pieces) >= self._row_group:
                self._write()

    def _gather(self) -> None:
        """Turn the records that came last into columns."""
        if not self._rows:
            return
        import pyarrow.parquet

        if self._writer is None:
            self._schema = _schema()
            self._writer = pyarrow.parquet.ParquetWriter(self._partial, self._schema, compression="zstd")
        columns = zip(zip(*self._rows, strict=True), self._schema, strict=True)
        arrays = [pyarrow.array(values, field.type) for values, field in columns]
        self._pieces.append(pyarrow.table(arrays, schema=self._schema))
        self.count += len(self._rows)
        self._rows.clear()

    def _write(self) -> None:
        """Write what was gathered as one row group; a thread does so when there is one."""
        import pyarrow

        self._wait()
        pieces, self._pieces = self._pieces, []
        if pieces and self._thread is None:
            self._writer.write_table(pyarrow.concat_tables(pieces))
        elif pieces and self._thread is not None:
            self._writing = self._thread.submit(self._writer.write_table, pyarrow.concat_tables(pieces))

    def _wait(self) -> None:
        """Wait for the thread; raise what went wrong there."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def close(self) -> str:
        """Finish the file under its final name and return the history's digest."""
        self._finish(self.path)
        return self._digest.hex()

    def close_incomplete(self) -> Path:
        """Keep what was recorded under a name that says so (`*.incomplete.parquet`), and return it."""
        path = self.path.with_suffix(".incomplete.parquet")
        self._finish(path)
        return path

    def _finish(self, path: Path) -> None:
        self._gather()
        self._write()
        self._wait()
        if self._thread is not None:
            self._thread.shutdown()
        if self._writer is not None:
            self._writer.close()
            self._partial.replace(path)


def _row(record: Record) -> _Row:
    kind = record.kind if isinstance(record, Changed) else ""
    system, txn = getattr(record, "system", ""), getattr(record, "txn", "")
    return record.at_us, type(record).__name__, system, kind, txn, encode(record)


def _schema() -> pyarrow.Schema:
    import pyarrow

    text = pyarrow.string()
    columns = [("at_us", pyarrow.int64()), ("type", text), ("system", text), ("kind", text), ("txn", text)]
    return pyarrow.schema([*columns, ("body", pyarrow.binary())], metadata={"q2c.history": "1"})


class StoredHistory:
    """A history on disk: decodes only the rows of the type or kind asked for, a row group at a time."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet

        self.path = path
        self._file = pyarrow.parquet.ParquetFile(path)
        first = next(iter(self._rows(None)))
        if not isinstance(first, Context):
            raise ValueError(f"{path} does not start with a Context record: it is no history of this project")
        self._context = first

    @property
    def context(self) -> Context:
        """What the run was."""
        return self._context

    def of(self, kind: type[R]) -> Iterable[R]:
        """Return the records of one type, in order."""
        return cast("Iterable[R]", _Rows(self, ("type", kind.__name__)))

    def changes(self, kind: str, system: str = "") -> Iterable[Changed]:
        """Return the changes of one kind of document, of one system or of all, in order."""
        return cast("Iterable[Changed]", _Rows(self, ("kind", kind), system))

    def __iter__(self) -> Iterator[Record]:
        return self._rows(None)

    def bodies(self) -> Iterator[bytes]:
        """Iterate over the canonical JSON of all records, in order."""
        for batch in self._file.iter_batches(batch_size=ROW_GROUP, columns=["body"]):
            yield from batch.column("body").to_pylist()

    def _rows(self, where: tuple[str, str] | None, system: str = "") -> Iterator[Record]:
        import pyarrow.compute as compute

        for batch in self._file.iter_batches(batch_size=ROW_GROUP, columns=["type", "system", "kind", "body"]):
            if where is not None:
                mask = compute.equal(batch.column(where[0]), where[1])
                if system:
                    mask = compute.and_(mask, compute.equal(batch.column("system"), system))
                batch = batch.filter(mask)
            for body in batch.column("body").to_pylist():
                yield decode(body)


class _Rows:
    """The rows of one selection; iterating again reads them again."""

    def __init__(self, history: StoredHistory, where: tuple[str, str], system: str = "") -> None:
        self._history, self._where, self._system = history, where, system

    def __iter__(self) -> Iterator[Record]:
        return self._history._rows(self._where, self._system)
