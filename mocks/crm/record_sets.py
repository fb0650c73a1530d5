"""Collections and trees: up to 200 records in one request, with a result for each.

Source: the vendor's public documentation. A record that fails does not touch the others, unless all are to succeed or
none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.http import Reply
from mocks.crm import ids
from mocks.crm.bodies import Record, Retrieval, Tree
from mocks.crm.errors import as_result, rolled_back
from mocks.crm.model import Crm
from mocks.crm.schema import ID, Row, SObject
from mocks.crm.shapes import every_field, render
from mocks.kernel.operations import Call, Refusal, json_reply

RECORDS_MAX, LEVELS_MAX = 200, 5
Write = Callable[[Record], dict[str, Any]]


# --- collections --------------------------------------------------------------------------------------------------


def create_records(crm: Crm, call: Call) -> Reply:
    """Create up to 200 records."""

    def write(record: Record) -> dict[str, Any]:
        return _created(crm.records.create(_typed(crm, record), record))

    return _written(crm, call.body.records, write, call.body.allOrNone)


def update_records(crm: Crm, call: Call) -> Reply:
    """Change up to 200 records by their ids."""

    def write(record: Record) -> dict[str, Any]:
        name = next((name for name in record if name.lower() == "id"), "")
        if not name:
            raise Refusal("missing_argument", "Id not specified in an update call", "Id")
        of = _typed(crm, record)
        row = crm.records.get(of, str(record[name]))
        crm.records.change(of, row, {key: value for key, value in record.items() if key != name})
        return _created(row[ID])

    return _written(crm, call.body.records, write, call.body.allOrNone)


def upsert_records(crm: Crm, call: Call) -> Reply:
    """Change or create up to 200 records by an external id field."""
    of, field = crm.store.schema.find(call.params["object"]), call.params["field"]
    if of is None:
        raise Refusal("not_found")

    def write(record: Record) -> dict[str, Any]:
        name = next((name for name in record if name.lower() == field.lower()), "")
        value = record.get(name)
        if value is None or value == "":
            raise Refusal("missing_argument", f"{field} not specified", field)
        rest = {key: each for key, each in record.items() if key != name}
        key, is_new = crm.records.upsert(of, field, str(value), rest)
        return {**_created(key), "created": is_new}

    return _written(crm, call.body.records, write, call.body.allOrNone)


def delete_records(crm: Crm, call: Call) -> Reply:
    """Delete up to 200 records by their ids."""
    keys = [key for key in call.query.get("ids", "").split(",") if key]

    def write(record: Record) -> dict[str, Any]:
        of, row = _found(crm, record["Id"])
        crm.records.delete(of, row)
        return _created(row[ID])

    if not keys:
        raise Refusal("missing_argument", "the parameter ids is required")
    return _written(crm, [{"Id": key} for key in keys], write, call.query.get("allOrNone") == "true")


def retrieve_records(crm: Crm, call: Call) -> Reply:
    """Read records of one object by their ids; null stands for one that is not there."""
    if call.request.method == "POST":
        asked: Retrieval = call.body
        keys, fields = asked.ids, asked.fields
    else:
        keys = [key for key in call.query.get("ids", "").split(",") if key]
        fields = [name for name in call.query.get("fields", "").split(",") if name]
    if not keys or not fields or len(keys) > 2_000:
        raise Refusal("missing_argument", "ids (up to 2000) and fields are required")
    of = crm.store.schema.find(call.params["object"])
    if of is None:
        raise Refusal("not_found")
    shape = every_field(of, [of.position(name.strip()) for name in fields])
    base = f"/services/data/{call.params['version']}/sobjects/"
    rows = [crm.store.get(of, ids.canonical(key) or "") for key in keys]
    return json_reply([render(crm.store, of, shape, row, base, ()) if row is not None else None for row in rows])


def _written(crm: Crm, records: Sequence[Record], write: Write, all_or_none: bool) -> Reply:
    if len(records) > RECORDS_MAX:
        raise Refusal("limit_exceeded", f"Can't process more than {RECORDS_MAX} records in a request")
    results = crm.unit.together(
        lambda: [crm.unit.attempt(write, record) for record in records],
        lambda found: not all_or_none or not any(isinstance(each, Refusal) for each in found),
    )
    failed = any(isinstance(each, Refusal) for each in results)
    good = (lambda _each: rolled_back()) if failed and all_or_none else (lambda each: each)
    return json_reply([as_result(each) if isinstance(each, Refusal) else good(each) for each in results])


def _created(key: str) -> dict[str, Any]:
    return {"id": key, "success": True, "errors": []}


def _typed(crm: Crm, record: Record) -> SObject:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, Mapping) else None
    of = crm.store.schema.find(name) if isinstance(name, str) else None
    if of is None:
        raise Refusal("invalid_type", f"sObject type '{name}' is not supported.")
    return of


def _found(crm: Crm, key: Any) -> tuple[SObject, Row]:
    of = crm.store.schema.prefixed(str(key)[:3])
    if of is None or ids.canonical(str(key)) is None:
        raise Refusal("malformed_id", f"malformed id {key}")
    return of, crm.records.get(of, str(key))


# --- trees --------------------------------------------------------------------------------------------------------


class _Planter:
    """Creates the records of a tree, parents first, and remembers what became of each."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self.created: list[dict[str, str]] = []
        self.failed: list[dict[str, Any]] = []

    def plant(self, of: SObject, record: Record, level: int, more: Mapping[str, Any]) -> None:
        """Create a record with its children; refusals are kept by reference."""
        if level > LEVELS_MAX or len(self.created) + len(self.failed) >= RECORDS_MAX:
            raise Refusal("limit_exceeded", f"a tree has up to {RECORDS_MAX} records in {LEVELS_MAX} levels")
        reference = _reference(record)
        own = {name: value for name, value in record.items() if not _is_branch(value) and name != "attributes"}
        key = self._crm.unit.attempt(self._crm.records.create, of, {**own, **more})
        if isinstance(key, Refusal):
            self.failed.append({"referenceId": reference, "errors": as_result(key)["errors"]})
            return
        self.created.append({"referenceId": reference, "id": str(key)})
        for name, value in record.items():
            if _is_branch(value) and name != "attributes":
                self._branch(of, name, value, str(key), level + 1)

    def _branch(self, of: SObject, name: str, value: Mapping[str, Any], parent: str, level: int) -> None:
        found = of.children.get(name.lower())
        records = value.get("records")
        if found is None or not isinstance(records, list):
            raise Refusal("invalid_field", f"No such relationship '{name}' on sobject of type {of.name}", name)
        child = self._crm.store.schema[found[1]]
        for record in records:
            if not isinstance(record, dict):
                raise Refusal("malformed", "a record is an object")
            self.plant(child, record, level, {found[2]: parent})


def create_tree(crm: Crm, call: Call) -> Reply:
    """Create records with their children, all or none."""
    asked: Tree = call.body
    of = crm.store.schema.find(call.params["object"])
    if of is None:
        raise Refusal("not_found")
    planter = crm.unit.together(lambda: _planted(crm, of, asked), lambda found: not found.failed)
    if planter.failed:
        return json_reply({"hasErrors": True, "results": planter.failed}, 400)
    return json_reply({"hasErrors": False, "results": planter.created}, 201)


def _planted(crm: Crm, of: SObject, asked: Tree) -> _Planter:
    planter = _Planter(crm)
    for record in asked.records:
        planter.plant(of, record, 1, {})
    return planter


def _reference(record: Record) -> str:
    attributes = record.get("attributes")
    reference = attributes.get("referenceId") if isinstance(attributes, Mapping) else None
    if not isinstance(reference, str) or not reference:
        raise Refusal("bad_input", "each record of a tree has attributes.type and attributes.referenceId")
    return reference


def _is_branch(value: Any) -> bool:
    return isinstance(value, Mapping)
