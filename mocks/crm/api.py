"""The dialect: Salesforce REST with its logins, sObjects, queries, bulk jobs, streaming and messages, as one table."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from domain.http import Reply
from mocks.crm import async_calls, bulk_calls, composites, cpq, handlers, logins, query_calls, record_sets
from mocks.crm import bodies as b
from mocks.crm import wire_types as w
from mocks.crm.acts import ACTS, AGENDA
from mocks.crm.errors import refuse
from mocks.crm.logins import TOKEN_PATH, authenticate
from mocks.crm.messages import RETRY_SECONDS, acknowledged, deliver
from mocks.crm.model import Crm
from mocks.crm.parts import Parts
from mocks.crm.soap import call_soap
from mocks.kernel.codec import Undecodable, decode_form
from mocks.kernel.dialect import Dialect
from mocks.kernel.operations import Call, Operation, Refusal

_DATA = "/services/data/{version}/"
_OBJECT = _DATA + "sobjects/{object}"
_RECORD = _OBJECT + "/{id}"
_EXTERNAL = _OBJECT + "/{field}/{value}"
_SETS = _DATA + "composite/sobjects"
_INGEST, _QUERIES = _DATA + "jobs/ingest", _DATA + "jobs/query"
_SOAP = "/services/Soap/u/{version}"
_ASYNC = "/services/async/{version}/job"
_ASYNC_BATCH = _ASYNC + "/{job}/batch/{batch}"
_ROUTER = "/services/apexrest/SBQQ/ServiceRouter"
_LIST = list[dict[str, Any]]
_SAVED = list[w.Saved]
OPERATIONS = (
    Operation("issue_token", "POST", TOKEN_PATH + "token", logins.issue_token, b.TokenForm, reply=w.Granted),
    Operation("revoke_token", "POST", TOKEN_PATH + "revoke", logins.revoke_token, b.RevokeForm),
    Operation("revoke_token_named", "GET", TOKEN_PATH + "revoke", logins.revoke_token, query=w.RevokeQuery),
    Operation("show_user", "GET", TOKEN_PATH + "userinfo", logins.show_user),
    Operation("show_identity", "GET", "/id/{organisation}/{user}", logins.show_identity),
    Operation("call_soap", "POST", _SOAP, call_soap, bytes),
    Operation("call_soap_at", "POST", _SOAP + "/{organisation}", call_soap, bytes),
    Operation("list_versions", "GET", "/services/data", handlers.list_versions, reply=_LIST),
    Operation("list_resources", "GET", _DATA, handlers.list_resources),
    Operation("get_limits", "GET", _DATA + "limits", handlers.get_limits),
    Operation("list_recent", "GET", _DATA + "recent", handlers.list_recent, reply=_LIST),
    Operation("list_objects", "GET", _DATA + "sobjects", handlers.list_objects),
    Operation("show_object", "GET", _OBJECT, handlers.show_object),
    Operation("describe_object", "GET", _OBJECT + "/describe", handlers.describe_object),
    Operation("list_updated", "GET", _OBJECT + "/updated", handlers.list_updated, query=w.SpanQuery, reply=w.Updated),
    Operation("list_deleted", "GET", _OBJECT + "/deleted", handlers.list_deleted, query=w.SpanQuery),
    Operation("create_record", "POST", _OBJECT, handlers.create_record, dict, True, reply=w.Saved),
    Operation("get_record", "GET", _RECORD, handlers.get_record, query=w.FieldsQuery),
    Operation("update_record", "PATCH", _RECORD, handlers.update_record, dict, True),
    Operation("delete_record", "DELETE", _RECORD, handlers.delete_record, None, True),
    Operation("get_by_external_id", "GET", _EXTERNAL, handlers.get_by_external_id, query=w.FieldsQuery),
    Operation(
        "upsert_record", "PATCH", _EXTERNAL, handlers.upsert_record, dict, True, query=w.UpsertQuery, reply=w.Saved
    ),
    Operation("delete_by_external_id", "DELETE", _EXTERNAL, handlers.delete_by_external_id, None, True),
    Operation("query", "GET", _DATA + "query", query_calls.query, query=w.StatementQuery, reply=w.QueryPage),
    Operation("query_all", "GET", _DATA + "queryAll", query_calls.query_all, query=w.StatementQuery, reply=w.QueryPage),
    Operation("query_more", "GET", _DATA + "query/{locator}", query_calls.query_more, reply=w.QueryPage),
    Operation("query_all_more", "GET", _DATA + "queryAll/{locator}", query_calls.query_more, reply=w.QueryPage),
    Operation("search", "GET", _DATA + "search", query_calls.search, query=w.StatementQuery, reply=w.Found),
    Operation(
        "search_named",
        "GET",
        _DATA + "parameterizedSearch",
        query_calls.search_by_parameters,
        query=w.SearchQuery,
        reply=w.Found,
    ),
    Operation(
        "search_by_body",
        "POST",
        _DATA + "parameterizedSearch",
        query_calls.search_by_parameters,
        b.Search,
        reply=w.Found,
    ),
    Operation(
        "composite", "POST", _DATA + "composite", composites.composite, b.Composite, True, reply=w.CompositeAnswer
    ),
    Operation("graph", "POST", _DATA + "composite/graph", composites.graph, b.Graphs, True, reply=w.GraphsAnswer),
    Operation("batch", "POST", _DATA + "composite/batch", composites.batch, b.Batch, True, reply=w.BatchAnswer),
    Operation(
        "tree", "POST", _DATA + "composite/tree/{object}", record_sets.create_tree, b.Tree, True, reply=w.TreeAnswer
    ),
    Operation("create_records", "POST", _SETS, record_sets.create_records, b.RecordSet, True, reply=_SAVED),
    Operation("update_records", "PATCH", _SETS, record_sets.update_records, b.RecordSet, True, reply=_SAVED),
    Operation(
        "delete_records", "DELETE", _SETS, record_sets.delete_records, None, True, query=w.SetQuery, reply=_SAVED
    ),
    Operation("get_records", "GET", _SETS + "/{object}", record_sets.retrieve_records, query=w.RetrievalQuery),
    Operation("retrieve_records", "POST", _SETS + "/{object}", record_sets.retrieve_records, b.Retrieval),
    Operation(
        "upsert_records",
        "PATCH",
        _SETS + "/{object}/{field}",
        record_sets.upsert_records,
        b.RecordSet,
        True,
        reply=_SAVED,
    ),
    Operation("open_ingest_job", "POST", _INGEST, bulk_calls.open_ingest, b.IngestJob, True, reply=w.JobAnswer),
    Operation("list_ingest_jobs", "GET", _INGEST, bulk_calls.list_jobs, reply=w.JobsAnswer),
    Operation("show_ingest_job", "GET", _INGEST + "/{job}", bulk_calls.show_job, reply=w.JobAnswer),
    Operation("take_job_data", "PUT", _INGEST + "/{job}/batches", bulk_calls.take_data, bytes, True),
    Operation(
        "change_ingest_job", "PATCH", _INGEST + "/{job}", bulk_calls.change_job, b.JobState, True, reply=w.JobAnswer
    ),
    Operation("delete_ingest_job", "DELETE", _INGEST + "/{job}", bulk_calls.delete_job, None, True),
    Operation("show_successes", "GET", _INGEST + "/{job}/successfulResults", bulk_calls.show_successes),
    Operation("show_failures", "GET", _INGEST + "/{job}/failedResults", bulk_calls.show_failures),
    Operation("show_unprocessed", "GET", _INGEST + "/{job}/unprocessedrecords", bulk_calls.show_unprocessed),
    Operation("open_query_job", "POST", _QUERIES, bulk_calls.open_query, b.QueryJob, True, reply=w.JobAnswer),
    Operation("list_query_jobs", "GET", _QUERIES, bulk_calls.list_jobs, reply=w.JobsAnswer),
    Operation("show_query_job", "GET", _QUERIES + "/{job}", bulk_calls.show_job, reply=w.JobAnswer),
    Operation(
        "change_query_job", "PATCH", _QUERIES + "/{job}", bulk_calls.change_job, b.JobState, True, reply=w.JobAnswer
    ),
    Operation("delete_query_job", "DELETE", _QUERIES + "/{job}", bulk_calls.delete_job, None, True),
    Operation("show_results", "GET", _QUERIES + "/{job}/results", bulk_calls.show_results, query=w.PageQuery),
    Operation("open_async_job", "POST", _ASYNC, async_calls.open_job, bytes, True),
    Operation("show_async_job", "GET", _ASYNC + "/{job}", async_calls.show_job),
    Operation("change_async_job", "POST", _ASYNC + "/{job}", async_calls.change_job, bytes, True),
    Operation("add_batch", "POST", _ASYNC + "/{job}/batch", async_calls.add_batch, bytes, True),
    Operation("list_batches", "GET", _ASYNC + "/{job}/batch", async_calls.list_batches),
    Operation("show_batch", "GET", _ASYNC_BATCH, async_calls.show_batch),
    Operation("show_batch_request", "GET", _ASYNC_BATCH + "/request", async_calls.show_request),
    Operation("show_batch_results", "GET", _ASYNC_BATCH + "/result", async_calls.show_results),
    Operation("show_batch_rows", "GET", _ASYNC_BATCH + "/result/{result}", async_calls.show_rows),
    Operation("stream", "POST", "/cometd/{streaming}", query_calls.stream, _LIST),
    Operation("stream_meta", "POST", "/cometd/{streaming}/{meta}", query_calls.stream, _LIST),
    Operation("read_model", "GET", _ROUTER, cpq.route, query=w.RouterQuery),
    Operation("work_model", "PATCH", _ROUTER, cpq.route, b.RouterCall, True, query=w.RouterQuery),
    Operation("save_model", "POST", _ROUTER, cpq.route, b.RouterCall, True),
)


# --- bodies -------------------------------------------------------------------------------------------------------


def decode(call: Call) -> Any:
    """Return the body as the operation's type."""
    reader = _READERS.get(call.operation.name)
    return None if reader is None else reader(call)


