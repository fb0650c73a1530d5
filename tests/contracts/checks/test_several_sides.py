"""Net documents (M18) and what is between legal entities (M19): each way to get them wrong is noticed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.judge import result_of
from contracts.checks.registry import BY_ID
from contracts.checks.verdict import Result
from domain.history import Changed, MemoryHistory, Record
from domain.objects import CreditMemo, Delta
from tests.stage import CORE, LIVE, MORE, Stage

DEAL = "Q-000001"


@cache
def played() -> tuple[Record, ...]:
    """Return a swap that came to a net invoice, and a deal of which another entity delivers a part."""
    stage = Stage()
    stage.subscribed()
    stage.signs_with_entities(DEAL, (CORE, 10, 50_00, "", ""), (MORE, 3, 33_33, "", "DE"))
    gone, new = Delta(sku=CORE, quantity=0, unit_minor=1200_00), Delta(sku=MORE, quantity=10, unit_minor=1800_00)
    stage.amends("Q-500001", LIVE, "swap", date(2026, 11, 30), 2, gone, new)
    return tuple(stage.play(days=3).records)


def judged(check: str, edit: Callable[[Changed], Changed | None] = lambda change: change, *more: Record) -> Result:
    """Return what a check says of the play with each change edited, or left out where the edit says None."""
    records = [edit(each) if isinstance(each, Changed) else each for each in played()]
    kept = sorted([*[each for each in records if each is not None], *more], key=lambda record: record.at_us)
    return result_of(BY_ID[check], Facts(MemoryHistory(kept)))


def is_net(change: Changed, system: str = "billing") -> bool:
    lines = getattr(change.document, "lines", ())
    return (change.system, change.kind) == (system, "invoice") and any(line.amount_minor < 0 for line in lines)


def is_between(change: Changed, entity: str) -> bool:
    document: Any = change.document
    return change.kind == "entry" and document.source.startswith("journal/IC-") and document.entity == entity


@pytest.mark.parametrize("check", ["M1", "M2", "M8", "M12", "M13", "M18", "M19", "S1", "S3", "S11", "S12"])
def test_the_play_itself_holds(check: str) -> None:
    result = judged(check)
    assert (result.status, result.broken) == ("holds", 0)


def test_a_change_on_two_documents_is_noticed() -> None:
    net = next(each for each in played() if isinstance(each, Changed) and is_net(each))
    invoice: Any = net.document
    back = [line for line in invoice.lines if line.amount_minor < 0]
    owner = next(each for each in played() if isinstance(each, Changed) and each.id == "INV-0000001")
    memo = CreditMemo(
        id="CN-9", ref="", txn=invoice.txn, invoice=owner.id, customer=invoice.customer, entity="US", currency="USD",
        status="posted", lines=tuple([replace(line, amount_minor=-line.amount_minor) for line in back]), taxes=(),
        net_minor=-sum(line.amount_minor for line in back), tax_minor=0, total_minor=0, balance_minor=0,
        business_date=invoice.business_date,
    )  # fmt: skip
    apart = replace(net, kind="credit_memo", id="CN-9", before="", status="posted", document=memo)

    def split(change: Changed) -> Changed:
        if not is_net(change):
            return change
        document: Any = change.document
        charges = tuple([line for line in document.lines if line.amount_minor > 0])
        return replace(change, document=replace(document, lines=charges))

    result = judged("M18", split, apart)
    assert result.broken == 1
    assert "is not one invoice" in result.violations[0].sentence


@pytest.mark.parametrize(("check", "factor"), [("M1", 1), ("M8", 2)])
def test_a_credit_line_that_takes_back_another_amount_is_noticed(check: str, factor: int) -> None:
    """Too little by a minor unit is wrong arithmetic; twice as much is more than was charged."""

    def other(change: Changed) -> Changed:
        if not is_net(change):
            return change
        document: Any = change.document
        lines = [
            replace(line, amount_minor=line.amount_minor * factor + (factor == 1)) if line.amount_minor < 0 else line
            for line in document.lines
        ]
        return replace(change, document=replace(document, lines=tuple(lines)))

    assert judged(check, other).broken >= 1


def test_a_negative_line_that_takes_nothing_back_is_noticed() -> None:
    def without_reference(change: Changed) -> Changed:
        if not is_net(change):
            return change
        document: Any = change.document
        return replace(
            change, document=replace(document, lines=tuple(replace(line, reverses="") for line in document.lines))
        )

    assert judged("M12", without_reference).broken >= 1


def test_a_line_that_takes_back_what_nobody_charged_is_noticed() -> None:
    def of_nothing(change: Changed) -> Changed:
        document: Any = change.document
        if not is_net(change):
            return change
        lines = tuple(replace(line, reverses="LI-none") if line.reverses else line for line in document.lines)
        return replace(change, document=replace(document, lines=lines))

    result = judged("M8", of_nothing)
    assert any("takes back line LI-none, which nobody charged" in each.sentence for each in result.violations)


def _nothing(change: Changed) -> Changed | None:
    return None if is_between(change, "US") or is_between(change, "DE") else change


def _none_of(entity: str) -> Callable[[Changed], Changed | None]:
    return lambda change: None if is_between(change, entity) else change


def _other_amount(change: Changed) -> Changed:
    if not is_between(change, "DE"):
        return change
    document: Any = change.document
    rows = tuple([replace(row, amount_minor=row.amount_minor * 2) for row in document.postings])
    return replace(change, document=replace(document, postings=rows))


def _in_other_books(change: Changed) -> Changed:
    document: Any = change.document
    return replace(change, document=replace(document, entity="JP")) if is_between(change, "DE") else change


def _sold_by_another(change: Changed) -> Changed:
    document: Any = change.document
    return replace(change, document=replace(document, entity="JP")) if is_between(change, "US") else change


def _of_nothing(change: Changed) -> Changed:
    """Return the entries as those of a document of which nobody else delivers anything."""
    document: Any = change.document
    if not (is_between(change, "DE") or is_between(change, "US")):
        return change
    return replace(change, document=replace(document, source=document.source.replace("INV-", "INV-9")))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_sold_by_another, "it is in the books of DE, JP and belongs to DE, US"),
        (_of_nothing, "nobody else delivers any of it"),
        (_none_of("DE"), "do not cancel out"),
        (_none_of("US"), "do not cancel out"),
        (
            lambda change: None if is_between(change, "US") or is_between(change, "DE") else change,
            "its books have 0.00",
        ),
        (_other_amount, "do not cancel out"),
        (_in_other_books, "its books have 0.00"),
    ],
)
def test_what_does_not_cancel_out_between_entities_is_noticed(
    edit: Callable[[Changed], Changed | None], said: str
) -> None:
    result = judged("M19", edit)
    assert result.broken >= 1
    assert any(said in violation.sentence for violation in result.violations)


def test_what_an_entity_sells_and_delivers_itself_it_owes_to_nobody() -> None:
    stage = Stage()
    stage.customer()
    stage.signs_with_entities(DEAL, (CORE, 10, 50_00, "", "US"), (MORE, 3, 33_33, "", "DE"))
    assert stage.play(days=3).broken() == {}


def test_what_is_posted_twice_between_entities_is_noticed() -> None:
    twice = next(each for each in played() if isinstance(each, Changed) and is_between(each, "DE"))
    again = replace(twice, id="999", document=replace(twice.document, id="999"))
    result = judged("M19", lambda change: change, again)
    assert "it is posted 3 times in the books of 2" in result.violations[0].sentence
