"""What excuses a black box, and for how long: each excuse is used once, and ends."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.unlinked import Excuses
from domain.calendar import add_months
from domain.faults import Fault
from domain.history import Crashed, Fired, Record
from domain.objects import Customer
from tests.contracts.checks import build
from tests.contracts.checks.build import (
    at,
    attempt,
    changed,
    check,
    clean,
    delivered,
    edited,
    of,
    status_of,
    walk,
    without,
)

Records = list[Record]
UNNAMED = edited(edited(clean(), of("invoice", "erp"), ref="January"), of("cash", "erp"), ref="")


def _another(number: int) -> Records:
    """Return one more invoice of the same transaction in billing, which nobody posted."""
    invoice = replace(build.TAXED, id=f"INV-{number}", bill_from=add_months(build.START, number), status="posted")
    return [changed(28, "billing", "invoice", invoice)]


def test_one_document_without_a_name_excuses_one_that_is_missed() -> None:
    assert check("S9", UNNAMED, inside=False).broken == 0
    assert check("L1", [*UNNAMED, *_another(7)], inside=False).broken == 1
    assert check("L1", [*UNNAMED, *_another(7), *_another(8)], inside=False).broken == 2


def test_the_excuse_of_its_transaction_is_used_before_that_of_its_customer() -> None:
    facts = Facts(build.history(UNNAMED, inside=False))
    excuses = Excuses(facts)
    (life,) = facts.lives("invoice", "billing").values()
    kind, _, currency, amount = own = next(each for each in excuses._left if each[0] == "invoice")
    excuses._left[kind, life.document.customer, currency, amount] = 1
    assert excuses.takes(life)
    assert (excuses._left[own], excuses._left[kind, life.document.customer, currency, amount]) == (0, 1)


@pytest.mark.parametrize("wrong", [{"total_minor": 18_699}, {"currency": "EUR"}])
def test_a_document_over_something_else_excuses_nothing(wrong: dict[str, object]) -> None:
    other = edited(UNNAMED, of("invoice", "erp"), **wrong)
    assert status_of("L1", other, inside=False) == "broken"


def _signed_and_left(held_minutes: float) -> Records:
    """Return a quote that nobody ordered, of a customer who is on hold from some instant to the end."""
    customer = Customer(id="A-000001", ref="A-000001", name="Acme")
    held = replace(customer, credit_status="hard_hold")
    return [
        *walk(0, "crm", "quote", build.QUOTE, "draft", "submitted", "approved", "accepted", cause="act"),
        changed(1, "erp", "customer", customer, status="clear", cause="act"),
        changed(held_minutes, "erp", "customer", held, "clear", "hard_hold", cause="act"),
    ]


@pytest.mark.parametrize("key", ["S9", "L2"])
@pytest.mark.parametrize(("held_minutes", "status"), [(2, "holds"), (60, "holds"), (60 * 24 * 20, "broken")])
def test_only_a_hold_that_began_in_time_excuses_a_lost_quote(key: str, held_minutes: float, status: str) -> None:
    assert status_of(key, _signed_and_left(held_minutes), inside=False) == status


def test_a_hold_that_ended_excuses_until_then() -> None:
    free = Customer(id="A-000001", ref="A-000001", name="Acme")
    early = changed(60 * 24, "erp", "customer", free, "hard_hold", "clear", cause="act")
    late = replace(early, at_us=build.CONTEXT.horizon_us - 60_000_000)
    assert status_of("S9", [*_signed_and_left(2), early], inside=False) == "broken"
    assert status_of("S9", [*_signed_and_left(2), late], inside=False) == "holds"


@pytest.mark.parametrize(("status", "found"), [("in_progress", "unknown"), ("cancelled", "broken")])
def test_only_a_delivery_that_goes_on_excuses_a_missing_subscription(status: str, found: str) -> None:
    gone = [
        record for record in clean()
        if getattr(record, "system", "") not in ("billing", "payment", "tax") and not of("task", "fulfilment")(record)
        and not any(of(kind, "erp")(record) for kind in ("invoice", "cash", "entry", "revenue_schedule"))
    ]  # fmt: skip
    tasks = walk(13, "fulfilment", "task", build.TASK, "requested", status)
    assert status_of("L1", [*gone, *tasks], inside=False) == found


def _renewed(notice_days: int) -> Records:
    """Return a contract that renews itself and has no successor; notice ends some days before its term begins."""
    ordered = edited(without(clean(), of("quote", "crm")), of("order", "erp"), kind="renew")[:4]
    quote = replace(build.QUOTE, kind="renew", amendment_kind="auto", term_start=add_months(build.START, 2))
    booked = walk(10, "erp", "order", replace(build.ORDER, kind="renew"), "submitted", "booked")
    assert notice_days
    return [
        *[record for record in ordered if of("period", "erp")(record)],
        *walk(0, "crm", "quote", quote, "draft", "submitted", "approved", "accepted", cause="act"),
        *booked,
    ]


@pytest.mark.parametrize(("notice_days", "status"), [(30, "unknown"), (60, "broken")])
def test_a_contract_that_renews_itself_waits_for_its_last_day_of_notice(notice_days: int, status: str) -> None:
    assert status_of("L1", _renewed(notice_days), renewal_notice_days=notice_days) == status


# --- parts of bundles, and lines below zero -------------------------------------------------------------------------

BUNDLE = build.line("1", "SUITE", 2, 1000)
PLAIN = build.line("2", "CORE", 2, 300)


def _exploded(*parts: tuple[str, int, int], plain: bool = True) -> Records:
    lines = tuple(
        build.line(str(number), sku, quantity, amount // quantity, amount_minor=amount)
        for number, (sku, quantity, amount) in enumerate(parts, 1)
    )
    wanted = (BUNDLE, PLAIN) if plain else (BUNDLE,)
    total = sum(line.amount_minor for line in wanted)
    quoted = edited(clean(), of("quote", "crm"), lines=wanted, total_minor=total)
    return edited(quoted, of("order", "erp"), lines=lines, total_minor=total)


BUNDLES = {"bundles": (("SUITE", ("CORE", "DESK", "DESK")),)}


def test_the_parts_of_a_bundle_have_its_quantity_and_its_price() -> None:
    right = _exploded(("CORE", 2, 1200), ("DESK", 4, 800), ("CORE", 2, 600))
    assert status_of("M13", right, **BUNDLES) == "holds"
    assert status_of("M13", _exploded(("CORE", 2, 1200), ("DESK", 2, 800), ("CORE", 2, 600)), **BUNDLES) == "broken"
    assert status_of("M13", _exploded(("CORE", 2, 1100), ("DESK", 4, 800), ("CORE", 2, 700)), **BUNDLES) == "broken"


def test_a_plain_line_of_the_same_product_is_not_taken_for_a_part() -> None:
    mixed = _exploded(("CORE", 2, 600), ("DESK", 4, 800), ("CORE", 2, 1200))
    assert status_of("M13", mixed, **BUNDLES) == "holds"


def test_a_credit_note_charges_only_where_changes_are_netted() -> None:
    charge = replace(build.CHARGE, id="cn_2", amount_minor=-100)
    lines = (build.CREDIT_LINE, charge)
    noted = edited(build.amended(), of("credit_memo", "billing"), lines=lines)
    assert status_of("M12", noted) == "broken"
    assert status_of("M12", noted, nets_changes=True) == "holds"


def test_a_process_that_died_has_forgotten_how_long_it_should_rest() -> None:
    asked = attempt(50, "r50", "erp", "read", outcome="failed", status=429, retry_after_seconds=120)
    early: Records = [*clean(), asked, attempt(51, "r51", "erp", "read")]
    crash = Crashed(at_us=at(50.3), write=3, after=False, back_us=at(50.8))
    assert status_of("P5", early) == "broken"
    assert status_of("P5", [*early, crash]) == "holds"


@pytest.mark.parametrize(
    ("system", "seconds", "is_broken"),
    [("payment", 600.0, False), ("payment", 60.0, True), ("crm", 600.0, True)],
)
def test_nobody_believes_what_seems_to_be_signed_in_the_future(system: str, seconds: float, is_broken: bool) -> None:
    """All messages are refused while the clock is so far behind: that is no queue which one of them blocks."""
    refused = [delivered(50 + n, system, "m0", "told", status=400, attempt=n) for n in range(1, 6)]
    others = [delivered(51 + n, system, f"m{n}", "told", status=400) for n in range(1, 4)]
    set_back = Fired(at_us=at(49), fault=0, kind="clock_back", system="", operation="", txn="")
    planned = {"faults": (Fault(kind="clock_back", seconds=seconds, count=3),), "heal_us": at(500)}
    assert (status_of("L6", [*clean(), *refused, *others, set_back], **planned) == "broken") == is_broken


def test_a_rest_is_shorter_by_what_the_clock_was_set_back_meanwhile() -> None:
    asked = attempt(50, "r50", "erp", "read", outcome="failed", status=429, retry_after_seconds=120)
    early: Records = [*clean(), asked, attempt(51, "r51", "erp", "read")]
    set_back = Fired(at_us=at(49), fault=0, kind="clock_back", system="", operation="", txn="")
    for seconds, status in ((70.0, "holds"), (30.0, "broken")):
        planned = {"faults": (Fault(kind="clock_back", seconds=seconds, count=3),)}
        assert status_of("P5", [*early, set_back], **planned) == status
        assert status_of("P5", early, **planned) == "broken"
