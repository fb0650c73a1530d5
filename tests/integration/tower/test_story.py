"""Tests of the queue, of what the journal says in words, and of the story of a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from domain.acts import Act
from integration import effects, outcomes
from integration.effects import All, Call, Emit, Park, Receive, Start
from integration.exceptions import ExceptionCase
from integration.flow import FlowContext
from integration.outcomes import Failed
from integration.tower import queue, sayings, story
from integration.tower.queue import PAGE_ROWS, Filter
from integration.tower.sayings import asked, came, noted

HOUR_US = 3_600_000_000


def case(number: int, **fields: Any) -> ExceptionCase:
    told: dict[str, Any] = {
        "id": f"f{number}#0", "flow": f"f{number}", "txn": f"Q-{number}", "code": "DATA_QUALITY.MAPPING_MISSING",
        "owner": "data steward", "status": "new", "opened_us": 0, "due_us": number,
    }  # fmt: skip
    return ExceptionCase(**{**told, **fields})


def test_the_queue_is_filtered_and_ordered_by_due_time() -> None:
    cases = [
        case(3), case(1, assignee="Mo"),
        case(2, code="DEPENDENCY.TIMEOUT", owner="platform", context={"system": "erp"}),
        case(4, due_us=10 * HOUR_US, escalations=1), case(5, status="resolved"),
    ]  # fmt: skip

    def ids(**wanted: Any) -> list[str]:
        return [each.flow for each in queue.fitting(cases, Filter(**wanted), "mo", HOUR_US)]

    assert ids() == ["f1", "f2", "f3", "f4"]
    assert ids(mine="mine") == ["f1"]
    assert ids(mine="nobody") == ["f2", "f3", "f4"]
    assert ids(late="late") == ["f1", "f2", "f3"]
    assert ids(late="escalated") == ["f4"]
    assert ids(letters="yes") == ["f2"]
    assert ids(system="erp", owner="platform") == ["f2"]
    assert queue.by_class(cases[:3])[0] == ("DATA_QUALITY.MAPPING_MISSING", "data steward", 2, 1)
    assert queue.systems(cases) == ["erp"]


@given(st.integers(0, 240), st.integers(-5, 12))
def test_pages_cover_every_case_once(total: int, page: int) -> None:
    cases = [case(number) for number in range(total)]
    found = queue.listing(cases, page)
    assert 1 <= found.page <= found.pages
    shown = [each.id for number in range(1, found.pages + 1) for each in queue.listing(cases, number).cases]
    assert shown == [each.id for each in cases]
    assert len(found.cases) <= PAGE_ROWS


def test_ages_are_those_of_the_key_figure() -> None:
    cases = [case(1, opened_us=0), case(2, opened_us=90 * HOUR_US), case(3, opened_us=99 * HOUR_US)]
    assert [number for _, number in queue.by_age(cases, 100 * HOUR_US)] == [1, 1, 0, 1, 0]


def test_every_effect_and_outcome_has_words_of_its_own() -> None:
    assert set(get_args(effects.Effect)) <= sayings._ASKED.keys()
    assert set(get_args(outcomes.Outcome)) <= sayings._CAME.keys()
    assert asked(None).text == "the end"
    assert came(None).text == "on its way"


def test_notes_name_who_did_what() -> None:
    assert noted({"action": "take", "actor": "Mo"}) == "Mo took the case"
    assert noted({"action": "hand_over", "actor": "Mo"}) == "Mo handed the case over to the queue"
    assert noted({"action": "hand_over", "actor": "Mo", "to": "Ada", "note": "my shift is over"}) == (
        "Mo handed the case over to Ada: my shift is over"
    )
    assert noted({"action": "retry", "actor": "integration"}) == "integration let the flow try again"
    assert (
        noted({"action": "map", "actor": "Mo", "kind": "item", "key": "A"}) == "Mo changed the cross-reference: item A"
    )
    assert noted({"action": "write_off", "actor": "Mo"}) == "Mo decided write_off"


async def sale(context: FlowContext, arguments: Mapping[str, Any]) -> str:
    """Call two systems at once, ask a person, tell it."""
    first = Call(system="erp", operation="put_order", target="/order/1", method="PUT", key="k", write=True, txn="Q-1")
    second = Call(system="tax", operation="estimate_tax", target="/tax", txn="Q-1")
    await All((first, second, Receive("news", "Q-1", 5)))
    while (await Park(code="VALIDATION.BUSINESS_RULE", detail="is it right?")).action != "yes":
        pass
    await Emit(type="q2c.order.booked.v1", subject="Q-1-v1", txn="Q-1")
    return "sold"


def test_a_story_has_calls_waits_people_and_events_in_order(world: Any) -> None:
    place = world(
        {"sale": sale}, script=lambda seconds, call: Failed("rejected", 422, "NO") if call.system == "tax" else None
    )
    place.integration.launch(Start(flow_id="sale/1", name="sale", txn="Q-1"))
    place.run(10)
    reader = place.journal.reader()
    halfway = story.told_from(reader, "Q-1")
    assert halfway.spans[-1].end_us is None
    assert halfway.spans[-1].outcome.text == "waits for a person"
    act = Act(at_us=0, system="integration", action="re_drive",
              arguments={"case": "sale/1#1", "actor": "Mo", "decision": "yes", "note": "looks right"})  # fmt: skip
    place.integration.act(act)
    place.run(20)
    told = story.told_from(reader, "Q-1")
    texts = [line.text for line in told.lines]
    for sentence in (
        "sale sale/1 begins", "put order: answered 200", "estimate tax: failed: 422 rejected NO", "news: nothing came",
        "sale/1 stops: VALIDATION.BUSINESS_RULE is it right?", "Mo decided yes: looks right", "sale sale/1 is over",
        "told q2c.order.booked.v1 of Q-1-v1",
    ):  # fmt: skip
        assert sentence in texts, sentence
    assert [line.at_us for line in told.lines] == sorted(line.at_us for line in told.lines)
    assert told.systems == ("erp", "tax")
    assert [(span.seq, span.branch) for span in told.spans][:3] == [(0, 0), (0, 1), (0, 2)]
    assert all(span.end_us is not None for span in told.spans)


def test_a_transaction_is_found_by_whatever_a_person_has_at_hand(world: Any) -> None:
    place = world({"sale": sale})
    place.integration.launch(Start(flow_id="sale/1", name="sale", txn="Q-1"))
    place.run(10)
    reader = place.journal.reader()
    for text in ("Q-1", " Q-1 ", "Q-1-v3", "sale/1", "sale/1#1"):
        assert story.found_txn(reader, text) == "Q-1", text
    for text in ("", "Q-2", "%", "sale"):
        assert story.found_txn(reader, text) == "", text
