"""What every journal promises, whatever stores it: one transaction a write, fencing, an audit trail, a read side."""

from __future__ import annotations

import pytest

from integration.effects import Emit, Sleep
from integration.flow import Step
from integration.journal.protocol import Crash, CrashPoint, Entry, Fenced, Head, Lease, Unstorable, Write
from integration.outcomes import Slept
from tests.integration.journal.conftest import AnyJournal, Store
from tests.integration.journal.rows import BEGUN, case, entry, event, flow_row, message, step, taken_up

DEEP: list[object] = []
for _ in range(5000):
    DEEP = [DEEP]


def filled(journal: AnyJournal, steps: int = 6) -> Lease:
    """Write some steps of two flows, in turn: rows 1 to 12 of the trail."""
    lease = journal.claim()
    lease.commit(Write(flows=[flow_row(1), flow_row(2)]))
    taken_up(lease)
    for seq in range(steps):
        lease.commit(step(1, seq))
        lease.commit(step(2, seq))
    return lease


def test_new_rows_get_their_numbers_in_place(store: Store) -> None:
    lease = store.open().claim()
    first = Write(flows=[flow_row(1), flow_row(2)], messages=[message(1), message(2, wanted=False), message(3)])
    lease.commit(first)
    assert [row.number for row in first.flows] == [1, 2]
    assert len({row.number for row in first.messages if row.wanted} - {0}) == 2
    told = Write(events=[event(1, "a"), event(2, "b"), event(3, "a")])
    lease.commit(told)
    assert [(row.number, row.sequence) for row in told.events] == [(1, 1), (2, 1), (3, 2)]
    again = Write(events=[event(4, "a")], relayed=3)
    lease.commit(again)
    assert [(row.number, row.sequence) for row in again.events] == [(4, 3)]


def test_what_is_open_is_taken_up_again_with_its_last_step(store: Store) -> None:
    journal = store.open()
    lease = filled(journal)
    lease.commit(Write(flow=2, entries=[entry(6, "trial")], cases=[case(2, "open"), case(1, "verified")]))
    lease.commit(Write(statuses=[(1, "finished", b"\xc0"), (2, "parked", b"")], events=[event(1, "a")]))
    lease.commit(Write(flows=[flow_row(3)]))
    found = journal.claim().load()
    assert [(each.row.id, each.last and each.last.seq) for each in found.flows] == [("order/2", 5), ("order/3", None)]
    assert found.flows[0].row.status == "parked"
    assert [each.id for each in found.cases] == ["order/2#1"]
    assert [each.id for each in found.events] == ["e1"]


def test_opening_the_database_again_finds_everything(store: Store) -> None:
    if not store.outlives:
        pytest.skip("a temporary journal ends with its process")
    journal = store.open()
    filled(journal, steps=2)
    head, heads = journal.head(), journal.verify().heads
    journal.close()
    journal.close()
    again = store.open()
    assert (again.head(), again.verify(heads).intact) == (head, True)
    assert [each.row.id for each in again.claim().load().flows] == ["order/1", "order/2"]


def test_the_steps_of_a_flow_come_back_in_order_whoever_wrote_them(store: Store) -> None:
    journal = store.open()
    filled(journal, steps=2)
    lease = journal.claim()
    taken_up(lease)
    lease.commit(step(1, 2))
    assert lease.steps(1) == [Step(BEGUN, Sleep(1.0)), Step(Slept(), Sleep(1.0)), Step(Slept(), Sleep(1.0))]
    lease.commit(Write(flow=1, entries=[entry(2, "branch", 1), entry(2, "branch", 0)]))
    assert lease.branches(1, 2) == {0: Slept(), 1: Slept()}
    assert lease.branches(1, 1) == {}


def test_a_message_is_remembered_whoever_took_it(store: Store) -> None:
    lease = store.open().claim()
    write = Write(messages=[message(1), message(2, wanted=False)])
    lease.commit(write)
    lease.commit(Write(taken=[write.messages[0].number]))
    assert [lease.has_message("billing", name) for name in ("ev_1", "ev_2", "ev_3")] == [True, True, False]
    assert not lease.has_message("payment", "ev_1")


def test_a_zombie_writes_nothing(store: Store) -> None:
    journal = store.open()
    zombie = filled(journal)
    fresh = journal.claim()
    before = journal.head()
    fresh.confirm()
    with pytest.raises(Fenced, match=f"epoch {zombie.epoch}"):
        zombie.confirm()
    with pytest.raises(Fenced, match=f"epoch {zombie.epoch}"):
        zombie.commit(step(1, 6))
    assert journal.head() == before
    taken_up(fresh)
    fresh.commit(step(1, 6))
    assert journal.verify().intact


