"""Item prices become what the vendor shows of them."""

from __future__ import annotations

import msgspec

from domain.calendar import SECOND_US
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.pricing import Tier
from mocks.billing.records import ItemPrice


def item_price(_billing: Billing, record: ItemPrice) -> r.ItemPrice:
    """Show an item price."""
    years = record.months // 12 if record.period_unit == "year" else 0
    return r.ItemPrice(
        id=record.id,
        name=record.name or record.id,
        external_name=record.external_name or None,
        description=record.description or None,
        item_family_id=record.family or None,
        item_id=record.sku,
        item_type=record.item_type,
        currency_code=record.currency,
        pricing_model=record.model,
        price=None if record.tiers else record.list_unit_minor,
        tiers=_tiers(record.tiers) if record.tiers else None,
        status=record.status,
        free_quantity=record.free,
        is_taxable=True,
        created_at=record.created_us // SECOND_US,
        updated_at=record.updated_us // SECOND_US,
        resource_version=record.version,
        deleted=record.deleted,
        period=years or record.months or None,
        period_unit=("year" if years else "month") if record.months else None,
        billing_cycles=record.cycles or None,
        trial_period=record.trial_days or None,
        trial_period_unit="day" if record.trial_days else None,
        metadata=msgspec.Raw(record.metadata.encode()) if record.metadata else None,
    )


def _tiers(tiers: tuple[Tier, ...]) -> list[r.Tier]:
    shown, start = [], 1
    for tier in tiers:
        shown.append(
            r.Tier(
                starting_unit=start, ending_unit=tier.up_to or None, price=tier.price_minor,
                package_size=tier.package if tier.package > 1 else None,
            )
        )  # fmt: skip
        start = tier.up_to + 1
    return shown
