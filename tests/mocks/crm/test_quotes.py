from datetime import date
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.calendar import midnight_us
from domain.charts import QUOTE
from domain.charts.chart import IllegalTransition
from mocks.crm.quotes import LIVE, TAKEN
from mocks.kernel.operations import Refusal
from tests.mocks.crm.conftest import Org


def test_a_quote_goes_from_draft_to_accepted_and_tells(org: Any) -> None:
    org.account()
    org.draft()
    org.step("submit", "approve", "present")
    org.step("accept", signer="Ada")
    steps = [(each.before, each.status) for each in org.changes("quote")]
    assert steps == [
        ("", "draft"),
        ("draft", "submitted"),
        ("submitted", "approved"),
        ("approved", "presented"),
        ("presented", "accepted"),
    ]
    document = org.changes("quote")[-1].document
    assert (document.id, document.txn, document.account) == ("Q-000001-v1", "Q-000001", "A-000001")
    assert (document.total_minor, document.discount_percent, document.status) == (28500, "5", "accepted")
    assert [(line.id, line.sku, line.amount_minor, line.months) for line in document.lines] == [
        ("1", "SEAT", 28500, 12)
    ]
    (delivery,) = org.service.collect()
    assert (delivery.message.topic, delivery.message.txn) == ("quote.accepted", "Q-000001")


def test_an_amendment_shows_its_deltas_as_lines(org: Any) -> None:
    org.account()
    org.act("create_product", sku="SETUP", kind="one_time")
    lines = [{"sku": "SEAT", "quantity": 1, "unit_minor": 1, "list_unit_minor": 10000, "kind": "recurring"}]
    deltas = [
        {"sku": "SEAT", "quantity": 5, "unit_minor": 9500, "months": 12},
        {"sku": "SETUP", "quantity": 0, "unit_minor": 0, "months": 0},
    ]
    org.draft(
        kind="amend", amendment_kind="upsell", lines=lines, deltas=deltas, subscription="Q-900001",
        effective_date="2026-12-20", sequence=1, co_term_end="2027-06-30",
    )  # fmt: skip
    document = org.changes("quote")[-1].document
    assert [(delta.sku, delta.quantity, delta.unit_minor) for delta in document.deltas] == [
        ("SEAT", 5, 9500),
        ("SETUP", 0, 0),
    ]
    assert [line.kind for line in document.lines] == ["recurring", "one_time"]
    assert document.total_minor == 47500
    (record,) = org.found("SELECT Kind__c, AmendmentKind__c, EffectiveDate__c, Sequence__c, CoTermEnd__c FROM Quote")
    del record["attributes"]
    assert record == {
        "Kind__c": "amend",
        "AmendmentKind__c": "upsell",
        "EffectiveDate__c": "2026-12-20",
        "Sequence__c": 1,
        "CoTermEnd__c": "2027-06-30",
    }


@pytest.mark.parametrize(
    ("declared", "unit_minor", "approver", "passes"),
    [
        ("10", 9000, "", True),
        ("10", 8999, "", False),
        ("10.01", 9000, "", False),
        ("0", 8000, "", False),
        ("20", 8000, "sales_manager", True),
        ("20.5", 7950, "sales_manager", False),
        ("35", 6500, "deal_desk", True),
        ("36", 6400, "deal_desk", False),
        ("60", 4000, "cfo", True),
        ("60", 4000, "Grace Hopper", True),
    ],
)
def test_a_discount_needs_an_approver_with_authority(
    org: Any, declared: str, unit_minor: int, approver: str, passes: bool
) -> None:
    org.account()
    line = {"sku": "SEAT", "quantity": 3, "list_unit_minor": 10000, "unit_minor": unit_minor}
    org.draft(lines=[line], discount_percent=declared)
    org.step("submit")
    if passes:
        org.step("approve", approver=approver)
        assert org.status() == "approved"
        assert org.changes("quote")[-1].document.approvals == ((approver,) if approver else ())
    else:
        before = len(org.changes("quote"))
        with pytest.raises(Refusal, match="off"):
            org.step("approve", approver=approver)
        assert (org.status(), len(org.changes("quote"))) == ("submitted", before)


def test_rounding_of_unit_prices_asks_for_no_approver(org: Any) -> None:
    org.account()
    org.draft(
        lines=[{"sku": "SEAT", "quantity": 7, "list_unit_minor": 9999, "unit_minor": 8999}], discount_percent="10"
    )
    org.step("submit", "approve")
    assert org.status() == "approved"


def test_a_newer_version_supersedes_the_live_ones_and_only_those(org: Any) -> None:
    org.account()
    org.draft()
    org.step("submit", "approve")
    org.draft(version=2)
    assert org.status() == "approved"
    org.step("submit", version=2)
    assert (org.status(), org.status(version=2)) == ("superseded", "submitted")
    org.step("approve", "accept", version=2)
    org.draft(version=3)
    with pytest.raises(Refusal, match="only one version lives"):
        org.step("submit", version=3)


