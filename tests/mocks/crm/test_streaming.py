"""Streaming: change events and platform events by long polling."""

from __future__ import annotations

from typing import Any

import pytest

from mocks.kernel.outcome import HOLD_HEADER
from mocks.kernel.spilled import SpilledTables
from mocks.kernel.tables import IN_MEMORY
from tests.mocks.crm.conftest import DATA, decoded

CHANGES, ALL, EVENT = "/data/AccountChangeEvent", "/data/ChangeEvents", "/event/Order_Booked__e"
HOUR_US = 3_600_000_000


class Listener:
    """A subscriber; each connect returns the events it was given."""

    def __init__(self, org: Any) -> None:
        self.org = org
        (hello,) = self.send(channel="/meta/handshake", version="1.0", supportedConnectionTypes=["long-polling"])
        assert hello["successful"] is True
        assert "long-polling" in hello["supportedConnectionTypes"]
        self.id = hello["clientId"]
        self.held = False

    def send(self, **message: Any) -> list[Any]:
        reply = self.org.send("POST", "/cometd/62.0", [message])
        assert reply.status == 200, reply.body
        self.held = HOLD_HEADER in reply.headers
        return list(decoded(reply))

    def subscribe(self, channel: Any, replay: Any = None) -> Any:
        extension = {} if replay is None else {"ext": {"replay": {channel: replay}}}
        return self.send(channel="/meta/subscribe", clientId=self.id, subscription=channel, **extension)[0]

    def connect(self, **more: Any) -> list[Any]:
        *events, answer = self.send(channel="/meta/connect", clientId=self.id, connectionType="long-polling", **more)
        assert answer["channel"] == "/meta/connect"
        return events if answer["successful"] else [answer]


@pytest.fixture(params=["in memory", "spilled"])
def open_org(new_org: Any, request: pytest.FixtureRequest) -> Any:
    tables = SpilledTables(hot_max=8) if request.param == "spilled" else IN_MEMORY
    return new_org(tables, owns_accounts=False, owns_quotes=False, change_events=("*",))


def _create(org: Any, **fields: Any) -> str:
    return str(decoded(org.send("POST", f"{DATA}/sobjects/Account", {"Name": "Acme", **fields}))["id"])


def _headers(events: list[Any]) -> list[Any]:
    return [event["data"]["payload"]["ChangeEventHeader"] for event in events]


def test_a_change_tells_what_changed_and_nothing_else(open_org: Any) -> None:
    ear = Listener(open_org)
    assert ear.subscribe(CHANGES)["successful"] is True
    key = _create(open_org, Phone="1")
    open_org.now_us += 1_000_000
    open_org.send("PATCH", f"{DATA}/sobjects/Account/{key}", {"Phone": "2", "Website": None})
    created, updated = ear.connect()
    assert [header["changeType"] for header in _headers([created, updated])] == ["CREATE", "UPDATE"]
    header, payload = updated["data"]["payload"]["ChangeEventHeader"], updated["data"]["payload"]
    assert (header["entityName"], header["recordIds"]) == ("Account", [key])
    assert set(header["changedFields"]) == {"Phone", "LastModifiedDate", "SystemModstamp"}
    assert (payload["Phone"], "Name" in payload) == ("2", False)
    assert header["commitTimestamp"] == open_org.now_us // 1000
    assert created["data"]["payload"]["Name"] == "Acme"


def test_a_connect_with_nothing_due_may_be_held_and_one_in_a_hurry_is_not(open_org: Any) -> None:
    ear = Listener(open_org)
    assert ear.connect(advice={"timeout": 0}) == []
    assert ear.held is False
    assert ear.connect() == []
    assert ear.held is True
    ear.subscribe(CHANGES)
    _create(open_org)
    assert len(ear.connect()) == 1
    assert ear.held is False


def test_events_are_replayed_from_where_a_subscriber_left(open_org: Any) -> None:
    for number in range(3):
        _create(open_org, AccountNumber=f"A-{number}")
    everything = Listener(open_org)
    everything.subscribe(CHANGES, -2)
    told = everything.connect()
    ids = [event["data"]["event"]["replayId"] for event in told]
    assert len(ids) == 3
    assert ids == sorted(set(ids))
    late, new = Listener(open_org), Listener(open_org)
    assert late.subscribe(CHANGES, ids[0])["successful"] is True
    assert [event["data"]["event"]["replayId"] for event in late.connect()] == ids[1:]
    new.subscribe(CHANGES, -1)
    assert new.connect() == []


