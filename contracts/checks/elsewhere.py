"""The two lists that the checks come from, and the rules of them that the history of one run cannot show.

The resilience specification lists 54 rules (S1 to A8), the domain specification 36 (I-01 to I-36). A check judges the
rule of the first list whose id it has, and those that its row of the registry names. For each of the rest the table
below says why a run cannot show it, and which test does.
"""

from __future__ import annotations

import msgspec

RESILIENCE: tuple[str, ...] = tuple(
    f"{letter}{number}"
    for letter, count in (("S", 11), ("O", 5), ("M", 13), ("P", 8), ("L", 9), ("A", 8))
    for number in range(1, count + 1)
)
"""The ids of the 54 rules of the resilience specification."""
DOMAIN: tuple[str, ...] = tuple(f"I-{number:02d}" for number in range(1, 37))
"""The ids of the 36 rules of the domain specification."""


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that no history of one run shows: why not, and the test that shows it (`file::function`)."""

    id: str
    rule: str
    reason: str
    shown: str


ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere(
        id="A2",
        rule="Read models made anew from the journal are the live tables.",
        reason="the read models are a consumer of the events; a rehearsal has none",
        shown="tests/integration/analytics/test_quarter.py::test_a_rebuild_from_scratch_gives_the_same_tables",
    ),
    Elsewhere(
        id="A3",
        rule="Each effect has a span, and all spans of a quote are found by its id.",
        reason="spans go to a collector, not into the history",
        shown="tests/integration/observability/test_tracing.py"
        "::test_a_transaction_is_found_in_all_systems_by_its_quote_id",
    ),
    Elsewhere(
        id="A4",
        rule="The counters of the metrics are the counts in the history.",
        reason="metrics are scraped from a running service; a history holds what they count, not the counters",
        shown="tests/integration/observability/test_metrics.py::test_calls_are_as_many_as_the_history_counts",
    ),
    Elsewhere(
        id="A7",
        rule="The journal of an earlier release is replayed by the present code, and its work comes to its end.",
        reason="it takes the journal of another version of the code than the one that runs",
        shown="tests/integration/journal/test_migrations.py::test_the_work_in_it_comes_to_its_end_in_the_right_order",
    ),
    Elsewhere(
        id="I-27",
        rule="Every record is reachable from its business transaction in one trace.",
        reason="traces are not in the history (S8 and S12 judge that every record has its cause and its customer)",
        shown="tests/integration/observability/test_tracing.py::test_a_message_is_linked_to_the_event_that_created_it",
    ),
    Elsewhere(
        id="I-29",
        rule="Credit exposure is never negative, and a reservation is released once.",
        reason="the ERP works exposure out for itself; a history shows the holds that come of it (P1)",
        shown="tests/mocks/erp/test_credit.py::test_an_order_beyond_the_limit_waits_and_holds_the_customer",
    ),
    Elsewhere(
        id="I-36",
        rule="A key figure from the events is the key figure from the ledgers.",
        reason="what an event says of money is in the outbox; the history has its type and subject only",
        shown="tests/integration/analytics/test_quarter.py::test_events_and_ledgers_agree_on_every_document",
    ),
)