def test_an_old_version_cannot_overtake_a_newer_one(org: Any) -> None:
    org.account()
    org.draft()
    org.draft(version=2)
    org.step("submit", version=2)
    assert org.status() == "superseded"
    with pytest.raises(IllegalTransition):
        org.step("submit", version=1)


def test_a_quote_expires_at_the_local_midnight_that_ends_its_last_day(org: Any) -> None:
    org.account()
    org.draft("Q-000001", entity="JP", valid_until="2026-12-15")
    org.draft("Q-000002", entity="US", valid_until="2026-12-15")
    ends_us = midnight_us(date(2026, 12, 16), "Asia/Tokyo")
    assert org.service.due_us() == ends_us
    org.service.tick(ends_us - 1)
    assert org.status("Q-000001") == "draft"
    org.service.tick(ends_us)
    assert (org.status("Q-000001"), org.status("Q-000002")) == ("expired", "draft")
    assert org.changes("quote")[-1].at_us == ends_us
    org.service.tick(ends_us + 86_400_000_000)
    assert org.status("Q-000002") == "expired"


def test_what_is_accepted_does_not_expire(org: Any) -> None:
    org.accepted()
    org.service.tick(org.now_us + 90 * 86_400_000_000)
    assert org.status() == "accepted"


def test_nobody_accepts_after_the_last_day(org: Any) -> None:
    org.account()
    org.draft()
    org.step("submit", "approve")
    org.now_us += 20 * 86_400_000_000
    with pytest.raises(Refusal, match="expired"):
        org.step("accept")
    assert org.status() == "approved"


def test_a_quote_without_lines_or_time_left_is_not_submitted(org: Any) -> None:
    org.account()
    org.draft("Q-000001", lines=[])
    org.draft("Q-000002", valid_until="2026-11-28")
    org.draft("Q-000003", valid_until=None)
    for number in ("Q-000001", "Q-000002", "Q-000003"):
        with pytest.raises(Refusal):
            org.step("submit", number=number)
        assert org.status(number) == "draft"


def test_a_customer_declines_what_was_approved(org: Any) -> None:
    org.account()
    org.draft()
    org.step("submit", "approve", "decline")
    assert [each.status for each in org.changes("quote")][-2:] == ["presented", "declined"]


def test_a_submitted_quote_can_be_withdrawn_and_rejected(org: Any) -> None:
    org.account()
    org.draft()
    org.step("submit", "withdraw", "submit", "reject")
    assert org.status() == "rejected"


def test_acts_on_what_is_not_there_are_refused(org: Any) -> None:
    with pytest.raises(Refusal, match="no account"):
        org.draft()
    org.account()
    with pytest.raises(Refusal, match="A-000001 exists"):
        org.account()
    org.draft()
    with pytest.raises(Refusal, match="version 1 exists"):
        org.draft()
    assert len(org.found("SELECT Id FROM QuoteLineItem")) == 1
    with pytest.raises(Refusal, match="no quote"):
        org.step("submit", version=9)


class Walk(RuleBasedStateMachine):
    """People do whatever they like to three versions of one quote; the chart and the one-live-version rule hold."""

    def __init__(self) -> None:
        super().__init__()
        self.org = Org()
        self.org.account()
        for version in (1, 2, 3):
            self.org.draft(version=version)

    @rule(
        version=st.integers(1, 3),
        step=st.sampled_from(["submit", "approve", "reject", "withdraw", "present", "accept", "decline", "expire"]),
    )
    def do(self, version: int, step: str) -> None:
        before = len(self.org.history)
        try:
            self.org.step(step, version=version)
        except (Refusal, IllegalTransition):
            assert len(self.org.history) == before

    @rule(version=st.integers(1, 3), label=st.sampled_from(["Converted", "Accept Failed", "Accepted", "Approved"]))
    def write(self, version: int, label: str) -> None:
        before = self.org.status(version=version)
        quote_id = self.org.quote_id(version=version)
        reply = self.org.send("PATCH", f"/services/data/v62.0/sobjects/Quote/{quote_id}", {"Status": label})
        moved = before != self.org.status(version=version)
        assert reply.status == 204 or (reply.status == 400 and not moved)
        assert not moved or before in TAKEN

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        self.org.now_us += days * 86_400_000_000
        self.org.token = ""
        self.org.service.tick(self.org.now_us)

    @invariant()
    def every_step_is_in_the_chart_and_one_version_is_taken(self) -> None:
        for change in self.org.changes("quote"):
            assert not change.before or change.before == change.status or QUOTE.allows(change.before, change.status)
        states = [self.org.status(version=version) for version in (1, 2, 3)]
        assert sum(state in TAKEN for state in states) <= 1
        assert sum(state in LIVE - {"draft"} for state in states) <= 1


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
