"""Acts: the price list, and subscriptions that lived before the world began, billed and paid up to a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from domain.calendar import SECOND_US, midnight_us
from domain.objects import Line
from mocks.billing import subscriptions
from mocks.billing.coverage import Cover, charge_amount
from mocks.billing.documents import PAID
from mocks.billing.invoices import next_line_id
from mocks.billing.model import Billing, quote_number
from mocks.billing.records import Address, Charge, Customer, Invoice, ItemPrice, Subscription
from mocks.billing.resources import Item, ItemFamily
from mocks.billing.terms import Price, Term, per_unit, segments
from mocks.kernel.codec import encode_json

FAMILY = "price-list"


def price_key(sku: str, currency: str, months: int) -> str:
    """Return the id of an item price."""
    return f"{sku}-{currency}-{months}"


def create_item_price(billing: Billing, arguments: dict[str, Any]) -> None:
    """Act `create_item_price` {sku, currency, months, kind, list_unit_minor}: put a price on the list."""
    _keep_price(
        billing, arguments["sku"], arguments["currency"], int(arguments["months"]), arguments["kind"],
        int(arguments["list_unit_minor"]),
    )  # fmt: skip


def _keep_price(billing: Billing, sku: str, currency: str, months: int, kind: str, list_unit_minor: int) -> None:
    months = 0 if kind == "one_time" else months
    item_type = "plan" if months else "charge"
    _keep_item(billing, sku, item_type)
    key, now_us = price_key(sku, currency, months), billing.book.now_us
    billing.keep_price(
        ItemPrice(
            key, sku, currency, months, kind, list_unit_minor, item_type=item_type, name=key, family=FAMILY,
            created_us=now_us, updated_us=now_us,
        )
    )  # fmt: skip


def _keep_item(billing: Billing, sku: str, item_type: str) -> None:
    """Keep the item of a price, in a family of the price list, unless it is there."""
    if billing.book.get("item", sku) is not None:
        return
    second = billing.book.now_us // SECOND_US
    if billing.book.get("item_family", FAMILY) is None:
        family = ItemFamily(
            id=FAMILY, name="Price list", status="active", created_at=second, updated_at=second, resource_version=1,
            deleted=False,
        )  # fmt: skip
        billing.book.keep("item_family", FAMILY, family)
    item = Item(
        id=sku, name=sku, status="active", item_family_id=FAMILY, type=item_type, is_shippable=False,
        is_giftable=False, enabled_for_checkout=True, enabled_in_portal=True, item_applicability="all", metered=False,
        created_at=second, updated_at=second, resource_version=1, deleted=False,
    )  # fmt: skip
    billing.book.keep("item", sku, item)


def publish_price_book(_billing: Billing, _arguments: dict[str, Any]) -> None:
    """Act `publish_price_book`: informational; prices on subscriptions are negotiated ones and do not follow."""


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def seed_subscription(billing: Billing, arguments: dict[str, Any]) -> None:
    """Act `seed_subscription` {id, account, name, entity, currency, net_term_days, items, start, term_end, billed_to}.

    `meta_data` is what an integration has noted on it, if anything.

    Everything whose bill day lies before `billed_to` is billed by one opening invoice, paid, without tax and closed
    at the start of that day; it is the base of later credits. No events are sent for the past.
    """
    customer = _customer(billing, arguments)
    start, billed_to = _day(arguments["start"]), _day(arguments["billed_to"])
    terms, charges = _terms(billing, customer, arguments["items"], start, billed_to)
    now_us, key = billing.book.now_us, arguments["id"]
    subscription = Subscription(
        id=key,
        customer=customer.id,
        entity=customer.entity,
        zone=customer.zone,
        currency=customer.currency,
        reference=arguments.get("reference", key),
        txn=quote_number(key),
        status="active",
        start=start,
        starts_us=midnight_us(start, customer.zone),
        term_end=_day(arguments["term_end"]),
        term_months=0,
        at_term_end=arguments.get("at_term_end", "cancel"),
        terms=terms,
        charges=charges,
        meta=encode_json(arguments["meta_data"]).decode() if "meta_data" in arguments else "",
        created_us=now_us,
        updated_us=now_us,
        activated_us=midnight_us(start, customer.zone),
        plan=next((price_key(t.sku, customer.currency, t.price.months) for t in terms), ""),
    )
    subscription = _billed(billing, subscription, billed_to)
    billing.save_subscription(subscription)
    subscriptions.plan(billing, subscription)


def _customer(billing: Billing, arguments: dict[str, Any]) -> Customer:
    key, entity = arguments["account"], arguments["entity"]
    known: Customer | None = billing.book.get("customer", key)
    if known is not None:
        return known
    return billing.save_customer(
        Customer(
            id=key,
            company=arguments["name"],
            currency=arguments["currency"],
            entity=entity,
            zone=billing.zone_of(entity),
            net_term_days=int(arguments.get("net_term_days", 0)),
            meta="",
            created_us=billing.book.now_us,
            updated_us=billing.book.now_us,
            address=Address(
                line1=arguments.get("street", ""),
                city=arguments.get("city", ""),
                state_code=arguments.get("region", ""),
                zip=arguments.get("postal_code", ""),
                country=arguments.get("country", ""),
            ),
        )
    )


def _terms(
    billing: Billing, customer: Customer, items: list[dict[str, Any]], start: date, billed_to: date
) -> tuple[tuple[Term, ...], tuple[Charge, ...]]:
    terms, charges = [], []
    for item in items:
        sku, quantity, unit, months = item["sku"], int(item["quantity"]), int(item["unit_minor"]), int(item["months"])
        begins = _day(item.get("start") or start)
        if billing.prices.get(price_key(sku, customer.currency, 0 if item["kind"] == "one_time" else months)) is None:
            _keep_price(billing, sku, customer.currency, months, item["kind"], unit)
        if item["kind"] == "one_time":
            charges.append(Charge(sku, quantity, unit, begins, billed=begins < billed_to, full_minor=quantity * unit))
        else:
            terms.append(Term(sku, per_unit(quantity, unit, months), begins))
    return tuple(terms), tuple(charges)


def _billed(billing: Billing, subscription: Subscription, billed_to: date) -> Subscription:
    key, policy = f"INV-{billing.desk.next('invoice'):07d}", billing.policy(subscription.zone)
    lines: list[Line] = []
    prices: list[Price] = []
    for term in subscription.terms:
        for segment in segments(term, subscription.start, term.start, subscription.term_end):
            if segment.start >= billed_to:
                break
            price = segment.price
            prices.append(price)
            lines.append(
                Line(
                    id=next_line_id(billing), sku=term.sku, kind="recurring", quantity=price.quantity,
                    unit_minor=price.unit_minor, amount_minor=charge_amount(segment, policy), months=price.months,
                    list_unit_minor=price.unit_minor, period_start=segment.start, period_end=segment.end,
                    full_start=segment.full_start, full_end=segment.full_end,
                )
            )  # fmt: skip
    covers = tuple(
        Cover(line, key, ((line.period_start, line.period_end),), price)  # type: ignore[arg-type]
        for line, price in zip(lines, prices, strict=True)
    )
    lines.extend(
        Line(
            id=next_line_id(billing), sku=charge.sku, kind="one_time", quantity=charge.quantity,
            unit_minor=charge.unit_minor, amount_minor=charge.full_minor,
        )
        for charge in subscription.charges
        if charge.billed
    )  # fmt: skip
    if lines:
        _opening_invoice(billing, subscription, key, tuple(lines), billed_to)
    return replace(subscription, covers=covers)


def _opening_invoice(
    billing: Billing, subscription: Subscription, key: str, lines: tuple[Line, ...], billed_to: date
) -> None:
    net = sum(line.amount_minor for line in lines)
    day = min(subscription.start, billed_to)
    at_us = midnight_us(day, subscription.zone)
    billing.save_invoice(
        Invoice(
            id=key,
            number="",
            customer=subscription.customer,
            subscription=subscription.id,
            entity=subscription.entity,
            zone=subscription.zone,
            currency=subscription.currency,
            txn=subscription.txn,
            reference=subscription.reference,
            status=PAID,
            lines=lines,
            net_minor=net,
            day=day,
            due_day=day,
            created_us=at_us,
            updated_us=at_us,
            paid_minor=net,
            bill_from=subscription.start,
            first=True,
            closed_us=at_us,
            paid_us=at_us,
        )
    )
