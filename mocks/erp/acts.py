"""What people do in the ERP, as acts: seeding, credit management, period close, exchange rates, open items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from domain.calendar import DAY_US, local_date
from domain.objects import Line, Posting, TaxShare
from mocks.erp.bodies import CustomerBody, InvoiceBody, Ref
from mocks.erp.catalogue import OPENING, RECEIVABLE
from mocks.erp.customers import CustomerRecord
from mocks.erp.drafts import Draft, drafted
from mocks.erp.model import Erp
from mocks.erp.periods import LEDGER_ONLY, name_of
from mocks.erp.rates import SAME
from mocks.erp.restlets import Restlet
from mocks.erp.subledger import Header

Arguments = dict[str, Any]


def create_subsidiary(erp: Erp, arguments: Arguments) -> None:
    """Set up a legal entity: {entity, currency, zone, country, name}. US, UK, DE and JP are there from the start."""
    erp.catalogue.add_subsidiary(arguments)


def create_item(erp: Erp, arguments: Arguments) -> None:
    """Set up an item: {sku, item, kind, revenue_rule}; an item group with components: {sku: quantity}."""
    item = erp.catalogue.add_item(arguments)
    erp.desk.book.keep("item", item.sku, item)


def create_customer(erp: Erp, arguments: Arguments) -> None:
    """Seed a customer: {account, name, entity, currency, credit_limit_minor, terms_days}."""
    body = CustomerBody(
        companyName=arguments["name"],
        subsidiary=Ref(id=arguments["entity"]),
        currency=Ref(refName=arguments["currency"]) if arguments.get("currency") else None,
        terms=arguments.get("terms_days"),
    )
    limit = arguments.get("credit_limit_minor")
    before = erp.customers.shelf.of_external(arguments["account"])
    if before is None:
        erp.customers.seed(arguments["account"], body, limit)
        return
    erp.customers.change(before, body)
    erp.customers.migrated[before.id] = None
    if limit not in (None, before.limit_minor):
        set_credit_limit(erp, {"account": arguments["account"], "limit_minor": limit})


def set_credit_limit(erp: Erp, arguments: Arguments) -> None:
    """Change a credit limit: {account, limit_minor (or credit_limit_minor); 0 means none}."""
    record = _customer(erp, arguments)
    limit = arguments.get("limit_minor", arguments.get("credit_limit_minor"))
    if not isinstance(limit, int) or limit < 0:
        raise ValueError(f"set_credit_limit needs limit_minor, an amount in minor units of at least 0, not {limit!r}")
    erp.credit.set_limit(record, limit)
    erp.credit.review(record.id, erp.orders.follow)


def place_hold(erp: Erp, arguments: Arguments) -> None:
    """Put a customer on hold: {account, level: soft | hard}."""
    record = _customer(erp, arguments)
    erp.credit.place(record, arguments.get("level", "soft"))
    erp.credit.review(record.id, erp.orders.follow)


def release_hold(erp: Erp, arguments: Arguments) -> None:
    """End a customer's hold: {account}; held orders are booked."""
    record = _customer(erp, arguments)
    erp.credit.release(record)
    erp.credit.review(record.id, erp.orders.follow)


def _customer(erp: Erp, arguments: Arguments) -> CustomerRecord:
    record = erp.customers.shelf.of_external(arguments["account"])
    if record is None:
        raise ValueError(f"the ERP has no customer {arguments['account']!r}")
    return record


def open_periods(erp: Erp, arguments: Arguments) -> None:
    """Open accounting periods: {entity, first, last} as months YYYY-MM, both included."""
    erp.periods.open_range(arguments["entity"], arguments["first"], arguments["last"])
    if erp.quirks.recognises_revenue:
        erp.desk.agenda.add(erp.desk.now_us, "plan_recognition", arguments["entity"])


def close_period(erp: Erp, arguments: Arguments) -> None:
    """Close a period: {entity, module: ar | gl, name: YYYY-MM, status: soft_closed | closed (default) | locked}."""
    status = arguments.get("status", "closed")
    erp.periods.move(arguments["entity"], arguments.get("module", "ar"), arguments["name"], status)


def reopen_period(erp: Erp, arguments: Arguments) -> None:
    """Reopen a soft-closed or closed period: {entity, module, name}."""
    erp.periods.move(arguments["entity"], arguments.get("module", "ar"), arguments["name"], "open")


def add_rate(erp: Erp, arguments: Arguments) -> None:
    """Publish an exchange rate: {rate_id, from, to, rate (text), date}."""
    day = _day(arguments["date"])
    erp.rates.add(arguments["rate_id"], arguments["from"], arguments["to"], str(arguments["rate"]), day)


