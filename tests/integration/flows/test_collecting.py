"""Collecting: what is charged after a pause, or after people were asked, is what is due then."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.faults import Fault
from domain.history import Attempted
from domain.objects import Delta
from tests.integration.flows.one_invoice import DAY, TOTAL, invoices, stage_of
from tests.stage import ACCOUNT, CORE, HOUR_US, OPENS_US, Played, Stage


def declined() -> Stage:
    """Return a stage on which the only customer's card is declined for good, and nobody works on cases."""
    stage = stage_of("card", declines=99, decline_code="expired_card", hard=True)
    stage.clerks = 0
    return stage


def with_another_card(stage: Stage) -> Played:
    """Return the play in which the customer has another card on day 5, and on day 6 it is tried."""
    stage.act("payment", "set_behaviour", 5 * DAY, account=ACCOUNT)
    stage.act("integration", "re_drive", 6 * DAY, code="PAYMENT.HARD_DECLINE", decision="retry", actor="bob")
    return stage.play(days=8)


def charged(played: Played) -> list[int]:
    """Return what was taken from the customer, charge by charge."""
    return [each.captured_minor for each in played.documents("payment", "payment") if each.captured_minor]


def test_what_was_credited_while_people_looked_for_another_card_is_not_charged() -> None:
    stage = declined()
    stage.act("integration", "dispute_invoice", 2 * DAY, "Q-000001", percent=50)
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="cancel", actor="ann")
    played = with_another_card(stage)
    credited = sum(note.total_minor for note in played.documents("billing", "credit_memo"))
    assert charged(played) == [TOTAL - credited] == [TOTAL // 2 - 1]  # the tax of a half is rounded
    assert [walk[-1] for walk in invoices(played)] == ["paid", "paid"]
    assert played.broken() == {}


def test_what_was_written_off_while_people_looked_for_another_card_is_not_charged() -> None:
    stage = declined()
    stage.act("integration", "write_off", 2 * DAY, "Q-000001", approved_by="cfo")
    played = with_another_card(stage)
    assert charged(played) == []
    assert [walk[-1] for walk in invoices(played)] == ["written_off", "written_off"]
    assert played.broken() == {}


def test_what_its_customer_disputes_is_charged_when_the_dispute_is_over() -> None:
    stage = declined()
    stage.act("integration", "dispute_invoice", 2 * DAY, "Q-000001")
    stage.act("integration", "re_drive", 7 * DAY, code="PAYMENT.DISPUTE", decision="retry", actor="ann")
    played = with_another_card(stage)
    (paid,) = [change for change in played.changes("payment", "payment") if change.status == "captured"]
    assert paid.at_us > OPENS_US + 7 * DAY * HOUR_US
    assert charged(played) == [TOTAL]
    assert played.broken() == {}


def test_what_was_credited_while_the_posting_waited_is_not_charged() -> None:
    down = Fault(
        kind="error_before", system="erp", operation="upsert_invoice", share_ppm=1_000_000,
        start_us=OPENS_US, end_us=OPENS_US + 30 * HOUR_US,
    )  # fmt: skip
    stage = Stage(down)
    stage.customer("card")
    stage.signs("Q-000001")
    half = Delta(sku=CORE, quantity=5, unit_minor=50_00)
    stage.amends("Q-500001", "Q-000001", "downsell", date(2026, 12, 1), 20, half)
    played = stage.play(days=5)
    first = played.documents("billing", "invoice")[0]
    notes = [each for each in played.documents("billing", "credit_memo") if each.invoice == first.id]
    paid = sum(each.captured_minor for each in played.documents("payment", "payment") if each.ref == first.id)
    assert paid == first.total_minor - sum(note.total_minor for note in notes) < first.total_minor
    assert played.broken() == {}


def test_an_invoice_that_a_credit_settled_before_its_charge_is_shown_as_paid() -> None:
    stage = stage_of("card", Fault(kind="forbidden", system="payment", operation="search_customers", nth=1))
    stage.clerks = 0
    stage.act("integration", "dispute_invoice", 2 * DAY, "Q-000001")
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="cancel", actor="ann")
    stage.act("integration", "re_drive", 5 * DAY, code="AUTH.FORBIDDEN", decision="retry", actor="bob")
    played = stage.play(days=7)
    assert charged(played) == []
    assert played.document("crm", "mirror").invoice_status == "paid"
    assert played.broken() == {}


