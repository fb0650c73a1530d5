"""P6: which refusals it is pointless to repeat, whose retries a retry is, and what speaks for a repetition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.checks import retries
from contracts.checks.retries import Pardon
from domain.faults import Fault
from domain.history import Crashed, Fired, Flow, Grant, Limit, Record
from tests.contracts.checks.build import at, attempt, check, clean
from tests.contracts.checks.doctored import PARKED, Records


def refused(status: int, kind: str = "", txn: str = "Q-000123") -> list[Record]:
    """Return a clean history in which a write was refused, by a fault or not, and sent again."""
    first = attempt(50, "r50", "crm", "update", "Quote/1", outcome="failed", status=status, txn=txn)
    again = attempt(51, "r51", "crm", "update", "Quote/1", txn=txn)
    struck: list[Record] = []
    if kind:
        struck = [Fired(at_us=at(50), fault=0, kind=kind, system="crm", operation="update", txn=txn, number="r50")]
    return [*clean(), *struck, first, again]


def _came_back(after_minutes: int) -> Records:
    """Return files for a peer that is closed for an hour, each sent again after some time."""
    made: list[Record] = []
    for number in range(40):
        sent, key = 50 + number / 10, f"F{number}.csv"
        closed = attempt(sent, f"f{number}a", "legacy_erp", "put_file", key, outcome="failed", status=409)
        made.append(replace(closed, retry_after_seconds=3600))
        made.append(attempt(sent + after_minutes + 1, f"f{number}b", "legacy_erp", "put_file", key))
    return [*clean(), *made]


def _failed(*statuses: int) -> Records:
    """Return a write that fails again and again."""
    tries = [
        attempt(50 + n, f"r{n}", "erp", "put_order", "k", outcome="failed", status=status)
        for n, status in enumerate(statuses)
    ]
    return [*clean(), *tries]


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
    assert check("P6", _came_back(back_after_minutes)).status == status


def test_a_zombie_still_sends_the_call_it_had_begun() -> None:
    pause = Fault(kind="zombie", seconds=600, count=9)
    first, again = refused(400)[-2:]
    struck = Fired(at_us=at(41), fault=0, kind="zombie", system="", operation="", txn="")
    assert check("P6", [*clean(), struck, first, again], faults=(pause,)).status == "holds"
    assert check("P6", [*clean(), replace(struck, at_us=at(39)), first, again], faults=(pause,)).status == "broken"


def test_a_call_whose_session_had_ended_goes_once_more_and_that_is_no_further_try() -> None:
    def tried(*statuses: int) -> str:
        return check("P6", _failed(*statuses), attempts_max=3).status

    assert tried(503, 503, 503) == tried(503, 401, 503, 503) == "holds"
    assert tried(503, 503, 503, 503) == "broken"
    assert tried(401, 401, 401, 401, 401, 401) == "holds"
    assert tried(*[401] * 7) == "broken"


def _refused_for_good(*between: Record, **more: Any) -> Records:
    first, again = refused(400)[-2:]
    return [*clean(), *between, first, replace(again, **more)]


def _often(second: Callable[[int], list[Record]]) -> Records:
    """Return forty writes that fail, each with what follows it: more than any budget of retries."""
    bad: dict[str, Any] = {"outcome": "failed", "status": 503}
    first = [attempt(50 + n, f"r{n}a", "erp", "put_invoice", f"I{n}", **bad) for n in range(40)]
    return [*clean(), *(record for n in range(40) for record in (first[n], *second(n)))]


def _struck(number: int) -> list[Record]:
    fired = Fired(
        at_us=at(50 + number), fault=0, kind="unavailable", system="erp", operation="put_invoice", txn="Q-000123",
        number=f"r{number}a",
    )  # fmt: skip
    return [fired, attempt(50.5 + number, f"r{number}b", "erp", "put_invoice", f"I{number}")]


CASES: tuple[tuple[Pardon, Records, dict[str, Any]], ...] = (
    (retries.PEER_OPENED, _came_back(60), {}),
    (retries.RE_DRIVEN, _refused_for_good(replace(PARKED, at_us=at(50.5), status="resumed")), {}),
    (retries.DIED, _refused_for_good(Crashed(at_us=at(50.5), write=1, after=False, back_us=at(50.7))), {}),
    (retries.SESSION_ENDED, _failed(503, 401, 503, 503), {"attempts_max": 3}),
    (retries.STRUCK, _often(_struck), {}),
    (retries.PASSING, refused(403, "throttled"), {}),
    (
        retries.GRANTED_LESS,
        refused(403),
        {
            "limits": (Limit(system="crm", concurrent=25),),
            "grants": (Grant(system="crm", start_us=at(40), end_us=at(51), concurrent=1),),
        },
    ),
    (retries.STILL_ON_ITS_WAY, _refused_for_good(sent_us=at(49)), {}),
    (retries.MANY_HANDS, refused(403, txn=""), {}),
)


@pytest.mark.parametrize(("pardon", "records", "context"), CASES, ids=[each[0].name for each in CASES])
def test_without_its_pardon_a_repetition_is_held_against_the_integration(
    pardon: Pardon, records: Records, context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check("P6", records, **context).status == "holds"
    monkeypatch.setattr(retries, "PARDONS", tuple(each for each in retries.PARDONS if each is not pardon))
    assert check("P6", records, **context).status == "broken"


def test_every_pardon_is_shown_to_be_needed() -> None:
    assert [pardon for pardon, *_ in CASES] == list(retries.PARDONS)


@pytest.mark.parametrize(("re_drives", "deaths", "allowed"), [(0, 0, 3), (2, 0, 9), (0, 2, 5), (1, 1, 7)])
def test_a_re_drive_grants_a_round_of_tries_and_a_death_one_more(re_drives: int, deaths: int, allowed: int) -> None:
    granted: list[Record] = [replace(PARKED, at_us=at(40 + n), status="resumed") for n in range(re_drives)]
    granted += [Crashed(at_us=at(40 + n), write=1, after=False, back_us=at(41 + n)) for n in range(deaths)]
    for tries, status in ((allowed, "holds"), (allowed + 1, "broken")):
        records = [*clean(), *granted, *_failed(*[503] * tries)[len(clean()) :]]
        assert check("P6", records, attempts_max=3).status == status
