"""Drifts of the ERP: renamed fields, stricter forms, lost permissions, dropped columns, the end of TBA."""

from __future__ import annotations

import re
from typing import Any

from mocks.drift.row import Drift, Plain, nodes, plain_of
from mocks.kernel.operations import Call, Refusal

RENAMED = {
    "custbody_txn": "custbody_transaction_ref",
    "custentity_credit_status": "custentity_credit_state",
    "custcol_kind": "custcol_line_kind",
}
_FORMER = {new: old for old, new in RENAMED.items()}
_COLUMN = re.compile(r"\bexternalid\b", re.IGNORECASE)
_CREATES_ORDERS = ("create_order", "upsert_order", "transform_customer_to_order", "transform_estimate_to_order")


def _no_tba(_erp: Any, call: Call) -> None:
    if call.request.headers.get("authorization", "").startswith("OAuth"):
        raise Refusal("unauthenticated", "Token-based authentication is switched off for this account.")


def _refuse_old_names(_erp: Any, call: Call) -> None:
    for node in nodes(plain_of(call)):
        for name in RENAMED.keys() & node.keys():
            raise Refusal("invalid_content", f"Unknown reference or field name: {name}.", name)


def _take_new_names(_call: Call, body: Plain) -> bool:
    return _rename(body, _FORMER)


def _tell_new_names(_call: Call, body: Any) -> None:
    _rename(body, RENAMED)


def _rename(body: Any, names: dict[str, str]) -> bool:
    found = [(node, name) for node in nodes(body) for name in names.keys() & node.keys()]
    for node, name in found:
        node[names[name]] = node.pop(name)
    return bool(found)


def _require_memo(_erp: Any, call: Call) -> None:
    body = plain_of(call)
    if not (isinstance(body, dict) and body.get("memo")):
        raise Refusal("user_error", "Please enter value(s) for: Memo", "memo")


def _forbid(_erp: Any, _call: Call) -> None:
    raise Refusal("forbidden", "Permission Violation: the role may not write credit memos.")


def _drop_column(_erp: Any, call: Call) -> None:
    body = plain_of(call)
    if isinstance(body, dict) and _COLUMN.search(str(body.get("q", ""))):
        raise Refusal("invalid_parameter", "Invalid search query: field 'externalid' was not found.", "q")


_ADMIN = "any day: an administrator"
_CREDIT_MEMOS = (
    "create_credit_memo", "upsert_credit_memo", "update_credit_memo", "delete_credit_memo", "transform_*_credit_memo",
)  # fmt: skip
ROWS: tuple[Drift, ...] = (
    Drift(
        name="netsuite-tba-off", system="erp", since="no new ones from 2027.1, end about 2028.2",
        source="the vendor's documentation",
        summary="token-based authentication (OAuth 1) is switched off", breaks="every call signed with tokens: 401",
        ask=_no_tba,
    ),
    Drift(
        name="netsuite-field-renamed", system="erp", since=_ADMIN, source="the vendor's documentation",
        summary="custom fields have other names: " + ", ".join(f"{old} is {new}" for old, new in RENAMED.items()),
        breaks="writes with the old names: 400 INVALID_CONTENT; reads find nothing under them",
        ask=_refuse_old_names, send=_take_new_names, tell=_tell_new_names,
    ),
    Drift(
        name="netsuite-mandatory-field", system="erp", since=_ADMIN, source="the vendor's documentation",
        summary="the form of sales orders makes the memo mandatory", breaks="new orders without one: 400 USER_ERROR",
        operations=_CREATES_ORDERS, ask=_require_memo,
    ),
    Drift(
        name="netsuite-role-permission", system="erp", since=_ADMIN, source="the vendor's documentation",
        summary="the integration's role may no longer write credit memos", breaks="credits: 403",
        operations=_CREDIT_MEMOS, ask=_forbid,
    ),
    Drift(
        name="netsuite-column-dropped", system="erp", since="twice a year, 2026.1 and 2026.2",
        source="the vendor's documentation",
        summary="SuiteQL no longer has the column externalid", breaks="queries that name it: 400 INVALID_PARAMETER",
        operations=("suiteql",), ask=_drop_column,
    ),
)  # fmt: skip