@pytest.mark.parametrize(
    "twice",
    [
        lambda: {"flows": [flow_row(3), flow_row(1)]},
        lambda: {"messages": [message(1)]},
        lambda: {"messages": [message(2), message(2)]},
    ],
)
def test_a_write_that_repeats_an_id_leaves_no_trace(store: Store, twice: object) -> None:
    if not store.outlives:
        pytest.skip("a temporary journal is closed by a write that fails")
    journal = store.open()
    lease = filled(journal)
    lease.commit(Write(messages=[message(1)], events=[event(1, "a")]))
    before, head = store.reader(journal).counts(), journal.head()
    with pytest.raises(Exception, match=r"UNIQUE|duplicate key"):
        lease.commit(step(1, 6, **twice()))  # type: ignore[operator]
    assert (store.reader(journal).counts(), journal.head(), lease.find("order/3")) == (before, head, None)
    write = step(1, 6, events=[event(2, "a")])
    lease.commit(write)
    assert write.events[0].sequence == 2
    assert journal.verify().intact


def test_a_crash_point_strikes_once_before_or_after_its_write(store: Store) -> None:
    journal = store.open(crash_points=[CrashPoint(2, after=False), CrashPoint(3, after=True)])
    lease = journal.claim()
    lease.commit(step(0, 0))
    with pytest.raises(Crash, match="before durable write 2"):
        lease.commit(step(0, 1))
    assert journal.head().entries == 1
    lease = journal.claim()
    lease.commit(step(0, 1))
    with pytest.raises(Crash, match="after durable write 3"):
        lease.commit(step(0, 2))
    assert journal.head().entries == 3


def test_the_cross_reference_is_what_was_written_last(store: Store) -> None:
    journal = store.open()
    lease = journal.claim()
    lease.commit(Write(mappings=[("item", "A", b"\x81\xa1a\x01"), ("item", "B", b"\x80")]))
    lease.commit(Write(mappings=[("item", "B", None), ("item", "C", b"\x80"), ("item", "C", b"\x81\xa1c\x02")]))
    fresh = journal.claim()
    assert dict(fresh.mappings) == {("item", "A"): {"a": 1}, ("item", "C"): {"c": 2}}
    assert store.reader(journal).mappings("item") == [("item", "A", {"a": 1}), ("item", "C", {"c": 2})]
    assert store.reader(journal).mappings("plan") == []


def test_a_command_that_nobody_left_is_unknown(store: Store) -> None:
    assert store.reader(store.open()).command(1) is None


def test_a_cursor_moves_forward_only(store: Store) -> None:
    journal = store.open()
    lease = journal.claim()
    lease.commit(Write(events=[event(1, "a"), event(2, "b")]))
    for number in (1, 2, 1):
        lease.advance("relay", number)
    assert (store.reader(journal).cursor("relay"), store.reader(journal).cursor("other")) == (2, 0)


def test_a_reader_finds_flows_cases_and_events_page_by_page(store: Store) -> None:
    journal = store.open()
    lease = filled(journal, steps=2)
    lease.commit(Write(statuses=[(2, "finished", b"\xc3")], flows=[flow_row(3)]))
    lease.commit(Write(cases=[case(1, "new"), case(2, "verified"), case(3, "assigned", "tax")]))
    lease.commit(Write(cases=[case(1, "assigned")]))
    lease.commit(Write(events=[event(number, "ab"[number % 2]) for number in range(1, 6)]))
    reader = store.reader(journal)
    found = reader.flow("order/2")
    assert found is not None
    assert (found.status, found.result, reader.flow("order/9")) == ("finished", b"\xc3", None)
    assert [row.number for row in reader.flows(limit=2)] == [1, 2]
    assert [row.number for row in reader.flows(after=2)] == [3]
    assert [row.id for row in reader.flows(txn="Q-2", status="finished", name="f")] == ["order/2"]
    assert [each.seq for each in reader.trail(1)] == [0, 1]
    assert [each.id for each in reader.cases(open_only=True)] == ["order/1#1", "order/3#1"]
    assert [each.id for each in reader.cases(owner="tax", code="X")] == ["order/3#1"]
    assert [each.id for each in reader.cases(after="order/1#1", limit=1)] == ["order/2#1"]
    assert reader.case("order/1#1") == case(1, "assigned")
    assert [row.id for row in reader.events(after=1, limit=2)] == ["e2", "e3"]
    assert [(row.id, row.sequence) for row in reader.events(subject="a")] == [("e2", 1), ("e4", 2)]
    assert [row.body for row in reader.events(txn="Q-3", type="t")] == [{"n": [1, 2]}]
    counts = reader.counts()
    assert counts.flows[("f", "finished")] == 1
    assert counts.cases == {("X", "o", "assigned"): 1, ("X", "o", "verified"): 1, ("X", "tax", "assigned"): 1}
    assert (counts.unsent_events, counts.waiting_messages) == (5, 0)
    lease.commit(Write(relayed=3))
    assert store.reader(journal).counts().unsent_events == 2


