"""What subscribers are told: change events of records and platform events, each with its replay id, for 72 hours.

Replay ids rise and are not contiguous, as the vendor's do not promise to be. Source: the vendor's public documentation.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.calendar import HOUR_US
from mocks.crm.schema import CREATED, CURRENCY, ID, IS_DELETED, MODIFIED, MODSTAMP, Row, SObject
from mocks.crm.values import shown
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Desk
from mocks.kernel.tables import Table

RETENTION_US = 72 * HOUR_US
_FORGOTTEN_AT_ONCE = 1_024
ALL_CHANGES = "/data/ChangeEvents"
_STAMPS = frozenset({ID, IS_DELETED, CREATED, MODIFIED, MODSTAMP})


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event: `content` is what is told, as JSON."""

    replay_id: int
    content: msgspec.Raw


class Events:
    """The log of events, oldest first, and the channels there are.

    Three columns find an event: its replay id, its instant, and which channels of `_channels` it is heard on. What it
    tells lies in a table of the desk: three days of quarter-end are more than memory should hold.
    """

    def __init__(self, desk: Desk, user_id: str, captured: Sequence[str]) -> None:
        self._desk = desk
        self._user_id = user_id
        self._captured = frozenset(captured)
        self._ids, self._at_us, self._heard_on = array("q"), array("q"), array("i")
        self._channels: list[tuple[str, ...]] = []
        self._contents: Table[bytes] = desk.tables.table()
        self._last_id = 0
        self._commits = 0

    def captures(self, of: SObject) -> bool:
        """Tell whether changes of an object are told."""
        return of.name in self._captured or ("*" in self._captured and not of.is_event)

    def since(self, channel: str, replay_id: int) -> list[Event]:
        """Return the events of a channel after a replay id, oldest first."""
        start = max(bisect_right(self._ids, replay_id), self._first_kept())
        heard = {number for number, channels in enumerate(self._channels) if channel in channels}
        found = (self._ids[at] for at in range(start, len(self._ids)) if self._heard_on[at] in heard)
        return [Event(each, msgspec.Raw(self._contents[str(each)])) for each in found]

    def newest_id(self) -> int:
        """Return the replay id of the newest event, 0 when there has been none."""
        return self._last_id

    def oldest_id(self) -> int:
        """Return the replay id of the oldest event that is kept."""
        first = self._first_kept()
        return self._ids[first] if first < len(self._ids) else self._last_id

    def publish(self, of: SObject, row: Row) -> int:
        """Tell a platform event; return its replay id."""
        payload = {"CreatedById": self._user_id, **_payload(of, row, range(CURRENCY + 1, len(of.fields)))}
        payload["CreatedDate"] = shown(of, CREATED, row)
        return self._tell((f"/event/{of.name}",), {"schema": _schema_id(of.name), "payload": payload}, "event")

    def changed(self, changes: Sequence[tuple[SObject, Row | None, Row]]) -> None:
        """Tell the changes of records that became visible together."""
        self._commits += 1
        for number, (of, before, after) in enumerate(changes, 1):
            kind = _change(before, after)
            if before is None or kind in ("DELETE", "UNDELETE"):
                told = [at for at, value in enumerate(after) if value is not None and at not in (ID, IS_DELETED)]
                told = [] if kind == "DELETE" else told
            else:
                told = [at for at, value in enumerate(after) if value != before[at] and at not in (ID, CREATED)]
                if _STAMPS.issuperset(told):
                    continue
            header = self._header(of, before, after, kind, told, number)
            payload = {"ChangeEventHeader": header, **_payload(of, after, told)}
            channels = (f"/data/{_channel(of)}", ALL_CHANGES)
            self._tell(channels, {"schema": _schema_id(of.name), "payload": payload}, "event")

    def _header(
        self, of: SObject, before: Row | None, after: Row, kind: str, told: Sequence[int], number: int
    ) -> dict[str, Any]:
        is_update = kind == "UPDATE" and before is not None
        names = [of.fields[at].name for at in told] if is_update else []
        return {
            "entityName": of.name,
            "recordIds": [after[ID]],
            "changeType": kind,
            "changeOrigin": "com/salesforce/api/rest/62.0",
            "transactionKey": f"{self._commits:08x}-0000-4000-8000-{self._desk.now_us // 1000:012x}",
            "sequenceNumber": number,
            "commitTimestamp": self._desk.now_us // 1000,
            "commitNumber": self._desk.now_us * 1000 + self._commits % 1000,
            "commitUser": self._user_id,
            "nulledFields": [of.fields[at].name for at in told if after[at] is None] if is_update else [],
            "diffFields": [],
            "changedFields": names,
        }

    def _tell(self, channels: tuple[str, ...], content: Mapping[str, Any], key: str) -> int:
        self._forget()
        self._last_id += 1 + self._last_id * 7 % 3  # they rise, and have gaps
        if channels not in self._channels:
            self._channels.append(channels)
        self._ids.append(self._last_id)
        self._at_us.append(self._desk.now_us)
        self._heard_on.append(self._channels.index(channels))
        self._contents[str(self._last_id)] = encode_json({**content, key: {"replayId": self._last_id}})
        return self._last_id

    def _first_kept(self) -> int:
        """Return where in the log the events begin that are young enough to be told."""
        oldest_us = self._desk.now_us - RETENTION_US
        return bisect_left(self._at_us, oldest_us)

    def _forget(self) -> None:
        """Drop the events that are too old, many at a time."""
        first = self._first_kept()
        if first >= _FORGOTTEN_AT_ONCE:
            for old in self._ids[:first]:
                del self._contents[str(old)]
            for column in (self._ids, self._at_us, self._heard_on):
                del column[:first]


def _channel(of: SObject) -> str:
    return f"{of.name.removesuffix('__c')}__ChangeEvent" if of.name.endswith("__c") else f"{of.name}ChangeEvent"


def channel_of(of: SObject) -> str:
    """Return where an object's events can be heard."""
    return f"/event/{of.name}" if of.is_event else f"/data/{_channel(of)}"


def _schema_id(name: str) -> str:
    return f"q2c_{name}"


def _change(before: Row | None, after: Row) -> str:
    if before is None:
        return "CREATE"
    if after[IS_DELETED] != before[IS_DELETED]:
        return "DELETE" if after[IS_DELETED] else "UNDELETE"
    return "UPDATE"


def _payload(of: SObject, row: Row, positions: Any) -> dict[str, Any]:
    return {of.fields[at].name: shown(of, at, row) for at in positions}
