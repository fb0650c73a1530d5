"""What is asked of each system. Every function may be called again after any failure: it does its work once.

ERP: records are put under external ids. Fulfilment: the task's id is ours. Payments: idempotency keys. Billing: ids of
our own where it takes them, keys of the intent, and a look before each write (keys are remembered for 30 minutes only).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import httpx
import stripe
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

CRM, ERP, BILLING, TAX, PAYMENT, FULFILMENT = (
    os.environ.get(f"Q2C_{name}_URL", "") for name in ("CRM", "ERP", "BILLING", "TAX", "PAYMENT", "FULFILMENT")
)
BILLING_WEBHOOK = "Basic " + b64encode(b"q2c:webhook-secret").decode()
FULFILMENT_SECRET = os.environ.get("FULFILMENT_SECRET", "fulfilment-secret").encode()
TIMEOUT_SECONDS = 8.0
PASSING = (408, 409, 425, 429)
Quote = dict[str, Any]
Invoice = dict[str, Any]


class Refused(Exception):
    """A system answered and did not do it. `is_final` tells that it never will."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status, self.is_final = status, 400 <= status < 500 and status not in PASSING


http = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, limits=httpx.Limits(max_connections=12))
"""Twelve connections in all: the ERP takes fifteen calls at once."""


def ask(method: str, url: str, allow: tuple[int, ...] = (), **options: Any) -> httpx.Response:
    """Return the answer of a call; raise Refused for one that is no success, unless its status is in `allow`."""
    reply = http.request(method, url, **options)
    if reply.status_code >= 400 and reply.status_code not in allow:
        if reply.status_code == 429:
            time.sleep(min(5.0, float(reply.headers.get("retry-after", 1))))
        raise Refused(reply.status_code, reply.text[:300])
    return reply


# --- CRM ------------------------------------------------------------------------------------------------------------

_session: dict[str, Salesforce] = {}
_login = threading.Lock()


def crm() -> Salesforce:
    """Return the session with the CRM, signing in when there is none."""
    with _login:
        if "it" not in _session:
            form = {"grant_type": "client_credentials", "client_id": "dbos", "client_secret": "dbos"}
            token = ask("POST", f"{CRM}/services/oauth2/token", data=form).json()["access_token"]
            client = Salesforce(instance=CRM.partition("//")[2], session_id=token, version="62.0")
            client.base_url = client.base_url.replace("https://", "http://")
            _session["it"] = client
        return _session["it"]


def _in_crm(work: Any) -> Any:
    try:
        return work(crm())
    except SalesforceExpiredSession:
        _session.clear()
        raise
    except SalesforceError as error:
        raise Refused(error.status, str(error.content)) from None


_QUOTE = (
    "SELECT Id, QuoteNumber, Version__c, Entity__c, CurrencyIsoCode, TermMonths__c, Kind__c, Account.AccountNumber, "
    "Account.Name, Account.BillingStreet, Account.BillingCity, Account.BillingStateCode, Account.BillingPostalCode, "
    "Account.BillingCountryCode, (SELECT ProductCode__c, ProductKind__c, Quantity, ListPrice, UnitPrice, TotalPrice, "
    "Months__c, SBQQ__RequiredBy__c FROM QuoteLineItems ORDER BY LineNumber) FROM Quote WHERE Id = '{}'"
)
_SWEEP = "SELECT Id, QuoteNumber, Version__c FROM Quote WHERE Status = 'Accepted'"


def read_quote(quote_id: str) -> Quote:
    """Return a quote as the rest of this integration knows it."""
    row = _in_crm(lambda client: client.query(_QUOTE.format(quote_id)))["records"][0]
    account = row["Account"]
    return {
        "id": row["Id"], "number": row["QuoteNumber"], "reference": f"{row['QuoteNumber']}-v{int(row['Version__c'])}",
        "entity": row["Entity__c"], "currency": row["CurrencyIsoCode"], "months": int(row["TermMonths__c"] or 0),
        "kind": row["Kind__c"], "account": account["AccountNumber"], "name": account["Name"],
        "address": {
            "line1": account["BillingStreet"] or "", "city": account["BillingCity"] or "",
            "state_code": account["BillingStateCode"] or "", "zip": account["BillingPostalCode"] or "",
            "country": account["BillingCountryCode"] or "",
        },
        "lines": [
            {
                "sku": line["ProductCode__c"], "kind": line["ProductKind__c"], "quantity": int(line["Quantity"]),
                "list": line["ListPrice"], "unit": line["UnitPrice"], "amount": line["TotalPrice"],
                "months": int(line["Months__c"] or 0), "parent": line["SBQQ__RequiredBy__c"],
            }
            for line in (row["QuoteLineItems"] or {"records": []})["records"]
        ],
    }  # fmt: skip