def test_events_that_were_relayed_stay_in_the_log(store: Store) -> None:
    if not store.outlives:
        pytest.skip("a temporary journal forgets what has left: nobody else can read it")
    journal = store.open()
    lease = journal.claim()
    lease.commit(Write(events=[event(1, "a"), event(2, "b")]))
    lease.commit(Write(relayed=2))
    assert [row.id for row in store.reader(journal).events()] == ["e1", "e2"]
    assert journal.claim().load().events == []


@pytest.mark.parametrize("poison", [{"n": 2**70}, {"o": object()}, {"t": "\ud800"}, {"deep": DEEP}])
def test_what_cannot_be_stored_is_refused_and_the_store_lives_on(store: Store, poison: dict[str, object]) -> None:
    journal = store.open()
    lease = filled(journal, steps=1)
    before = journal.head()
    effect = Emit(type="t", subject="s", body=poison)
    with pytest.raises(Unstorable):
        lease.commit(
            Write(flow=1, entries=[Entry(1, -1, 0, lease.epoch, "step", Slept(), effect)], flows=[flow_row(3)])
        )
    assert (journal.head(), lease.find("order/3")) == (before, None)
    lease.commit(step(1, 1))
    assert journal.verify().intact


# --- the audit trail ------------------------------------------------------------------------------------------------


def test_an_untouched_trail_is_intact_and_knows_its_head(store: Store) -> None:
    journal = store.open()
    lease = filled(journal)
    head, heads = journal.head(), journal.verify().heads
    lease.commit(step(1, 6))
    found = journal.verify(heads)
    assert (found.intact, found.head.entries, head.entries) == (True, 13, 12)
    assert store.reader(journal).verify(heads).intact


EDIT = "UPDATE entry SET body = {flip} WHERE number = 5"
FLIP = {
    "sqlite": "substr(body, 1, 9) || x'00' || substr(body, 11)",
    "postgres": "overlay(body placing '\\x00'::bytea from 10)",
}
TAMPERINGS = {
    "edit": ([EDIT], "entry 5 does not match"),
    "reassign": (["UPDATE trail SET flow = 2 WHERE number = 5"], "entry 5"),
    "reassign both": (
        ["UPDATE trail SET flow = 2 WHERE number = 5", "UPDATE entry SET flow = 2 WHERE number = 5"],
        "entry 5 does not match",
    ),
    "delete": (["DELETE FROM trail WHERE number = 5"], "entry 5 is missing"),
    "close the gap": (
        [
            f"{change} {table} {where}"
            for table in ("trail", "entry")
            for change, where in (
                ("DELETE FROM", "WHERE number = 5"),
                ("UPDATE", "SET number = -number WHERE number > 5"),
                ("UPDATE", "SET number = -number - 1 WHERE number < 0"),
            )
        ],
        "entry 5 does not match",
    ),
    "swap": (
        [
            f"UPDATE {table} SET number = {new} WHERE number = {old}"
            for table in ("trail", "entry")
            for old, new in ((5, 99), (6, 5), (99, 6))
        ],
        "entry 5 does not match",
    ),
    "blank": (["DELETE FROM entry WHERE number = 5"], "entry 5 was blanked"),
    "slip in": (["INSERT INTO entry {columns} VALUES ({values})"], "entry 77 has content"),
    "cut the end": ([f"DELETE FROM {table} WHERE number > 10" for table in ("trail", "entry")], "ends at entry 10"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_with_the_trail_is_detected_and_the_first_wrong_row_is_named(store: Store, name: str) -> None:
    journal = store.open()
    lease = filled(journal)
    heads = journal.verify().heads
    dialect = "postgres" if store.kind == "postgres" else "sqlite"
    columns, values = ("(flow, epoch, number, body)", f"1, {lease.epoch}, 77, '\\x90'")
    if dialect == "sqlite":
        columns, values = "", "1, 77, x'90'"
    statements, problem = TAMPERINGS[name]
    for statement in statements:
        store.change(journal, statement.format(flip=FLIP[dialect], columns=columns, values=values))
    found = journal.verify(heads)
    assert not found.intact
    assert problem in found.problem


def test_only_a_head_kept_elsewhere_shows_that_the_end_is_missing(store: Store) -> None:
    journal = store.open()
    filled(journal)
    (head,) = journal.verify().heads
    for statement in TAMPERINGS["cut the end"][0]:
        store.change(journal, statement)
    assert journal.verify().intact
    assert "ends at entry 10" in journal.verify(head).problem
    assert not journal.verify(Head(10, head.digest, head.chain)).intact


def test_a_finished_flow_can_be_blanked_and_the_chain_still_holds(store: Store) -> None:
    journal = store.open()
    lease = filled(journal)
    heads = journal.verify().heads
    lease.commit(step(1, 6, statuses=[(1, "finished", b"\xc0")], blanked=1))
    assert [flow for _, flow, _ in journal.entries()] == [2] * 6 + [1]
    assert journal.verify(heads).intact
