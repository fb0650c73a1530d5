"""Cases (L4): each has an owner, a true reason and a due time, and people are asked what they can mend."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.faults import Fault
from domain.history import Case, Crashed, Drifted, Fired, Record
from tests.contracts.checks.build import at, attempt, check, clean
from tests.contracts.checks.doctored import case

Records = list[Record]


def _case(minutes: float, status: str, **more: Any) -> Case:
    """Return a state of a case that is due four hours after it was opened."""
    return case(minutes, status, **{"due_us": at(260), **more})


def test_a_case_without_an_owner_breaks_ownership() -> None:
    assert check("L4", [*clean(), _case(20, "new")], horizon_us=at(200)).status == "holds"
    assert check("L4", [*clean(), _case(20, "new", owner="")]).status == "broken"
    assert check("L4", [*clean(), _case(20, "new", code="NO.SUCH")]).status == "broken"
    assert check("L4", [*clean(), _case(20, "new", code="INTERNAL.BUG")], horizon_us=at(200)).status == "broken"


def test_an_overdue_case_must_have_been_escalated() -> None:
    assert check("L4", [*clean(), _case(20, "new")]).status == "broken"
    assert check("L4", [*clean(), _case(20, "new"), _case(200, "escalated")]).status == "holds"


def test_an_integration_whose_clock_was_set_back_escalates_by_its_own() -> None:
    set_back = Fired(at_us=at(10), fault=0, kind="clock_back", system="", operation="", txn="")
    planned = {"faults": (Fault(kind="clock_back", seconds=7200, count=3),)}
    late = [*clean(), set_back, _case(20, "new"), _case(300, "escalated")]
    assert check("L4", late, **planned).status == "holds"
    assert check("L4", late[:-1], **planned).status == "broken"
    assert check("L4", [each for each in late if each is not set_back], **planned).status == "broken"


def test_a_process_that_was_dead_escalates_when_it_is_back() -> None:
    down = Crashed(at_us=at(250), write=3, after=False, back_us=at(300))
    assert check("L4", [*clean(), _case(20, "new"), _case(300, "escalated")]).status == "broken"
    assert check("L4", [*clean(), _case(20, "new"), down, _case(300, "escalated")]).status == "holds"
    assert check("L4", [*clean(), _case(20, "new"), down, _case(400, "escalated")]).status == "broken"
    again = Crashed(at_us=at(300.5), write=4, after=False, back_us=at(400))
    assert check("L4", [*clean(), _case(20, "new"), down, again, _case(400, "escalated")]).status == "holds"
    late = Crashed(at_us=at(310), write=4, after=False, back_us=at(400))
    assert check("L4", [*clean(), _case(20, "new"), down, late, _case(400, "escalated")]).status == "broken"


def _refused(times: int, fingerprint: str = "same", *, asks: bool = True, **more: Any) -> Records:
    """Return a write that was refused so many times; people are asked each time."""
    tries = [
        attempt(
            100 + 10 * turn, f"r9{turn}", "erp", "upsert_journal", "po_1", outcome="failed",
            **{"status": 400, "fingerprint": f"{fingerprint}{turn}" if fingerprint != "same" else "same", **more},
        )
        for turn in range(times)
    ]  # fmt: skip
    asked = [
        replace(_case(0, "new"), at_us=each.at_us, opened_us=each.at_us, case=each.number) for each in tries if asks
    ]
    return [*clean(), *tries, *asked]


def test_people_are_not_asked_to_mend_what_only_the_sender_can() -> None:
    result = check("L4", _refused(4), horizon_us=at(200))
    assert result.status == "broken"
    assert "upsert_journal po_1 was refused as invalid (400) 4 times, unchanged" in result.violations[0].sentence
    assert check("L4", _refused(3), horizon_us=at(200)).status != "broken", "what people tried may have mended it"
    assert check("L4", _refused(4, "another"), horizon_us=at(200)).status != "broken", "what is sent was corrected"
    assert check("L4", _refused(4, asks=False), horizon_us=at(200)).status != "broken", (
        "nobody was asked: it was looked up"
    )
    assert check("L4", _refused(4, status=403), horizon_us=at(200)).status != "broken", "rights are people's to give"


def test_what_is_refused_while_an_interface_is_altered_is_for_people_to_mend() -> None:
    def status(system: str, start: int, end: int) -> str:
        drifted = Drifted(system=system, name="a-field-is-locked", start_us=at(start), end_us=at(end))
        return check("L4", _refused(4), horizon_us=at(200), drifted=(drifted,)).status

    assert status("erp", 100, 131) == "holds"
    assert status("crm", 100, 131) == "broken", "another system's"
    assert status("erp", 0, 90) == "broken", "it was plain again"
