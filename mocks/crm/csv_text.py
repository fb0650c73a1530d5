"""CSV as bulk jobs carry it: names in the first row, then a record per row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from mocks.kernel.operations import Refusal

SEPARATORS: Mapping[str, str] = {
    "COMMA": ",",
    "TAB": "\t",
    "SEMICOLON": ";",
    "PIPE": "|",
    "CARET": "^",
    "BACKQUOTE": "`",
}
LINE_ENDINGS: Mapping[str, str] = {"LF": "\n", "CRLF": "\r\n"}
NULL = "#N/A"


class Sheet(msgspec.Struct, frozen=True):
    """The names of the columns, and the rows."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read_sheet(body: bytes, separator: str) -> Sheet:
    """Return the sheet of a CSV body in UTF-8; raise Refusal when it is none."""
    try:
        text = body.decode("utf-8-sig")
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = [tuple(row) for row in lines if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refusal("bad_job", f"InvalidBatch : the data is not CSV in UTF-8: {error}") from error
    if not rows:
        raise Refusal("bad_job", "InvalidBatch : the data has no row of names")
    names, *records = rows
    if len(set(names)) < len(names) or not all(names):
        raise Refusal("bad_job", "InvalidBatch : each column has a name of its own")
    return Sheet(names, tuple(records))


def written(names: Sequence[str], rows: Iterable[Sequence[str]], separator: str, line_ending: str) -> str:
    """Return rows as CSV in which every cell is quoted, as the vendor's are."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=line_ending, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue()
