"""Tax that goes back (M21): each way to keep it, or to give back too much, is noticed; tax is owed once (S5)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.identity import one_invoice_per_period, one_tax_commit
from contracts.checks.tax_back import tax_goes_back
from contracts.checks.verdict import Findings
from domain.history import MemoryHistory, Record
from domain.objects import CreditMemo, TaxShare
from tests.contracts.checks import build
from tests.contracts.checks.build import (
    BILLED_SEATS,
    CASH,
    CONTEXT,
    CREDIT_NOTE,
    CREDITED,
    INVOICE,
    TAX_DOCUMENT,
    changed,
)

CHARGED = replace(
    INVOICE, lines=(BILLED_SEATS,), taxes=(TaxShare("CA", 12_000, 1_200),), net_minor=12_000, tax_minor=1_200,
    total_minor=13_200, balance_minor=13_200, status="posted",
)  # fmt: skip
TENTH = round(CREDITED / 10)


def memo(*taxes: TaxShare, key: str = "400") -> CreditMemo:
    """Return the memo of the ERP that credits a part of the seats, with some taxes."""
    return replace(CREDIT_NOTE, id=key, ref="CN-1", invoice="200", taxes=taxes)


def credited(*memos: CreditMemo) -> list[Record]:
    """Return a history of one invoice and its credits."""
    return [
        CONTEXT,
        changed(1, "billing", "invoice", CHARGED),
        changed(2, "billing", "credit_memo", CREDIT_NOTE),
        *[changed(3 + minute, "erp", "credit_memo", each) for minute, each in enumerate(memos)],
    ]


def judged(records: Sequence[Record]) -> Findings:
    """Return what the check says of a history."""
    return tax_goes_back(Facts(MemoryHistory(records)))


@pytest.mark.parametrize("amount_minor", [TENTH - 2, TENTH, TENTH + 2])
def test_a_credit_that_gives_its_tax_back_holds_however_lines_were_rounded(amount_minor: int) -> None:
    found = judged(credited(memo(TaxShare("CA", CREDITED, amount_minor))))
    assert (found.broken, found.examined) == (0, 2)


@pytest.mark.parametrize(
    "taxes", [(), (TaxShare("CA", CREDITED, TENTH // 2),), (TaxShare("NY", CREDITED, TENTH),)], ids=str
)
def test_a_credit_that_keeps_its_tax_or_gives_back_that_of_another_place_is_noticed(
    taxes: tuple[TaxShare, ...],
) -> None:
    found = judged(credited(memo(*taxes)))
    assert found.broken >= 1
    assert "of the tax of" in found.violations[0].sentence


def test_credits_that_together_give_back_more_than_was_charged_are_noticed() -> None:
    one_time = replace(BILLED_SEATS, kind="one_time", period_start=None, period_end=None)  # whose share nobody knows
    parts = [replace(memo(TaxShare("CA", CREDITED, 1_201)), lines=(one_time,))]
    found = judged(credited(*parts))
    assert found.broken == 1
    assert "took back 12.01 USD" in found.violations[0].sentence


def test_a_credit_of_an_invoice_that_was_there_before_is_not_judged() -> None:
    records = credited(memo())
    records[1] = changed(1, "billing", "invoice", CHARGED, cause="act")
    assert judged(records) == Findings(examined=0)


def test_tax_that_is_committed_with_the_order_and_with_the_invoice_is_noticed() -> None:
    early = replace(TAX_DOCUMENT, id="9", code="Q-000123-v1")
    records = [*build.clean(), replace(changed(6, "tax", "tax_document", early), txn="Q-000123")]
    first = next(index for index, each in enumerate(records) if getattr(each, "kind", "") == "tax_document")
    records[first] = replace(records[first], txn="Q-000123")
    assert one_tax_commit(Facts(MemoryHistory([CONTEXT, *build.clean()]))).broken == 0
    found = one_tax_commit(Facts(MemoryHistory([CONTEXT, *records])))
    assert found.broken == 1
    assert "34.00 USD of tax is committed for Q-000123, 17.00 USD was posted" in found.violations[0].sentence


def test_a_payment_that_is_booked_twice_is_noticed() -> None:
    again = changed(40, "erp", "cash", replace(CASH, id="301", ref="pi_1~charge", applied=()))
    found = one_invoice_per_period(Facts(MemoryHistory([CONTEXT, *build.clean(), again])))
    assert [each.sentence for each in found.violations] == ["payment pi_1 is posted 2 times in the ERP: 300, 301"]