def accepted_quotes() -> list[tuple[str, str]]:
    """Return the quotes that were accepted and are not converted yet: (id, reference) each."""
    rows = _in_crm(lambda client: client.query_all(_SWEEP))["records"]
    return [(row["Id"], f"{row['QuoteNumber']}-v{int(row['Version__c'])}") for row in rows]


def mirror(quote: Quote, fields: dict[str, Any]) -> None:
    """Show sales the truth; absolute values, so that it may be said again."""
    _in_crm(lambda client: client.restful(f"sobjects/Quote/{quote['id']}", method="PATCH", json=fields))


# --- ERP ------------------------------------------------------------------------------------------------------------

_RECORDS = f"{ERP}/services/rest/record/v1"
_ERP = {"authorization": "Bearer dbos-example"}


def _put(kind: str, name: str, body: dict[str, Any]) -> None:
    ask("PUT", f"{_RECORDS}/{kind}/eid:{name}", json=body, headers=_ERP)


def _get(kind: str, name: str, allow: tuple[int, ...] = ()) -> httpx.Response:
    return ask("GET", f"{_RECORDS}/{kind}/eid:{name}", headers=_ERP, allow=allow)


def ensure_erp_customer(quote: Quote) -> None:
    """Have the ERP know the customer."""
    if _get("customer", quote["account"], allow=(404,)).status_code == 404:
        _put("customer", quote["account"], {
            "companyName": quote["name"], "subsidiary": {"id": quote["entity"]},
            "currency": {"refName": quote["currency"]}, "terms": {"id": "NET30"},
        })  # fmt: skip


def put_order(quote: Quote) -> dict[str, Any]:
    """Book the order under the quote's reference and return it."""
    lines = [
        {
            "line": number, "item": {"externalId": line["sku"]}, "quantity": line["quantity"], "rate": line["unit"],
            "amount": line["amount"], "custcol_kind": line["kind"], "custcol_months": line["months"],
            "custcol_list_rate": line["list"],
        }
        for number, line in enumerate(quote["lines"], 1)
    ]  # fmt: skip
    if _get("salesOrder", quote["reference"], allow=(404,)).status_code == 404:
        _put("salesOrder", quote["reference"], {
            "entity": {"externalId": quote["account"]}, "subsidiary": {"id": quote["entity"]},
            "currency": {"refName": quote["currency"]}, "otherRefNum": quote["number"], "memo": quote["reference"],
            "orderStatus": {"id": "B"}, "item": {"items": lines},
        })  # fmt: skip
    return {"tranId": _get("salesOrder", quote["reference"]).json()["tranId"]}


def fulfil_order(quote: Quote) -> None:
    """Record that an order is fulfilled, unless that is recorded already."""
    url = f"{_RECORDS}/salesOrder/eid:{quote['reference']}/!transform/itemFulfillment"
    if _get("salesOrder", quote["reference"]).json()["status"]["id"] == "pendingFulfillment":
        ask("POST", url, json={"externalId": quote["reference"]}, headers=_ERP)


def put_invoice(quote: Quote, invoice: Invoice, taxes: list[dict[str, Any]]) -> None:
    """Post an invoice of billing under its own number; once it is there it stays as it is."""
    if _get("invoice", invoice["id"], allow=(404,)).status_code != 404:
        return
    lines = [line for line in invoice["line_items"] if line["entity_type"] != "adhoc"]
    _put("invoice", invoice["id"], {
        "entity": {"externalId": invoice["customer_id"]}, "subsidiary": {"id": quote["entity"]},
        "currency": {"refName": invoice["currency_code"]}, "otherRefNum": quote["number"], "memo": quote["reference"],
        **({"dueDate": _day(invoice["due_date"])} if invoice.get("due_date") else {}),
        "item": {"items": [_posting(number, line) for number, line in enumerate(lines, 1)]},
        "taxDetails": {"items": [
            {"line": number, "taxCode": each["code"], "taxBasis": each["base"], "taxAmount": each["tax"]}
            for number, each in enumerate(taxes, 1)
        ]},
    })  # fmt: skip


def _posting(number: int, line: dict[str, Any]) -> dict[str, Any]:
    sku, months = _sold(line)
    return {
        "line": number, "item": {"externalId": sku}, "quantity": line["quantity"], "rate": line["unit_amount"] / 100,
        "amount": line["amount"] / 100, "custcol_kind": "recurring" if months else "one_time",
        "custcol_period_start": _day(line["date_from"]), "custcol_period_end": _day(line["date_to"]),
    }  # fmt: skip


