from __future__ import annotations

from contracts.checks.coverage import Called, Cell, Coverage, States, Told
from contracts.checks.gathering import Gathering
from contracts.checks.pairs import Pair, pairs_of

CREATE = Called("billing", "create_customer", True, True, 3, 1)
READ = Called("erp", "read_order", False, False, 5, 0)
PAID = Told("payment", "payment_intent.succeeded", 2)


def coverage(*cells: Cell) -> Coverage:
    return Coverage(cells=cells, states=(), reasons=(), plan=(), called=(CREATE, READ), told=(PAID,), durable_writes=9)


def test_a_pair_that_was_never_hit_is_there_with_zero() -> None:
    found = pairs_of(coverage(Cell("erp", "read_order", "lost_reply", "retry", 4)), ["lost_reply"])
    assert dict(found.hits)[Pair("erp", "read_order", "lost_reply", "retry")] == 4
    assert dict(found.hits)[Pair("erp", "read_order", "lost_reply", "first")] == 0
    assert (found.hit, len(found.hits), len(found.missed)) == (1, 4, 3)


def test_what_cannot_occur_is_no_pair_and_says_why() -> None:
    found = pairs_of(coverage(), ["key_in_progress", "maintenance"])
    assert {(pair.operation, pair.fault) for pair, _ in found.hits} == {
        ("create_customer", "key_in_progress"), ("create_customer", "maintenance"),
    }  # fmt: skip
    reasons = {(each.operation, each.fault): each.reason for each in found.impossible}
    assert "idempotency key" in reasons["read_order", "key_in_progress"]
    assert "writes only" in reasons["read_order", "maintenance"]


def test_faults_of_messages_pair_with_topics_and_those_of_the_process_with_nothing() -> None:
    found = pairs_of(coverage(), ["duplicate", "crash"])
    assert [pair for pair, _ in found.hits] == [Pair("payment", "payment_intent.succeeded", "duplicate", "message")]


def test_a_strike_at_what_was_not_called_is_no_pair() -> None:
    assert pairs_of(coverage(Cell("tax", "ping", "lost_reply", "first", 1)), ["lost_reply"]).hit == 0


def test_gathering_adds_up_what_runs_covered_in_any_order() -> None:
    quote = States(chart="quote", system="crm", visited=("draft",), missed=())
    sent = States(chart="quote", system="crm", visited=("submitted",), missed=())
    one = Coverage(
        cells=(Cell("erp", "read_order", "lost_reply", "first", 1),), states=(quote,), reasons=(("A", 1),), plan=(),
        called=(READ,), told=(), durable_writes=3,
    )  # fmt: skip
    other = Coverage(
        cells=(Cell("erp", "read_order", "lost_reply", "first", 2),), states=(sent,), reasons=(("A", 2), ("B", 1)),
        plan=(), called=(READ, CREATE), told=(PAID,), durable_writes=2,
    )  # fmt: skip
    forth, back = Gathering(), Gathering()
    for gathering, order in ((forth, (one, other)), (back, (other, one))):
        for each in order:
            gathering.add(each)
    found = forth.coverage
    assert found == back.coverage
    assert found.cells == (Cell("erp", "read_order", "lost_reply", "first", 3),)
    assert found.reasons == (("A", 3), ("B", 1))
    assert found.states[0].visited == ("draft", "submitted")
    assert "draft" not in found.states[0].missed
    assert (found.called, found.told, found.durable_writes) == (
        (CREATE, Called("erp", "read_order", False, False, 10, 0)), (PAID,), 3,
    )  # fmt: skip
