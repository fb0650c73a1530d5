"""Submissions of quotes: what holds for good is an answer, what does not is a case, and the key stays pending."""

from __future__ import annotations

import pytest

from integration.effects import Call, Park
from integration.flow import Flow, FlowContext
from integration.flows.submissions import submit_quote
from integration.outcomes import Answer, Begun, Failed, Resumed
from integration.settings import Settings

ASKED = {"quote_id": "0Q0000000000001EAA", "number": "Q-000001", "version": 1, "kind": "new"}
CONTEXT = FlowContext("submission/submit_order/1", "submit_quote", "Q-000001", Settings())
NOBODYS = Answer(200, b'{"totalSize": 0, "done": true, "records": []}')


def submitted() -> Flow:
    """Return a submission that has asked the CRM for its quote."""
    flow = Flow(CONTEXT.flow_id, submit_quote(CONTEXT, ASKED))
    assert isinstance(flow.resume(Begun(CONTEXT.flow_id, "submit_quote", dict(ASKED))), Call)
    return flow


@pytest.mark.parametrize(
    "failed",
    [
        Failed("rejected", 404, "NOT_FOUND"),
        Failed("rejected", 400, "MALFORMED_ID"),
        Failed("rejected", 400, "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
def test_a_quote_that_is_not_there_is_refused_for_good(failed: Failed) -> None:
    flow = submitted()
    assert flow.resume(failed) is None
    assert (flow.result["status"], flow.result["code"]) == ("refused", "not-found")


def test_a_crm_that_does_not_let_us_read_is_a_case_and_the_submission_goes_on_afterwards() -> None:
    flow = submitted()
    parked = flow.resume(Failed("rejected", 403, "INSUFFICIENT_ACCESS", "no right to read Quote"))
    assert isinstance(parked, Park)
    assert parked.context["system"] == "crm"
    assert "INSUFFICIENT_ACCESS" in parked.detail
    assert isinstance(flow.resume(Resumed("Mo")), Call)  # asked again, under the same key
    assert flow.resume(NOBODYS) is None
    assert flow.result["code"] == "not-found"
