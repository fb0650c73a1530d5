"""The rules hold on clean histories, and judge something there."""

from __future__ import annotations

import pytest

from tests.contracts.checks.build import amended, check, clean
from tests.contracts.checks.doctored import Break, named

JUDGED = (
    *("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "O1", "O3", "O4", "O5"),
    *("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M10", "M12", "M13"),
    *("P3", "P5", "P6", "L1", "L2", "L3", "A1"),
)
SPARES: tuple[tuple[str, Break], ...] = tuple((key, records) for key in JUDGED for records in (clean, amended))


@pytest.mark.parametrize(("key", "records"), named(SPARES))
def test_the_check_holds_and_has_judged_something(key: str, records: Break) -> None:
    result = check(key, records())
    assert result.status == "holds", result
    assert result.examined > 0
