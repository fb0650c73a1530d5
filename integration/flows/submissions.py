"""Submissions: what callers of the process API ask for, kept as flows of their own.

A submission is the memory of one idempotency key: its flow's id is made of the caller, the operation and the key, and
its arguments hold the fingerprint of what was asked. So a repetition finds the first one with its answer, after every
crash and in every process, another request under the same key is a Conflict, and the audit trail says who asked.
What a submission starts has a business key, as everywhere: two keys for one quote lead to one order.

A submission ends only with what holds for good. When the CRM refuses us for reasons of its own (our rights, its
limits), the submission is a case and stays pending: the same key must not repeat a passing trouble for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.effects import Start
from integration.flow import FlowContext
from integration.flows.starts import start_quote
from integration.flows.steps import ABSENT, do
from integration.outcomes import CallFailed, Conflict
from integration.systems import crm
from integration.systems.crm import AcceptedQuote
from integration.systems.wire import UnexpectedReply

SIGNED = frozenset({"accepted", "converted", "accept failed"})
"""The standings of a quote in the CRM from its signature on: what is submitted twice is converted already."""

_NO_SUCH = (*ABSENT, "MALFORMED_ID", "INVALID_QUERY_FILTER_OPERATOR")
"""How the CRM says that an id is nobody's: not there, or not one that it could have given (Salesforce's codes)."""


async def submit_quote(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start the flow of a signed quote version. Arguments: caller, fingerprint, quote_id, number, version, kind.

    The quote itself decides under which reference it runs, not the caller: a slip in a request must not book one
    customer's quote under the reference of another.
    """
    try:
        answer = await do(context, crm.read_quote(arguments["quote_id"], context.txn), allow=_NO_SUCH)
        accepted = crm.accepted_quote(answer)
    except (CallFailed, UnexpectedReply) as error:
        return refused("not-found", f"the CRM has no usable quote {arguments['quote_id']!r}: {error}")
    problem = problem_of(accepted, arguments)
    if problem is not None:
        return refused(*problem)
    quote = accepted.quote
    reference = f"{quote.number}-v{quote.version}"
    return await _started(start_quote(quote.id, reference, quote.txn), reference)


async def submit_command(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start a flow that a caller asked for. Arguments: caller, fingerprint, reference, start (a Start as a dict)."""
    return await _started(Start(**arguments["start"]), arguments["reference"])


async def _started(start: Start, reference: str) -> dict[str, Any]:
    try:
        launched = await start
    except Conflict as conflict:
        return refused("CONFLICT.DUPLICATE_REQUEST", str(conflict))
    return {"status": "accepted", "flow": launched.flow_id, "reference": reference, "created": launched.created}


def refused(code: str, detail: str) -> dict[str, Any]:
    """Return the result of a submission that starts nothing."""
    return {"status": "refused", "code": code, "detail": detail}


def problem_of(accepted: AcceptedQuote, asked: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return (code, what is wrong) when a quote is not what the caller takes it for, or nobody signed it."""
    quote = accepted.quote
    if (quote.number, quote.version) != (asked["number"], asked["version"]):
        found = f"quote {asked['quote_id']} is {quote.number} version {quote.version}"
        return "CONFLICT.VERSION", f"{found}, not {asked['number']} version {asked['version']}"
    if quote.kind != asked["kind"]:
        return "VALIDATION.BUSINESS_RULE", f"{quote.number} is of kind {quote.kind!r}, expected {asked['kind']!r}"
    if quote.status not in SIGNED:
        return "CONFLICT.STATE", f"{quote.number} version {quote.version} is {quote.status}; expected accepted"
    return None
