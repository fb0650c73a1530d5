"""Clerks: people who work on exception cases, in their working hours, one case at a time.

What they do is a table: by the class of the trouble they correct something in a system of record and let the flow try
again, or they give it up. How long it takes is drawn for each case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from domain.acts import Act
from domain.calendar import MINUTE_US
from domain.draws import Draws
from domain.errors import by_code

LOOK_EVERY_US = 300_000_000
ROUNDS_MAX = 3  # what three corrections have not mended stays open, for its owner to see
GIVEN_UP = frozenset({"DATA_QUALITY.PRICE_MISMATCH", "CONFLICT.STATE"})
"""Nothing can be corrected: the quote goes back to sales, the amendment is refused."""
TAKEN_BACK = ("quote/", "apply/", "undo/", "close/")
"""Flows of which nothing stays half done when they are given up: orders, renewals and amendments, their undoing, and
closings.
"""
HALF_WAY = frozenset({"INTEGRITY.TOTAL_MISMATCH"})
"""Cases that cannot be given up: whoever cancels one says that it was finished by hand."""
DECIDED, AGAINST_US = frozenset({"PAYMENT.DISPUTE"}), 0.4
"""Cases in which a clerk decides who is right, and how often it is the customer [E]; a bank's disputes are answered."""


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """How many clerks there are, when they work and how long a case takes them."""

    clerks: int = 6
    touch_median_minutes: float = 25.0
    touch_p95_minutes: float = 120.0
    wait_share: float = 0.0  # of the cases need an answer from outside, for which the clerk does not sit and wait
    wait_median_minutes: float = 360.0
    wait_p95_minutes: float = 4320.0
    gives_up_share: float = 0.0  # of the cases of work that can be taken back
    zone: str = "America/New_York"
    from_minute: int = 9 * 60
    to_minute: int = 18 * 60
    overtime_minutes: int = 0  # longer days in [overtime_from, overtime_to)
    overtime_from: date = date.max
    overtime_to: date = date.max


class Queue(Protocol):
    """The integration's exception queue."""

    def open_cases(self) -> Sequence[Any]: ...
    def re_drive(self, case: str, actor: str, action: str = "retry", note: str = "") -> None: ...


Remedy = Callable[[Any, int], Sequence[Act]]
"""What is corrected in the systems of record for a case, at an instant."""
Decision = Callable[[Any], str]
"""What a steward decides on a case, in the words that its flow understands."""


