"""Requests that hold only while a record is as the caller knows it, by the instant of its last change.

The vendor's dates have whole seconds. Source: its public documentation of conditional requests.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from domain.calendar import SECOND_US
from mocks.crm.schema import MODSTAMP, Row
from mocks.kernel.operations import Call, Refusal


def require_unmodified(call: Call, row: Row) -> None:
    """Raise Refusal (412) when a record was changed after the instant that a writer says it knows."""
    known = _instant(call, "if-unmodified-since")
    if known is not None and row[MODSTAMP] // SECOND_US > known:
        raise Refusal("precondition_failed")


def unchanged_since(call: Call, row: Row) -> bool:
    """Tell whether a reader has what there is already (304)."""
    known = _instant(call, "if-modified-since")
    return known is not None and bool(row[MODSTAMP] // SECOND_US <= known)


def _instant(call: Call, header: str) -> int | None:
    """Return the date of a header in seconds, None without one."""
    text = call.request.headers.get(header)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError as error:
        raise Refusal("bad_header", f"{header} is no date: {text[:60]}") from error
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