def _reader(operation: Operation) -> Callable[[Call], Any]:
    """Return how the body of an operation is read."""
    if operation.body is bytes:
        return lambda call: call.request.body
    if operation.body in (b.TokenForm, b.RevokeForm):
        return lambda call: msgspec.convert(_form(call), operation.body)
    kind = dict[str, Any] if operation.body is dict else operation.body
    decoder = msgspec.json.Decoder(kind, float_hook=Decimal)

    def read(call: Call) -> Any:
        content_type = call.request.headers.get("content-type", _JSON)
        if content_type is not _JSON and "json" not in content_type:
            raise Refusal("bad_media_type", f"the content type {content_type[:60]!r} is not supported here")
        try:
            return decoder.decode(call.request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Undecodable(str(error)) from error

    return read if operation.body is not _LIST else lambda call: _messages(call, read)


_JSON = "application/json"


def _form(call: Call) -> dict[str, str]:
    """Return a login's fields: those of the body, behind those of the query, which the vendor reads too."""
    return {**call.query, **decode_form(call.request.body)}


def _messages(call: Call, read: Callable[[Call], Any]) -> Any:
    """Return Bayeux messages; one alone may come without the list around it."""
    if not call.request.body.lstrip().startswith(b"{"):
        return read(call)
    inside = msgspec.structs.replace(call.request, body=b"[" + call.request.body + b"]")
    return read(Call(inside, call.operation, call.params, call.now_us, call.number))


_READERS = {operation.name: _reader(operation) for operation in OPERATIONS if operation.body is not None}


# --- the dialect --------------------------------------------------------------------------------------------------


def identity(call: Call) -> str:
    """Return the external id an upsert names: the only repeated intent this vendor recognises."""
    if call.operation.name == "upsert_record":
        return f"{call.params['object']}/{call.params['field']}/{call.params['value']}"
    return ""


def finish(reply: Reply, _call: Call) -> Reply:
    """Return the reply as it is: the usage header needs the organisation's count (`bound`)."""
    return reply


DIALECT = Dialect(
    system="crm",
    operations=OPERATIONS,
    refuse=refuse,
    decode=decode,
    identity=identity,
    authenticate=authenticate,
    finish=finish,
    deliver=deliver,
    acts=ACTS,
    agenda=AGENDA,
    retry_seconds=RETRY_SECONDS,
    acknowledged=acknowledged,
)


def bound(crm: Crm) -> Dialect:
    """Return the dialect of one organisation: its versions, and on each reply how much of its allowance is used."""
    allowance = crm.allowance
    crm.parts = Parts(crm, OPERATIONS, refuse)

    def counted(reply: Reply, _call: Call) -> Reply:
        usage = f"api-usage={allowance.used}/{allowance.maximum}"
        return Reply(reply.status, {**reply.headers, "sforce-limit-info": usage}, reply.body)

    quirks = crm.quirks
    versions = frozenset([f"v{major}.0" for major in range(quirks.oldest_version, quirks.newest_version + 1)])

    def checked(call: Call) -> Any:
        version = call.params.get("version")
        if version is not None and version not in versions and call.request.target.startswith("/services/data"):
            handlers.version_of(crm, call)
        reader = _READERS.get(call.operation.name)
        return None if reader is None else reader(call)

    return msgspec.structs.replace(DIALECT, decode=checked, finish=counted)