class Clerks:
    """The people of one run. `remedies` maps a code (or its class) to a remedy; what has none is simply tried again.

    `decisions` maps a code to what a steward decides instead.
    """

    def __init__(
        self,
        staff: Staff,
        queue: Queue,
        draws: Draws,
        call_at: Callable[[int, Callable[[], None]], None],
        act: Callable[[Act], None],
        remedies: dict[str, Remedy],
        start_us: int,
        decisions: Mapping[str, Decision] = MappingProxyType({}),
    ) -> None:
        self._decisions = decisions
        self._staff, self._queue, self._draws = staff, queue, draws
        self._call_at, self._act, self._remedies = call_at, act, remedies
        self._busy: set[str] = set()
        self._waiting: set[str] = set()
        self._rounds: dict[str, int] = {}
        self._zone = ZoneInfo(staff.zone)
        self._closes_us = 0  # when the office closes that is open
        self.minutes = 0.0
        self._call_at(start_us + LOOK_EVERY_US, lambda: self._look(start_us + LOOK_EVERY_US))

    def _look(self, now_us: int) -> None:
        if now_us >= self._closes_us:
            self._closes_us = self._closing_us(now_us)
        is_open = now_us < self._closes_us
        next_us = now_us + LOOK_EVERY_US if is_open else self._opening_us(now_us)
        self._call_at(next_us, lambda: self._look(next_us))
        if len(self._busy) >= self._staff.clerks or not is_open:
            return
        for case in self._queue.open_cases():
            if len(self._busy) >= self._staff.clerks:
                return
            if case.id in self._waiting or self._rounds.get(case.id, 0) >= ROUNDS_MAX:
                continue
            if case.id not in self._busy and not case.code.startswith("DEPENDENCY."):
                self._take(case, now_us)

    def _take(self, case: Any, now_us: int) -> None:
        self._busy.add(case.id)
        self._rounds[case.id] = self._rounds.get(case.id, 0) + 1
        staff = self._staff
        minutes = self._draws.lognormal(
            staff.touch_median_minutes, staff.touch_p95_minutes, "touch", case.id, self._rounds[case.id]
        )
        self.minutes += minutes
        touched_us = now_us + round(minutes * MINUTE_US)
        self._call_at(touched_us, lambda: self._touched(case, touched_us))

    def _touched(self, case: Any, now_us: int) -> None:
        self._busy.discard(case.id)
        staff, key = self._staff, (case.id, self._rounds[case.id])
        if not self._draws.chance(staff.wait_share, "asks", *key):
            self._finish(case, now_us)
            return
        self._waiting.add(case.id)
        minutes = self._draws.lognormal(staff.wait_median_minutes, staff.wait_p95_minutes, "answer", *key)
        done_us = now_us + round(minutes * MINUTE_US)
        self._call_at(done_us, lambda: self._finish(case, done_us))

    def _finish(self, case: Any, now_us: int) -> None:
        self._waiting.discard(case.id)
        if not any(open_case.id == case.id for open_case in self._queue.open_cases()):
            return  # it resolved itself meanwhile
        if case.code in GIVEN_UP or self._gives_up(case):
            self._queue.re_drive(case.id, "clerk", action="cancel", note="cannot be mended")
            return
        if case.code in self._decisions:
            self._queue.re_drive(case.id, "steward", action=self._decisions[case.code](case), note="decided")
            return
        is_objection = case.code in DECIDED and case.flow.startswith("dispute/")
        if is_objection and self._draws.chance(AGAINST_US, "decision", case.id):
            self._queue.re_drive(case.id, "clerk", action="cancel", note="the customer is right")
            return
        remedy = by_code(self._remedies, case.code)
        for act in remedy(case, now_us) if remedy else ():
            self._act(act)
        self._queue.re_drive(case.id, "clerk", note="corrected" if remedy else "tried again")

    def _gives_up(self, case: Any) -> bool:
        if not self._draws.chance(self._staff.gives_up_share, "gives up", case.id):
            return False
        return case.flow.startswith(TAKEN_BACK) and case.code not in HALF_WAY

    def _opening_us(self, now_us: int) -> int:
        """Return when somebody looks first after the office opens next; nobody looks while it is closed."""
        local = datetime.fromtimestamp(now_us // 1_000_000, UTC).astimezone(self._zone)
        staff = self._staff
        day = local.date() + timedelta(days=local.hour * 60 + local.minute >= staff.from_minute)
        while day.weekday() >= 5:
            day += timedelta(days=1)
        opening = datetime(day.year, day.month, day.day, *divmod(staff.from_minute, 60), tzinfo=self._zone)
        wait_us = int(opening.timestamp()) * 1_000_000 - now_us
        return now_us + max(1, -(-wait_us // LOOK_EVERY_US)) * LOOK_EVERY_US

    def _closing_us(self, now_us: int) -> int:
        """Return when the office closes that is open at an instant; 0 when it is closed."""
        local = datetime.fromtimestamp(now_us // 1_000_000, UTC).astimezone(self._zone)
        staff, day = self._staff, local.date()
        longer = staff.overtime_minutes if staff.overtime_from <= day < staff.overtime_to else 0
        to_minute = min(staff.to_minute + longer, 24 * 60)
        if local.weekday() >= 5 or not staff.from_minute <= local.hour * 60 + local.minute < to_minute:
            return 0
        closing = datetime(day.year, day.month, day.day, tzinfo=self._zone) + timedelta(minutes=to_minute)
        return int(closing.timestamp()) * 1_000_000
