"""What people do in the CRM: the arguments of each act, checked, and the model function it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mocks.crm.bundles import parts_of
from mocks.crm.catalogue import PRODUCT_OPTION
from mocks.crm.objects import ACCOUNT, PRODUCT, QUOTE, QUOTE_LINE
from mocks.crm.price_books import entries_of, publish_price_book
from mocks.crm.quotes import Quotes
from mocks.crm.rows import line_row, new_row
from mocks.crm.schema import ID
from mocks.crm.values import plain
from mocks.kernel.operations import Refusal

if TYPE_CHECKING:
    from mocks.crm.model import Crm

_Cells = tuple[str, str, int, int, int, int, int]
_Sellers = tuple[str | None, str | None]
_TOTAL: Final = 5


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of create_account; `account` is the account number, `payment_customer` the processor's customer id."""

    account: str
    name: str
    entity: str
    currency: str
    country: str
    region: str = ""
    postal_code: str = ""
    city: str = ""
    street: str = ""
    payment_customer: str = ""
    tax_id: str = ""
    duns: str = ""
    website: str = ""


class NewPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a bundle: so many of a product that exists come with one of the bundle."""

    sku: str
    quantity: int = 1


class NewProduct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of create_product; a product with `parts` is a bundle."""

    sku: str
    name: str = ""
    kind: str = "recurring"
    parts: tuple[NewPart, ...] = ()


class NewLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of create_quote: net unit price of one full billing period of `months` (0 for one-time).

    `entity` sells it and `delivered_by` delivers it, where that is not the quote's own legal entity.
    """

    sku: str
    quantity: int
    unit_minor: int
    months: int = 12
    kind: str = ""
    list_unit_minor: int = 0
    entity: str = ""
    delivered_by: str = ""


class NewDelta(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delta of create_quote: the new quantity and unit price of a sku; quantity 0 removes it."""

    sku: str
    quantity: int
    unit_minor: int
    months: int = 12


class NewQuote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of create_quote. An amendment's line items are its `deltas`, or its `lines` when it gives none."""

    number: str
    version: int = 1
    account: str
    entity: str
    currency: str
    kind: str = "new"
    amendment_kind: str = ""
    lines: tuple[NewLine, ...] = ()
    discount_percent: str = "0"
    term_start: date | None = None
    term_months: int = 0
    valid_until: date | None = None
    payment_method: str = ""
    subscription: str = ""
    effective_date: date | None = None
    sequence: int = 0
    deltas: tuple[NewDelta, ...] = ()
    co_term_end: date | None = None
    resume_date: date | None = None
    refund: str = ""
    partner_model: str = ""
    reseller: str = ""
    end_customer: str = ""
    ship_complete: bool = False


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of lock_record."""

    id: str
    seconds: int = 60


class OneQuote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of the acts on one quote version; `approver` and `signer` where the act has such a person."""

    number: str
    version: int = 1
    approver: str = ""
    signer: str = ""


def create_account(crm: Crm, arguments: dict[str, Any]) -> None:
    """Add a customer."""
    new = msgspec.convert(arguments, NewAccount)
    values = {
        "Name": new.name,
        "AccountNumber": new.account,
        "Entity__c": new.entity,
        "CurrencyIsoCode": new.currency,
        "BillingStreet": new.street or None,
        "BillingCity": new.city or None,
        "BillingPostalCode": new.postal_code or None,
        "BillingCountryCode": new.country,
        "BillingStateCode": new.region or None,
        "PaymentCustomer__c": new.payment_customer or None,
        "CreditStatus__c": "clear",
        "TaxId__c": new.tax_id or None,
        "Duns__c": new.duns or None,
        "Website": new.website or None,
    }
    crm.accounts.add(new_row(crm.desk, ACCOUNT, values))


def create_product(crm: Crm, arguments: dict[str, Any]) -> None:
    """Add a product to the catalogue."""
    new = msgspec.convert(arguments, NewProduct)
    values = {"Name": new.name or new.sku, "ProductCode": new.sku, "Kind__c": new.kind, "IsActive": True}
    parts = [(crm.accounts.product(part.sku), part.quantity) for part in new.parts]
    row = new_row(crm.desk, PRODUCT, values)
    crm.accounts.add_product(row)
    for number, (part, quantity) in enumerate(parts, 1):
        option = {"SBQQ__ConfiguredSKU__c": row[ID], "SBQQ__OptionalSKU__c": part[ID]}
        option |= {"SBQQ__Number__c": number, "SBQQ__Quantity__c": quantity}
        crm.store.put(PRODUCT_OPTION, new_row(crm.desk, PRODUCT_OPTION, option))


def create_quote(crm: Crm, arguments: dict[str, Any]) -> None:
    """Draft a quote version with its lines."""
    new = msgspec.convert(arguments, NewQuote)
    account = crm.accounts.numbered(new.account)
    if account is None:
        raise Refusal("bad_reference", f"there is no account {new.account}", "AccountId")
    if crm.quotes.exists(new.number, new.version):
        raise Refusal("duplicate_value", f"quote {new.number} version {new.version} exists", "Version__c")
    lines, sellers = _lines(crm, new), _sellers(new)
    row = new_row(crm.desk, QUOTE, _header(new, account[ID], sum([line[_TOTAL] for line in lines])))
    _keep_lines(crm, row[ID], new.currency, lines, sellers)
    crm.quotes.create(row)


