"""Cases: the exception cases of a run by class, owner and age."""

from __future__ import annotations

import msgspec

from contracts.checks.facts import CASE_CLOSED, Facts
from domain.calendar import DAY_US, HOUR_US
from q2c.report.series import rank

AGES = (("up to 4 h", 4 * HOUR_US), ("4 to 24 h", DAY_US), ("1 to 3 d", 3 * DAY_US), ("3 to 7 d", 7 * DAY_US))
OLDER = "over 7 d"


class CaseClass(msgspec.Struct, frozen=True, kw_only=True):
    """The cases of one reason and owner. `late` were closed, or are still open, after their due time."""

    code: str
    owner: str
    opened: int
    closed: int
    late: int
    p50_us: int
    longest_us: int

    @property
    def open(self) -> int:
        """How many were open when the run ended."""
        return self.opened - self.closed


class Cases(msgspec.Struct, frozen=True):
    """All classes, most frequent first, and how many open cases there are of each age."""

    classes: tuple[CaseClass, ...]
    open_by_age: tuple[tuple[str, int], ...]

    @property
    def opened(self) -> int:
        """How many cases there were."""
        return sum(each.opened for each in self.classes)

    @property
    def open(self) -> int:
        """How many were open when the run ended."""
        return sum(each.open for each in self.classes)


def cases_of(facts: Facts) -> Cases:
    """Return the exception cases of a history."""
    groups: dict[tuple[str, str], list[tuple[int, bool, bool]]] = {}
    ages: list[int] = []
    for records in facts.cases.values():
        last = records[-1]
        is_closed = last.status in CASE_CLOSED
        ended_us = last.at_us if is_closed else facts.context.horizon_us
        age_us = ended_us - last.opened_us
        code = ".".join(last.code.split(".")[:2])
        groups.setdefault((code, last.owner), []).append((age_us, is_closed, ended_us > last.due_us))
        if not is_closed:
            ages.append(age_us)
    classes = [_class(code, owner, rows) for (code, owner), rows in groups.items()]
    return Cases(tuple(sorted(classes, key=lambda each: (-each.opened, each.code, each.owner))), _by_age(ages))


def _class(code: str, owner: str, rows: list[tuple[int, bool, bool]]) -> CaseClass:
    ages = sorted(age_us for age_us, _, _ in rows)
    return CaseClass(
        code=code, owner=owner, opened=len(rows), closed=sum(closed for _, closed, _ in rows),
        late=sum(late for _, _, late in rows), p50_us=rank(ages, 50), longest_us=ages[-1],
    )  # fmt: skip


def _by_age(ages: list[int]) -> tuple[tuple[str, int], ...]:
    counts = dict.fromkeys([*(name for name, _ in AGES), OLDER], 0)
    for age_us in ages:
        counts[next((name for name, limit_us in AGES if age_us <= limit_us), OLDER)] += 1
    return tuple(counts.items())
