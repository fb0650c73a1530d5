"""What callers may send: one type per kind of body. A record of any object is a plain mapping of its fields."""

from __future__ import annotations

from typing import Any

import msgspec

Record = dict[str, Any]


class TokenForm(msgspec.Struct, kw_only=True):
    """A login by OAuth 2.0; which fields are needed depends on the grant."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    username: str = ""
    password: str = ""
    refresh_token: str = ""
    assertion: str = ""
    code: str = ""
    redirect_uri: str = ""


class RevokeForm(msgspec.Struct, kw_only=True):
    """A token that shall end."""

    token: str = ""


class RecordSet(msgspec.Struct, kw_only=True):
    """Up to 200 records, each with `attributes.type`, or with its id where it is to be changed."""

    records: list[Record]
    allOrNone: bool = False


class Retrieval(msgspec.Struct, kw_only=True):
    """The records to read, and their fields."""

    ids: list[str]
    fields: list[str]


class Part(msgspec.Struct, kw_only=True):
    """A request inside a composite; `url` and `body` may refer to earlier answers as `@{reference.field}`."""

    method: str
    url: str
    referenceId: str
    body: Any = None
    httpHeaders: dict[str, str] | None = None


class Composite(msgspec.Struct, kw_only=True):
    """Up to 25 requests that run one after the other."""

    compositeRequest: list[Part]
    allOrNone: bool = False
    collateSubrequests: bool = False


class Graph(msgspec.Struct, kw_only=True):
    """Requests that succeed or fail together."""

    graphId: str
    compositeRequest: list[Part]


class Graphs(msgspec.Struct, kw_only=True):
    """Several graphs, each a unit of its own."""

    graphs: list[Graph]


class BatchPart(msgspec.Struct, kw_only=True):
    """A request inside a batch; its `url` starts with the version."""

    method: str
    url: str
    richInput: Any = None


class Batch(msgspec.Struct, kw_only=True):
    """Up to 25 requests that know nothing of each other."""

    batchRequests: list[BatchPart]
    haltOnError: bool = False


class Tree(msgspec.Struct, kw_only=True):
    """Up to 200 records of one object with their children below them."""

    records: list[Record]


class IngestJob(msgspec.Struct, kw_only=True):
    """A bulk job that writes."""

    object: str
    operation: str
    externalIdFieldName: str = ""
    contentType: str = "CSV"
    lineEnding: str = "LF"
    columnDelimiter: str = "COMMA"


class QueryJob(msgspec.Struct, kw_only=True):
    """A bulk job that reads."""

    query: str
    operation: str = "query"
    contentType: str = "CSV"
    lineEnding: str = "LF"
    columnDelimiter: str = "COMMA"


class JobState(msgspec.Struct, kw_only=True):
    """The state a bulk job shall go to: UploadComplete or Aborted."""

    state: str


class SearchObject(msgspec.Struct, kw_only=True):
    """One object of a parameterized search."""

    name: str
    fields: list[str] = []
    where: str = ""
    limit: int | None = None


class Search(msgspec.Struct, kw_only=True):
    """A parameterized search."""

    q: str
    sobjects: list[SearchObject] = []
    fields: list[str] = []
    overallLimit: int = 2_000
    defaultLimit: int = 2_000


class RouterCall(msgspec.Struct, kw_only=True):
    """A call of the CPQ router: a model or a context as JSON text inside JSON."""

    saver: str = ""
    model: str = ""
    context: str = ""
