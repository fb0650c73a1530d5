"""The protocol of streams: handshake, subscriptions, connects, and every way in which a server sends us back."""

from __future__ import annotations

from typing import Any

import pytest

from integration.cdc.bayeux import CONNECT, HANDSHAKE, NEW_ONLY, SUBSCRIBE, Bayeux, Told, Unauthorised

ONE, TWO = "/data/QuoteChangeEvent", "/event/Quote_Accepted__e"
HANDS = {"channel": "/meta/handshake", "successful": True, "clientId": "c1", "advice": {"reconnect": "retry"}}


def _subscribed(channel: str) -> dict[str, Any]:
    return {"channel": "/meta/subscribe", "successful": True, "subscription": channel}


def _listening(**places: int) -> Bayeux:
    bayeux = Bayeux({ONE: NEW_ONLY, **places})
    bayeux.take([HANDS])
    bayeux.take([_subscribed(ONE)])
    return bayeux


def _event(replay_id: int, channel: str = ONE) -> dict[str, Any]:
    return {"channel": channel, "data": {"event": {"replayId": replay_id}, "payload": {"n": replay_id}}}


def test_a_conversation_begins_with_hands_and_subscriptions_at_the_places_we_know() -> None:
    bayeux = Bayeux({ONE: 41, TWO: NEW_ONLY})
    (hands,) = bayeux.request()
    assert (hands["channel"], hands["supportedConnectionTypes"]) == ("/meta/handshake", ["long-polling"])
    bayeux.take([HANDS])
    first, second = bayeux.request()
    assert (first["clientId"], first["subscription"], first["ext"]) == ("c1", ONE, {"replay": {ONE: 41}})
    assert (second["subscription"], second["ext"]) == (TWO, {"replay": {TWO: -1}})
    bayeux.take([_subscribed(ONE)])
    assert [message["subscription"] for message in bayeux.request()] == [TWO]
    bayeux.take([_subscribed(TWO)])
    (connect,) = bayeux.request()
    assert (connect["channel"], connect["clientId"]) == ("/meta/connect", "c1")


def test_only_the_first_connect_asks_not_to_wait() -> None:
    bayeux = _listening()
    assert bayeux.request()[0]["advice"] == {"timeout": 0}
    bayeux.take([{"channel": "/meta/connect", "successful": True}])
    assert "advice" not in bayeux.request()[0]


def test_every_message_has_a_number_of_its_own() -> None:
    bayeux = Bayeux({ONE: NEW_ONLY, TWO: NEW_ONLY})
    numbers = [bayeux.request()[0]["id"]]
    bayeux.take([HANDS])
    numbers += [message["id"] for message in bayeux.request()]
    assert len(set(numbers)) == 3


def test_events_come_with_any_answer_and_move_the_place_only_when_they_are_dealt_with() -> None:
    bayeux = _listening()
    heard = bayeux.take([_event(7), _event(9), {"channel": "/meta/connect", "successful": True}])
    assert [event.replay_id for event in heard.events] == [7, 9]
    assert bayeux.places == {ONE: NEW_ONLY}
    bayeux.dealt_with(heard.events[0])
    assert bayeux.places == {ONE: 7}
    bayeux.dealt_with(Told(ONE, 3, {}))  # told again
    assert bayeux.places == {ONE: 7}


def test_a_server_that_forgot_us_is_met_again_from_the_places_we_know() -> None:
    bayeux = _listening()
    bayeux.dealt_with(Told(ONE, 9, {}))
    forgot = {
        "channel": "/meta/connect", "successful": False, "error": "403::Unknown client",
        "advice": {"reconnect": "handshake", "interval": 250},
    }  # fmt: skip
    heard = bayeux.take([forgot])
    assert (bayeux.stage, heard.pause_seconds, heard.trouble) == (HANDSHAKE, 0.25, "403::Unknown client")
    bayeux.take([{**HANDS, "clientId": "c2"}])
    (again,) = bayeux.request()
    assert (again["clientId"], again["ext"]) == ("c2", {"replay": {ONE: 9}})


def test_a_place_that_is_gone_is_a_gap_and_listening_goes_on_with_what_is_new() -> None:
    bayeux = Bayeux({ONE: 5})
    bayeux.take([HANDS])
    refusal = {"channel": "/meta/subscribe", "successful": False, "subscription": ONE, "error": "400::The replayId ..."}
    heard = bayeux.take([refusal])
    assert heard.gaps == (ONE,)
    assert bayeux.stage == SUBSCRIBE
    assert bayeux.request()[0]["ext"] == {"replay": {ONE: NEW_ONLY}}
    bayeux.take([_subscribed(ONE)])
    assert bayeux.stage == CONNECT


def test_a_channel_that_does_not_exist_is_trouble_and_no_gap() -> None:
    bayeux = Bayeux({ONE: NEW_ONLY})
    bayeux.take([HANDS])
    refusal = {"channel": "/meta/subscribe", "successful": False, "subscription": ONE, "error": "400::does not exist"}
    heard = bayeux.take([refusal])
    assert (heard.gaps, heard.trouble) == ((), "400::does not exist")
    assert heard.pause_seconds >= 1


@pytest.mark.parametrize(
    "refusal",
    [
        {"channel": "/meta/connect", "successful": False, "error": "401::Authentication invalid"},
        {
            "channel": "/meta/handshake",
            "successful": False,
            "ext": {"sfdc": {"failureReason": "401::Request requires"}},
        },
    ],
)
def test_a_refused_token_is_said_so_and_everything_begins_again(refusal: dict[str, Any]) -> None:
    bayeux = _listening()
    with pytest.raises(Unauthorised):
        bayeux.take([refusal])
    assert bayeux.stage == HANDSHAKE
