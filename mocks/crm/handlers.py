"""The handlers of the dialect's rows: what each call asks the model for, and how the answer looks."""

from __future__ import annotations

from functools import lru_cache

from domain.http import Reply
from mocks.crm import describe as described
from mocks.crm.literals import lift_encoded
from mocks.crm.model import Crm
from mocks.crm.plans import every_field, render
from mocks.crm.queries import BATCH_MAX, BATCH_MIN
from mocks.crm.schema import ID, IS_DELETED, MODSTAMP, Row, SObject
from mocks.crm.values import instant, read_instant
from mocks.kernel.operations import Call, Refusal, json_reply

_OLDEST, _NEWEST, _RETIRED = 50, 68, 30
VERSIONS = frozenset([f"v{major}.0" for major in range(_OLDEST, _NEWEST + 1)])
_BATCH_HEADER = "sforce-query-options"


# --- versions and bases -------------------------------------------------------------------------------------------


def version_of(call: Call) -> int:
    """Return the major version a path names; raise Refusal for one that is retired or unknown."""
    major = _major(call.params["version"])
    if 0 <= major <= _RETIRED:
        raise Refusal("retired_version")
    if not _OLDEST <= major <= _NEWEST:
        raise Refusal("not_found")
    return major


@lru_cache(maxsize=64)
def _major(text: str) -> int:
    """Return the major version of a text such as v62.0, -1 when it is no version."""
    major, point, minor = text.removeprefix("v").partition(".")
    if not (text.startswith("v") and major.isascii() and major.isdigit() and point and minor == "0"):
        return -1
    return int(major)


def _base(call: Call) -> str:
    return f"/services/data/{call.params['version']}/"


def _object(crm: Crm, call: Call) -> SObject:
    name = call.params["object"]
    found = crm.store.schema.exact.get(name) or crm.store.schema.find(name)
    if found is None:
        raise Refusal("not_found")
    return found


# --- metadata -----------------------------------------------------------------------------------------------------


def list_versions(_crm: Crm, _call: Call) -> Reply:
    """List the versions of the API."""
    versions = range(_OLDEST, _NEWEST + 1)
    return json_reply([{"label": f"{v}.0", "url": f"/services/data/v{v}.0", "version": f"{v}.0"} for v in versions])


def list_resources(crm: Crm, call: Call) -> Reply:
    """List the resources of a version."""
    base, quirks = _base(call), crm.quirks
    names = ("sobjects", "query", "queryAll", "limits")
    identity = f"/id/{quirks.organisation_id}/{quirks.user_id}"
    return json_reply({**{name: base + name for name in names}, "identity": identity})


def get_limits(crm: Crm, _call: Call) -> Reply:
    """Show the daily allowance."""
    allowance = crm.allowance
    figures = {"Max": allowance.maximum, "Remaining": allowance.maximum - allowance.used}
    return json_reply({"DailyApiRequests": figures})


def list_objects(crm: Crm, call: Call) -> Reply:
    """List the objects."""
    return json_reply(described.describe_all(crm.store.schema, _base(call)))


def show_object(crm: Crm, call: Call) -> Reply:
    """Show one object in short."""
    return json_reply({"objectDescribe": described.summary(_object(crm, call), _base(call)), "recentItems": []})


def describe_object(crm: Crm, call: Call) -> Reply:
    """Show one object with its fields."""
    return json_reply(described.describe(_object(crm, call), _base(call)))


# --- records ------------------------------------------------------------------------------------------------------


def create_record(crm: Crm, call: Call) -> Reply:
    """Create a record."""
    key = crm.records.create(_object(crm, call), call.body)
    location = {"location": f"{_base(call)}sobjects/{call.params['object']}/{key}"}
    return json_reply({"id": key, "success": True, "errors": []}, 201, location)


def get_record(crm: Crm, call: Call) -> Reply:
    """Return a record, or the fields of it that `fields` names."""
    of = _object(crm, call)
    return _shown(crm, call, of, crm.records.get(of, call.params["id"]))


def _shown(crm: Crm, call: Call, of: SObject, row: Row) -> Reply:
    names = call.query.get("fields", "") if "?" in call.request.target else ""
    positions = [_position(of, name.strip()) for name in names.split(",")] if names else None
    return json_reply(render(crm.store, of, every_field(of, positions), row, f"{_base(call)}sobjects/", ()))


def _position(of: SObject, name: str) -> int:
    at = of.positions.get(name.lower())
    if at is None:
        raise Refusal("invalid_field", f"No such column '{name}' on entity '{of.name}'.")
    return at


def update_record(crm: Crm, call: Call) -> Reply:
    """Change fields of a record."""
    of = _object(crm, call)
    crm.records.change(of, crm.records.get(of, call.params["id"]), call.body)
    return Reply(204)


