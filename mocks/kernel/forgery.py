"""Forgeries: copies of messages that an intake must refuse."""

from __future__ import annotations

import re

import msgspec

from domain.http import Request
from mocks.kernel.outcome import Delivery
from mocks.kernel.service import Service

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
    if _signature_in(request):
        return Forgery(request if stale else _tampered(request), signed_us)
    return Forgery(with_another_secret(request), now_us)


def with_another_secret(request: Request) -> Request:
    """Return a message with a signature, credentials or an organisation that its receiver does not know."""
    name = _signature_in(request)
    if name:
        value = request.headers[name]
        headers = {**request.headers, name: value[:-1] + ("0" if value[-1] != "0" else "1")}
        return msgspec.structs.replace(request, headers=headers)
    if "authorization" in request.headers:
        headers = {**request.headers, "authorization": "Basic Zm9yZ2VkOmZvcmdlZA=="}
        return msgspec.structs.replace(request, headers=headers)
    return msgspec.structs.replace(request, body=_ORGANISATION.sub(rb"\g<1>00D999999999999AAA", request.body))


def _signature_in(request: Request) -> str:
    return next((name for name in request.headers if "signature" in name), "")


def _tampered(request: Request) -> Request:
    body = _DIGIT.sub(lambda match: b"%d" % ((int(match.group()) + 1) % 10), request.body, count=1)
    return msgspec.structs.replace(request, body=body)
