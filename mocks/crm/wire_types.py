"""What stands behind the path of a request, and what answers look like: types for those who read the dialect's table.

Handlers read parameters as text, for the vendor forgives much there; these types say what is understood.
"""

from __future__ import annotations

from typing import Any

import msgspec

Answer = dict[str, Any]


class StatementQuery(msgspec.Struct, kw_only=True):
    """A SOQL or SOSL statement."""

    q: str


class FieldsQuery(msgspec.Struct, kw_only=True):
    """The fields to show, joined by commas; all when there are none."""

    fields: str = ""


class UpsertQuery(msgspec.Struct, kw_only=True):
    """Whether an upsert may create."""

    updateOnly: bool = False


class SpanQuery(msgspec.Struct, kw_only=True):
    """A span of time, from `start` until before `end`."""

    start: str
    end: str


class SetQuery(msgspec.Struct, kw_only=True):
    """Record ids joined by commas, and whether all or none are to be deleted."""

    ids: str
    allOrNone: bool = False


class RetrievalQuery(msgspec.Struct, kw_only=True):
    """Record ids and fields, each joined by commas."""

    ids: str
    fields: str


class SearchQuery(msgspec.Struct, kw_only=True):
    """The words to find, the objects to look in and the fields to show, each joined by commas."""

    q: str
    sobject: str = ""
    fields: str = ""


class PageQuery(msgspec.Struct, kw_only=True):
    """A page of a bulk query's result."""

    locator: str = ""
    maxRecords: int = 50_000


class RouterQuery(msgspec.Struct, kw_only=True):
    """The class that reads or works on a model, and the record it begins with."""

    reader: str = ""
    loader: str = ""
    uid: str = ""


class RevokeQuery(msgspec.Struct, kw_only=True):
    """The token that shall end."""

    token: str


class Granted(msgspec.Struct, kw_only=True):
    """A session; `id` ends with the organisation and the user."""

    access_token: str
    instance_url: str
    id: str
    token_type: str
    issued_at: str
    signature: str
    refresh_token: str = ""


class RecordError(msgspec.Struct, kw_only=True):
    """What was wrong with a record of a set."""

    statusCode: str
    message: str
    fields: list[str]


class Saved(msgspec.Struct, kw_only=True):
    """What came of writing a record."""

    success: bool
    errors: list[RecordError]
    id: str = ""
    created: bool = False


class QueryPage(msgspec.Struct, kw_only=True):
    """A page of records; the address of the next one stands in it unless it is the last."""

    totalSize: int
    done: bool
    records: list[Answer]
    nextRecordsUrl: str = ""


class Found(msgspec.Struct, kw_only=True):
    """What a search found."""

    searchRecords: list[Answer]


class PartAnswer(msgspec.Struct, kw_only=True):
    """The answer to one part of a composite."""

    body: Any
    httpHeaders: dict[str, str]
    httpStatusCode: int
    referenceId: str


class CompositeAnswer(msgspec.Struct, kw_only=True):
    """The answers to the parts of a composite, in their order."""

    compositeResponse: list[PartAnswer]


class GraphAnswer(msgspec.Struct, kw_only=True):
    """The answer to one graph."""

    graphId: str
    graphResponse: CompositeAnswer
    isSuccessful: bool


class GraphsAnswer(msgspec.Struct, kw_only=True):
    """The answers to several graphs."""

    graphs: list[GraphAnswer]


class BatchPartAnswer(msgspec.Struct, kw_only=True):
    """The answer to one request of a batch."""

    statusCode: int
    result: Any


class BatchAnswer(msgspec.Struct, kw_only=True):
    """The answers to a batch."""

    hasErrors: bool
    results: list[BatchPartAnswer]


class TreeResult(msgspec.Struct, kw_only=True):
    """What came of one record of a tree."""

    referenceId: str
    id: str = ""
    errors: list[RecordError] = []


class TreeAnswer(msgspec.Struct, kw_only=True):
    """What came of a tree."""

    hasErrors: bool
    results: list[TreeResult]


class JobAnswer(msgspec.Struct, kw_only=True):
    """A bulk job."""

    id: str
    operation: str
    object: str
    createdById: str
    createdDate: str
    systemModstamp: str
    state: str
    concurrencyMode: str
    contentType: str
    apiVersion: float
    jobType: str
    lineEnding: str
    columnDelimiter: str
    contentUrl: str = ""
    externalIdFieldName: str = ""
    numberRecordsProcessed: int = 0
    numberRecordsFailed: int = 0
    retries: int = 0
    totalProcessingTime: int = 0


class JobsAnswer(msgspec.Struct, kw_only=True):
    """Bulk jobs, the newest first."""

    done: bool
    records: list[JobAnswer]
    nextRecordsUrl: str | None


class Updated(msgspec.Struct, kw_only=True):
    """The records that were changed in a span of time."""

    ids: list[str]
    latestDateCovered: str
