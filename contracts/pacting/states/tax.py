"""States of the tax engine: documents that are there already."""

from __future__ import annotations

from contracts.pacting.scene import Values
from contracts.pacting.stage import TODAY, Stage
from contracts.pacting.states.ground import ACCOUNT, ADDRESS, LINE, NUMBER, a_customer
from integration.systems import tax

TAXABLE = tax.Taxable(
    code="INV-0000001", customer=ACCOUNT, currency="USD", address=ADDRESS, day=TODAY, lines=(LINE,), txn=NUMBER
)


def a_committed_document(stage: Stage) -> Values:
    """Set up the committed tax of an invoice."""
    found = a_customer(stage)
    stage.answered(tax.commit(TAXABLE))
    return {**found, "invoice": TAXABLE.code}
