"""After the faults everything ends and everybody agrees, or the liveness checks say who was forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.stages import endings
from domain.history import Changed, Flow, Record
from domain.objects import Account, Customer
from tests.contracts.checks import build
from tests.contracts.checks.build import (
    CONTEXT,
    amended,
    at,
    changed,
    check,
    clean,
    edited,
    history,
    of,
    walk,
    without,
)
from tests.contracts.checks.doctored import case

Records = list[Record]


def _no_posting() -> Records:
    gone = (of("invoice", "erp"), of("cash", "erp"))
    return [r for r in clean() if not any(rule(r) for rule in gone)]


def _no_record_in_billing() -> Records:
    return without(clean(), of("cash", "billing"))


def _no_entry_for_the_payout() -> Records:
    return without(clean(), of("entry", "erp", "GL3"))


def _no_subscription() -> Records:
    return [r for r in clean() if not (isinstance(r, Changed) and r.system in ("billing", "payment", "tax"))]


def _hold_not_shown() -> Records:
    customer = Customer(id="A-000001", ref="A-000001", name="Acme", credit_status="soft_hold")
    account = Account(id="A-000001", name="Acme", entity="US", currency="USD", country="US")
    return [
        *clean(),
        changed(1, "crm", "account", account, status="active", cause="act"),
        changed(60, "erp", "customer", customer, status="soft_hold", cause="act"),
    ]


@pytest.mark.parametrize(
    "spoil", [_no_posting, _no_record_in_billing, _no_entry_for_the_payout, _no_subscription, _hold_not_shown]
)
def test_systems_that_never_agree_break_convergence(spoil: Callable[[], Records]) -> None:
    assert check("L1", clean()).status == "holds"
    assert check("L1", spoil()).status == "broken"


@pytest.mark.parametrize("spoil", [_no_posting, _no_subscription])
def test_a_quote_that_nobody_works_on_is_stuck(spoil: Callable[[], Records]) -> None:
    result = check("L2", spoil())
    assert result.status == "broken"
    assert "got stuck" in result.violations[0].sentence


def test_a_quote_in_the_hands_of_a_person_is_not_stuck() -> None:
    assert check("L2", [*_no_posting(), case(20, "new")]).status == "holds"
    assert check("L1", [*_no_posting(), case(20, "new")]).status == "holds"


def _uncredited(*statuses: str) -> Records:
    """A credit note that has no memo in the ERP, of an invoice that went through statuses in billing."""
    pending = replace(build.SECOND, id="INV-3")
    note = changed(200, "billing", "credit_memo", replace(build.CREDIT_NOTE, invoice="INV-3"))
    return [*clean(), *walk(199, "billing", "invoice", pending, *statuses), note]


@pytest.mark.parametrize(
    ("statuses", "found"),
    [
        (("tax_pending",), "holds"),
        (("tax_pending", "voided"), "broken"),
        (("tax_pending", "ready", "posted"), "broken"),
    ],
)
def test_a_credit_is_posted_once_the_invoice_it_credits_is_closed(statuses: tuple[str, ...], found: str) -> None:
    memos = [each for each in check("L1", _uncredited(*statuses)).violations if "credit memo" in each.sentence]
    assert bool(memos) is (found == "broken")


def test_a_resolved_case_is_no_excuse() -> None:
    resolved = [case(20, "new"), case(21, "triaged"), case(22, "auto_resolved")]
    assert check("L2", [*_no_posting(), *resolved]).status == "broken"


def test_a_run_that_ends_too_early_cannot_be_judged() -> None:
    for key in ("L1", "L2", "L3"):
        result = check(key, clean(), heal_us=CONTEXT.horizon_us)
        assert result.status == "unknown"
        assert result.counted


def test_a_mirror_that_never_follows_breaks_the_truth() -> None:
    records = without(clean(), lambda r: of("mirror", "crm")(r) and r.at_us > at(20))
    assert check("L3", records).status == "broken"


def _shown(minor: int, minutes: float = 60 * 24 * 13) -> Changed:
    """The CRM shows so much of the amendment's invoice as open."""
    mirror = replace(build.AMENDED_MIRROR, invoice_balance_minor=minor, sequence=2)
    return changed(minutes, "crm", "mirror", mirror, "shown", "shown")


