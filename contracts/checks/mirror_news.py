"""Mirror news: what a credit makes of an invoice is shown to sales by the work that books the credit (L3).

A payment that comes later shows the invoice once more, and hides that nobody had shown the credit. So it is not the
last picture that is judged here, but whether the work on a credit had anything of its invoice shown. A mirror's id
says when its facts were learned; it begins when its turn has come.
"""

from __future__ import annotations

from contracts.checks.facts import Facts
from contracts.checks.lives import Life, invoice_of
from contracts.checks.verdict import Tally
from domain.history import Flow

_CREDIT, _MIRROR = "credit", "mirror"
_BOOKED = '"status":"posted"'
_MS_US = 1000


def credits_are_shown(tally: Tally, facts: Facts) -> None:
    """Find credits of a quote's invoices that were booked, while nothing of it was on its way to sales."""
    begun, shown = _begun(facts), _shown(facts)
    for flow in facts.flows.values():
        note = flow.flow.rpartition("/")[2]
        invoice = _invoice(facts, note) if flow.name == _CREDIT and _BOOKED in flow.result else None
        if invoice is None or note not in begun or not facts.is_due(flow.at_us) or facts.is_in_hand(invoice):
            continue
        tally.examined += 1
        first_us = begun[note] - facts.set_back_us - _MS_US
        if not any(first_us <= at_us <= flow.at_us for at_us in shown.get(invoice.id, ())):
            sentence = f"credit note {note} of {invoice.id} was booked, and nobody showed sales what it left"
            tally.violation(invoice.txn, sentence, flow, entities=(invoice.name,))


def _begun(facts: Facts) -> dict[str, int]:
    """Return when the work on each credit note was begun."""
    found: dict[str, int] = {}
    for flow in facts.history.of(Flow):
        if flow.name == _CREDIT and flow.status == "started":
            found.setdefault(flow.flow.rpartition("/")[2], flow.at_us)
    return found


def _shown(facts: Facts) -> dict[str, list[int]]:
    """Return when what is shown of each invoice was learned, of mirror/QUOTE/MILLISECONDS/FIELDS/INVOICE."""
    found: dict[str, list[int]] = {}
    for flow in facts.flows.values():
        _, *parts = flow.flow.split("/")
        if flow.name == _MIRROR and len(parts) == 4 and parts[1].isdigit():
            found.setdefault(parts[3], []).append(int(parts[1]) * _MS_US)
    return found


def _invoice(facts: Facts, note: str) -> Life | None:
    """Return the invoice that a credit note of billing is of, when sales is shown it."""
    life = facts.lives("credit_memo", "billing").get(note)
    invoice = facts.lives("invoice", "billing").get(life.document.invoice) if life is not None else None
    is_shown = invoice is not None and not invoice.is_seeded and invoice_of(invoice).ref in facts.accepted
    return invoice if is_shown else None
