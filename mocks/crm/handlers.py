"""The handlers of the dialect's rows: what each call asks the model for, and how the answer looks."""

from __future__ import annotations

from functools import lru_cache

from domain.http import Reply
from mocks.crm import describe as described
from mocks.crm.bulk import INGEST, QUERY
from mocks.crm.conditional import require_unmodified, unchanged_since
from mocks.crm.logins import base_url
from mocks.crm.model import Crm
from mocks.crm.schema import ID, IS_DELETED, MODSTAMP, Row, SObject
from mocks.crm.shapes import every_field, render
from mocks.crm.values import instant, read_instant
from mocks.kernel.operations import Call, Refusal, json_reply

# --- versions and bases -------------------------------------------------------------------------------------------


def version_of(crm: Crm, call: Call) -> int:
    """Return the major version a path names; raise Refusal for one that is retired or unknown."""
    major, quirks = _major(call.params["version"]), crm.quirks
    if 0 <= major <= quirks.retired_version:
        raise Refusal("retired_version")
    if not quirks.oldest_version <= major <= quirks.newest_version:
        raise Refusal("not_found")
    return major


@lru_cache(maxsize=64)
def _major(text: str) -> int:
    """Return the major version of a text such as v62.0, -1 when it is no version."""
    major, point, minor = text.removeprefix("v").partition(".")
    if not (text.startswith("v") and major.isascii() and major.isdigit() and len(major) < 4 and point and minor == "0"):
        return -1
    return int(major)


def base_of(call: Call) -> str:
    """Return the path of a version's resources."""
    return f"/services/data/{call.params['version']}/"


def _object(crm: Crm, call: Call) -> SObject:
    name = call.params["object"]
    found = crm.store.schema.exact.get(name) or crm.store.schema.find(name)
    if found is None:
        raise Refusal("not_found")
    return found


# --- metadata -----------------------------------------------------------------------------------------------------


def list_versions(crm: Crm, _call: Call) -> Reply:
    """List the versions of the API."""
    versions = range(crm.quirks.oldest_version, crm.quirks.newest_version + 1)
    return json_reply([{"label": f"{v}.0", "url": f"/services/data/v{v}.0", "version": f"{v}.0"} for v in versions])


_RESOURCES = (
    "sobjects", "query", "queryAll", "search", "parameterizedSearch", "limits", "composite", "jobs", "recent",
)  # fmt: skip


def list_resources(crm: Crm, call: Call) -> Reply:
    """List the resources of a version."""
    base, quirks = base_of(call), crm.quirks
    identity = f"{base_url(crm, call.request)}/id/{quirks.organisation_id}/{quirks.user_id}"
    return json_reply({**{name: base + name for name in _RESOURCES}, "identity": identity})


def get_limits(crm: Crm, _call: Call) -> Reply:
    """Show the daily allowances."""
    allowance = crm.allowance
    jobs = len(crm.jobs.all(INGEST))
    figures = {
        "DailyApiRequests": (allowance.maximum, allowance.used),
        "DailyBulkV2QueryJobs": (10_000, len(crm.jobs.all(QUERY))),
        "DailyBulkApiBatches": (15_000, jobs),
        "DataStorageMB": (10_240, 0),
        "HourlyPublishedPlatformEvents": (250_000, 0),
    }
    return json_reply({name: {"Max": most, "Remaining": most - used} for name, (most, used) in figures.items()})


def list_recent(_crm: Crm, _call: Call) -> Reply:
    """List the records that the user looked at last: an integration looks at none."""
    return json_reply([])


def list_objects(crm: Crm, call: Call) -> Reply:
    """List the objects."""
    return json_reply(described.describe_all(crm.store.schema, base_of(call)))


def show_object(crm: Crm, call: Call) -> Reply:
    """Show one object in short."""
    return json_reply({"objectDescribe": described.summary(_object(crm, call), base_of(call)), "recentItems": []})


def describe_object(crm: Crm, call: Call) -> Reply:
    """Show one object with its fields."""
    return json_reply(described.describe(_object(crm, call), base_of(call)))


# --- records ------------------------------------------------------------------------------------------------------


def create_record(crm: Crm, call: Call) -> Reply:
    """Create a record."""
    of = _object(crm, call)
    key = crm.records.create(of, call.body)
    if of.is_event:
        queued = {"statusCode": "OPERATION_ENQUEUED", "message": key, "fields": []}
        return json_reply({"id": key, "success": True, "errors": [queued]}, 201)
    location = {"location": f"{base_of(call)}sobjects/{call.params['object']}/{key}"}
    return json_reply({"id": key, "success": True, "errors": []}, 201, location)


def get_record(crm: Crm, call: Call) -> Reply:
    """Return a record, or the fields of it that `fields` names."""
    of = _object(crm, call)
    row = crm.records.get(of, call.params["id"])
    return Reply(304) if unchanged_since(call, row) else _shown(crm, call, of, row)


def _shown(crm: Crm, call: Call, of: SObject, row: Row) -> Reply:
    names = call.query.get("fields", "") if "?" in call.request.target else ""
    positions = [of.position(name.strip()) for name in names.split(",")] if names else None
    return json_reply(render(crm.store, of, every_field(of, positions), row, f"{base_of(call)}sobjects/", ()))


def update_record(crm: Crm, call: Call) -> Reply:
    """Change fields of a record."""
    of = _object(crm, call)
    row = crm.records.get(of, call.params["id"])
    require_unmodified(call, row)
    crm.records.change(of, row, call.body)
    return Reply(204)


def delete_record(crm: Crm, call: Call) -> Reply:
    """Delete a record."""
    of = _object(crm, call)
    row = crm.records.get(of, call.params["id"])
    require_unmodified(call, row)
    crm.records.delete(of, row)
    return Reply(204)


def _only(crm: Crm, call: Call, of: SObject) -> Row | None:
    """Return the one record with the external id of the path, or None; raise Refusal when there are several."""
    rows = crm.records.external(of, call.params["field"], call.params["value"])
    if len(rows) > 1:
        raise Refusal("several", urls=[f"{base_of(call)}sobjects/{of.name}/{row[ID]}" for row in rows])
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
    require_unmodified(call, row)
    crm.records.change(of, row, call.body)
    if version_of(crm, call) < 46:
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