def test_a_balance_that_was_read_too_early_and_stays_breaks_the_truth() -> None:
    credited = replace(build.SECOND, status="posted", balance_minor=5_000)
    records = [*amended(), changed(60 * 24 * 13, "billing", "invoice", credited, "posted")]
    result = check("L3", [*records, _shown(build.RECHARGED)])
    assert result.status == "broken"
    assert result.violations[0].sentence == (
        "invoice INV-2 has 50.00 USD open in billing, and the CRM shows Q-000200-v1 as posted with 175.07 USD open"
    )
    assert check("L3", [*records, _shown(5_000)]).status == "holds"
    assert check("L3", [*records, _shown(build.RECHARGED), _shown(5_000, 60 * 24 * 14)]).status == "holds"
    assert check("L3", [*records, case(60 * 24 * 13, "new", txn="Q-000200")]).status == "holds"


def test_a_balance_that_has_just_changed_is_not_judged() -> None:
    credited = replace(build.SECOND, status="posted", balance_minor=5_000)
    records = [*amended(), changed(60 * 24 * 13 - 10, "billing", "invoice", credited, "posted")]
    assert check("L3", records, heal_us=at(60), horizon_us=at(60 * 24 * 13)).status == "holds"
    assert check("L3", records).status == "broken"


def test_of_several_invoices_of_a_quote_any_may_be_the_one_that_is_shown() -> None:
    other = replace(build.SECOND, id="INV-3", status="posted", balance_minor=700, total_minor=700)
    records = [*amended(), changed(60 * 24 * 13, "billing", "invoice", other)]
    for minor, status in ((build.RECHARGED, "holds"), (700, "holds"), (0, "broken")):
        assert check("L3", [*records, _shown(minor, 60 * 24 * 13 + 1)]).status == status


def test_of_a_quote_of_several_entities_the_sum_of_what_they_are_owed_is_shown() -> None:
    lines = tuple(
        replace(line, entity=entity) for line, entity in zip(2 * build.QUOTE.lines[:1], ("US", "DE"), strict=True)
    )
    quote = replace(build.QUOTE, number="Q-000300", txn="Q-000300", lines=lines)
    parts = [
        replace(
            build.SECOND, id=f"INV-{entity}", ref=f"Q-000300.{entity}-v1", txn=f"Q-000300.{entity}", status="posted"
        )
        for entity in ("US", "DE")
    ]
    records = [
        *clean(), *walk(40, "crm", "quote", quote, "draft", "accepted", cause="act"),
        *[changed(60, "billing", "invoice", part) for part in parts],
    ]  # fmt: skip
    for minor, status in ((2 * build.RECHARGED, "holds"), (build.RECHARGED, "broken")):
        mirror = replace(build.AMENDED_MIRROR, id="Q-000300-v1", txn="Q-000300", invoice_balance_minor=minor)
        assert check("L3", [*records, changed(61, "crm", "mirror", mirror, "", "shown")]).status == status


def test_who_never_shows_a_balance_is_not_judged_by_it() -> None:
    records = [*amended(), _shown(0)]
    assert check("L3", edited(records, of("mirror", "crm"), invoice_balance_minor=0)).status == "broken"
    assert check("L3", edited(records, of("mirror", "crm"), invoice_balance_minor=0), inside=False).status == "holds"


