"""Partner deals on the real systems: who buys, who uses, at whose price, and whose customer it is."""

from __future__ import annotations

from typing import Any

import pytest

from integration.flows.partners import OURS
from integration.masterdata.agreements import Agreement, WrongAgreement, agreement_of
from tests.stage import ACCOUNT, CORE, Played, Stage

DISTRIBUTOR, RESELLER, USER = "A-000002", "A-000003", "A-000009"
AT_20 = {"sku": CORE, "quantity": 10, "unit_minor": 40_00, "months": 12, "list_unit_minor": 50_00}


class Channel(Stage):
    """A stage with a reseller, a distributor and a customer who only uses what they buy."""

    def __init__(self, **agreements: dict[str, Any]) -> None:
        super().__init__()
        for account in (ACCOUNT, DISTRIBUTOR, RESELLER, USER):
            self.customer(account=account)
        for account, row in agreements.items():
            self.agrees(account.replace("_", "-"), row)

    def agrees(self, account: str, row: dict[str, Any], at: float = 0.2) -> None:
        self.act("integration", "add_mapping", at, kind="partner", key=account, value=row)

    def sells(self, number: str, line: dict[str, Any], at: float = 1.0, account: str = ACCOUNT, **roles: Any) -> None:
        said = {"partner_model": "resale", "end_customer": USER, **roles}
        self._signed(
            number,
            at,
            account=account,
            lines=[line],
            discount_percent="20",
            term_months=12,
            term_start="2026-11-30",
            **said,
        )
        self.act("fulfilment", "set_duration", at, number, id=f"{number}-v1", seconds=1800)


RESALE = {"models": ["resale"], "margin_percent": 20}


def customers(played: Played) -> dict[str, set[str]]:
    places = (
        ("erp", "order"),
        ("billing", "subscription"),
        ("billing", "invoice"),
        ("erp", "invoice"),
        ("erp", "cash"),
    )
    return {f"{s} {k}": {document.customer for document in played.documents(s, k)} for s, k in places}


def test_the_reseller_is_billed_and_the_end_customer_is_served() -> None:
    stage = Channel(A_000001=RESALE)
    stage.sells("Q-000001", AT_20)
    played = stage.play(days=3)
    assert set(map(frozenset, customers(played).values())) == {frozenset({ACCOUNT})}
    assert played.document("erp", "order").end_customer == USER
    assert played.document("fulfilment", "task").account == USER
    assert "partner_deal.registered" in played.events()
    assert played.broken() == {}
    assert played.verdict().result("S13").examined == 1


def test_two_tiers_are_billed_to_the_distributor_at_two_margins() -> None:
    two_tier = {"models": ["two_tier"], "margin_percent": 15, "distributor_percent": 5}
    stage = Channel(A_000002=two_tier)
    stage.sells("Q-000001", AT_20, account=DISTRIBUTOR, partner_model="two_tier", reseller=RESELLER)
    played = stage.play(days=3)
    assert set(map(frozenset, customers(played).values())) == {frozenset({DISTRIBUTOR})}
    assert played.document("erp", "order").total_minor == 400_00
    assert played.broken() == {}


def test_a_direct_price_never_reaches_a_partner() -> None:
    stage = Channel(A_000001=RESALE)
    stage.sells("Q-000001", {**AT_20, "unit_minor": 45_00})
    played = stage.play(days=3)
    (case,) = {each.detail for each in played.cases()["DATA_QUALITY.PRICE_MISMATCH"]}
    assert case == f"A-000001 buys at 20 % off the list; above that are: {CORE}"
    assert played.documents("erp", "order") == []


@pytest.mark.parametrize(
    ("roles", "detail"),
    [({"end_customer": ""}, "names the customer"), ({"partner_model": "two_tier"}, "names the reseller")],
)
def test_a_deal_without_its_roles_waits_for_sales(roles: dict[str, Any], detail: str) -> None:
    stage = Channel(A_000001=RESALE)
    stage.clerks = 0
    stage.sells("Q-000001", AT_20, **roles)
    played = stage.play(days=2)
    assert detail in played.cases()["VALIDATION.MISSING_FIELD"][0].detail
    assert played.attempts("upsert_order") == []


def test_a_partner_without_an_agreement_waits_for_one() -> None:
    stage = Channel()
    stage.sells("Q-000001", AT_20)
    stage.agrees(ACCOUNT, RESALE, at=1.5)
    played = stage.play(days=3)
    assert "no agreement with A-000001" in played.cases()["DATA_QUALITY.MAPPING_MISSING"][0].detail
    assert played.walk("erp", "order")[-1] == "billed"
    assert played.broken() == {}


def conflicting(decision: str) -> Played:
    stage = Channel(A_000001=RESALE, A_000003=RESALE)
    stage.clerks = 0
    stage.sells("Q-000001", AT_20)
    stage.sells("Q-000002", AT_20, at=3.0, account=RESELLER)
    stage.act("integration", "re_drive", 6.0, code="POLICY.APPROVAL_REQUIRED", decision=decision, actor="channel")
    return stage.play(days=3)


def test_two_partners_with_one_customer_are_a_conflict_that_people_decide() -> None:
    played = conflicting(OURS)
    case = played.cases()["POLICY.APPROVAL_REQUIRED"][0]
    assert (case.owner, case.txn) == ("channel management", "Q-000002")
    assert case.detail.startswith("A-000009 is registered by A-000001 (deal Q-000001) until 2027-02-28")
    assert {order.txn for order in played.documents("erp", "order")} == {"Q-000001", "Q-000002"}
    rows = played.rehearsal.journal.claim().mappings
    assert rows["registration", USER]["partner"] == RESELLER
    assert played.broken() == {}


def test_the_deal_that_loses_the_conflict_goes_back_to_sales() -> None:
    played = conflicting("cancel")
    assert {order.txn for order in played.documents("erp", "order")} == {"Q-000001"}
    assert played.broken() == {}


def test_one_partner_may_sell_to_its_customer_again() -> None:
    stage = Channel(A_000001=RESALE)
    stage.sells("Q-000001", AT_20)
    stage.sells("Q-000002", AT_20, at=3.0)
    played = stage.play(days=3)
    assert len(played.documents("erp", "order")) == 2
    assert played.cases() == {}


@pytest.mark.parametrize("row", [{"models": "resale"}, {"models": [], "margin_percent": 120}, {"margin": 1}])
def test_a_row_that_is_no_agreement_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(WrongAgreement):
        agreement_of(row)


def test_a_distributors_margin_comes_on_top() -> None:
    found = Agreement(("resale", "two_tier"), 20, 8)
    assert (found.wanted_percent("resale"), found.wanted_percent("two_tier")) == (20, 28)
