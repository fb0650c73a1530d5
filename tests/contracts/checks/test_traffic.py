"""P5, P8 and P13 know who could not know better: a process that wakes too late, a clock that is behind."""

from __future__ import annotations

from msgspec.structs import replace

from domain.faults import Fault
from domain.history import Crashed, Fired
from tests.contracts.checks.build import at, attempt, check, clean, delivered


def test_a_zombie_knows_nothing_of_what_was_told_meanwhile() -> None:
    asked = attempt(50, "r50", "crm", "read", outcome="failed", status=429, retry_after_seconds=300)
    struck = Fired(at_us=at(41), fault=0, kind="zombie", system="", operation="", txn="")
    pause = Fault(kind="zombie", seconds=600, count=9)
    early = [*clean(), asked, attempt(51, "r51", "crm", "read")]
    assert check("P5", [*early, struck], faults=(pause,)).status == "holds"
    assert check("P5", early, faults=(pause,)).status == "broken"
    dying = replace(asked, sent_us=at(51), at_us=at(51.1))  # nobody hears what it is told itself
    later = [*clean(), dying, attempt(52, "r52", "crm", "read")]
    assert check("P5", [*later, struck], faults=(pause,)).status == "holds"
    assert check("P5", later, faults=(pause,)).status == "broken"
    ended = attempt(50, "r50", "crm", "read", outcome="failed", status=401)
    sent = [
        attempt(1, "r1", "crm", "token"),
        ended,
        attempt(51, "r51", "crm", "read"),
        attempt(52, "r52", "crm", "token"),
    ]
    assert check("P13", [*clean(), *sent, struck], faults=(pause,)).status == "holds"
    assert check("P13", [*clean(), *sent], faults=(pause,)).status == "broken"


def test_what_a_process_was_told_after_its_death_nobody_heard() -> None:
    asked = attempt(50, "r50", "crm", "read", outcome="failed", status=429, retry_after_seconds=300, seconds=30)
    early = [*clean(), asked, attempt(51, "r51", "crm", "read")]
    died = Crashed(at_us=at(50.1), write=9, after=True, back_us=at(50.2))
    long_before = Crashed(at_us=at(48), write=8, after=True, back_us=at(49))
    assert check("P5", [*early, died]).status == "holds"
    assert check("P5", [*early, long_before]).status == "broken"


def test_a_signature_is_stale_by_the_clock_of_who_receives_it() -> None:
    old = delivered(50, "payment", "evt_1", "payment_intent.succeeded", signed_us=at(44))
    behind = Fault(kind="clock_back", seconds=200, count=9, end_us=at(99))
    struck = Fired(at_us=at(1), fault=0, kind="clock_back", system="", operation="", txn="")
    assert check("P8", [*clean(), old]).status == "broken"
    assert check("P8", [*clean(), old, struck], faults=(behind,)).status != "broken"
    assert check("P8", [*clean(), old, struck], faults=(replace(behind, seconds=20),)).status == "broken"
