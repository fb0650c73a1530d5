"""What changes in an account while an integration runs, as switches (dialects.md 2.2): an administrator, a release.

renamed_fields        {"custbody_txn": "custbody_transaction"}: the old name is unknown, replies have the new one
mandatory_fields      {"salesOrder": ["otherRefNum"]}: the form asks for it when a record is created
forbidden_records     ["invoice"]: the role has lost its permission
dropped_columns       ["memo"]: SuiteQL does not know the column any more
takes_signatures      False: token-based authentication is switched off, only OAuth 2.0 remains
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from mocks.erp.addresses import RECORDS
from mocks.erp.quirks import Quirks
from mocks.erp.wire import decode
from mocks.kernel.codec import Undecodable, decode_json, encode_json
from mocks.kernel.operations import Call, Refusal

Names = Mapping[str, str]


def decoding(quirks: Quirks) -> Callable[[Call], Any]:
    """Return how bodies are decoded in an account with these drifts; without any, as ever."""
    plain = partial(decode, unknown_properties=quirks.unknown_properties)
    if quirks.renamed_fields or quirks.mandatory_fields or quirks.forbidden_records:
        return partial(_drifted, quirks=quirks, plain=plain)
    return plain


def _drifted(call: Call, quirks: Quirks, plain: Callable[..., Any]) -> Any:
    kinds = _kinds(call)
    for kind in kinds:
        if kind in quirks.forbidden_records:
            raise Refusal("forbidden", f"Permission violation: the role has no permission for {kind}.")
    if call.operation.body is None or not kinds:
        return plain(call)
    content = call.request.body
    if quirks.renamed_fields and content:
        content = _with_known_names(content, quirks.renamed_fields)
    body = plain(call, content=content)
    if call.request.method in ("POST", "PUT"):
        for field in quirks.mandatory_fields.get(kinds[-1], ()):
            if not getattr(body, field, None):
                raise Refusal("user_error", f"Please enter value(s) for: {field}", field)
    return body


def _kinds(call: Call) -> list[str]:
    """Return the record types a call is about: the one of its address, and the target of a transform."""
    path = call.operation.path
    if not path.startswith(RECORDS):
        return []
    parts = path.removeprefix(RECORDS).strip("/").split("/")
    return [parts[0], parts[-1]] if "!transform" in parts else [parts[0]]


def _with_known_names(content: bytes, renamed: Names) -> bytes:
    """Return a body with the names this ERP was built with; refuse the old ones."""
    try:
        raw = decode_json(content)
        known = {new: old for old, new in renamed.items()}
        for name in _names(raw):
            if name in renamed:
                raise Refusal("invalid_content", f"Unknown reference or field '{name}'.", name)
        return encode_json(with_names(raw, known))
    except RecursionError:
        raise Undecodable("The request body is nested too deeply.") from None


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)


def with_names(value: Any, names: Names) -> Any:
    """Return a JSON value with its fields renamed, at every depth."""
    if isinstance(value, dict):
        return {names.get(name, name): with_names(part, names) for name, part in value.items()}
    return [with_names(part, names) for part in value] if isinstance(value, list) else value
