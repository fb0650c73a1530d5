"""The calls of queries, searches and streaming."""

from __future__ import annotations

from collections.abc import Mapping

from domain.http import Reply
from mocks.crm import searches
from mocks.crm.bodies import Search, SearchObject
from mocks.crm.cometd import HOLD_SECONDS
from mocks.crm.handlers import base_of
from mocks.crm.literals import lift_encoded
from mocks.crm.model import Crm
from mocks.crm.queries import BATCH_MAX, BATCH_MIN
from mocks.kernel.operations import Call, Refusal, json_reply
from mocks.kernel.outcome import HOLD_HEADER

_BATCH_HEADER = "sforce-query-options"

# --- queries ------------------------------------------------------------------------------------------------------


def _batch(wish: str) -> int:
    name, _, number = wish.replace(" ", "").partition("=")
    if name.lower() != "batchsize" or not number.isdecimal():
        raise Refusal("bad_header", "Sforce-Query-Options takes batchSize=200..2000")
    return max(BATCH_MIN, min(int(number), BATCH_MAX))


def query(crm: Crm, call: Call, deleted: bool = False) -> Reply:
    """Run a statement on live records, or on all when the deleted ones count too."""
    wish = call.request.headers.get(_BATCH_HEADER)
    batch = min(crm.quirks.page_size, BATCH_MAX if wish is None else _batch(wish))
    for pair in call.request.target.partition("?")[2].split("&"):
        if pair.startswith("q=") and len(pair) > 2:
            return json_reply(crm.queries.run(pair[2:], base_of(call), batch, deleted, lift_encoded))
    raise Refusal("malformed_query", "the parameter q holds no statement")


def query_all(crm: Crm, call: Call) -> Reply:
    """Run a statement on all records, the deleted ones included."""
    return query(crm, call, deleted=True)


def search(crm: Crm, call: Call) -> Reply:
    """Search by SOSL."""
    statement = call.query.get("q", "")
    if not statement:
        raise Refusal("bad_search", "the parameter q holds no search")
    return json_reply(searches.search(crm, statement, base_of(call)))


def search_by_parameters(crm: Crm, call: Call) -> Reply:
    """Search for the words of a body or of the parameters."""
    asked = call.body if isinstance(call.body, Search) else _search_of(call.query)
    words = searches.words_of(asked.q)
    limit = f"LIMIT {max(0, min(asked.defaultLimit, 2_000))}"
    wishes = [
        searches.Wish(
            each.name,
            ", ".join(each.fields or asked.fields or ["Id"]),
            (f"WHERE {each.where} " if each.where else "") + (limit if each.limit is None else f"LIMIT {each.limit}"),
        )
        for each in asked.sobjects
    ] or [searches.Wish(of.name) for of in crm.store.schema.objects if not of.is_event]
    found = searches.found_by(crm, words, wishes, "ALL", base_of(call))
    return json_reply({"searchRecords": found[: max(0, asked.overallLimit)]})


def _search_of(query: Mapping[str, str]) -> Search:
    """Return a search given by parameters: q, sobject, fields and OBJECT.fields."""
    objects = [SearchObject(name=name, fields=_listed(query, f"{name}.fields")) for name in _listed(query, "sobject")]
    return Search(q=query.get("q", ""), sobjects=objects, fields=_listed(query, "fields"))


def _listed(query: Mapping[str, str], name: str) -> list[str]:
    return [each.strip() for each in query.get(name, "").split(",") if each.strip()]


def query_more(crm: Crm, call: Call) -> Reply:
    """Return a later page of a result."""
    return json_reply(crm.queries.more(call.params["locator"], base_of(call)))


# --- streaming ----------------------------------------------------------------------------------------------------


def stream(crm: Crm, call: Call) -> Reply:
    """Answer Bayeux messages; a connect with nothing due asks the door to hold the reply."""
    answers, may_wait = crm.streaming.answer(call.body)
    return json_reply(answers, headers={HOLD_HEADER: str(HOLD_SECONDS)} if may_wait else {})
