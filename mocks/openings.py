"""Opening balances: what billing invoiced before the world began stands in the ERP's books too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from domain.acts import Act
from mocks.world import World


def opening_acts(world: World, at_us: int, beyond: int = 0) -> Iterator[Act]:
    """Yield an act of the ERP for each invoice that billing was seeded with, beyond the first so many.

    They are paid.
    """
    invoices = world["billing"].desk.book.table("invoice")
    seeded = list(islice(reversed(invoices.values()), len(invoices) - beyond))
    for invoice in reversed(seeded):
        lines = [
            {
                "sku": line.sku,
                "kind": line.kind,
                "quantity": line.quantity,
                "unit_minor": line.unit_minor,
                "amount_minor": line.amount_minor,
                "months": line.months,
                "period_start": line.period_start,
                "period_end": line.period_end,
            }
            for line in invoice.lines
        ]
        arguments = {
            "account": invoice.customer,
            "id": invoice.id,
            "amount_minor": invoice.net_minor,
            "balance_minor": invoice.due_minor,
            "currency": invoice.currency,
            "date": invoice.day,
            "due_date": invoice.due_day,
            "txn": invoice.txn,
            "lines": msgspec.to_builtins(lines),
        }
        yield Act(at_us=at_us, system="erp", action="open_item", arguments=arguments, txn=invoice.txn)
