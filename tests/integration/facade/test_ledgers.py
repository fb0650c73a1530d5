"""Two accounts of one vendor: each legal entity is booked, invoiced, paid and closed in its own."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from contracts.checks.judge import judge
from domain.history import Attempted, Changed, MemoryHistory
from domain.objects import Order
from integration.effects import Start
from integration.masterdata.products import row_key
from mocks.erp import FIRST_OF_SECOND
from scenarios.timeline import build
from tests.demo import demo
from tests.demo import played as history_of
from tests.stage import CORE, Stage

DAY = 24.0
SECOND = "A-000002"


def two_books(method: str = "card") -> Stage:
    stage = Stage()
    stage.ledgers = {"DE": "erp2"}
    stage.customer()
    stage.signs("Q-000001")
    german(stage, method)
    stage.signs("Q-000002", account=SECOND, entity="DE", currency="EUR")
    return stage


def german(stage: Stage, method: str = "card") -> None:
    """Have a German company open an account."""
    place: dict[str, Any] = {
        "country": "DE",
        "region": "",
        "postal_code": "10115",
        "city": "Berlin",
        "street": "Am Hof 3",
    }
    stage._methods[SECOND] = method
    stage.act(
        "crm", "create_account", account=SECOND, name="Hill GmbH", entity="DE", currency="EUR",
        payment_customer="cus_000002", tax_id="DE123456789", **place,
    )  # fmt: skip
    stage.act(
        "payment", "create_customer", account=SECOND, name="Hill GmbH", currency="EUR", method=method,
        payment_customer="cus_000002", payment_method="pm_000002",
    )  # fmt: skip


def test_everything_of_an_entity_is_in_its_own_books() -> None:
    played = two_books().play(days=3)
    home = {order.txn: int(order.id) > FIRST_OF_SECOND for order in played.documents("erp", "order")}
    assert home == {"Q-000001": False, "Q-000002": True}
    for kind in ("invoice", "cash"):
        assert {each.txn: int(each.id) > FIRST_OF_SECOND for each in played.documents("erp", kind)} == home
    assert set(played.statuses("erp", "order")) == {"billed"}
    entities = {
        entry.entity: int(entry.id.removeprefix("GL")) > FIRST_OF_SECOND for entry in played.documents("erp", "entry")
    }
    assert entities == {"US": False, "DE": True}
    assert {each.system for each in played.attempts("upsert_order")} == {"erp", "erp2"}
    assert played.broken() == {}


def test_payouts_are_settled_where_the_bank_account_is() -> None:
    played = two_books().play(days=6)
    settled = {attempt.system for attempt in played.attempts("upsert_journal")}
    assert settled == {"erp", "erp2"}
    assert played.broken() == {}


def test_money_that_goes_back_leaves_the_books_it_came_into() -> None:
    stage = two_books()
    stage.act("integration", "refund", 1.6 * DAY, "Q-000002", percent=100)
    played = stage.play(days=5)
    assert len(played.documents("erp", "refund")) == 1
    assert {each.system for each in played.attempts("upsert_refund")} == {"erp2"}
    assert played.broken() == {}


def test_a_dispute_is_marked_in_the_books_of_the_invoice() -> None:
    stage = two_books("push")
    stage.act("integration", "dispute_invoice", 1.6 * DAY, "Q-000002", percent=50)
    played = stage.play(days=12)
    assert {(each.system, each.outcome) for each in played.attempts("update_invoice")} == {("erp2", "ok")}
    assert played.broken() == {}


def test_a_hold_in_the_second_book_stops_its_orders_only() -> None:
    stage = two_books()
    stage.act("erp", "create_customer", account=SECOND, name="Hill GmbH", entity="DE", currency="EUR", terms_days=30)
    stage.act("erp", "place_hold", 0.5, account=SECOND, level="hard")
    played = stage.play(days=2)
    assert [order.txn for order in played.documents("erp", "order")] == ["Q-000001"]
    stage.act("erp", "release_hold", 9.0, account=SECOND)
    played = stage.play(days=3)
    assert {order.txn for order in played.documents("erp", "order")} == {"Q-000001", "Q-000002"}
    assert played.broken() == {}


def test_a_period_is_closed_in_the_books_of_its_entity() -> None:
    stage = two_books()
    closing = Start(
        flow_id="close/DE/2026-10/1", name="close_period",
        arguments={"entity": "DE", "period": "2026-10", "round": 1, "requested_by": "controller"},
    )  # fmt: skip
    played = stage.play(days=12, starts=[(1.0, closing)])
    assert {each.system for each in played.attempts("restlet_post")} == {"erp2"}
    moved = {(each.id, each.status) for each in played.changes("erp", "period") if each.cause != "act"}
    assert {("DE/ar/2026-10", "closed"), ("DE/gl/2026-10", "closed")} <= moved


@pytest.mark.parametrize("system", ["erp", "erp2"])
def test_an_order_in_the_wrong_books_is_refused(system: str) -> None:
    """A routing mistake shows: the product is called otherwise there, and nobody has mapped it."""
    stage = two_books()
    stage.clerks = 0
    stage.act("integration", "remove_mapping", 0.5, kind="product", key=row_key(system, CORE))
    played = stage.play(days=2)
    lost = {"erp": "Q-000001", "erp2": "Q-000002"}[system]
    assert {case.txn for case in played.cases()["DATA_QUALITY.MAPPING_MISSING"]} == {lost}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_quarter_end_over_three_kinds_of_books_holds(seed: int) -> None:
    scenario = demo(80, 40, days=7, run_on_days=10)
    books = {"DE": "erp2", "JP": "erp2", "UK": "legacy_erp"}
    entities = [e.model_copy(update={"books": books.get(e.id, "erp")}) for e in scenario.world.entities]
    world = scenario.world.model_copy(update={"entities": tuple(entities)})
    failures = scenario.failures.model_copy(update={"credit_hold": Fraction(0)})
    records = history_of(build(scenario.model_copy(update={"world": world, "failures": failures}), seed))
    verdict = judge(MemoryHistory(records))
    assert [result.violations[0].sentence for result in verdict.results if result.broken] == []
    assert {each.system for each in records if isinstance(each, Attempted)} >= {"erp", "erp2", "legacy_erp"}
    documents = [each.document for each in records if isinstance(each, Changed)]
    numbers = {document.number[:1] for document in documents if isinstance(document, Order)}
    assert {"L", "S"} <= numbers
