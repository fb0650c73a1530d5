"""Both books: what billing and the ERP say of one invoice comes to the same once all is quiet (M13).

Each of them is told by steps of its own: a credit by its note and the note of its tax, a payment by what the invoice
took of it and what it did not, a refund by what it opened again. A step that is left out in one of them shows here.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.checks.causes import captured_at
from contracts.checks.facts import BILLED, Facts, base_of, intent_of
from contracts.checks.lives import Life, invoice_of
from contracts.checks.verdict import Tally
from domain.money import said


class Said(msgspec.Struct, frozen=True, gc=False):
    """One amount as two systems have it: what it is, how much each says, and the documents that it is made of."""

    what: str
    left: str
    left_minor: int
    right: str
    right_minor: int
    lives: tuple[Life, ...]

    @property
    def told_us(self) -> int:
        """When the last of its documents changed."""
        return max([life.last.at_us for life in self.lives])


def books_agree(tally: Tally, facts: Facts) -> None:
    """Find amounts that billing has otherwise than the ERP or the processor, where nobody has them in hand."""
    for each in (*_of_invoices(facts), *_of_payments(facts)):
        if not facts.is_due(each.told_us) or any(facts.is_in_hand(life) for life in each.lives):
            continue
        tally.examined += 1
        if each.left_minor != each.right_minor:
            subject = each.lives[0]
            currency = subject.document.currency
            sentence = (
                f"{each.what} of {subject.name}: {each.left} says {said(each.left_minor, currency)}, "
                f"{each.right} {said(each.right_minor, currency)}"
            )
            evidence = [life.last for life in each.lives]
            tally.violation(subject.txn, sentence, *evidence, entities=tuple(life.name for life in each.lives))


def _of_invoices(facts: Facts) -> Iterator[Said]:
    """Yield what is open of each invoice that both have, and what was credited of it in all.

    A credit that came before the invoice had its tax is on all of it in the ERP, and in billing on what was due then.
    """
    notes, memos = _notes(facts), _memos(facts)
    for life in facts.lives("invoice", "billing").values():
        posted = facts.posted.get(life.id, [])
        if life.is_seeded or life.since(BILLED) is None or len(posted) != 1:
            continue
        if invoice_of(life).total_minor != invoice_of(posted[0]).total_minor:
            continue  # then all else differs too
        own_notes, own_memos = notes.get(life.id, []), memos.get(life.id, [])
        lives = (life, posted[0], *own_notes, *own_memos)
        open_minor, booked_minor = invoice_of(life).balance_minor, invoice_of(posted[0]).balance_minor
        if 0 < open_minor - booked_minor == _left(own_notes) - _left(own_memos):
            booked_minor = open_minor  # what the ERP has on the invoice is still the customer's credit in billing
        yield Said("the open amount", "billing", open_minor, "the ERP", booked_minor, lives)
        yield Said("the credits", "billing", _total(own_notes), "the ERP", _total(own_memos), lives)


def _notes(facts: Facts) -> dict[str, list[Life]]:
    """Return the credit notes of billing, and those of their tax, by the invoice they credit."""
    found: dict[str, list[Life]] = {}
    for life in facts.lives("credit_memo", "billing").values():
        if life.status != "voided":
            found.setdefault(life.document.invoice, []).append(life)
    return found


def _memos(facts: Facts) -> dict[str, list[Life]]:
    """Return the credit memos of the ERP by the invoice of billing that their note credits."""
    notes = facts.lives("credit_memo", "billing")
    found: dict[str, list[Life]] = {}
    for reference, lives in facts.memos.items():
        note = notes.get(reference)
        if note is not None:
            found.setdefault(note.document.invoice, []).extend(lives)
    return found


def _total(lives: list[Life]) -> int:
    return sum([life.document.total_minor for life in lives])


def _left(lives: list[Life]) -> int:
    return sum([life.document.balance_minor for life in lives])


def _of_payments(facts: Facts) -> Iterator[Said]:
    """Yield what billing recorded of each payment that came: on an invoice, and as the customer's credit."""
    recorded: dict[str, list[Life]] = {}
    for life in facts.lives("cash", "billing").values():
        recorded.setdefault(base_of(life.document.ref), []).append(life)
    for life in facts.lives("payment", "payment").values():
        own = recorded.get(intent_of(life.id), [])
        if captured_at(life) is not None and own:
            minor = sum([each.document.amount_minor for each in own])
            yield Said("the money", "the processor", life.document.captured_minor, "billing", minor, (life, *own))
