"""Merging two customers with open orders and subscriptions, on the real systems: nothing is lost, all can be undone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.acts import Act
from domain.history import Flow
from integration.effects import Start
from tests.stage import ACCOUNT, DAY_US, OPENS_US, Played, Stage

LOSER = "A-000002"


class Merging(Stage):
    """A stage on which flows can be started at an hour."""

    def __init__(self) -> None:
        super().__init__()
        self.starts: list[tuple[float, Start]] = []

    def start(self, at: float, name: str, **arguments: Any) -> None:
        flow_id = f"{name}/{len(self.starts)}"
        self.starts.append((at, Start(flow_id=flow_id, name=name, arguments=arguments, entity_key="merges")))

    def result(self, played: Played, number: int) -> Any:
        flow_id = self.starts[number][1].flow_id
        (text,) = [each.result for each in played.of(Flow) if each.flow == flow_id and each.status == "finished"]
        return json.loads(text)


def two_customers() -> Merging:
    stage = Merging()
    stage.customer()
    stage.customer(account=LOSER)
    stage.signs("Q-000001")
    stage.signs("Q-000002", account=LOSER)
    return stage


def merge(stage: Merging, at: float) -> None:
    stage.start(at, "merge_customers", loser=LOSER, survivor=ACCOUNT, reason="one company")


def test_what_the_loser_has_is_found_under_the_survivor() -> None:
    stage = two_customers()
    merge(stage, 5.0)
    stage.start(6.0, "customer_holdings", account=LOSER)
    played = stage.play(starts=stage.starts)
    merged = stage.result(played, 0)
    assert (merged["status"], merged["survivor"], merged["loser"]) == ("merged", ACCOUNT, LOSER)
    assert merged["golden"]["tax_id"] == {
        "value": "12-000001", "from": "survivor", "rule": "the survivor's own, where it has one", "owner": "erp",
    }  # fmt: skip
    held = stage.result(played, 1)
    assert held["customer"] == ACCOUNT
    assert {account: found["subscriptions"] for account, found in held["accounts"].items()} == {
        ACCOUNT: ["Q-000001"],
        LOSER: ["Q-000002"],
    }
    assert played.broken() == {}


@pytest.mark.parametrize("page_size", [1, 2])
def test_what_a_customer_has_is_found_on_all_pages(page_size: int) -> None:
    held = [_held(size) for size in (None, page_size)]
    assert held[0] == held[1]
    assert held[0]["subscriptions"] == ["Q-000001", "Q-000003", "Q-000004"]
    assert len(held[0]["invoices"]) == 3


def _held(page_size: int | None) -> dict[str, list[str]]:
    stage = Merging()
    stage.page_size = page_size
    stage.customer("push", pays_after_days=20)
    for number in ("Q-000001", "Q-000003", "Q-000004"):
        stage.signs(number)
    stage.start(6.0, "customer_holdings", account=ACCOUNT)
    found: dict[str, list[str]] = stage.result(stage.play(starts=stage.starts), 0)["accounts"][ACCOUNT]
    return {kind: sorted(references) for kind, references in found.items()}


def test_a_later_order_of_the_loser_is_the_survivors() -> None:
    stage = two_customers()
    merge(stage, 5.0)
    stage.signs("Q-000003", at=7.0, account=LOSER)
    played = stage.play(starts=stage.starts)
    customers = {order.txn: order.customer for order in played.documents("erp", "order")}
    assert customers == {"Q-000001": ACCOUNT, "Q-000002": LOSER, "Q-000003": ACCOUNT}
    assert {each.txn: each.customer for each in played.documents("billing", "invoice")} == customers
    assert played.broken() == {}


def test_a_merge_that_was_taken_back_never_was() -> None:
    stage = two_customers()
    merge(stage, 5.0)
    stage.start(6.0, "unmerge_customers", loser=LOSER, reason="two companies after all")
    stage.signs("Q-000003", at=7.0, account=LOSER)
    stage.start(20.0, "customer_holdings", account=ACCOUNT)
    played = stage.play(starts=stage.starts)
    assert stage.result(played, 1) == {"status": "taken_back", "loser": LOSER, "survivor": ACCOUNT}
    customers = {order.txn: order.customer for order in played.documents("erp", "order")}
    assert customers == {"Q-000001": ACCOUNT, "Q-000002": LOSER, "Q-000003": LOSER}
    assert list(stage.result(played, 2)["accounts"]) == [ACCOUNT]
    mappings = played.rehearsal.journal.claim().mappings
    assert not [key for key in mappings if key[0] in ("merge", "members")]
    assert played.events().count("customer.merged") == 1
    assert played.broken() == {}


def test_a_hold_is_not_lost_in_a_merge() -> None:
    stage = two_customers()
    stage.act("erp", "place_hold", 4.0, account=LOSER, level="hard")
    merge(stage, 5.0)
    stage.act("erp", "place_hold", 9.0, account=ACCOUNT, level="hard")
    stage.act("erp", "release_hold", 30.0, account=ACCOUNT)
    stage.act("erp", "release_hold", 30.0, account=LOSER)
    played = stage.play(starts=stage.starts)
    cases = played.cases()["POLICY.CREDIT_HOLD"]
    assert cases[0].at_us < OPENS_US + DAY_US
    assert stage.result(played, 0)["golden"]["credit_status"]["value"] == "hard_hold"


def test_customers_of_two_books_are_never_merged() -> None:
    stage = two_customers()
    stage.acts = [_in_germany(act) if act.arguments.get("account") == LOSER else act for act in stage.acts]
    stage.clerks = 0
    merge(stage, 5.0)
    played = stage.play(starts=stage.starts)
    assert "the currency is 'USD' and 'EUR'" in played.cases()["DATA_QUALITY.DUPLICATE_CUSTOMER"][0].detail


def _in_germany(act: Act) -> Act:
    if act.action not in ("create_account", "create_quote"):
        return act
    place = {"entity": "DE", "currency": "EUR"}
    if act.action == "create_account":
        place |= {"country": "DE", "region": "", "postal_code": "10115", "city": "Berlin"}
    return Act(at_us=act.at_us, system=act.system, action=act.action, txn=act.txn, arguments={**act.arguments, **place})
