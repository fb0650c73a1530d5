"""What happened, clock by clock: streamed in chunks to whoever wants it, to a Parquet file for example, never kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from simulator.whatif.model import Model
from simulator.whatif.tables import Rows

CHUNK = 65_536
Sink = Callable[[Rows], None]
"""Takes a chunk of rows: lifecycle, number of the SLA in the model, when its clock stopped, what it showed."""


class Collected:
    """Keeps every row, for tests and small runs."""

    def __init__(self) -> None:
        self._chunks: list[Rows] = []

    def __call__(self, chunk: Rows) -> None:
        self._chunks.append(chunk)

    @property
    def rows(self) -> Rows:
        """Return all rows so far."""
        return np.concatenate(self._chunks) if self._chunks else np.empty((0, 4), np.int64)


class ParquetRows:
    """Writes rows to a Parquet file as they come. Columns: lifecycle, sla, stopped_us, duration_us."""

    def __init__(self, path: Path, model: Model) -> None:
        import pyarrow as arrow
        import pyarrow.parquet as parquet

        self._arrow = arrow
        self._names = arrow.array([sla.name for sla in model.slas])
        schema: Any = arrow.schema(
            [
                ("lifecycle", arrow.int64()),
                ("sla", arrow.dictionary(arrow.int32(), arrow.string())),
                ("stopped_us", arrow.int64()),
                ("duration_us", arrow.int64()),
            ],
            metadata={"model": model.digest(), "origin_us": str(model.origin_us)},
        )
        self._schema = schema
        self._writer = parquet.ParquetWriter(path, schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._writer.close()

    def __call__(self, chunk: Rows) -> None:
        arrow = self._arrow
        slas = arrow.DictionaryArray.from_arrays(arrow.array(chunk[:, 1].astype(np.int32)), self._names)
        columns = [arrow.array(chunk[:, 0]), slas, arrow.array(chunk[:, 2]), arrow.array(chunk[:, 3])]
        self._writer.write_table(arrow.Table.from_arrays(columns, schema=self._schema))
