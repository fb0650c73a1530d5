"""The money tables add up: what was posted, less credits, losses and cash, is what customers still owe."""

from __future__ import annotations

from msgspec.structs import replace

from domain.history import MemoryHistory
from q2c.report.gathered import Gathered
from q2c.report.owed import Owed
from q2c.report.page import html_of
from scenarios.library import named
from scenarios.scale import scaled
from scenarios.timeline import build
from tests.contracts.checks.build import CASH, POSTED, changed, clean, entry, of, without
from tests.demo import played
from tests.q2c.report.examples import gathered, gathered_of
from tests.web.pages import Outline

SEEDED = replace(POSTED, id="90", ref="INV-0", balance_minor=4_000)


def dollars(found: Gathered) -> Owed:
    return next(each for each in found.owed if (each.entity, each.currency) == ("US", "USD"))


def test_in_a_rehearsal_with_credits_and_cash_on_account_every_row_adds_up() -> None:
    timeline = build(scaled(named("quarter_end"), 60, 40), 7)
    found = gathered_of(MemoryHistory(played(timeline)))
    assert [each for each in found.owed if each.apart_minor] == []
    assert dollars(found).credits_minor > 0
    assert dollars(found).on_account_minor > 0
    assert dollars(found).open_minor > 0


def test_cash_that_pays_no_invoice_is_on_account_until_it_is_given_back() -> None:
    more = changed(40, "erp", "cash", replace(CASH, id="301", ref="pi_2", amount_minor=5_000, applied=()))
    row = dollars(gathered([*clean(), more]))
    assert (row.cash_minor, row.on_account_minor, row.open_minor, row.apart_minor) == (23_700, 5_000, 0, 0)


def test_what_was_open_before_the_run_is_in_the_row() -> None:
    records = [changed(0, "erp", "invoice", replace(SEEDED, balance_minor=18_700), cause="act"),
               changed(0, "erp", "invoice", SEEDED, "posted", cause="act"), *clean()]  # fmt: skip
    row = dollars(gathered(records))
    assert (row.before_minor, row.posted_minor, row.open_minor, row.apart_minor) == (4_000, 18_700, 4_000, 0)


def test_a_loss_that_was_written_off_is_in_the_row() -> None:
    unpaid = without(clean(), of("cash", "erp"))
    loss = [changed(50, "erp", "invoice", replace(POSTED, status="written_off", balance_minor=0), "posted"),
            entry(50, "GL9", "write_off/200", ("1100", -18_700), ("6200", 18_700))]  # fmt: skip
    row = dollars(gathered([*unpaid, *loss]))
    assert (row.losses_minor, row.cash_minor, row.open_minor, row.apart_minor) == (18_700, 0, 0, 0)


def test_a_row_that_does_not_add_up_says_by_how_much() -> None:
    assert dollars(gathered(without(clean(), of("cash", "erp")))).apart_minor == 18_700
    assert "187.00 USD apart" in Outline(html_of(gathered(without(clean(), of("cash", "erp"))))).text


def test_an_amount_without_an_order_says_whose_quotes_it_is() -> None:
    text = Outline(html_of(gathered(without(clean(), of("order", "erp"))))).text
    assert "(1 accepted quote of 170.00 USD without an order: 1 " in text
    assert "without an order" not in Outline(html_of(gathered(clean()))).text
