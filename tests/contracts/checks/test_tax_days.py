"""Days of tax (M23): a line is taxed at the rates of its own invoice's day, and goods are always of one kind."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.history import Drifted, Record
from domain.objects import TaxLine
from tests.contracts.checks.build import (
    AMENDED_ON,
    BILLED_SEATS,
    CREDIT_NOTE,
    DAY_0,
    SECOND,
    START,
    TAX_DOCUMENT,
    amended,
    changed,
    check,
    clean,
)

NOON = 60 * 24 * 12
SEATS = TaxLine("SEAT", "SW052000", START, 12_000, 1_200)
SETUP = TaxLine("SETUP", "SP140000", START, 5_000, 500)
BACK = replace(SEATS, amount_minor=-6_000, tax_minor=-600)
NEXT_YEAR = date(2027, 1, 1)


def sold(*lines: TaxLine) -> Record:
    """Return the document of the first invoice with these lines."""
    return changed(26, "tax", "tax_document", replace(TAX_DOCUMENT, lines=lines))


def back(*lines: TaxLine, **fields: Any) -> Record:
    """Return the document of the credit note, twelve days later, with these lines."""
    document = replace(TAX_DOCUMENT, id="2", code=CREDIT_NOTE.id, kind="return", lines=lines, **fields)
    return changed(NOON + 24, "tax", "tax_document", document)


def netted(*lines: TaxLine) -> list[Record]:
    """Return the amended lifecycle with a second invoice that takes seats of the first one back."""
    taker = replace(BILLED_SEATS, id="li_8", amount_minor=-6_000, reverses="li_1")
    document = replace(TAX_DOCUMENT, id="3", code="INV-2", lines=lines)
    bill = replace(SECOND, lines=(*SECOND.lines, taker))
    return [
        *amended(), sold(SEATS), changed(NOON + 24, "billing", "invoice", bill, "posted"),
        changed(NOON + 24, "tax", "tax_document", document),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "records",
    [
        [*clean(), sold(SEATS, SETUP)],
        [*clean(), sold(replace(SEATS, day=DAY_0 - timedelta(days=60), tax_minor=0))],
        [*amended(), sold(SEATS), back(BACK)],
        [*amended(), sold(SEATS), back(BACK, replace(SEATS, day=AMENDED_ON))],
        netted(BACK, replace(SEATS, day=AMENDED_ON)),
        netted(replace(BACK, amount_minor=-8_000), replace(SEATS, amount_minor=2_000)),
    ],
    ids=["an_invoice", "no_tax", "a_credit", "what_a_net_note_charges", "a_net_invoice", "credited_before"],
)
def test_tax_of_the_day_of_its_invoice_holds(records: list[Record]) -> None:
    assert check("M23", records).status == "holds"


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([*clean(), sold(replace(SEATS, day=NEXT_YEAR))], "at the rates of 2027-01-01; billing invoice INV-1 is of"),
        ([*amended(), sold(SEATS), back(replace(BACK, day=AMENDED_ON))], "INV-1 is of 2026-12-02"),
        (netted(replace(BACK, day=AMENDED_ON)), "INV-1 is of 2026-12-02"),
        (netted(replace(SEATS, day=START)), "INV-2 is of 2026-12-14"),
        (netted(BACK, replace(SEATS, day=START)), "INV-2 is of 2026-12-14"),
    ],
    ids=["an_invoice", "a_credit", "a_net_invoice_that_credits", "what_it_charges", "more_than_it_credits"],
)
def test_tax_of_another_day_is_noticed(records: list[Record], told: str) -> None:
    found = check("M23", records)
    assert found.status == "broken"
    assert told in found.violations[0].sentence


def test_a_credit_of_other_goods_than_were_sold_is_noticed() -> None:
    found = check("M23", [*amended(), sold(SEATS), back(replace(BACK, goods="SP140000"))])
    assert [each.sentence for each in found.violations] == [
        "tax tax_document 2 taxes SEAT as SP140000, tax tax_document 1 as SW052000"
    ]


@pytest.mark.parametrize(("system", "status"), [("tax", "holds"), ("crm", "broken")])
def test_goods_of_a_document_that_was_made_while_the_engine_is_altered_may_be_of_another_kind(
    system: str, status: str
) -> None:
    other = back(replace(BACK, goods="SP140000"))
    drifted = Drifted(system=system, name="codes", start_us=other.at_us - 1, end_us=other.at_us + 1)
    assert check("M23", [*amended(), sold(SEATS), other], drifted=(drifted,)).status == status


def test_a_credit_of_an_invoice_that_was_there_before_may_be_of_any_day() -> None:
    lines = [
        replace(each, cause="act") if getattr(each, "kind", "") == "invoice" and each.id == "INV-1" else each  # type: ignore[union-attr,call-arg]
        for each in amended()
    ]
    assert check("M23", [*lines, back(replace(BACK, day=AMENDED_ON))]).violations == ()


def test_a_document_that_was_voided_is_not_judged() -> None:
    wrong = changed(26, "tax", "tax_document", replace(TAX_DOCUMENT, id="7", lines=(replace(SEATS, day=NEXT_YEAR),)))
    voided = changed(27, "tax", "tax_document", replace(wrong.document, status="cancelled"), "committed")
    assert check("M23", [*clean(), wrong, voided]).violations == ()
