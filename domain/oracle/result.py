"""What the oracle answers: per case the compared rows, per file a report with its exit status."""

from fractions import Fraction
from typing import Any

import msgspec


class NotUnderstood(ValueError):
    """A case, or a part of it, that the oracle cannot read; the text says what and what would be understood."""

    def __init__(self, case_id: str, what: str, understood: str = "") -> None:
        """Name the case, what was found in it, and what would have been understood."""
        hint = f"; understood: {understood}" if understood else ""
        super().__init__(f"case {case_id}: {what}{hint}")
        self.case_id = case_id


class Row(msgspec.Struct, frozen=True):
    """One expected value beside the computed one, both as text."""

    name: str
    expected: str
    computed: str
    equal: bool


class Result(msgspec.Struct, frozen=True):
    """One evaluated case; `problem` says why when it was not understood."""

    id: str
    title: str
    family: str
    rows: tuple[Row, ...] = ()
    understood: bool = True
    problem: str | None = None

    @property
    def equal(self) -> bool:
        """Tell whether every row agrees and there is at least one."""
        return self.understood and bool(self.rows) and all(row.equal for row in self.rows)


class Report(msgspec.Struct, frozen=True):
    """All cases of one file; `problem` says why the file as a whole was not understood."""

    path: str
    results: tuple[Result, ...] = ()
    problem: str | None = None

    @property
    def equal_count(self) -> int:
        """Return how many cases agree."""
        return sum(result.equal for result in self.results)

    @property
    def exit_status(self) -> int:
        """Return 0 when all agree, 1 when any differs, 2 when the file or a policy was not understood."""
        if self.problem is not None or any(not result.understood for result in self.results):
            return 2
        return 0 if self.equal_count == len(self.results) else 1


class Amount(msgspec.Struct, frozen=True):
    """A computed amount of money: whole minor units and the number of digits they stand for."""

    minor: int
    digits: int

    @property
    def major(self) -> Fraction:
        """Return the exact major amount."""
        return Fraction(self.minor, 10**self.digits)


class Share(msgspec.Struct, frozen=True):
    """A computed ratio, exact; it compares with a decimal at the digits that the decimal shows."""

    value: Fraction


class Parts(msgspec.Struct, frozen=True):
    """Computed values in the shapes in which a case may want them: a list, one whole, or a list of lists."""

    each: list[Any]
    whole: Any
    nested: list[list[Any]] = []
