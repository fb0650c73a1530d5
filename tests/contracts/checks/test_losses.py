"""Money that will not come: what is given up is lost in every book, once, and in full."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain import objects
from domain.history import Changed, Record
from tests.contracts.checks.build import (
    CASH,
    CREDITED,
    POSTED,
    RECORDED,
    TAXED,
    changed,
    check,
    clean,
    edited,
    entry,
    of,
    without,
)
from tests.contracts.checks.doctored import Break, keeps, named, notices
from tests.contracts.checks.receivables import BACK_ON, LATER, OWED, REFUND, written_off


def _loss_without_entry() -> list[Record]:
    return [record for record in written_off() if getattr(record, "id", "") != "GL7"]


def _loss_without_invoice() -> list[Record]:
    return [*clean(), entry(2 * LATER, "GL7", "write_off/600", ("1050", -OWED), ("6200", OWED))]


def _two_given_up_and_one_loss() -> list[Record]:
    """Two invoices of one deal are given up, and the ledger knows of one of them."""
    second = replace(POSTED, id="201", ref="INV-2", status="posted", balance_minor=OWED)
    given_up = replace(second, status="written_off", balance_minor=0)
    return [
        *written_off(), changed(2 * LATER, "erp", "invoice", second),
        changed(2 * LATER + 1, "erp", "invoice", given_up, "posted"),
    ]  # fmt: skip


def _two_given_up_and_two_losses() -> list[Record]:
    return [
        *_two_given_up_and_one_loss(), entry(2 * LATER + 1, "GL8", "write_off/601", ("1100", -OWED), ("6200", OWED))
    ]  # fmt: skip


def _given_up_and_still_owed() -> list[Record]:
    return edited(written_off(), of("invoice", "billing", status="written_off"), balance_minor=OWED)


def given_up_twice() -> list[Record]:
    """Return the lifecycle in which what was left of the payment went back after a write-off, and is given up too."""
    rest = 18_700 - OWED
    back = replace(REFUND, id="501", payment="300", amount_minor=rest)
    owed = {"status": "partially_paid", "balance_minor": rest}
    lost: dict[str, Any] = {"status": "written_off", "balance_minor": 0}
    return [
        *written_off(),
        changed(3 * LATER, "erp", "refund", back),
        changed(3 * LATER, "erp", "cash", replace(CASH, applied=()), "applied", "refunded"),
        changed(3 * LATER, "erp", "invoice", replace(POSTED, **owed), "written_off"),
        entry(3 * LATER, "GL8", "refund/501", ("1100", rest), ("1050", -rest)),
        changed(3 * LATER, "billing", "cash", replace(RECORDED, applied=()), "applied", "unapplied"),
        changed(3 * LATER, "billing", "invoice", replace(TAXED, **owed), "written_off"),
        changed(4 * LATER, "billing", "invoice", replace(TAXED, **lost), "partially_paid"),
        changed(4 * LATER, "erp", "invoice", replace(POSTED, **lost), "partially_paid"),
        entry(4 * LATER, "GL9", "write_off/601", ("1100", -rest), ("6200", rest)),
    ]  # fmt: skip


def _second_loss_without_entry() -> list[Record]:
    return [record for record in given_up_twice() if getattr(record, "id", "") != "GL9"]


def _billing_still_asks() -> list[Record]:
    return without(written_off(), of("invoice", "billing", status="written_off"))


def _given_up_in_part() -> list[Record]:
    """Billing has used a credit for a part of what it gave up; the memo of that credit waits, the ERP loses the rest.

    One request loses it and writes the entry.
    """
    part = CREDITED
    records = edited(written_off(), of("invoice", "erp", status="written_off"), balance_minor=part)
    records = edited(records, of("entry", "erp", "GL7"), postings=_rows(("1100", part - OWED), ("6200", OWED - part)))
    invoice = next(each for each in records if of("invoice", "erp", status="written_off")(each))
    assert isinstance(invoice, Changed)
    document = replace(invoice.document, status="partially_paid")  # type: ignore[arg-type]
    partly = replace(invoice, status="partially_paid", document=document, cause="r9")
    return [partly if each is invoice else each for each in records]


def _rows(*rows: tuple[str, int]) -> tuple[objects.Posting, ...]:
    return tuple(objects.Posting(account, minor, minor) for account, minor in rows)


def _a_part_given_up_that_billing_asks_for() -> list[Record]:
    return without(_given_up_in_part(), of("invoice", "billing", status="written_off"))


def _a_part_given_up_and_more_of_it_lost() -> list[Record]:
    return edited(_given_up_in_part(), of("entry", "erp", "GL7"), postings=_rows(("1100", -OWED), ("6200", OWED)))


def _loss_dated_by_another_day() -> list[Record]:
    return edited(written_off(), of("entry", "erp", "GL7"), business_date=BACK_ON)


BREAKS: tuple[tuple[str, Break], ...] = (
    ("M17", _loss_without_entry),
    ("M17", _loss_without_invoice),
    ("M17", _billing_still_asks),
    ("M17", _second_loss_without_entry),
    ("M17", _given_up_and_still_owed),
    ("M5", _given_up_and_still_owed),
    ("M17", _two_given_up_and_one_loss),
    ("M17", _a_part_given_up_that_billing_asks_for),
    ("M17", _a_part_given_up_and_more_of_it_lost),
    ("M5", _a_part_given_up_and_more_of_it_lost),
    ("O8", _loss_dated_by_another_day),
)
KEEPS: tuple[tuple[str, Break], ...] = (
    ("M17", written_off),
    ("M17", given_up_twice),
    ("M5", written_off),
    ("M5", given_up_twice),
    ("M17", _two_given_up_and_two_losses),
    ("M17", _given_up_in_part),
    ("M5", _given_up_in_part),
    ("O8", written_off),
)


@pytest.mark.parametrize(("key", "made"), named(KEEPS))
def test_the_rule_holds_where_it_is_kept(key: str, made: Break) -> None:
    keeps(key, made)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_rule_notices_what_breaks_it(key: str, spoil: Break) -> None:
    notices(key, spoil)


def test_a_loss_has_the_day_on_which_billing_gave_its_invoice_up_whosever_transaction_it_is_in_the_books() -> None:
    """A contract's invoice is booked under the contract, and drawn under the amendment that brought it about."""

    def booked_later(cause: str) -> str:
        *others, billing, erp, loss, agreed = written_off()
        late_us, other = loss.at_us + 2 * 24 * 60 * 60_000_000, "Q-900001"
        erp, loss = (replace(each, at_us=late_us, txn=other) for each in (erp, loss))
        return check("O8", [*others, billing, agreed, replace(erp, cause="r90"), replace(loss, cause=cause)]).status

    assert (booked_later("r90"), booked_later("r91")) == ("holds", "broken")