def recognise_revenue(erp: Erp, arguments: Arguments) -> None:
    """Recognise what is due through a month: {entity, name: YYYY-MM}, dated its last day unless that is closed."""
    entity, name = arguments["entity"], arguments["name"]
    due = [month for _, month in erp.schedules.waiting(entity) if month <= name]
    if due:
        first = date.fromisoformat(f"{name}-01")
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        erp.schedules.recognise(entity, name, last)


def plan_recognition(erp: Erp, entity: str) -> None:
    """Agenda: recognise last month's revenue and come back in a day (quirk `recognises_revenue`)."""
    zone = erp.catalogue.subsidiaries[entity].zone
    today = local_date(erp.desk.now_us, zone)
    before = name_of(today.replace(day=1) - timedelta(days=1))
    if erp.periods.takes(entity, before, LEDGER_ONLY):
        recognise_revenue(erp, {"entity": entity, "name": before})
    erp.desk.agenda.add(erp.desk.now_us + DAY_US, "plan_recognition", entity)


def open_item(erp: Erp, arguments: Arguments) -> None:
    """Seed an invoice of the past, posted like any other; what was paid of it is booked against opening balances.

    {account, id (external id), amount_minor, tax_minor, balance_minor (default all; 0 is paid), date, due_date, txn,
    currency, lines: [{sku, quantity, unit_minor, amount_minor, kind, months, period_start, period_end}],
    taxes: [{jurisdiction, base_minor, amount_minor}]}; without lines it has one line OPENING, without revenue.
    """
    customer = _customer(erp, arguments)
    draft = _opening_draft(erp, customer, arguments)
    due = _day(arguments["due_date"]) if arguments.get("due_date") else None
    record = erp.invoices.post(draft, str(arguments["id"]), InvoiceBody(dueDate=due), None, arguments.get("txn", ""))
    doc = record.doc
    paid = doc.total_minor - arguments.get("balance_minor", doc.total_minor)
    if paid:
        base = erp.invoices.settle(doc.id, paid)
        rows = (Posting(OPENING, paid, base), Posting(RECEIVABLE, -paid, -base))
        erp.ledger.post(f"invoice/{doc.id}", doc.entity, doc.currency, record.rate, draft.header.slot, rows, doc.txn)
    erp.credit.review(customer.id, erp.orders.follow)


def expire_tokens(erp: Erp, _arguments: Arguments) -> None:
    """Let every access token issued so far expire now: {}."""
    erp.tokens.expire()


def deploy_restlet(erp: Erp, arguments: Arguments) -> None:
    """Deploy a script that always answers the same: {script, deploy, reply}."""
    reply = arguments.get("reply")
    erp.restlets.deploy(Restlet(str(arguments["script"]), str(arguments["deploy"]), lambda _erp, _call: reply))


def _opening_draft(erp: Erp, customer: CustomerRecord, arguments: Arguments) -> Draft:
    day = _day(arguments["date"])
    lines = tuple(_open_line(number, row) for number, row in enumerate(arguments.get("lines") or (), 1))
    taxes = tuple(msgspec.convert(row, TaxShare) for row in arguments.get("taxes") or ())
    tax = arguments.get("tax_minor", 0)
    if not lines:
        net = arguments["amount_minor"] - (sum(share.amount_minor for share in taxes) if taxes else tax)
        lines = (Line(id="1", sku="OPENING", kind="one_time", quantity=1, unit_minor=net, amount_minor=net),)
    if tax and not taxes:
        taxes = (TaxShare("OPENING", sum(line.amount_minor for line in lines), tax),)
    currency = arguments.get("currency", customer.currency)
    rate = erp.rates.earliest(currency, erp.catalogue.subsidiaries[customer.entity].currency, day)
    slot = erp.periods.opening_slot(customer.entity, day)
    return drafted(Header(customer, customer.entity, currency, day, slot, rate or SAME), lines, taxes)


def _open_line(number: int, row: Mapping[str, Any]) -> Line:
    return msgspec.convert({"id": str(number), "kind": "recurring", "quantity": 1, "unit_minor": 0, **row}, Line)


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


ACTS: Mapping[str, Callable[[Erp, Arguments], None]] = {
    act.__name__: act
    for act in (
        create_subsidiary,
        create_item,
        create_customer,
        set_credit_limit,
        place_hold,
        release_hold,
        open_periods,
        close_period,
        reopen_period,
        add_rate,
        recognise_revenue,
        open_item,
        deploy_restlet,
        expire_tokens,
    )
}
