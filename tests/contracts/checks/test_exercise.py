"""A8: a fault is blamed for its silence only where it could have struck."""

from __future__ import annotations

import pytest

from domain.faults import CATALOGUE, Fault
from domain.history import Arrived, Fired, Record
from tests.contracts.checks.build import at, attempt, check, clean, delivered


def calls(system: str, key: str) -> list[Record]:
    """Return four writes at a system that arrived and were done."""
    made: list[Record] = []
    for number in range(4):
        name = f"r9{number}"
        made.append(attempt(100 + number, name, system, "put_it", f"{key}{number}"))
        made.append(
            Arrived(
                at_us=at(100 + number), number=name, system=system, operation="put_it", key=f"{key}{number}",
                fingerprint=name, txn="Q-000123", status=200, effect="done",
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("kind", "able", "unable"),
    [
        ("row_locked", "erp", "tax"),
        ("key_mismatch", "payment", "erp"),
        ("allowance_spent", "crm", "billing"),
        ("job_never_ends", "erp", "crm"),
    ],
)
def test_a_kind_is_missed_only_within_its_reach(kind: str, able: str, unable: str) -> None:
    for system, status in ((able, "unknown"), (unable, "holds")):
        fault = Fault(kind=kind, system=system)
        assert check("A8", [*clean(), *calls(system, "k")], faults=(fault,)).status == status, system


def test_a_kind_of_the_network_has_a_reach_as_well() -> None:
    assert CATALOGUE["repeated"].reach.covers("erp", "put_it", write=False, keyed=False)
    fault = Fault(kind="repeated", system="erp")
    assert check("A8", [*clean(), *calls("erp", "k")], faults=(fault,)).status == "unknown"


def test_the_silence_of_a_storm_proves_nothing() -> None:
    fault = Fault(kind="retry_storm", system="erp", count=100)
    result = check("A8", [*clean(), *calls("erp", "k")], faults=(fault,))
    assert result.status == "holds"
    assert any("retry_storm erp was not exercised" in note for note in result.notes)


def test_a_spoilt_copy_of_a_message_is_no_opportunity() -> None:
    faults = tuple(Fault(kind=kind, system="billing", operation="invoice_paid") for kind in ("poison", "loss"))
    struck: list[Record] = []
    for minute in (50, 51, 52):
        name = f"ev_{minute}"
        struck += [
            Fired(at_us=at(minute - 1), fault=0, kind="poison", system="billing", operation="", txn="", number=name),
            delivered(minute, "billing", f"{name}-poison", "invoice_paid", status=400),
            delivered(minute, "billing", name, "invoice_paid"),
        ]
    assert check("A8", [*clean(), *struck], faults=faults).status == "holds"
    alone = [delivered(minute, "billing", f"ev_{minute}", "invoice_paid") for minute in (60, 61, 62)]
    assert check("A8", [*clean(), *struck, *alone], faults=faults).status == "unknown"


def test_what_waits_behind_a_blocked_message_is_no_opportunity() -> None:
    plan = (Fault(kind="blocked_queue", system="billing", seconds=600.0), Fault(kind="delay", system="billing"))
    struck = Fired(at_us=at(50), fault=0, kind="blocked_queue", system="billing", operation="", txn="", number="ev_50")
    sent = [delivered(minute + 1, "billing", f"ev_{minute}", "invoice_paid") for minute in (50, 52, 55, 59)]
    assert check("A8", [*clean(), struck, *sent], faults=plan).status == "holds"
    later = [delivered(minute + 1, "billing", f"ev_{minute}", "invoice_paid") for minute in (60, 61, 62)]
    assert check("A8", [*clean(), struck, *sent, *later], faults=plan).status == "unknown"


def test_a_write_that_a_fault_kept_from_success_each_time_is_no_reason_to_doubt_the_rest() -> None:
    tried = [attempt(50 + n, f"r5{n}", "erp", "put_it", f"k{n}", outcome="unknown", status=500) for n in range(3)]
    fault = Fault(kind="error_before", system="erp", operation="put_it")
    struck = [
        Fired(
            at_us=each.sent_us,
            fault=0,
            kind="error_before",
            system="erp",
            operation="put_it",
            txn="",
            number=each.number,
        )
        for each in tried
    ]
    assert check("A8", [*clean(), *tried], faults=(fault,)).status == "unknown"
    assert check("A8", [*clean(), *tried, *struck], faults=(fault,)).status == "holds"
    assert check("A8", [*clean(), *tried]).status == "unknown"
