"""Outbound messages: a SOAP envelope with the latest state of a record, acknowledged in kind, retried for a day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from domain.http import Request
from mocks.crm.documents import QUOTE_AT
from mocks.crm.objects import QUOTE
from mocks.crm.outbound import ACCEPTED, Rule
from mocks.crm.schema import MODSTAMP, Row, SObject
from mocks.crm.values import instant, shown
from mocks.kernel.desk import Message

if TYPE_CHECKING:
    from mocks.crm.model import Crm

_FIRST_SECONDS, _GAP_MAX_SECONDS, _LIFE_SECONDS = 15, 7_200, 86_400
_FIELDS = ("Id", "QuoteNumber", "Version__c", "Status", "Kind__c", "Entity__c", "Subscription__c")
_ACCEPTED = Rule(ACCEPTED, QUOTE, tuple([(name, QUOTE_AT[name]) for name in _FIELDS]), (), "04k000000000001AAA", "")
_HEADERS = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
_ACKNOWLEDGED = re.compile(rb"<(?:\w+:)?Ack>\s*true\s*</(?:\w+:)?Ack>")
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
    "<OrganizationId>{organisation}</OrganizationId><ActionId>{action}</ActionId>"
    '<SessionId xsi:nil="true"/><EnterpriseUrl>{url}/services/Soap/c/62.0</EnterpriseUrl>'
    "<PartnerUrl>{url}/services/Soap/u/62.0</PartnerUrl>"
    "<Notification><Id>{message}</Id>"
    '<sObject xsi:type="sf:{object}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{fields}</sObject>'
    "</Notification></notifications></soapenv:Body></soapenv:Envelope>"
)


def _pauses() -> tuple[int, ...]:
    """Return the pauses between attempts: doubling up to two hours, as long as a day is not over.

    The doubling, the gap of two hours and the end after 24 hours are the vendor's; the first pause is an estimate.
    """
    pauses: list[int] = []
    pause = _FIRST_SECONDS
    while sum(pauses) + pause <= _LIFE_SECONDS:
        pauses.append(pause)
        pause = min(2 * pause, _GAP_MAX_SECONDS)
    return tuple(pauses)


RETRY_SECONDS = _pauses()


def deliver(crm: Crm, message: Message, _now_us: int) -> Request:
    """Return a message with the record as it is now, not as it was when the message was born."""
    rule = crm.outbound.rules.get(message.topic, _ACCEPTED)
    row = crm.store.tables[rule.of.name][message.content]
    fields = [f"<sf:{name}>{_text(rule.of, at, row)}</sf:{name}>" for name, at in rule.columns if row[at] is not None]
    fields.append(f"<sf:SystemModstamp>{instant(row[MODSTAMP])}</sf:SystemModstamp>")
    body = _ENVELOPE.format(
        organisation=crm.quirks.organisation_id,
        action=rule.action_id,
        object=rule.of.name,
        url=f"{crm.quirks.scheme}://crm",
        message=message.id,
        fields="".join(fields),
    )
    host, target = _address(rule.target or crm.quirks.target)
    return Request(host, "POST", target, _HEADERS, body.encode())


def _text(of: SObject, at: int, row: Row) -> str:
    value = row[at] if type(row[at]) is str else shown(of, at, row)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def _address(target: str) -> tuple[str, str]:
    """Return the host and the path of a target: a path is one at the integration."""
    if target.startswith("/"):
        return "integration", target
    parts = urlsplit(target)
    return f"{parts.scheme}://{parts.netloc}", parts.path or "/"


def acknowledged(status: int, body: bytes) -> bool:
    """Tell whether a receiver took a message: a 200 that says so in its body."""
    return status == 200 and _ACKNOWLEDGED.search(body) is not None