def delete_record(crm: Crm, call: Call) -> Reply:
    """Delete a record."""
    of = _object(crm, call)
    crm.records.delete(of, crm.records.get(of, call.params["id"]))
    return Reply(204)


def _only(crm: Crm, call: Call, of: SObject) -> Row | None:
    """Return the one record with the external id of the path, or None; raise Refusal when there are several."""
    rows = crm.records.external(of, call.params["field"], call.params["value"])
    if len(rows) > 1:
        raise Refusal("several", urls=[f"{_base(call)}sobjects/{of.name}/{row[ID]}" for row in rows])
    return rows[0] if rows else None


def _found(crm: Crm, call: Call, of: SObject) -> Row:
    row = _only(crm, call, of)
    if row is None:
        raise Refusal("not_found")
    return row


def get_by_external_id(crm: Crm, call: Call) -> Reply:
    """Return the record with an external id."""
    of = _object(crm, call)
    return _shown(crm, call, of, _found(crm, call, of))


def delete_by_external_id(crm: Crm, call: Call) -> Reply:
    """Delete the record with an external id."""
    of = _object(crm, call)
    crm.records.delete(of, _found(crm, call, of))
    return Reply(204)


def upsert_record(crm: Crm, call: Call) -> Reply:
    """Change the record with an external id, or create it."""
    of, name = _object(crm, call), call.params["field"]
    if name in call.body or name.lower() in map(str.lower, call.body):
        raise Refusal("invalid_field", f"The {name} field should not be specified in the sobject data.", name)
    row = _only(crm, call, of)
    if row is None:
        return _upserted_new(crm, call, of, name)
    crm.records.change(of, row, call.body)
    if version_of(call) < 46:
        return Reply(204)
    return json_reply({"id": row[ID], "success": True, "errors": [], "created": False})


def _upserted_new(crm: Crm, call: Call, of: SObject, name: str) -> Reply:
    if call.query.get("updateOnly") == "true" or of.positions[name.lower()] == ID:
        raise Refusal("not_found")
    key = crm.records.create(of, {**call.body, name: call.params["value"]})
    return json_reply({"id": key, "success": True, "errors": [], "created": True}, 201)


def _changes(call: Call) -> tuple[int, int]:
    """Return the span [start, end) of a request for changes, in microseconds UTC."""
    try:
        return read_instant(call.query["start"]), read_instant(call.query["end"])
    except KeyError as error:
        raise Refusal("missing_argument", f"the parameter {error.args[0]} is required") from error
    except ValueError as error:
        raise Refusal("missing_argument", f"start and end are dates with times: {error}") from error


def list_updated(crm: Crm, call: Call) -> Reply:
    """List the ids of records changed in a span of time."""
    of, (start_us, end_us) = _object(crm, call), _changes(call)
    rows = crm.store.tables[of.name].values()
    keys = [row[ID] for row in rows if start_us <= row[MODSTAMP] < end_us and not row[IS_DELETED]]
    return json_reply({"ids": keys, "latestDateCovered": instant(min(end_us, call.now_us))})


def list_deleted(crm: Crm, call: Call) -> Reply:
    """List the records deleted in a span of time."""
    of, (start_us, end_us) = _object(crm, call), _changes(call)
    gone = [row for row in crm.store.tables[of.name].values() if row[IS_DELETED] and start_us <= row[MODSTAMP] < end_us]
    return json_reply(
        {
            "deletedRecords": [{"id": row[ID], "deletedDate": instant(row[MODSTAMP])} for row in gone],
            "earliestDateAvailable": instant(0),
            "latestDateCovered": instant(min(end_us, call.now_us)),
        }
    )


# --- queries ------------------------------------------------------------------------------------------------------


def _batch(wish: str) -> int:
    name, _, number = wish.replace(" ", "").partition("=")
    if name.lower() != "batchsize" or not number.isdigit():
        raise Refusal("bad_header", "Sforce-Query-Options takes batchSize=200..2000")
    return max(BATCH_MIN, min(int(number), BATCH_MAX))


def query(crm: Crm, call: Call, deleted: bool = False) -> Reply:
    """Run a statement on live records, or on all when the deleted ones count too."""
    wish = call.request.headers.get(_BATCH_HEADER)
    batch = crm.quirks.batch_size if wish is None else _batch(wish)
    for pair in call.request.target.partition("?")[2].split("&"):
        if pair.startswith("q=") and len(pair) > 2:
            return json_reply(crm.queries.run(pair[2:], _base(call), batch, deleted, lift_encoded))
    raise Refusal("malformed_query", "the parameter q holds no statement")


def query_all(crm: Crm, call: Call) -> Reply:
    """Run a statement on all records, the deleted ones included."""
    return query(crm, call, deleted=True)


def query_more(crm: Crm, call: Call) -> Reply:
    """Return a later page of a result."""
    return json_reply(crm.queries.more(call.params["locator"], _base(call)))
