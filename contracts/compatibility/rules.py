"""The rules of compatibility: what each change of a document means to those who send and to those who read.

A rule's id says which way the values go, which facet changed and how: `request.maximum.tightened`. Narrower requests
break those who send them; wider replies and events break those who read them. Where practice has decided otherwise the
row says so. The families follow what checkers of OpenAPI documents have agreed upon (oasdiff names some 500 of them).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec

from contracts.compatibility.shapes import LOWER, UPPER
from contracts.findings import Rule, Severity

SIDES = ("request", "response")
_BREAKS: Mapping[tuple[str, str], Severity] = {
    ("request", "narrower"): "error",
    ("request", "wider"): "note",
    ("request", "other"): "error",
    ("response", "narrower"): "note",
    ("response", "wider"): "error",
    ("response", "other"): "error",
}
_WHO = {"request": "whoever sends it", "response": "whoever reads it"}


class _Row(msgspec.Struct, frozen=True):
    """A facet's change: what it does to the set of values, the rule for requests and replies, and other severities."""

    facet: str
    change: str
    kind: str
    said: str
    request: Severity | None = None
    response: Severity | None = None


_ROWS = (
    _Row("type", "narrowed", "narrower", "The type of a value became narrower"),
    _Row("type", "widened", "wider", "The type of a value became wider"),
    _Row("type", "changed", "other", "The type of a value became another one"),
    _Row("null", "refused", "narrower", "A value can no longer be null"),
    _Row("null", "allowed", "wider", "A value can now be null"),
    _Row("enum", "introduced", "narrower", "A value became one of a list"),
    _Row("enum", "lifted", "wider", "A value is no longer one of a list", response="warning"),
    _Row("enum", "value-removed", "narrower", "A value was taken off a list"),
    _Row("enum", "value-added", "wider", "A value was added to a list", response="warning"),
    _Row("enum", "value-added-to-open", "wider", "A value was added to a list that says it will grow", response="note"),
    _Row("format", "added", "narrower", "A format was set"),
    _Row("format", "removed", "wider", "A format was lifted", response="warning"),
    _Row("format", "changed", "other", "A format became another one"),
    _Row("pattern", "added", "narrower", "A pattern was set"),
    _Row("pattern", "removed", "wider", "A pattern was lifted", response="warning"),
    _Row("pattern", "changed", "other", "A pattern became another one", request="warning", response="warning"),
    _Row("multipleOf", "added", "narrower", "A number must be a multiple"),
    _Row("multipleOf", "removed", "wider", "A number need no longer be a multiple"),
    _Row("multipleOf", "coarser", "narrower", "A number must be a multiple of more"),
    _Row("multipleOf", "finer", "wider", "A number may be a multiple of less"),
    _Row("multipleOf", "changed", "other", "A number must be a multiple of something else"),
    *(_Row(name, "tightened", "narrower", f"`{name}` was tightened or set") for name in (*UPPER, *LOWER)),
    *(_Row(name, "loosened", "wider", f"`{name}` was loosened or lifted") for name in (*UPPER, *LOWER)),
    _Row("uniqueItems", "added", "narrower", "The items of a list must differ"),
    _Row("uniqueItems", "removed", "wider", "The items of a list may be equal"),
    _Row("property", "removed", "other", "A property that was always there was removed", request="warning"),
    _Row("property", "removed-optional", "other", "An optional property was removed", "warning", "warning"),
    _Row("property", "removed-from-closed", "other", "A property was removed and others are refused", "error", "error"),
    _Row("property", "became-required", "narrower", "A property became required"),
    _Row("property", "became-optional", "wider", "A property may now be absent"),
    _Row("property", "added-required", "narrower", "A required property was added"),
    _Row("property", "added", "wider", "An optional property was added", response="note"),
    _Row("property", "added-to-closed", "wider", "A property was added where others were excluded", response="warning"),
    _Row("additionalProperties", "closed", "narrower", "Other properties are now excluded", request="warning"),
    _Row("additionalProperties", "opened", "wider", "Other properties are now possible", response="note"),
    _Row("additionalProperties", "described", "narrower", "Other properties have a schema now", request="warning"),
    _Row("additionalProperties", "not-described", "wider", "Other properties may be anything now", response="warning"),
    _Row("dependentRequired", "added", "narrower", "A property became required beside another"),
    _Row("dependentRequired", "removed", "wider", "A property is no longer required beside another"),
    *(
        _Row(name, change, kind, f"`{name}` was {change}")
        for name in ("propertyNames", "contains", "not", "if", "anyOf", "oneOf", "discriminator", "prefixItems")
        for change, kind in (("added", "narrower"), ("removed", "wider"), ("changed", "other"))
    ),
    *(
        _Row(name, change, kind, f"A branch of `{name}` was {change.removeprefix('branch-')}")
        for name in ("anyOf", "oneOf")
        for change, kind in (("branch-removed", "narrower"), ("branch-added", "wider"))
    ),
    _Row("items", "described", "narrower", "The items of a list have a schema now"),
    _Row("items", "not-described", "wider", "The items of a list may be anything now", response="warning"),
    _Row("default", "added", "other", "A default was set", "warning", "note"),
    _Row("default", "removed", "other", "A default was lifted", "error", "note"),
    _Row("default", "changed", "other", "A default became another one", "error", "note"),
    _Row("access", "became-read-only", "narrower", "A property can no longer be written", request="warning"),
    _Row("access", "became-writable", "wider", "A property can now be written", response="note"),
    _Row("access", "became-write-only", "wider", "A property is no longer read", request="note"),
    _Row("access", "became-readable", "narrower", "A property can now be read"),
    _Row("deprecated", "added", "other", "A value is deprecated", "note", "note"),
    _Row("media-type", "removed", "other", "A media type was removed"),
    _Row("media-type", "added", "wider", "A media type was added", response="note"),
    _Row("body", "added", "narrower", "A body is expected", response="note"),
    _Row("body", "removed", "other", "A body was removed"),
    _Row("body", "became-required", "narrower", "A body became required"),
    _Row("body", "became-optional", "wider", "A body became optional", response="note"),
)