def put_cash(quote: Quote, invoice: Invoice, payment: dict[str, Any]) -> None:
    """Apply a payment to its invoice, under the processor's own id of it."""
    if _get("customerPayment", payment["id"], allow=(404,)).status_code != 404:
        return
    amount = payment["amount"] / 100
    _put("customerPayment", payment["id"], {
        "customer": {"externalId": quote["account"]}, "subsidiary": {"id": quote["entity"]},
        "currency": {"refName": quote["currency"]}, "payment": amount, "custbody_method": "card",
        "memo": quote["reference"], "apply": {"items": [{"doc": {"externalId": invoice["id"]}, "amount": amount}]},
    })  # fmt: skip


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _sold(line: dict[str, Any]) -> tuple[str, int]:
    """Return the sku and the months of what an invoice line charges ("PLAT-STD-USD-12")."""
    item, _, months = (line.get("entity_id") or "").rpartition("-")
    return item.rpartition("-")[0], int(months or 0)


# --- fulfilment -----------------------------------------------------------------------------------------------------

_TASKS = {"authorization": "Bearer q2c-fulfilment"}


def ask_for_delivery(quote: Quote) -> None:
    """Ask for the delivery of an order; the task's id is ours, so asking again changes nothing."""
    lines = [{"sku": line["sku"], "quantity": line["quantity"]} for line in quote["lines"]]
    body = {"order": quote["reference"], "account": quote["account"], "lines": lines}
    ask("PUT", f"{FULFILMENT}/v1/tasks/{quote['reference']}", json=body, headers=_TASKS)


def read_task(quote: Quote) -> dict[str, Any]:
    """Return how far a delivery is."""
    return ask("GET", f"{FULFILMENT}/v1/tasks/{quote['reference']}", headers=_TASKS).json()


def verify_fulfilment(body: str, header: str) -> None:
    """Raise PermissionError for a message that fulfilment has not signed just now."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    wanted = hmac.new(FULFILMENT_SECRET, f"{parts.get('t')}.{body}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(parts.get("v1", ""), wanted) or abs(time.time() - int(parts["t"])) > 300:
        raise PermissionError("the signature does not fit")


# --- billing --------------------------------------------------------------------------------------------------------

_SITE = f"{BILLING}/api/v2"
_KEY = ("test_q2c_key", "")


def _write(path: str, form: dict[str, Any], key: str, allow: tuple[int, ...] = ()) -> httpx.Response:
    headers = {"chargebee-idempotency-key": key}
    return ask("POST", f"{_SITE}{path}", data=form, auth=_KEY, headers=headers, allow=allow)


def _read(path: str, allow: tuple[int, ...] = (), **query: Any) -> httpx.Response:
    return ask("GET", f"{_SITE}{path}", auth=_KEY, params=query, allow=allow)


def ensure_billing_customer(quote: Quote) -> None:
    """Have billing know the customer, under the account's own number."""
    if _read(f"/customers/{quote['account']}", allow=(404,)).status_code == 404:
        address = {f"billing_address[{name}]": text for name, text in quote["address"].items()}
        _write("/customers", {
            "id": quote["account"], "company": quote["name"], "preferred_currency_code": quote["currency"],
            "net_term_days": 30, "auto_collection": "off", "business_entity_id": quote["entity"], **address,
        }, f"{quote['account']}/customer")  # fmt: skip


def ensure_subscription(quote: Quote) -> Invoice:
    """Have the subscription of an order, and return its first invoice."""
    if _read(f"/subscriptions/{quote['number']}", allow=(404,)).status_code == 404:
        path = f"/customers/{quote['account']}/subscription_for_items"
        _write(path, _subscription(quote), f"{quote['reference']}/subscription")
    query = {"subscription_id[is]": quote["number"], "limit": 10, "sort_by[asc]": "date"}
    found = _read("/invoices", **query).json()["list"]
    if not found:
        raise Refused(409, f"{quote['number']} has no invoice yet")
    return found[0]["invoice"]


def _subscription(quote: Quote) -> dict[str, Any]:
    charged = [line for line in quote["lines"] if not line["parent"]]
    months = next((line["months"] for line in charged if line["months"]), 0)
    form: dict[str, Any] = {"id": quote["number"], "auto_collection": "off", "po_number": quote["reference"]}
    if months and quote["months"]:
        form["billing_cycles"] = quote["months"] // months
    for at, line in enumerate(charged):
        form[f"subscription_items[item_price_id][{at}]"] = f"{line['sku']}-{quote['currency']}-{line['months']}"
        form[f"subscription_items[quantity][{at}]"] = line["quantity"]
        form[f"subscription_items[unit_price][{at}]"] = round(line["unit"] * 100)
    return form


def _invoice(key: str) -> Invoice:
    return _read(f"/invoices/{key}").json()["invoice"]


