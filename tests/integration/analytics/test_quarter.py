"""A rehearsed quarter told in events alone: the key figures are the judges', the totals those of the ledgers."""

from __future__ import annotations

import random

import msgspec
import pytest

from contracts.checks.facts import BOOKED, Facts
from contracts.checks.kpi import KpiResult, kpi_results
from contracts.checks.lives import invoice_of
from contracts.checks.reconciliation import reconcile
from integration.analytics import ledgers
from integration.analytics.consumer import consume, rebuild
from integration.analytics.kpis import Kpi, Scope, kpis
from integration.analytics.reconcile import IN_FLIGHT, MISSING_EVENT, NOT_IN_LEDGER, OTHER_AMOUNT, differences
from integration.analytics.store import Store
from integration.analytics.told import of_row
from integration.analytics.totals import BILLED, CASH, CREDIT, TAX, Document, documents, totals
from integration.analytics.totals import BOOKED as ORDERS
from integration.journal.protocol import OutboxRow
from tests.integration.rehearsed import Rehearsed, quarter

SECONDS = 2.0
"""How far a duration from events may be from the judges': both ends are learned by a call, of a second at most, later
than they happen, and the processor tells instants to the second."""


@pytest.fixture(scope="module")
def played() -> Rehearsed:
    return quarter()


@pytest.fixture(scope="module")
def facts(played: Rehearsed) -> Facts:
    return Facts(played.history)


@pytest.fixture(scope="module")
def events(played: Rehearsed) -> list[OutboxRow]:
    rows: list[OutboxRow] = []
    while page := played.reader.events(after=rows[-1].number if rows else 0, limit=1000):
        rows += page
    return rows


@pytest.fixture(scope="module")
def store(played: Rehearsed) -> Store:
    made = Store()
    consume(made, played.reader)
    return made


@pytest.fixture(scope="module")
def ours(store: Store, facts: Facts) -> dict[str, Kpi]:
    context = facts.context
    scope = Scope(
        from_us=context.at_us, until_us=context.horizon_us, cutoff=context.cutoff_date, zones=facts.zones
    )  # fmt: skip
    return {each.kpi: each for each in kpis(store, scope)}


@pytest.fixture(scope="module")
def judged(facts: Facts) -> dict[str, KpiResult]:
    return {each.kpi: each for each in kpi_results(facts)}


def test_no_event_is_missing_and_none_lacks_what_it_must_say(store: Store) -> None:
    assert store.gaps() == []
    assert store.rows("SELECT * FROM spoiled") == []


@pytest.mark.parametrize("kpi", ["K-03", "K-08", "K-09", "K-16", "K-21"])
def test_figures_of_counting_are_exactly_the_judges(
    kpi: str, ours: dict[str, Kpi], judged: dict[str, KpiResult]
) -> None:
    assert ours[kpi].count == judged[kpi].count
    assert dict(ours[kpi].values) == pytest.approx(dict(judged[kpi].values), abs=1e-9)


@pytest.mark.parametrize("kpi", ["K-04", "K-07", "K-10"])
def test_figures_of_time_are_the_judges_within_two_seconds(
    kpi: str, ours: dict[str, Kpi], judged: dict[str, KpiResult]
) -> None:
    assert ours[kpi].count == judged[kpi].count > 20
    assert dict(ours[kpi].values) == pytest.approx(dict(judged[kpi].values), abs=SECONDS)


def test_the_posting_delay_is_the_judges_for_each_invoice_of_our_time_and_later_only_by_lost_replies(
    store: Store, ours: dict[str, Kpi], facts: Facts
) -> None:
    lives = [life for life in facts.lives("invoice", "billing").values() if not life.is_seeded]
    judges = {
        life.id: facts.posted[life.id][0].created_us - life.created_us for life in lives if life.id in facts.posted
    }
    told = {key: posted - generated for key, posted, generated in store.rows(
        "SELECT id, posted_us, generated_us FROM invoices WHERE posted_us AND generated_us")}  # fmt: skip
    assert ours["K-05"].count == len(told) == len(judges) > 20
    assert told.keys() == judges.keys()
    later = [(told[key] - judges[key]) / 1e6 for key in judges]
    assert min(later) > -SECONDS, "nothing is told before it is so"
    assert sum(each <= SECONDS for each in later) >= 0.9 * len(later), "most are told as they are confirmed"


def test_days_sales_outstanding_are_the_judges(ours: dict[str, Kpi], judged: dict[str, KpiResult]) -> None:
    assert ours["K-11"].count == judged["K-11"].count
    assert dict(ours["K-11"].values) == pytest.approx(dict(judged["K-11"].values), rel=1e-9)


def test_untouched_orders_are_as_many_as_the_judges_count(ours: dict[str, Kpi], judged: dict[str, KpiResult]) -> None:
    assert dict(ours["K-12"].values)["touchless percent"] == judged["K-12"].value("touchless percent")


