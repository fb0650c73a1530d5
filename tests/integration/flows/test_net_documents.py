"""A change is one net document in billing and in the ERP, with the tax of each side at its own day."""

from __future__ import annotations

from datetime import date

from domain.objects import Delta
from tests.stage import CORE, LIVE, MORE, Played, Stage

SOLD = "Q-000001"


def swap(unit_minor: int) -> tuple[Delta, Delta]:
    return Delta(sku=CORE, quantity=0, unit_minor=1200_00), Delta(sku=MORE, quantity=10, unit_minor=unit_minor)


def lines(played: Played, system: str, kind: str) -> list[list[tuple[str, int]]]:
    """Return (sku, amount) of the lines without taxes of each document that credits and charges."""
    documents = [document for document in played.documents(system, kind) if len(document.lines) > 1]
    return [
        [(line.sku, line.amount_minor) for line in document.lines if line.kind != "tax"]
        for document in documents
        if min(line.amount_minor for line in document.lines) < 0
    ]


def test_a_swap_for_more_is_one_net_invoice_in_both_systems() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "swap", date(2026, 11, 30), 2, *swap(1800_00))
    played = stage.play(days=3)
    net = [[(MORE, 16569_86), (CORE, -11046_58)]]  # 336 of 365 days
    assert lines(played, "billing", "invoice") == lines(played, "erp", "invoice") == net
    assert played.documents("billing", "credit_memo") == []
    posted = played.documents("erp", "invoice")[-1]
    assert posted.net_minor == 5523_28
    assert posted.balance_minor == 0  # it is paid, tax included
    assert posted.tax_minor == sum(share.amount_minor for share in posted.taxes) > 0
    assert played.broken() == {}


def test_a_swap_for_less_is_one_net_note_in_both_systems() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "swap", date(2026, 11, 30), 2, *swap(600_00))
    played = stage.play(days=3)
    net = [[(CORE, 11046_58), (MORE, -5523_29)]]
    assert lines(played, "billing", "credit_memo") == lines(played, "erp", "credit_memo") == net
    assert len(played.documents("billing", "invoice")) == len(played.documents("erp", "invoice")) == 1
    assert played.broken() == {}


def test_the_tax_of_what_is_credited_comes_off_the_tax_of_its_own_invoice() -> None:
    """Sold in the play itself, so that the first invoice bears tax: a swap for more, then a cancellation of it."""
    stage = Stage()
    stage.customer()
    stage.signs(SOLD)
    stage.amends("Q-500001", SOLD, "swap", date(2026, 12, 3), 80, *swap(2400_00))
    stage.amends(
        "Q-500002", SOLD, "cancel", date(2026, 12, 5), 130, Delta(sku=MORE, quantity=0, unit_minor=2400_00), sequence=2
    )
    played = stage.play(days=9)
    first, net = played.documents("billing", "invoice")
    back = {line.reverses: -line.amount_minor for line in net.lines if line.kind == "tax" and line.amount_minor < 0}
    taxes = {line.id: line.amount_minor for line in first.lines if line.kind == "tax"}
    assert back.keys() == taxes.keys()
    assert all(0 < back[key] <= taxes[key] for key in taxes)
    assert net.tax_minor == sum(line.amount_minor for line in net.lines if line.kind == "tax") > 0
    (note,) = [memo for memo in played.documents("billing", "credit_memo") if memo.net_minor]
    assert note.invoice == net.id
    assert note.net_minor > net.net_minor  # it sold more than it asked for
    assert played.broken() == {}


def test_after_a_net_note_what_it_charged_can_be_credited_too() -> None:
    stage = Stage()
    stage.customer()
    stage.signs(SOLD)
    stage.amends("Q-500001", SOLD, "swap", date(2026, 12, 3), 80, *swap(20_00))
    stage.amends(
        "Q-500002", SOLD, "cancel", date(2026, 12, 5), 130, Delta(sku=MORE, quantity=0, unit_minor=20_00), sequence=2
    )
    played = stage.play(days=9)
    (invoice,) = played.documents("billing", "invoice")
    notes = [memo for memo in played.documents("billing", "credit_memo") if memo.net_minor]
    assert [note.invoice for note in notes] == [invoice.id] * 2
    assert notes[1].lines[0].reverses == notes[0].lines[1].id
    given = sum(memo.tax_minor for memo in played.documents("billing", "credit_memo"))
    assert 0 < given < invoice.tax_minor
    assert played.broken() == {}


def test_up_and_down_and_a_new_end_in_one_amendment_are_one_document() -> None:
    stage = Stage()
    stage.subscribed((CORE, 10, 1200_00, 12), (MORE, 5, 600_00, 12))
    more, fewer = Delta(sku=CORE, quantity=30, unit_minor=1200_00), Delta(sku=MORE, quantity=2, unit_minor=600_00)
    stage.amends("Q-500001", LIVE, "co_term", date(2026, 11, 30), 2, more, fewer, co_term_end=date(2027, 10, 1))
    played = stage.play(days=3)
    assert played.document("billing", "subscription").term_end == date(2027, 10, 1)
    (net,) = lines(played, "billing", "invoice")
    assert [sku for sku, _ in net] == [CORE, MORE, CORE, MORE]
    assert played.documents("billing", "credit_memo") == []
    assert played.broken() == {}


def test_a_pause_after_a_swap_is_credited_on_what_the_swap_charged() -> None:
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "swap", date(2026, 11, 30), 2, *swap(1800_00))
    rest = Delta(sku=MORE, quantity=10, unit_minor=1800_00)
    stage.amends("Q-500002", LIVE, "pause", date(2026, 12, 2), 40, rest, sequence=2, resume_date=date(2026, 12, 5))
    played = stage.play(days=9)
    net = played.documents("billing", "invoice")[1]
    (note,) = [memo for memo in played.documents("billing", "credit_memo") if memo.net_minor]
    assert (note.invoice, note.lines[0].reverses) == (net.id, net.lines[0].id)
    assert played.broken() == {}
