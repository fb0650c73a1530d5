import re
from typing import Any
from xml.etree import ElementTree

from mocks.crm.ids import canonical
from mocks.crm.messages import RETRY_SECONDS, acknowledged

OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
RECORD = "{urn:sobject.enterprise.soap.sforce.com}"
ACK = b'<?xml version="1.0"?><s:Envelope xmlns:s="x"><s:Body><Response><Ack>true</Ack></Response></s:Body></s:Envelope>'


def envelope(org: Any, delivery: Any) -> ElementTree.Element:
    request = org.service.prepare(delivery, org.now_us)
    assert (request.method, request.target) == ("POST", "/webhooks/crm")
    assert request.headers["content-type"] == "text/xml; charset=utf-8"
    return ElementTree.fromstring(request.body)


def test_acceptance_is_told_as_a_soap_notification(org: Any) -> None:
    quote_id = org.accepted()
    (delivery,) = org.service.collect()
    root = envelope(org, delivery)
    told = root.find(f".//{OUTBOUND}notifications")
    assert told is not None
    assert told.findtext(f"{OUTBOUND}OrganizationId") == "00D000000000001EAA"
    identity = told.findtext(f"{OUTBOUND}Notification/{OUTBOUND}Id") or ""
    assert identity == delivery.message.id
    assert identity.startswith("04l")
    assert canonical(identity) == identity
    record = told.find(f"{OUTBOUND}Notification/{OUTBOUND}sObject")
    assert record is not None
    assert record.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "sf:Quote"
    values = {child.tag.removeprefix(RECORD): child.text for child in record}
    assert values["Id"] == quote_id
    assert values["QuoteNumber"] == "Q-000001"
    assert values["Version__c"] == "1"
    assert values["Status"] == "Accepted"
    assert values["SystemModstamp"] == "2026-11-30T00:53:20.000+0000"


def test_a_retry_carries_the_latest_state_under_the_same_id(org: Any) -> None:
    quote_id = org.accepted()
    (first,) = org.service.collect()
    org.service.settle(first, 503, org.now_us)
    org.send("PATCH", f"/services/data/v62.0/sobjects/Quote/{quote_id}", {"Status": "Converted"})
    org.now_us += RETRY_SECONDS[0] * 1_000_000
    org.service.tick(org.now_us)
    (second,) = org.service.collect()
    assert (second.message.id, second.attempt) == (first.message.id, 2)
    assert b"<sf:Status>Converted</sf:Status>" in org.service.prepare(second, org.now_us).body


def test_retries_double_up_to_two_hours_and_end_within_a_day() -> None:
    assert RETRY_SECONDS[:3] == (15, 30, 60)
    assert max(RETRY_SECONDS) == 7_200
    assert 86_400 - 7_200 < sum(RETRY_SECONDS) <= 86_400
    assert list(RETRY_SECONDS) == sorted(RETRY_SECONDS)


def test_a_message_is_dropped_after_its_day(org: Any) -> None:
    org.accepted()
    deliveries = org.service.collect()
    attempts = 0
    while deliveries:
        (delivery,) = deliveries
        attempts += 1
        org.service.settle(delivery, 0, org.now_us)
        org.now_us += 7_200_000_000
        org.service.tick(org.now_us)
        deliveries = org.service.collect()
    assert attempts == 1 + len(RETRY_SECONDS)


def test_only_an_acknowledgement_in_the_body_counts() -> None:
    assert acknowledged(200, ACK)
    assert acknowledged(200, b"<o:Ack> true </o:Ack>")
    assert not acknowledged(200, ACK.replace(b"true", b"false"))
    assert not acknowledged(200, b"ok")
    assert not acknowledged(202, ACK)


def test_a_200_without_an_acknowledgement_is_tried_again(org: Any) -> None:
    org.accepted()
    (first,) = org.service.collect()
    org.service.settle(first, 200, org.now_us, b"thanks")
    org.now_us += RETRY_SECONDS[0] * 1_000_000
    org.service.tick(org.now_us)
    (second,) = org.service.collect()
    org.service.settle(second, 200, org.now_us, ACK)
    assert org.service.tick(org.now_us + 86_400_000_000) is None
    assert org.service.collect() == []


def test_values_are_escaped(org: Any) -> None:
    org.accepted("Q-000001", subscription="a<b&c")
    (delivery,) = org.service.collect()
    body = org.service.prepare(delivery, org.now_us).body
    assert re.search(rb"<sf:Subscription__c>a&lt;b&amp;c</sf:Subscription__c>", body)


def test_the_organisation_id_and_the_target_are_configurable(new_org: Any) -> None:
    org = new_org(organisation_id="00D000000000007EAA", target="/in/crm")
    org.accepted()
    (delivery,) = org.service.collect()
    request = org.service.prepare(delivery, org.now_us)
    assert request.target == "/in/crm"
    assert b"<OrganizationId>00D000000000007EAA</OrganizationId>" in request.body
