"""What events of the CRM mean: an accepted quote, a look at a quote, or nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from integration.cdc import changes
from integration.cdc.bayeux import Told
from integration.cdc.changes import CHANNEL, Change, changes_of, is_overflow, request_of
from integration.flows.catalogue import ROUTES
from integration.intake import Intake

QUOTE = "0Q0000000000001AAA"


def _changed(kind: str = "UPDATE", entity: str = "Quote", **fields: Any) -> Told:
    header = {"entityName": entity, "recordIds": [QUOTE], "changeType": kind, "commitTimestamp": 1_790_000_000_000}
    return Told(CHANNEL, 17, {"payload": {"ChangeEventHeader": header, **fields}})


def test_a_quote_that_became_accepted_is_looked_at() -> None:
    (change,) = changes_of(_changed(Status="Accepted"))
    assert change == Change(f"{CHANNEL}/17/{QUOTE}", QUOTE, at_us=1_790_000_000_000_000)


def test_a_quote_that_was_created_as_accepted_is_known_at_once() -> None:
    (change,) = changes_of(_changed("CREATE", Status="Accepted", QuoteNumber="Q-000001", Version__c=2.0))
    assert (change.number, change.version) == ("Q-000001", 2)


@pytest.mark.parametrize(
    "event",
    [
        _changed(Status="Presented"),
        _changed(Description="Accepted"),
        _changed("DELETE", Status="Accepted"),
        _changed(entity="Account", Status="Accepted"),
        Told(CHANNEL, 1, {}),
        Told("/event/Other__e", 1, {"payload": {"Text__c": "x"}}),
    ],
)
def test_other_events_mean_nothing(event: Told) -> None:
    assert changes_of(event) == []


@pytest.mark.parametrize("kind", ["GAP_UPDATE", "GAP_CREATE", "GAP_UNDELETE"])
def test_an_event_that_lost_its_content_has_its_records_looked_at(kind: str) -> None:
    assert [change.quote_id for change in changes_of(_changed(kind))] == [QUOTE]


def test_an_overflow_asks_for_a_sweep() -> None:
    assert is_overflow(_changed("GAP_OVERFLOW"))
    assert not is_overflow(_changed(Status="Accepted"))
    assert not is_overflow(Told(CHANNEL, 1, {"payload": {"ChangeEventHeader": None}}))


def test_a_platform_event_says_it_all() -> None:
    payload = {"Quote__c": QUOTE, "QuoteNumber__c": "Q-000001", "Version__c": 3}
    (change,) = changes_of(Told("/event/Quote_Accepted__e", 5, {"payload": payload}))
    assert (change.quote_id, change.number, change.version) == (QUOTE, "Q-000001", 3)


@pytest.mark.parametrize("version", ["three", "", [], {}, 1e400, float("nan"), -2, 1.5, 10**30, "1e999"])
def test_a_version_that_is_no_number_has_the_quote_looked_at_and_holds_up_nobody(version: Any) -> None:
    payload = {"Quote__c": QUOTE, "QuoteNumber__c": "Q-000001", "Version__c": version or "none"}
    (told,) = changes_of(Told("/event/Quote_Accepted__e", 5, {"payload": payload}))
    (changed,) = changes_of(_changed("CREATE", Status="Accepted", QuoteNumber="Q-000001", Version__c=version))
    assert (told.quote_id, told.number) == (changed.quote_id, changed.number) == (QUOTE, "")


def test_an_instant_that_is_no_number_is_not_known() -> None:
    event = _changed(Status="Accepted")
    event.content["payload"]["ChangeEventHeader"]["commitTimestamp"] = "yesterday"
    assert changes_of(event)[0].at_us == 0


def test_a_quote_is_one_flow_however_it_is_learned_of() -> None:
    intake = Intake([changes.SOURCE], (*ROUTES, *changes.ROUTES))
    request = request_of([Change("e1", QUOTE, "Q-000001", 2), Change("e2", QUOTE)])
    source = intake.source_of(request)
    assert source is not None
    accepted, changed = intake.read(source, request, 1)
    assert accepted.start is not None
    assert (accepted.start.flow_id, accepted.start.name) == ("quote/Q-000001-v2", "accepted_quote")
    assert changed.start is not None
    assert (changed.start.name, changed.start.arguments) == ("learn_quote", {"quote_id": QUOTE})
    assert [plan.message.source for plan in (accepted, changed)] == ["crm", "crm"]


def test_a_request_of_changes_is_plain_json() -> None:
    request = request_of([Change("e1", QUOTE)])
    assert msgspec.json.decode(request.body)[0]["quote_id"] == QUOTE
