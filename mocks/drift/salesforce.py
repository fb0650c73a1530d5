"""Drifts of the CRM: retirements by the vendor, and what an administrator changes on an ordinary afternoon."""

from __future__ import annotations

import re
from typing import Any

from mocks.crm.model import Crm
from mocks.crm.parts import Parts
from mocks.crm.schema import IS_DELETED, Row, SObject
from mocks.drift.row import Drift, Plain, edged, nodes
from mocks.kernel.dialect import Dialect
from mocks.kernel.operations import Call, Refusal

RETIRED_BELOW = 60
REGION = "Region__c"
_VERSION = re.compile(r"/services/data/v(\d+)\.0", re.ASCII)
_REGIONAL = frozenset({"Account", "Contact", "Opportunity", "Order"})
_MATCHED_BY = {"Account": "Name", "Contact": "Email"}
_NEW_VALUES = {("Quote", "Status", "Presented"): "Sent to Customer", ("Opportunity", "StageName", "Proposal"): "Pitch"}
_LOCKED = "OrderStatus__c"


def _retire(_crm: Any, call: Call) -> None:
    found = _VERSION.match(call.request.target)
    if found is not None and int(found[1]) < RETIRED_BELOW:
        raise Refusal("retired_version")


def _no_soap(_crm: Any, call: Call) -> None:
    if b"login" in call.request.body:
        raise Refusal("not_found", "SOAP login() is retired; use OAuth.")


def _require_region(_crm: Any, kind: str, values: Plain, is_new: bool) -> None:
    """Want the new field on creation; it is taken, and not kept: the schema of this release does not grow."""
    region = values.pop(_named(values, REGION), None)
    if kind in _REGIONAL and is_new and not region:
        raise Refusal("required_field_missing", f"Required fields are missing: [{REGION}]", fields=[REGION])


def _require_plus(_crm: Any, kind: str, values: Plain, _is_new: bool) -> None:
    phone = values.get(_named(values, "Phone"))
    if kind in _MATCHED_BY and isinstance(phone, str) and phone and not phone.startswith("+"):
        raise Refusal("rule", "Phone numbers start with + and the country.", "Phone")


def _forbid_mirror(_crm: Any, kind: str, values: Plain, _is_new: bool) -> None:
    if kind == "Quote" and _named(values, _LOCKED) in values:
        detail = f"Unable to create/update fields: {_LOCKED}. Please check the security settings of this field."
        raise Refusal("not_writeable", detail, _LOCKED)


def _match(crm: Crm, kind: str, values: Plain, is_new: bool) -> None:
    field = _MATCHED_BY.get(kind, "")
    value = values.get(_named(values, field))
    if not is_new or not value:
        return
    of = crm.store.schema.exact[kind]
    at = of.at(field)
    if any(row[at] == value and not row[IS_DELETED] for row in crm.store.tables[kind].values()):
        raise Refusal("duplicates", f"You're creating a duplicate record: {field} is {value}.")


def _named(values: Plain, name: str) -> str:
    """Return how a caller spells a field, whose case does not matter; the name itself when he does not name it."""
    return next((each for each in values if each.lower() == name.lower()), name)


def _new_picklist_values(_call: Call, body: Any) -> None:
    for node in nodes(body):
        kind = (node.get("attributes") or {}).get("type") if isinstance(node.get("attributes"), dict) else None
        for (of, field, old), new in _NEW_VALUES.items():
            if kind == of and node.get(field) == old:
                node[field] = new


def _new_field(_call: Call, body: Any) -> None:
    for node in nodes(body):
        if isinstance(node.get("attributes"), dict) and "type" in node["attributes"]:
            node.setdefault("ReleaseNote__c", None)


def install(crm: Crm, dialect: Dialect, rows: tuple[Drift, ...]) -> None:
    """Let inner requests of composites drift as outer ones do, and every write of a record obey the new rules."""
    crm.parts = Parts(crm, [edged(each, rows, dialect) for each in dialect.operations], dialect.refuse)
    records = crm.records
    for name in ("create", "change"):
        records.__dict__.pop(name, None)
    rules = [row.rule for row in rows if row.rule is not None]
    if not rules:
        return
    create, change = records.create, records.change

    def obeyed(of: SObject, body: Any, is_new: bool) -> Plain:
        values = dict(body)
        for rule in rules:
            rule(crm, of.name, values, is_new)
        return values

    def created(of: SObject, body: Any, **more: Any) -> str:
        return create(of, obeyed(of, body, is_new=True), **more)

    def changed(of: SObject, row: Row, body: Any, **more: Any) -> None:
        change(of, row, obeyed(of, body, is_new=False), **more)

    records.__dict__.update(create=created, change=changed)


_ADMIN, _RELEASE = "any day: an administrator", "three releases a year"
_RECORDS = ("get_*", "query*", "*_records", "composite", "graph", "batch", "search*")
ROWS: tuple[Drift, ...] = (
    Drift(
        name="salesforce-version-retired", system="crm", since="v31 to v40: Summer 2028",
        source="the vendor's documentation",
        summary=f"versions of the API below v{RETIRED_BELOW}.0 answer 410",
        breaks="clients that pin an old version: every call fails", ask=_retire,
    ),
    Drift(
        name="salesforce-soap-login-retired", system="crm", since="Summer '27", source="the vendor's documentation",
        summary="the SOAP login is gone", breaks="clients that log in with user name, password and security token",
        operations=("call_soap*",), ask=_no_soap,
    ),
    Drift(
        name="salesforce-required-field", system="crm", since=_ADMIN, source="the vendor's documentation",
        summary=f"new accounts, contacts, opportunities and orders need the custom field {REGION}",
        breaks="whoever creates them: 400 REQUIRED_FIELD_MISSING", rule=_require_region,
    ),
    Drift(
        name="salesforce-validation-rule", system="crm", since=_ADMIN, source="the vendor's documentation",
        summary="a validation rule wants phone numbers that start with +",
        breaks="whoever writes them as they were typed: 400 FIELD_CUSTOM_VALIDATION_EXCEPTION", rule=_require_plus,
    ),
    Drift(
        name="salesforce-field-permission", system="crm", since=_ADMIN, source="the vendor's documentation",
        summary=f"the integration's profile may no longer write {_LOCKED} of quotes",
        breaks="mirrors of the order's status: 400 INVALID_FIELD_FOR_INSERT_UPDATE", rule=_forbid_mirror,
    ),
    Drift(
        name="salesforce-duplicate-rule", system="crm", since=_ADMIN, source="the vendor's documentation",
        summary="a duplicate rule blocks accounts of one name and contacts of one email",
        breaks="whoever creates instead of upserting: 400 DUPLICATES_DETECTED", rule=_match,
    ),
    Drift(
        name="salesforce-picklist-value", system="crm", since=_ADMIN, source="the vendor's documentation",
        summary="quotes are 'Sent to Customer' where they were 'Presented', opportunities 'Pitch' for 'Proposal'",
        breaks="code that decides by these values", operations=_RECORDS, tell=_new_picklist_values,
    ),
    Drift(
        name="salesforce-new-field", system="crm", since=_RELEASE, source="the vendor's documentation",
        summary="every record has one field more", breaks="parsers that refuse what they do not know",
        operations=_RECORDS, tell=_new_field,
    ),
)  # fmt: skip
