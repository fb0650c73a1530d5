"""Lines of invoices and credit notes become what the vendor shows of them; `date_to` is exclusive."""

from __future__ import annotations

from domain.objects import Line
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.records import CreditNote, Invoice

SHOWN_MAX = 256
"""Documents whose lines, and records whose JSON, are kept: they are shown again soon, or hardly ever."""


def lines(billing: Billing, owner: Invoice | CreditNote) -> list[r.LineItem]:
    """Show the lines of a document: those shown before are kept, for lines are only ever added."""
    kept = billing.line_items.get(owner.id)
    if kept is None:
        if len(billing.line_items) >= SHOWN_MAX:
            billing.line_items.clear()
        kept = billing.line_items[owner.id] = []
    for line in owner.lines[len(kept) :]:
        kept.append(_line(billing, line, owner))
    return kept if len(kept) == len(owner.lines) else kept[: len(owner.lines)]


def _line(billing: Billing, line: Line, owner: Invoice | CreditNote) -> r.LineItem:
    seconds = billing.seconds[owner.zone]
    starts = line.period_start or owner.day
    is_tax = line.kind == "tax"
    key = "" if is_tax else billing.price_keys.get((line.sku, owner.currency, line.months), "")
    if not key and line.months:
        key = f"{line.sku}-{owner.currency}-{line.months}"
    listed = billing.prices.get(key)
    credited = dict(owner.credited) if line.reverses and isinstance(owner, Invoice) else {}
    return r.LineItem(
        id=line.id,
        subscription_id=owner.subscription or None,
        customer_id=owner.customer,
        date_from=seconds[starts],
        date_to=seconds[line.period_end or starts],
        unit_amount=line.unit_minor,
        quantity=line.quantity,
        amount=line.amount_minor,
        pricing_model="flat_fee" if is_tax else listed.model if listed is not None else "per_unit",
        is_taxed=False,
        tax_amount=0,
        discount_amount=0,
        description=f"Tax {line.sku}" if is_tax else line.sku,
        entity_type=f"{listed.item_type}_item_price" if listed is not None else "plan_item_price" if key else "adhoc",
        entity_id=key or None,
        reference_line_item_id=line.reverses or None,
        reference_invoice_id=credited.get(line.id),
        metered=True if line.kind == "usage" else None,
    )