_OPERATIONS: tuple[tuple[str, Severity, str, str], ...] = (
    ("operation.removed", "error", "An operation was removed", "Deprecate it first, and remove it after its sunset."),
    ("operation.removed-before-sunset", "error", "A deprecated operation was removed before its sunset", ""),
    ("operation.removed-after-sunset", "warning", "A deprecated operation was removed after its sunset", ""),
    ("operation.added", "note", "An operation was added", ""),
    ("operation.deprecated", "note", "An operation is deprecated, with a sunset", ""),
    ("operation.deprecated-without-sunset", "warning", "An operation is deprecated without a sunset", "RFC 8594"),
    ("operation.sunset-moved-forward", "error", "A sunset comes earlier than was said", "RFC 8594"),
    ("operation.sunset-too-near", "error", "A sunset leaves less time than the policy grants", ""),
    ("operation.id-changed", "warning", "An operation's id changed", "Generated clients are named by it."),
    ("operation.security-added", "error", "An operation asks for credentials it did not ask for", ""),
    ("operation.security-relaxed", "note", "An operation asks for fewer credentials, or lets in in more ways", ""),
    ("operation.security-scope-added", "error", "An operation asks for more scopes", ""),
    ("operation.callback-removed", "error", "A callback or webhook was removed", ""),
    ("parameter.removed", "warning", "A parameter was removed", "It is ignored, or refused; who sent it had a reason."),
    ("parameter.added", "note", "An optional parameter was added", ""),
    ("parameter.added-required", "error", "A required parameter was added", ""),
    ("parameter.became-required", "error", "A parameter became required", ""),
    ("parameter.became-optional", "note", "A parameter became optional", ""),
    ("parameter.style-changed", "error", "A parameter is written in another style", ""),
    ("path.parameter-renamed", "note", "A path parameter has another name", ""),
    ("response.status-removed", "error", "A reply of success is no longer documented", ""),
    ("response.refusal-removed", "warning", "A refusal is no longer documented", ""),
    ("response.status-added", "warning", "Another reply of success is possible", "Who expects 201 may fail at 202."),
    ("response.refusal-added", "note", "Another refusal is possible", ""),
    ("response.header-removed", "error", "A header that was always there was removed", ""),
    ("response.header-removed-optional", "warning", "An optional header was removed", ""),
    ("response.header-became-optional", "error", "A header may now be absent", ""),
    ("server.removed", "warning", "A server was removed", ""),
    ("version.too-small", "error", "The version number says less than the changes do", "Semantic Versioning 2.0.0"),
    ("channel.removed", "error", "A channel was removed", ""),
    ("channel.added", "note", "A channel was added", ""),
    ("channel.address-changed", "error", "A channel has another address", ""),
    ("channel.message-removed", "error", "A message is no longer sent on a channel", ""),
    ("channel.message-added", "warning", "Another message is sent on a channel", "Who reads the channel meets it."),
)


def _schema_rules() -> Iterator[Rule]:
    for row in _ROWS:
        for side in SIDES:
            own = row.request if side == "request" else row.response
            severity = own or _BREAKS[side, row.kind]
            place = "requests" if side == "request" else "replies and events"
            why = f"It breaks {_WHO[side]}." if severity == "error" else ""
            yield Rule(
                id=f"{side}.{row.facet}.{row.change}", sentence=f"{row.said} in {place}.", severity=severity, why=why
            )


def _operation_rules() -> Iterator[Rule]:
    for name, severity, said, why in _OPERATIONS:
        yield Rule(id=name, sentence=f"{said}.", severity=severity, why=why)


RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in (*_schema_rules(), *_operation_rules())})
