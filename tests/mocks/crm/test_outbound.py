"""Outbound messages by rule."""

from __future__ import annotations

from typing import Any

import pytest

from mocks.crm.outbound import OutboundMessage
from tests.mocks.crm.conftest import DATA, decoded

ACTIVATED = OutboundMessage(
    object="Order", fields=("OrderNumber", "Status", "TotalAmount"), becomes={"Status": "Activated"}, target="/orders"
)


def _order(org: Any, **more: Any) -> str:
    org.account()
    account = org.found("SELECT Id FROM Account")[0]["Id"]
    body = {"AccountId": account, "Status": "Draft", "EffectiveDate": "2027-01-01", "TotalAmount": 12.5, **more}
    return str(decoded(org.send("POST", f"{DATA}/sobjects/Order", body))["id"])


def _told(org: Any) -> list[Any]:
    return [org.service.prepare(delivery, org.now_us) for delivery in org.service.collect()]


def test_a_record_is_told_when_it_comes_to_have_the_values(new_org: Any) -> None:
    org = new_org(outbound_messages=(ACTIVATED,))
    key = _order(org)
    assert _told(org) == []
    org.send("PATCH", f"{DATA}/sobjects/Order/{key}", {"Status": "Activated"})
    (request,) = _told(org)
    assert (request.host, request.target) == ("integration", "/orders")
    assert b'xsi:type="sf:Order"' in request.body
    assert b"<sf:Status>Activated</sf:Status><sf:TotalAmount>12.50</sf:TotalAmount>" in request.body
    org.send("PATCH", f"{DATA}/sobjects/Order/{key}", {"Description": "x"})
    assert _told(org) == []


def test_the_message_shows_the_record_as_it_is_and_not_as_it_was(new_org: Any) -> None:
    org = new_org(outbound_messages=(ACTIVATED,))
    key = _order(org, Status="Activated")
    org.send("PATCH", f"{DATA}/sobjects/Order/{key}", {"TotalAmount": 99})
    (request,) = _told(org)
    assert b"<sf:TotalAmount>99.00</sf:TotalAmount>" in request.body


def test_a_rule_without_values_tells_every_change_at_its_own_address(new_org: Any) -> None:
    rule = OutboundMessage(object="Contact", fields=("LastName",), target="http://127.0.0.1:9/hook?x=1")
    org = new_org(outbound_messages=(rule,))
    key = decoded(org.send("POST", f"{DATA}/sobjects/Contact", {"LastName": "A&B"}))["id"]
    org.send("PATCH", f"{DATA}/sobjects/Contact/{key}", {"LastName": "C"})
    first, second = _told(org)
    assert (first.host, first.target) == ("http://127.0.0.1:9", "/hook")
    assert b"<sf:LastName>C</sf:LastName>" in second.body


def test_what_is_taken_back_is_not_told(new_org: Any) -> None:
    org = new_org(outbound_messages=(OutboundMessage(object="Contact"),))
    records = [{"attributes": {"type": "Contact"}, "LastName": "A"}, {"attributes": {"type": "Contact"}}]
    org.send("POST", f"{DATA}/composite/sobjects", {"records": records, "allOrNone": True})
    assert _told(org) == []
    org.send("POST", f"{DATA}/composite/sobjects", {"records": records, "allOrNone": False})
    assert len(_told(org)) == 1


@pytest.mark.parametrize("rule", [OutboundMessage(object="Nope"), OutboundMessage(object="Quote", fields=("Nope",))])
def test_a_rule_about_nothing_is_told_at_once(new_org: Any, rule: OutboundMessage) -> None:
    with pytest.raises(ValueError, match="outbound message 1"):
        new_org(outbound_messages=(rule,))
