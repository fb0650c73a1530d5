"""Forgeries: copies of messages that an intake must refuse."""

from __future__ import annotations

import re

import msgspec

from domain.http import Request
from mocks.kernel.service import Delivery, Service

STALE_SECONDS = 3600
_DIGIT = re.compile(rb"\d(?=[^\d]*$)")  # the last digit of a body: an amount, an id, a date
_ORGANISATION = re.compile(rb"(<OrganizationId>)[^<]*")


class Forgery(msgspec.Struct, frozen=True):
    """A forged request and the instant its signature claims."""

    request: Request
    signed_us: int


def forge(service: Service, delivery: Delivery, now_us: int, stale: bool) -> Forgery:
    """Return a forged copy of a delivery: a replay of an old signature where the sender signs with a time (`stale`),

    else a body that was changed after it was signed, or credentials that are not the sender's.
    """
    signed_us = now_us - STALE_SECONDS * 1_000_000 if stale else now_us
    request = service.prepare(delivery, signed_us)
    if any("signature" in name for name in request.headers):
        return Forgery(request if stale else _tampered(request), signed_us)
    if "authorization" in request.headers:
        headers = {**request.headers, "authorization": "Basic Zm9yZ2VkOmZvcmdlZA=="}
        return Forgery(msgspec.structs.replace(request, headers=headers), now_us)
    body = _ORGANISATION.sub(rb"\g<1>00D999999999999AAA", request.body)
    return Forgery(msgspec.structs.replace(request, body=body), now_us)


def _tampered(request: Request) -> Request:
    body = _DIGIT.sub(lambda match: b"%d" % ((int(match.group()) + 1) % 10), request.body, count=1)
    return msgspec.structs.replace(request, body=body)