@pytest.mark.parametrize(
    ("records", "stage"),
    [
        (clean, "paid"),
        (_no_posting, "unposted"),
        (_no_subscription, "booked"),
        (lambda: without(clean(), lambda r: of("payment", "payment")(r) or of("cash", "erp")(r)), "paid"),
        (lambda: [*_no_posting(), case(20, "new")], "in_exception"),
        (lambda: edited(clean(), of("order", "erp"), status="booked")[:7], "accepted"),
    ],
)
def test_each_lifecycle_ends_in_a_stage(records: Callable[[], Records], stage: str) -> None:
    found = [ending.stage for ending in endings(Facts(history(records())))]
    assert found == [stage]


def test_an_order_on_hold_waits_for_credit() -> None:
    held = walk(10, "erp", "order", build.ORDER, "credit_hold")
    records = [*without(clean()[:6], of("order", "erp")), *held]
    assert [ending.stage for ending in endings(Facts(history(records)))] == ["on_credit_hold"]


def test_an_amendment_behind_one_that_people_have_in_hand_waits_for_them() -> None:
    second = replace(build.AMENDMENT, id="Q-000201-v1", txn="Q-000201", number="Q-000201", sequence=2)
    order = replace(build.AMENDMENT_ORDER, id="102", ref="Q-000201-v1", txn="Q-000201", number="SO3")
    noon = 60 * 24 * 13
    unapplied = [
        *build.amended()[: len(clean()) + 6],
        *walk(noon, "crm", "quote", second, "draft", "submitted", "approved", "accepted", cause="act"),
        *walk(noon + 10, "erp", "order", order, "submitted", "booked"),
    ]
    parked = Flow(at_us=at(noon), flow="apply/Q-000200-v1", name="apply_amendment", txn="Q-000200", status="parked")
    assert [ending.txn for ending in endings(Facts(history(unapplied))) if ending.is_ours] == ["Q-000200", "Q-000201"]
    assert check("L2", [*unapplied, parked]).status == "holds"
    assert check("L2", [*unapplied, replace(parked, status="resumed")]).status == "broken"
    assert check("L2", [*unapplied, replace(parked, flow="mirror/Q-000200-v1/1", name="mirror")]).status == "broken"


def test_an_amendment_that_an_earlier_cancellation_overtook_has_ended_if_it_was_applied() -> None:
    subscription = replace(build.SUBSCRIPTION, status="cancelled", items=build.AMENDED_ITEMS[:1])
    ended = changed(60 * 24 * 13, "billing", "subscription", subscription, "active", "cancelled")
    applied = [*amended(), ended]
    never = edited(applied, of("subscription", "billing"), applied=())

    def stages(records: Records) -> list[str]:
        return [each.stage for each in endings(Facts(history(records))) if each.kind == "amend"]

    assert (stages(applied), stages(never)) == (["applied"], ["booked"])


def test_an_invoice_of_a_known_account_waits_for_money_as_that_account_pays() -> None:
    gone = (of("payment", "payment"), of("cash", "erp"), of("cash", "billing"), of("payout", "payment"))
    unpaid = [r for r in clean() if not any(rule(r) for rule in gone) and getattr(r, "status", "") != "paid"]
    moved = edited(unpaid, of("invoice", "billing"), customer="A-000007")
    account = Account(id="A-000007", name="Acme", entity="US", currency="USD", country="US")
    known = [changed(0, "crm", "account", account, status="active", cause="act"), *moved]

    def stage(records: Records) -> str:
        (ending,) = [each for each in endings(Facts(history(records))) if each.reference == "Q-000123-v1"]
        return ending.stage

    def quoted(method: str) -> Changed:
        quote = replace(build.QUOTE, id="Q-000007-v1", number="Q-000007", account="A-000007", payment_method=method)
        return changed(1, "crm", "quote", replace(quote, txn="Q-000007", status="draft"), cause="act")

    assert stage(unpaid) == stage(moved) == stage([*known, quoted("card")]) == "uncollected"
    assert stage(known) == stage([*known, quoted("push")]) == "awaiting_payment"