def close_invoice(key: str, taxes: list[dict[str, Any]]) -> Invoice:
    """Add the taxes to a pending invoice, each once, and close it; return the invoice as it is then."""
    invoice = _invoice(key)
    if invoice["status"] == "pending":
        added = {line.get("description") for line in invoice["line_items"] if line["entity_type"] == "adhoc"}
        for each in taxes:
            if f"Tax {each['code']}" not in added:
                form = {"amount": round(each["tax"] * 100), "description": f"Tax {each['code']}"}
                _write(f"/invoices/{key}/add_charge", form, f"{key}/tax/{each['code']}")
        _write(f"/invoices/{key}/close", {}, f"{key}/close")
        invoice = _invoice(key)
    return invoice


def record_payment(invoice: Invoice, payment: dict[str, Any]) -> None:
    """Record in billing that an invoice was paid, once."""
    if _invoice(invoice["id"])["status"] == "paid":
        return
    _write(f"/invoices/{invoice['id']}/record_payment", {
        "transaction[amount]": payment["amount"], "transaction[payment_method]": "other",
        "transaction[reference_number]": payment["id"],
    }, f"{invoice['id']}/payment/{payment['id']}")  # fmt: skip


# --- tax ------------------------------------------------------------------------------------------------------------

_TAX = ("2000000001", "q2c-license")
_FROM = {"line1": "1 Market St", "city": "San Francisco", "region": "CA", "postalCode": "94105", "country": "US"}


def commit_tax(quote: Quote, invoice: Invoice) -> list[dict[str, Any]]:
    """Commit the tax of an invoice under its number, or find what was committed; return it by jurisdiction."""
    documents = f"{TAX}/api/v2/companies/DEFAULT/transactions/{invoice['id']}"
    reply = ask("GET", documents, params={"$include": "Summary"}, auth=_TAX, allow=(404,))
    if reply.status_code == 404:
        create = f"{TAX}/api/v2/transactions/create?$include=SummaryOnly"
        reply = ask("POST", create, json=_taxable(quote, invoice), auth=_TAX)
    rows = reply.json().get("summary") or []
    return [{"code": row["jurisCode"], "base": row["taxable"], "tax": row["tax"]} for row in rows if row["tax"]]


def _taxable(quote: Quote, invoice: Invoice) -> dict[str, Any]:
    to = quote["address"]
    lines = []
    for number, line in enumerate(invoice["line_items"], 1):
        sku, months = _sold(line)
        code = "SW052000" if months else "SP140000"
        quantity = max(1, line["quantity"])
        amount = line["amount"] / 100
        lines.append({"number": str(number), "quantity": quantity, "amount": amount, "itemCode": sku, "taxCode": code})
    return {
        "type": "SalesInvoice", "companyCode": "DEFAULT", "code": invoice["id"], "commit": True,
        "date": _day(invoice["date"]), "customerCode": invoice["customer_id"], "purchaseOrderNo": quote["number"],
        "currencyCode": invoice["currency_code"], "lines": lines,
        "addresses": {"shipFrom": _FROM, "shipTo": {
            "line1": to["line1"], "city": to["city"], "region": to["state_code"], "postalCode": to["zip"],
            "country": to["country"],
        }},
    }  # fmt: skip


# --- payments -------------------------------------------------------------------------------------------------------

payments = stripe.StripeClient(
    os.environ.get("STRIPE_KEY", "sk_test_q2c"),
    base_addresses={"api": PAYMENT},
    max_network_retries=0,  # the step is repeated, under the same key
    http_client=stripe.HTTPXClient(timeout=TIMEOUT_SECONDS, allow_sync_methods=True),
)


def charge(quote: Quote, invoice: Invoice) -> dict[str, Any]:
    """Charge what is due of an invoice to the customer's card, once; raise Refused when the card is declined."""
    try:
        found = payments.v1.customers.search({"query": f"metadata['account']:'{quote['account']}'"})
        payer = found.data[0]
        intent = payments.v1.payment_intents.create(
            {
                "amount": invoice["amount_due"], "currency": invoice["currency_code"].lower(), "customer": payer.id,
                "payment_method": payer.invoice_settings.default_payment_method, "payment_method_types": ["card"],
                "confirm": True, "off_session": True, "description": f"Invoice {invoice['id']}",
                "metadata": {"invoice": invoice["id"], "quote": quote["number"]},
            },
            {"idempotency_key": f"{invoice['id']}/pay/1"},
        )  # fmt: skip
    except stripe.StripeError as error:
        raise Refused(error.http_status or 503, str(error)) from None
    if intent.status != "succeeded":
        raise Refused(402, f"{intent.id} is {intent.status}")
    return {"id": intent.id, "amount": intent.amount_received}