def test_replay_ids_that_cannot_be_served_are_refused(open_org: Any) -> None:
    key = _create(open_org)
    first = open_org.service.model.events.newest_id()
    open_org.now_us += 73 * HOUR_US
    open_org.login()
    open_org.send("PATCH", f"{DATA}/sobjects/Account/{key}", {"Phone": "2"})
    ear = Listener(open_org)
    assert ear.subscribe(CHANGES, 10_000)["error"].startswith("400::")
    assert ear.subscribe(CHANGES, "x")["successful"] is False
    open_org.send("PATCH", f"{DATA}/sobjects/Account/{key}", {"Phone": "3"})
    assert ear.subscribe(CHANGES, first - 1)["successful"] is False
    ear.subscribe(CHANGES, -2)
    assert len(ear.connect()) == 2


def test_platform_events_are_published_and_never_stored(open_org: Any, error_of: Any) -> None:
    ear = Listener(open_org)
    ear.subscribe(EVENT)
    target = f"{DATA}/sobjects/Order_Booked__e"
    told = decoded(open_org.send("POST", target, {"Reference__c": "Q-1", "Amount__c": 12.5}))
    assert told["errors"][0]["statusCode"] == "OPERATION_ENQUEUED"
    (event,) = ear.connect()
    assert (event["channel"], event["data"]["payload"]["Amount__c"]) == (EVENT, 12.5)
    assert error_of(open_org.query("SELECT Id FROM Order_Booked__e")) == (400, "INVALID_TYPE")
    assert error_of(open_org.send("POST", target, {})) == (400, "REQUIRED_FIELD_MISSING")


def test_one_commit_is_one_transaction_with_an_event_per_record(open_org: Any) -> None:
    ear = Listener(open_org)
    ear.subscribe(ALL)
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("A", "B")]
    open_org.send("POST", f"{DATA}/composite/sobjects", {"records": records, "allOrNone": True})
    headers = _headers(ear.connect())
    assert [header["sequenceNumber"] for header in headers] == [1, 2]
    assert len({header["transactionKey"] for header in headers}) == 1


def test_deletions_tell_the_id_alone(open_org: Any) -> None:
    key = decoded(open_org.send("POST", f"{DATA}/sobjects/Contact", {"LastName": "Doe"}))["id"]
    ear = Listener(open_org)
    ear.subscribe("/data/ContactChangeEvent")
    open_org.send("DELETE", f"{DATA}/sobjects/Contact/{key}")
    (event,) = ear.connect()
    assert list(event["data"]["payload"]) == ["ChangeEventHeader"]
    assert _headers([event])[0]["changeType"] == "DELETE"


def test_only_captured_objects_are_told(new_org: Any) -> None:
    org = new_org(owns_accounts=False, change_events=("Contact",))
    ear = Listener(org)
    ear.subscribe(ALL)
    _create(org)
    org.send("POST", f"{DATA}/sobjects/Contact", {"LastName": "Doe"})
    assert [header["entityName"] for header in _headers(ear.connect())] == ["Contact"]


def test_who_is_not_known_must_shake_hands_again(open_org: Any) -> None:
    ear = Listener(open_org)
    open_org.now_us += HOUR_US
    (answer,) = ear.connect()
    assert answer["error"] == "403::Unknown client"
    assert answer["advice"]["reconnect"] == "handshake"
    for channel in ("/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect"):
        assert ear.send(channel=channel, clientId=ear.id, subscription=CHANGES)[0]["successful"] is False


def test_unsubscribed_and_unknown_channels(open_org: Any) -> None:
    ear = Listener(open_org)
    ear.subscribe(CHANGES)
    assert ear.send(channel="/meta/unsubscribe", clientId=ear.id, subscription=CHANGES)[0]["successful"] is True
    _create(open_org)
    assert ear.connect() == []
    assert "does not exist" in ear.subscribe("/event/Nope__e")["error"]
    assert ear.send(channel="/data/AccountChangeEvent", data={})[0]["error"].startswith("403::")
    assert ear.send(channel="/meta/disconnect", clientId=ear.id)[0]["successful"] is True


def test_streaming_needs_a_session_and_spends_no_allowance(open_org: Any) -> None:
    refused = open_org.send("POST", "/cometd/62.0", [{"channel": "/meta/handshake"}], {})
    assert (refused.status, decoded(refused)[0]["error"][:5]) == (401, "401::")
    open_org.login()
    before = open_org.service.model.allowance.used
    Listener(open_org).connect()
    assert open_org.service.model.allowance.used == before


def test_events_that_nobody_can_be_told_any_more_leave_nothing_behind(open_org: Any) -> None:
    contents = open_org.service.model.events._contents
    for _ in range(1_100):
        _create(open_org)
    assert len(contents) == 1_100
    open_org.now_us += 73 * HOUR_US
    open_org.login()
    _create(open_org)
    assert len(contents) == 1
    ear = Listener(open_org)
    ear.subscribe(ALL, -2)
    assert len(ear.connect()) == 1
