"""Poison: messages that are signed right and that no flow can digest, and flows that fail each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import Mocks, Service, Shop, until
from tests.trouble.people import ONE_OF_EACH, client, counts, event, settled, staffed, told

UNREADABLE = {
    "no JSON": b"\x00\xff not JSON",
    "another shape": b'{"id": "evt_1", "type": "payout.paid", "created": 1, "data": {"object": []}}',
    "a payout without its currency": event("evt_2", "payout.paid", id="po_1", created=1),
    "an instant beyond all clocks": json.dumps(
        {"id": "evt_3", "type": "payment_intent.succeeded", "created": 2**63, "data": {"object": {"id": "pi_1"}}}
    ).encode(),
    "a payout beyond all clocks": event("evt_6", "payout.paid", id="po_2", currency="usd", created=2**70),
    "nested without end": event("evt_4", "payment_intent.succeeded") + b"[" * 100_000,
    "numbers for names": event("evt_5", "charge.dispute.created", id=17, metadata=[1]),
}


def test_messages_that_nobody_can_read_are_refused_and_the_others_go_on(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Callable[[], str], database: str
) -> None:
    each = number()
    with Service.up(tmp_path, mocks, port=port, database=database) as service:
        shop.signs(each)
        for what, body in UNREADABLE.items():
            reply = told(service, body)
            assert (what, reply.status_code) == (what, 400)
            assert reply.content, "the sender's people are told why"
            assert service.readiness()[0] == 200, what
        settled(shop, each)
        assert "starts anew" not in service.process.logged()
    assert counts(mocks, each) == ONE_OF_EACH


@pytest.mark.parametrize("topic", ["payout.paid", "charge.dispute.created"])
def test_a_message_that_leads_to_nothing_is_one_case_however_often_it_comes(
    tmp_path: Path, mocks: Mocks, shop: Shop, port: int, number: Callable[[], str], database: str, topic: str
) -> None:
    first, second = number(), number()
    poison = event(f"evt_{topic}", topic, id="xx_of_nobody", currency="usd", created=1)
    staff = staffed(tmp_path, "ada", "grace")
    service = Service(tmp_path, mocks, *staff, port=port, database=database, name="before")
    shop.signs(first)
    assert [told(service, poison).status_code for _ in range(3)] == [200] * 3
    with client(service, "ada") as ada:
        (case,) = until(lambda: ada.get("/exceptions").json()["cases"], "the case")
        assert "xx_of_nobody" in case["flow"]
        settled(shop, first)
    service.kill()
    with Service.up(tmp_path, mocks, *staff, port=port, database=database, name="after") as service:
        shop.signs(second)
        assert told(service, poison).status_code == 200
        settled(shop, second)
        with client(service, "ada") as ada, client(service, "grace") as grace:
            assert [each["id"] for each in ada.get("/exceptions").json()["cases"]] == [case["id"]]
            way = f"/exceptions/{case['id']}"
            ada.post(f"{way}/discard", json={"note": "nobody knows it"}).raise_for_status()
            grace.post(f"{way}/approve-discard", json={}).raise_for_status()
            assert told(service, poison).status_code == 200
            assert ada.get("/exceptions").json()["cases"] == []
    assert [counts(mocks, each) for each in (first, second)] == [ONE_OF_EACH] * 2
