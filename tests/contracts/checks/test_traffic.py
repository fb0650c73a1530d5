"""P6: which refusals it is pointless to repeat, and whose retries a retry is."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.faults import Fault
from domain.history import Fired, Flow, Record
from tests.contracts.checks.build import at, attempt, check, clean, delivered


def refused(status: int, kind: str = "", txn: str = "Q-000123") -> list[Record]:
    """Return a clean history in which a write was refused, by a fault or not, and sent again."""
    first = attempt(50, "r50", "crm", "update", "Quote/1", outcome="failed", status=status, txn=txn)
    again = attempt(51, "r51", "crm", "update", "Quote/1", txn=txn)
    struck: list[Record] = []
    if kind:
        struck = [Fired(at_us=at(50), fault=0, kind=kind, system="crm", operation="update", txn=txn, number="r50")]
    return [*clean(), *struck, first, again]


@pytest.mark.parametrize(("status", "kind"), [(403, "throttled"), (400, "row_locked"), (403, "allowance_spent")])
def test_a_refusal_that_passes_may_be_sent_again_whatever_its_status(status: int, kind: str) -> None:
    assert check("P6", refused(status)).status == "broken"
    assert check("P6", refused(status, kind)).status == "holds"


@pytest.mark.parametrize("kind", ["forbidden", "too_large", "key_mismatch"])
def test_what_lasts_is_not_sent_again_by_itself(kind: str) -> None:
    assert check("P6", refused(403, kind)).status == "broken"


def test_what_is_written_for_an_account_may_be_sent_by_another_flow() -> None:
    assert check("P6", refused(403)).status == "broken"
    assert check("P6", refused(403, txn="")).status == "holds"


def test_a_flow_goes_by_every_name_in_its_id() -> None:
    resumed = Flow(at_us=at(50.5), flow="mirror/Q-000123/7/Status", name="mirror", txn="Q-000999", status="resumed")
    assert check("P6", [*refused(403), resumed]).status == "holds"


def test_what_one_entity_sells_of_a_deal_shows_on_the_deal() -> None:
    resumed = Flow(at_us=at(50.5), flow="mirror/7/Status", name="mirror", txn="Q-000123.DE", status="resumed")
    assert check("P6", [*refused(403), resumed]).status == "holds"


def test_what_was_on_its_way_before_the_refusal_is_no_repetition() -> None:
    """A dead incarnation's call times out after its successor was refused."""
    *before, first, again = refused(403)
    assert check("P6", [*before, first, replace(again, sent_us=at(49))]).status == "holds"
    assert check("P6", [*before, first, again]).status == "broken"


def test_what_happened_to_a_document_goes_by_the_name_of_the_document() -> None:
    won = [replace(record, key="du_1.won") for record in refused(400)[-2:]]
    resumed = Flow(at_us=at(50.5), flow="chargeback/du_1", name="chargeback", txn="", status="resumed")
    assert check("P6", [*clean(), *won]).status == "broken"
    assert check("P6", [*clean(), *won, resumed]).status == "holds"


def test_what_a_person_has_tried_again_is_no_retry_of_the_budget() -> None:
    made: list[Record] = []
    for number in range(40):
        bad = attempt(50 + number, f"r{number}a", "erp", "put_invoice", f"I{number}", outcome="failed", status=503)
        made += [bad, attempt(50.5 + number, f"r{number}b", "erp", "put_invoice", f"I{number}")]
    assert check("P6", [*clean(), *made]).status == "broken"
    resumed = [
        Flow(at_us=at(50.2 + number), flow=f"invoice/I{number}", name="bill", txn="", status="resumed")
        for number in range(40)
    ]
    assert check("P6", [*clean(), *made, *resumed]).status == "holds"


@pytest.mark.parametrize(("back_after_minutes", "status"), [(60, "holds"), (30, "broken")])
def test_who_comes_back_when_a_closed_peer_opens_retries_nothing_of_the_budget(
    back_after_minutes: int, status: str
) -> None:
    made: list[Record] = []
    for number in range(40):
        sent, key = 50 + number / 10, f"F{number}.csv"
        closed = attempt(sent, f"f{number}a", "legacy_erp", "put_file", key, outcome="failed", status=409)
        made.append(replace(closed, retry_after_seconds=3600))
        made.append(attempt(sent + back_after_minutes + 1, f"f{number}b", "legacy_erp", "put_file", key))
    assert check("P6", [*clean(), *made]).status == status


def test_a_zombie_still_sends_the_call_it_had_begun() -> None:
    pause = Fault(kind="zombie", seconds=600, count=9)
    first, again = refused(400)[-2:]
    struck = Fired(at_us=at(41), fault=0, kind="zombie", system="", operation="", txn="")
    assert check("P6", [*clean(), struck, first, again], faults=(pause,)).status == "holds"
    assert check("P6", [*clean(), replace(struck, at_us=at(39)), first, again], faults=(pause,)).status == "broken"


def test_a_call_whose_session_had_ended_goes_once_more_and_that_is_no_further_try() -> None:
    def tried(*statuses: int) -> str:
        fail = [
            attempt(50 + n, f"r{n}", "erp", "put_order", "k", outcome="failed", status=status)
            for n, status in enumerate(statuses)
        ]
        return check("P6", [*clean(), *fail], attempts_max=3).status

    assert tried(503, 503, 503) == tried(503, 401, 503, 503) == "holds"
    assert tried(503, 503, 503, 503) == "broken"
    assert tried(401, 401, 401, 401, 401, 401) == "holds"
    assert tried(*[401] * 7) == "broken"


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


def test_a_signature_is_stale_by_the_clock_of_who_receives_it() -> None:
    old = delivered(50, "payment", "evt_1", "payment_intent.succeeded", signed_us=at(44))
    behind = Fault(kind="clock_back", seconds=200, count=9, end_us=at(99))
    struck = Fired(at_us=at(1), fault=0, kind="clock_back", system="", operation="", txn="")
    assert check("P8", [*clean(), old]).status == "broken"
    assert check("P8", [*clean(), old, struck], faults=(behind,)).status != "broken"
    assert check("P8", [*clean(), old, struck], faults=(replace(behind, seconds=20),)).status == "broken"