def refused_once(**behaviour: Any) -> Stage:
    """Return a stage on which the first charge is refused for good, and nobody works on cases."""
    refused = Fault(kind="forbidden", system="payment", operation="create_payment_intent", nth=1)
    stage = stage_of("card", refused, **behaviour)
    stage.clerks = 0
    return stage


def driven_again(stage: Stage) -> Played:
    stage.act("integration", "re_drive", 5 * DAY, code="AUTH.FORBIDDEN", decision="retry", actor="bob")
    return stage.play(days=8)


def test_what_was_credited_while_people_looked_at_a_refused_charge_is_not_charged() -> None:
    stage = refused_once()
    stage.act("integration", "dispute_invoice", 2 * DAY, "Q-000001", percent=50)
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="cancel", actor="ann")
    played = driven_again(stage)
    assert charged(played) == [TOTAL // 2 - 1]
    assert [walk[-1] for walk in invoices(played)] == ["paid", "paid"]
    assert played.broken() == {}


def never_heard_of(*more: Fault) -> Stage:
    """Return a stage on which nobody can tell what came of the first charge, which was not made, until people look."""
    failed = Fault(kind="error_before", system="payment", operation="create_payment_intent", nth=1)
    not_told = Fault(kind="forbidden", system="payment", operation="search_payment_intents", nth=1)
    stage = stage_of("card", failed, not_told, *more)
    stage.clerks = 0
    return stage


def test_a_charge_that_nobody_could_tell_of_is_of_what_is_due_once_people_have_looked() -> None:
    stage = never_heard_of()
    stage.act("integration", "dispute_invoice", 2 * DAY, "Q-000001", percent=50)
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="cancel", actor="ann")
    played = driven_again(stage)
    assert charged(played) == [TOTAL // 2 - 1]
    assert [walk[-1] for walk in invoices(played)] == ["paid", "paid"]
    assert played.broken() == {}


def test_a_charge_that_nobody_could_tell_of_keeps_its_key_when_as_much_is_due() -> None:
    played = driven_again(never_heard_of())
    asked = [each for each in played.of(Attempted) if each.operation == "create_payment_intent"]
    assert len({(each.key, each.fingerprint) for each in asked}) == 1
    assert charged(played) == [TOTAL]
    assert played.broken() == {}


def test_a_refused_charge_waits_while_its_customer_disputes_the_invoice() -> None:
    stage = refused_once()
    stage.act("integration", "dispute_invoice", 2 * DAY, "Q-000001")
    stage.act("integration", "re_drive", 6 * DAY, code="PAYMENT.DISPUTE", decision="retry", actor="ann")
    played = driven_again(stage)
    (paid,) = [change for change in played.changes("payment", "payment") if change.status == "captured"]
    assert paid.at_us > OPENS_US + 6 * DAY * HOUR_US
    assert charged(played) == [TOTAL]
    assert played.broken() == {}


def test_a_refused_charge_that_is_driven_again_unchanged_keeps_its_key() -> None:
    played = driven_again(refused_once())
    asked = [each for each in played.of(Attempted) if each.operation == "create_payment_intent"]
    assert len(asked) == 2
    assert len({(each.key, each.fingerprint) for each in asked}) == 1
    assert charged(played) == [TOTAL]
    assert played.broken() == {}


def test_an_invoice_that_a_credit_settled_while_its_charge_was_refused_is_shown_as_paid() -> None:
    stage = refused_once()
    stage.act("integration", "dispute_invoice", 2 * DAY, "Q-000001")
    stage.act("integration", "re_drive", 3 * DAY, code="PAYMENT.DISPUTE", decision="cancel", actor="ann")
    played = driven_again(stage)
    assert charged(played) == []
    mirror = played.document("crm", "mirror")
    assert (mirror.order_status, mirror.invoice_status) == ("fulfilled", "paid")
    assert played.broken() == {}
