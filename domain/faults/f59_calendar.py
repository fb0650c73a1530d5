"""F59: Ends of months, leap days, changed clocks and fiscal calendars."""

from __future__ import annotations

from domain.faults.kind import Elsewhere

FAULTS = (
    Elsewhere(
        number="F59",
        name="calendar",
        summary=("months of other lengths, 29 February, days of 23 or 25 hours, midnight at four places"),
        wild=("31 January plus one month; a certificate made on 29 February ended a cloud for a day."),
        source="Azure, 2012-02-29 (danluu/post-mortems)",
        right="reckons with local dates and an explicit anchor, and counts days and not hours.",
        noticed_by=("O5", "M9", "M1"),
        why="Time passes in every run: which days a run plays is the scenario's choice.",
        shown=(
            "`rehearse:` and `entities:` of a scenario, the library's dst_and_timezone_cutoff, "
            "tests/domain/test_calendar.py"
        ),
    ),
)