def test_the_quarter_has_something_to_measure(ours: dict[str, Kpi]) -> None:
    assert ours["K-09"].count > 0, "a case"
    assert ours["K-10"].count > 20, "paid orders"
    assert ours["K-19"].count > 100, "clocks of service levels"


def test_totals_are_those_of_the_history(store: Store, facts: Facts) -> None:
    found: dict[tuple[str, str, str], int] = {}
    for each in totals(documents(store)):
        key = each.measure, each.entity, each.currency
        found[key] = found.get(key, 0) + each.amount_minor
    for row in reconcile(facts).rows:
        place = row.entity, row.currency
        assert found.get((ORDERS, *place), 0) == row.ordered_minor
        assert found.get((BILLED, *place), 0) == row.posted_minor
        assert found.get((CREDIT, *place), 0) == row.posted_credits_minor
        assert found.get((CASH, *place), 0) == row.cash_minor
    tax_minor = sum(invoice_of(life).tax_minor for life in facts.lives("invoice", "erp").values() if not life.is_seeded)
    tax_minor -= sum(life.document.tax_minor for life in facts.lives("credit_memo", "erp").values())
    assert sum(amount for (measure, _, _), amount in found.items() if measure == TAX) == tax_minor > 0
    booked = [life for life in facts.lives("order", "erp").values() if life.since(BOOKED) is not None]
    assert sum(each.documents for each in totals(documents(store)) if each.measure == ORDERS) == len(booked)


# --- idempotent, tolerant of order, rebuildable ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_any_order_and_any_repetition_of_events_gives_the_same_tables(
    seed: int, events: list[OutboxRow], store: Store
) -> None:
    shuffled = [of_row(row) for row in events] + [of_row(row) for row in events[::3]]
    random.Random(seed).shuffle(shuffled)
    other = Store()
    for start in range(0, len(shuffled), 37):
        other.take(shuffled[start : start + 37])
    assert other.digest() == store.digest()


def test_a_rebuild_from_scratch_gives_the_same_tables(played: Rehearsed, store: Store) -> None:
    before, count = store.digest(), store.rows("SELECT count(*) FROM seen")[0][0]
    assert rebuild(store, played.reader) == count > 500
    assert store.digest() == before
    assert consume(store, played.reader) == 0, "nothing is new"


# --- against the ledgers --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger(played: Rehearsed, store: Store) -> list[Document]:
    """What the ERP says, read by a flow through its adapter."""
    return ledgers.documents_of(played.ask(ledgers.start_of(store.span()[0], 1)))


def test_events_and_ledgers_agree_on_every_document(store: Store, ledger: list[Document], facts: Facts) -> None:
    assert len(ledger) > 150
    assert {each.measure for each in ledger} == {ORDERS, BILLED, CREDIT, CASH, TAX}
    assert differences(documents(store), ledger, now_us=facts.context.horizon_us) == []
    plain = [msgspec.structs.replace(each, at_us=0) for each in documents(store)]
    assert totals(plain) == totals(ledger)


def test_a_lost_event_is_a_missing_event_and_only_that(
    events: list[OutboxRow], ledger: list[Document], facts: Facts
) -> None:
    lost = next(row for row in events if row.type == "q2c.invoice.posted.v1" and row.body["tax"]["amount_minor"])
    other = Store()
    other.take(of_row(row) for row in events if row.id != lost.id)
    found = differences(documents(other), ledger, now_us=facts.context.horizon_us)
    assert [(each.cause, each.measure, each.key) for each in found] == [
        (MISSING_EVENT, BILLED, lost.subject), (MISSING_EVENT, TAX, lost.subject),
    ]  # fmt: skip
    assert found[0].amount_minor == -lost.body["total"]["amount_minor"]


def test_an_event_that_tells_another_amount_is_named(store: Store, ledger: list[Document], facts: Facts) -> None:
    told = documents(store)
    place = next(index for index, each in enumerate(told) if each.measure == CASH)
    told[place] = msgspec.structs.replace(told[place], amount_minor=told[place].amount_minor + 1)
    (found,) = differences(told, ledger, now_us=facts.context.horizon_us)
    assert (found.cause, found.key, found.amount_minor) == (OTHER_AMOUNT, told[place].key, 1)


def test_what_the_ledger_lacks_is_in_flight_while_it_is_young(
    store: Store, ledger: list[Document], facts: Facts
) -> None:
    told = documents(store)
    order = next(each for each in told if each.measure == ORDERS)
    without = [each for each in ledger if each.key != order.key]
    (young,) = differences(told, without, now_us=order.at_us + 1)
    (old,) = differences(told, without, now_us=facts.context.horizon_us)
    (waiting,) = differences(told, without, now_us=facts.context.horizon_us, open_subjects=frozenset({order.key}))
    assert (young.cause, old.cause, waiting.cause) == (IN_FLIGHT, NOT_IN_LEDGER, IN_FLIGHT)
