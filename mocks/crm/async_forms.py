"""How answers of Bulk API 1.0 look: XML, or JSON for who sends JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from domain.http import Reply
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call

JSON = {"content-type": "application/json"}
_XML = {"content-type": "application/xml"}
_XMLNS = "http://www.force.com/2009/06/asyncapi/dataload"


def is_json(call: Call | None) -> bool:
    """Tell whether a caller speaks JSON: what it says of its body is all there is to know."""
    return call is not None and "json" in call.request.headers.get("content-type", "")


def refused(call: Call | None, code: str, words: str) -> Reply:
    """Return a refusal: whatever is wrong, the status is 400."""
    error = {"exceptionCode": code, "exceptionMessage": words}
    return Reply(400, JSON, encode_json(error)) if is_json(call) else document("error", elements(error), 400)


def told(call: Call, name: str, values: Mapping[str, Any], status: int = 200) -> Reply:
    """Return a job or a batch."""
    if is_json(call):
        return Reply(status, JSON, encode_json(values))
    return document(name, elements(values), status)


def elements(values: Mapping[str, Any]) -> str:
    """Return values as elements of XML."""
    return "".join([f"<{name}>{escape(str(value))}</{name}>" for name, value in values.items()])


def document(name: str, inside: str, status: int = 200) -> Reply:
    """Return a document of XML."""
    text = f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{_XMLNS}">{inside}</{name}>'
    return Reply(status, _XML, text.encode())