def _keep_lines(crm: Crm, quote_id: str, currency: str, lines: list[_Cells], sellers: list[_Sellers]) -> None:
    """Keep the line items in order, each bundle followed by its parts."""
    number, has_bundles = 0, bool(crm.store.tables[PRODUCT_OPTION.name])
    for line, entry, by in zip(lines, entries_of(crm.store, currency, lines), sellers, strict=True):
        number += 1
        whole = line_row(crm.desk, currency, (quote_id, f"{number:08d}", *line, None, entry, None, *by))
        crm.store.put(QUOTE_LINE, whole)
        if not has_bundles:
            continue
        sku, _, quantity, *_, months = line
        for part in parts_of(crm.store, sku):
            number += 1
            cells = (part.sku, part.kind, quantity * part.quantity, 0, 0, 0, months, None, None, whole[ID], *by)
            crm.store.put(QUOTE_LINE, line_row(crm.desk, currency, (quote_id, f"{number:08d}", *cells)))


def _header(new: NewQuote, account_id: str, total_minor: int) -> dict[str, Any]:
    return {
        "QuoteNumber": new.number,
        "Version__c": new.version,
        "Status": "Draft",
        "Kind__c": new.kind,
        "AmendmentKind__c": new.amendment_kind or None,
        "Entity__c": new.entity,
        "CurrencyIsoCode": new.currency,
        "AccountId": account_id,
        "ExpirationDate": new.valid_until,
        "TermStart__c": new.term_start,
        "TermMonths__c": new.term_months or None,
        "DiscountPercent__c": plain(Decimal(new.discount_percent)),
        "TotalPrice": total_minor,
        "PaymentMethod__c": new.payment_method or None,
        "Subscription__c": new.subscription or None,
        "EffectiveDate__c": new.effective_date,
        "Sequence__c": new.sequence or None,
        "CoTermEnd__c": new.co_term_end,
        "ResumeDate__c": new.resume_date,
        "Refund__c": new.refund or None,
        "PartnerModel__c": new.partner_model or None,
        "Reseller__c": new.reseller or None,
        "EndCustomer__c": new.end_customer or None,
        "ShipComplete__c": new.ship_complete,
    }


def _lines(crm: Crm, new: NewQuote) -> list[_Cells]:
    if new.kind == "amend" and new.deltas:
        known = {line.sku: line for line in new.lines}
        return [_line(crm, delta, known.get(delta.sku)) for delta in new.deltas]
    return [_line(crm, line, line) for line in new.lines]


def _sellers(new: NewQuote) -> list[_Sellers]:
    """Return who sells and who delivers each line; an amendment's lines are its subscription's entity's."""
    if new.kind == "amend" and new.deltas:
        return [(None, None)] * len(new.deltas)
    return [(line.entity or None, line.delivered_by or None) for line in new.lines]


def _line(crm: Crm, priced: NewLine | NewDelta, described: NewLine | None) -> _Cells:
    """Return sku, kind, quantity, list price (the net one where none is known), unit price, total and months."""
    kind = (described.kind if described is not None else "") or crm.accounts.kind_of(priced.sku)
    listed = (described.list_unit_minor if described is not None else 0) or priced.unit_minor
    total = priced.quantity * priced.unit_minor
    return priced.sku, kind, priced.quantity, listed, priced.unit_minor, total, priced.months


def expire_sessions(crm: Crm, _arguments: dict[str, Any]) -> None:
    """End every session, as an administrator does: each client must log in again."""
    crm.sessions.expire_all()


def lock_record(crm: Crm, arguments: dict[str, Any]) -> None:
    """Let somebody hold a record (`id`) for some `seconds`, so that nobody else may write it."""
    held = msgspec.convert(arguments, Lock)
    crm.records.lock(held.id, crm.desk.now_us + held.seconds * 1_000_000)


def _on_quote(name: str, *more: str) -> Callable[[Crm, dict[str, Any]], None]:
    """Return an act that calls a method of the quotes with number, version and these arguments."""
    step = getattr(Quotes, name)

    def act(crm: Crm, arguments: dict[str, Any]) -> None:
        one = msgspec.convert(arguments, OneQuote)
        step(crm.quotes, one.number, one.version, *[getattr(one, each) for each in more])

    return act


ACTS: Mapping[str, Callable[[Any, dict[str, Any]], None]] = {
    "create_account": create_account,
    "create_product": create_product,
    "create_quote": create_quote,
    "expire_sessions": expire_sessions,
    "lock_record": lock_record,
    "publish_price_book": publish_price_book,
    "submit_quote": _on_quote("submit"),
    "approve_quote": _on_quote("approve", "approver"),
    "reject_quote": _on_quote("reject"),
    "withdraw_quote": _on_quote("withdraw"),
    "present_quote": _on_quote("present"),
    "accept_quote": _on_quote("accept", "signer"),
    "decline_quote": _on_quote("decline"),
    "expire_quote": _on_quote("expire"),
}
"""Action -> model function."""

AGENDA: Mapping[str, Callable[..., None]] = {
    "expire_quote": lambda crm, key: crm.quotes.expire_due(key),
    "work_batch": lambda crm, key: crm.async_jobs.work(key),
    "work_job": lambda crm, key: crm.jobs.work(key),
}
"""Agenda action -> model function."""
