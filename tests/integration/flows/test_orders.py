"""Orders from the signature to the subscription, and their undoing, against the real systems."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from domain.faults import Fault
from domain.history import Attempted, Case, Delivered, Emitted
from tests.stage import ACCOUNT, HOUR_US, OPENS_US, TODAY, Played, Stage

ORDER = "Q-000001-v1"


def one_order(stage: Stage | None = None) -> Stage:
    """Return a stage on which one customer signs one order."""
    stage = stage or Stage()
    stage.customer()
    stage.signs("Q-000001")
    return stage


def test_a_new_order_is_carried_through_all_systems() -> None:
    played = one_order().play()
    order = played.document("erp", "order")
    assert played.walk("erp", "order") == ["submitted", "booked", "in_fulfilment", "fulfilled", "billed"]
    assert (order.ref, order.total_minor, order.business_date) == (ORDER, 500_00, TODAY)
    assert played.walk("fulfilment", "task") == ["requested", "in_progress", "completed"]
    assert played.walk("billing", "subscription") == ["pending_activation", "active"]
    assert played.walk("billing", "invoice") == ["tax_pending", "ready", "posted", "paid"]
    assert played.walk("erp", "invoice") == ["posted", "paid"]
    assert played.walk("payment", "payment") == ["created", "authorized", "captured", "settled"]
    assert played.statuses("tax", "tax_document") == ["committed"]
    assert played.broken() == {}


def test_every_system_names_the_same_amounts() -> None:
    played = one_order().play()
    billed, posted = played.document("billing", "invoice"), played.document("erp", "invoice")
    taxed, paid = played.document("tax", "tax_document"), played.document("payment", "payment")
    assert billed.net_minor == posted.net_minor == taxed.net_minor == 500_00
    assert billed.tax_minor == posted.tax_minor == taxed.tax_minor > 0
    assert billed.total_minor == posted.total_minor == paid.captured_minor
    assert billed.balance_minor == posted.balance_minor == 0
    assert [cash.amount_minor for cash in played.documents("erp", "cash")] == [paid.captured_minor]
    assert (posted.ref, taxed.code, paid.ref) == (billed.id, billed.id, billed.id)


def test_sales_sees_the_order_and_its_money() -> None:
    played = one_order().play()
    seen = played.versions("crm", "mirror")
    assert next(mirror.order_status for mirror in seen) == "booked"
    last = seen[-1]
    assert (last.order_status, last.invoice_status, last.payment_status) == ("fulfilled", "paid", "received")
    assert last.invoice_balance_minor == 0
    assert last.order_number == played.document("erp", "order").number
    assert played.statuses("crm", "quote") == ["converted"]


def test_the_canonical_events_tell_the_story_in_order() -> None:
    events = one_order().play().events()
    assert events == [
        "quote.accepted", "customer.validated", "order.received", "order.accepted", "order.booked", "quote.converted",
        "subscription.created", "fulfillment.completed", "subscription.activated", "invoice.generated",
        "invoice.posted", "payment.received", "payment.applied", "quote.mirrored", "payout.settled",
    ]  # fmt: skip


def test_billing_starts_when_fulfilment_is_complete() -> None:
    stage = Stage()
    stage.customer()
    stage.signs("Q-000001", takes_seconds=30 * 3600)
    played = stage.play(days=3)
    assert (played.document("billing", "subscription").start - TODAY).days == 1
    assert played.document("billing", "invoice").business_date > TODAY


def test_a_customer_on_hold_waits_and_is_booked_after_the_release() -> None:
    stage = Stage()
    stage.act("erp", "create_customer", account=ACCOUNT, name="Acme", entity="US", currency="USD", terms_days=30)
    stage.act("erp", "place_hold", 0.5, account=ACCOUNT, level="hard")
    stage.act("erp", "release_hold", 6.0, account=ACCOUNT)
    played = one_order(stage).play()
    booked = next(change for change in played.changes("erp", "order") if change.status == "booked")
    assert 6.0 < (booked.at_us - OPENS_US) / HOUR_US < 6.5
    assert [mirror.order_status for mirror in played.versions("crm", "mirror")][:2] == ["credit_hold", "booked"]
    assert [account.credit_status for account in played.documents("crm", "account")] == ["clear"]
    shown = {account.credit_status for account in played.versions("crm", "account")}
    assert "hard_hold" in shown
    assert played.statuses("billing", "invoice") == ["paid"]
    assert played.broken() == {}


def test_a_hold_after_the_booking_delays_the_delivery_until_its_release() -> None:
    stage = Stage()
    stage.customer()
    stage.signs("Q-000001", takes_seconds=4 * 3600)
    stage.act("erp", "place_hold", 3.0, account=ACCOUNT, level="hard")
    stage.act("erp", "release_hold", 20.0, account=ACCOUNT)
    played = stage.play(days=3)
    assert "credit_hold_inflight" in played.walk("erp", "order")
    assert played.statuses("erp", "order") == ["billed"]
    fulfilled = next(change for change in played.changes("erp", "order") if change.status == "fulfilled")
    assert 20.0 < (fulfilled.at_us - OPENS_US) / HOUR_US < 20.5
    sent = [(attempt.key, attempt.outcome) for attempt in played.attempts("transform_order")]
    assert sent == [(ORDER, "failed"), (f"{ORDER}.2", "ok")]
    assert [mirror.order_status for mirror in played.versions("crm", "mirror")][:2] == ["booked", "credit_hold"]
    assert played.cases() == {}
    assert played.broken() == {}


def test_the_release_of_a_hold_whose_message_is_lost_is_noticed_by_asking() -> None:
    stage = Stage(Fault(kind="loss", system="erp"))
    stage.act("erp", "create_customer", account=ACCOUNT, name="Acme", entity="US", currency="USD", terms_days=30)
    stage.act("erp", "place_hold", 0.5, account=ACCOUNT, level="hard")
    stage.act("erp", "release_hold", 6.0, account=ACCOUNT)
    played = one_order(stage).play()
    booked = next(change for change in played.changes("erp", "order") if change.status == "booked")
    assert 6.0 < (booked.at_us - OPENS_US) / HOUR_US < 7.2


def test_a_customer_the_erp_knows_is_not_written_again() -> None:
    stage = Stage()
    stage.act("erp", "create_customer", account=ACCOUNT, name="Acme", entity="US", currency="USD", terms_days=30)
    played = one_order(stage).play()
    assert played.attempts("upsert_customer") == []
    assert played.statuses("billing", "invoice") == ["paid"]


def test_a_customer_with_another_name_is_brought_up_to_date() -> None:
    stage = Stage()
    stage.act("erp", "create_customer", account=ACCOUNT, name="Acme Ltd", entity="US", currency="USD", terms_days=30)
    played = one_order(stage).play()
    assert played.document("erp", "customer").name == "Acme"
    assert len(played.attempts("upsert_customer")) == 1


def test_a_customer_only_the_erp_knew_is_created_in_billing_when_billing_says_so() -> None:
    stage = Stage()
    stage.act("erp", "create_customer", account=ACCOUNT, name="Acme", entity="US", currency="USD", terms_days=30)
    played = one_order(stage).play()
    asked = [(attempt.status, attempt.outcome) for attempt in played.attempts("create_subscription")]
    assert asked == [(404, "failed"), (200, "ok")]
    assert len({attempt.key for attempt in played.attempts("create_subscription")}) == 2
    assert len(played.attempts("create_customer", "billing")) == 1
    assert played.cases() == {}
    assert played.broken() == {}


def test_a_card_that_pays_at_once_is_one_line_for_sales() -> None:
    seen = [(mirror.order_status, mirror.invoice_status) for mirror in one_order().play().versions("crm", "mirror")]
    assert seen == [("booked", ""), ("fulfilled", "paid")]


def test_an_order_of_an_unknown_item_becomes_a_case_that_clerks_mend() -> None:
    stage = Stage()
    stage.missing = ("AI-ASST",)
    stage.customer()
    stage.signs("Q-000001", lines=(("AI-ASST", 5, 100_00, 12),))
    played = stage.play()
    case = played.cases()["DATA_QUALITY.MAPPING_MISSING"]
    assert [step.status for step in case] == ["new", "triaged", "assigned", "in_progress", "resolved", "verified"]
    assert (case[0].txn, case[0].owner != "", case[0].due_us > case[0].opened_us) == ("Q-000001", True, True)
    assert played.statuses("erp", "order") == ["billed"]
    assert played.broken() == {}


def test_an_order_that_breaks_a_rule_is_not_booked() -> None:
    stage = Stage()
    stage.clerks = 0
    stage.customer()
    stage.signs("Q-000001", entity="FR")
    played = stage.play()
    assert list(played.cases()) == ["DATA_QUALITY.ENTITY_UNASSIGNED"]
    assert played.statuses("erp", "order") == []


def test_an_order_given_up_before_booking_goes_back_to_sales() -> None:
    stage = Stage()
    stage.missing, stage.clerks = ("AI-ASST",), 0
    stage.customer()
    stage.signs("Q-000001", lines=(("AI-ASST", 5, 100_00, 12),))
    stage.act("integration", "re_drive", 4.0, "Q-000001", decision="cancel", actor="manager")
    played = stage.play()
    assert played.statuses("erp", "order") == []
    assert played.statuses("crm", "quote") == ["accept_failed"]
    assert played.document("crm", "mirror").order_status == "rejected"
    rejected = [event for event in played.of(Emitted) if event.type == "q2c.order.rejected.v1"]
    assert [event.problem for event in rejected] == [""], "it says who gave it up, where, and why"


def test_an_order_cancelled_after_booking_is_undone_in_every_system() -> None:
    stage = one_order(Stage(Fault(kind="error_before", system="billing", operation="create_subscription")))
    stage.clerks = 0
    stage.act("integration", "re_drive", 14.0, "Q-000001", decision="cancel", actor="manager")
    stage.act("fulfilment", "set_duration", 0.5, id=ORDER, seconds=400_000)
    stage.acts = [act for act in stage.acts if act.arguments.get("seconds") != 1800]
    played = stage.play(days=3)
    assert played.walk("erp", "order")[-3:] == ["cancelling", "compensating", "cancelled"]
    assert played.statuses("fulfilment", "task") == ["cancelled"]
    assert played.statuses("billing", "subscription") == []
    assert played.document("crm", "mirror").order_status == "cancelled"
    assert played.events()[-1] == "order.cancelled"
    assert played.broken() == {}


def test_an_outage_of_billing_delays_the_subscription_and_never_the_booking() -> None:
    outage = Fault(kind="refused", system="billing", start_us=OPENS_US, end_us=OPENS_US + 5 * HOUR_US)
    played = one_order(Stage(outage)).play()
    booked = next(change for change in played.changes("erp", "order") if change.status == "booked")
    created = played.changes("billing", "subscription")[0]
    assert (booked.at_us - OPENS_US) / HOUR_US < 1.2
    assert 5.0 < (created.at_us - OPENS_US) / HOUR_US < 5.5
    assert len(played.statuses("billing", "subscription")) == 1
    assert played.statuses("billing", "invoice") == ["paid"]
    assert played.broken() == {}


# --- messages that go astray ----------------------------------------------------------------------------------------


def test_a_lost_message_of_an_accepted_quote_is_found_by_the_sweep() -> None:
    played = one_order(Stage(Fault(kind="loss", system="crm"))).play()
    assert [each for each in played.of(Delivered) if each.system == "crm"] == []
    created = played.changes("erp", "order")[0]
    assert 1.0 < (created.at_us - OPENS_US) / HOUR_US < 2.5
    assert played.statuses("billing", "invoice") == ["paid"]


def test_a_sweep_that_finds_something_comes_again_and_a_quiet_one_does_not() -> None:
    lost = one_order(Stage(Fault(kind="loss", system="billing", operation="invoice_generated"))).play()
    heard = one_order().play()
    asked = [[attempt.at_us for attempt in _pending_asked(played)] for played in (lost, heard)]
    pauses = [[(later - earlier) / HOUR_US for earlier, later in pairwise(instants)] for instants in asked]
    assert min(pauses[0]) < 1.0
    assert min(pauses[1]) > 1.9
    assert len(asked[0]) == len(asked[1]) + 1


def _pending_asked(played: Played) -> list[Attempted]:
    """Return the attempts to list pending invoices: that list is asked for most often, and always in the same words."""
    found = played.attempts("list_invoices")
    often = Counter(attempt.fingerprint for attempt in found).most_common(1)[0][0]
    return [attempt for attempt in found if attempt.fingerprint == often]


def test_no_message_at_all_only_makes_things_slower() -> None:
    played = one_order(Stage(Fault(kind="loss"))).play(days=4)
    assert played.of(Delivered) == []
    assert played.statuses("erp", "order") == ["billed"]
    assert played.statuses("billing", "invoice") == ["paid"]
    assert played.document("crm", "mirror").payment_status == "received"


def test_a_duplicated_message_has_one_effect() -> None:
    played = one_order(Stage(Fault(kind="duplicate", count=3, seconds=1.0))).play()
    messages = [each.message for each in played.of(Delivered) if each.topic == "invoice_generated"]
    assert len(messages) == 4
    assert len(set(messages)) == 1
    for kind in (("erp", "order"), ("billing", "subscription"), ("billing", "invoice"), ("payment", "payment")):
        assert len(played.documents(*kind)) == 1, kind
    assert played.verdict().result("S6").status == "holds"
    assert played.broken() == {}


def test_a_forged_message_is_refused_and_changes_nothing() -> None:
    played = one_order(Stage(Fault(kind="forged", count=0), Fault(kind="forged", count=1))).play()
    forged = [each for each in played.of(Delivered) if not each.genuine]
    assert {each.system for each in forged} >= {"crm", "billing", "payment", "fulfilment"}
    assert {each.status for each in forged} <= {400, 401}
    assert all(each.status == 200 for each in played.of(Delivered) if each.genuine)
    assert played.statuses("billing", "invoice") == ["paid"]
    assert played.verdict().result("P8").status == "holds"


def test_a_message_that_comes_before_its_answer_does_no_harm() -> None:
    played = one_order(Stage(Fault(kind="webhook_first"))).play()
    assert played.statuses("billing", "invoice") == ["paid"]
    assert played.of(Case) == []
    assert played.broken() == {}
