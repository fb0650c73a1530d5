"""A line that is credited in parts gives back the tax that it bore: never a cent more, and in the end none less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.objects import Delta, Line
from domain.rounding import Rounding, round_ratio
from integration.flows.credited_before import Credit, before, cumulated
from integration.systems.billing import BillingInvoice, CreditNote, InvoiceLine
from tests.integration.flows.one_invoice import DAY, stage_of
from tests.stage import CORE, MORE, Played


def credit_of(number: int, *amounts: int, at: int = 0, status: str = "adjusted") -> CreditNote:
    """Return a note that credits amounts of the line li_1, made at a second."""
    lines = [
        InvoiceLine(f"{number}/{index}", minor, reference_line_item_id="li_1") for index, minor in enumerate(amounts)
    ]
    return CreditNote(f"CN-{number}", "INV-1", "A-1", status, "adjustment", "USD", 1, sum(amounts), lines, at or number)


def net_invoice(number: int, amount: int, at: int) -> BillingInvoice:
    """Return an invoice that charges something and credits an amount of the line li_1, made at a second."""
    lines = [InvoiceLine("li_8", 900), InvoiceLine("li_9", -amount, reference_line_item_id="li_1")]
    return BillingInvoice(f"INV-{number}", "A-1", "pending", "USD", 1, 900 - amount, 900, lines, generated_at=at)


def line_of(key: str, amount_minor: int) -> Line:
    return Line(id=key, sku="SEATS", kind="recurring", quantity=1, unit_minor=1, amount_minor=amount_minor)


def test_what_was_made_earlier_was_credited_before_in_notes_and_in_net_invoices() -> None:
    known: list[Credit] = [
        credit_of(1, 100),
        net_invoice(2, 50, at=2),
        credit_of(3, 25),
        credit_of(4, 7),
        credit_of(9, 1, at=3),
    ]
    assert before(credit_of(3, 25), known) == {"3/0": 150}
    assert before(net_invoice(2, 50, at=2), known) == {"li_9": 100}
    assert before(credit_of(1, 100), known) == {}


def test_of_two_parts_on_one_note_the_upper_one_was_before() -> None:
    assert before(credit_of(2, 30, 40), [credit_of(1, 100)]) == {"2/0": 100, "2/1": 130}


def test_what_a_voided_note_credited_was_not_credited() -> None:
    assert before(credit_of(2, 30), [credit_of(1, 100, status="voided")]) == {}


def test_a_line_takes_all_back_so_far_and_another_takes_that_off_again() -> None:
    lines = cumulated([line_of("a", 40), line_of("b", 9), line_of("c", -30)], {"a": 100, "c": 20})
    assert [(line.id, line.amount_minor) for line in lines] == [
        ("a", 140),
        ("b", 9),
        ("c", -50),
        ("a", -100),
        ("c", 20),
    ]


@given(st.lists(st.integers(1, 99_999), min_size=1, max_size=9), st.integers(0, 250_000))
def test_all_the_parts_of_a_line_bear_what_the_line_bore(parts: Sequence[int], ppm: int) -> None:
    def taxed(amount_minor: int) -> int:
        return round_ratio(Fraction(amount_minor * ppm, 1_000_000), Rounding.HALF_UP)

    notes = [credit_of(number, part) for number, part in enumerate(parts, 1)]
    taxes = []
    for note in notes:
        lines = cumulated([line.canonical() for line in note.line_items], before(note, notes))
        taxes.append(sum(taxed(line.amount_minor) for line in lines))
    assert min(taxes) >= 0
    assert list(accumulate(taxes)) == [taxed(so_far) for so_far in accumulate(parts)]


# --- played ---------------------------------------------------------------------------------------------------------


def bore_and_gave(played: Played) -> tuple[Counter[str], Counter[str]]:
    """Return the tax that the first invoice bore and the tax of it that went back in billing, by its tax lines."""
    first = played.documents("billing", "invoice")[0]
    bore = Counter({line.id: line.amount_minor for line in first.lines if line.kind == "tax"})
    gave: Counter[str] = Counter()
    for document in (*played.documents("billing", "invoice"), *played.documents("billing", "credit_memo")):
        gave.update({line.reverses: abs(line.amount_minor) for line in document.lines if line.reverses in bore})
    return bore, gave


@pytest.mark.parametrize("percents", [(17, 17, 66), (11, 22, 67), (21, 35, 44)])
def test_an_invoice_that_is_refunded_in_parts_gives_all_its_tax_back(percents: Sequence[int]) -> None:
    """Each part taxed by itself, the first two would give back a cent too much, and the third a cent too little."""
    stage = stage_of()
    for number, percent in enumerate(percents):
        request = f"R-{number}"
        stage.act(
            "integration", "refund", (1.6 + number) * DAY, "Q-000001", percent=percent, adjust=True, request=request
        )
    played = stage.play(days=8)
    bore, gave = bore_and_gave(played)
    assert gave == bore
    assert played.document("billing", "invoice").balance_minor == 0
    assert set(played.cases()) == {"POLICY.APPROVAL_REQUIRED"}
    assert played.broken() == {}


def test_what_a_net_invoice_credited_counts_when_a_note_credits_the_rest() -> None:
    """A swap for more on one day, and later a cancellation from the very beginning."""
    stage = stage_of()
    old, new = Delta(sku=CORE, quantity=0, unit_minor=50_00), Delta(sku=MORE, quantity=10, unit_minor=70_00)
    stage.amends("Q-500001", "Q-000001", "swap", date(2026, 12, 7), 150, old, new)
    over = msgspec.structs.replace(new, quantity=0)
    stage.amends("Q-500002", "Q-000001", "cancel", date(2026, 11, 30), 200, over, sequence=2)
    played = stage.play(days=12)
    bore, gave = bore_and_gave(played)
    assert gave == bore
    assert played.broken() == {}
