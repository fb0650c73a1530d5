"""What is asked of each system. Every function may be called again after any failure: it does its work once.

ERP: records are put under external ids. Fulfilment: the task's id is ours. Payments: idempotency keys. Billing: ids of
our own where it takes them, keys of the intent, and a look before each write (keys are remembered for 30 minutes only).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import time
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

BILLING_WEBHOOK = "Basic " + b64encode(b"q2c:webhook-secret").decode()
SECRETS = {"payment": b"whsec_q2c_integration", "fulfilment": b"fulfilment-secret"}
PASSING = (408, 409, 425, 429)
TOLERANCE_SECONDS = 300
Quote = dict[str, Any]
Invoice = dict[str, Any]


class Refused(Exception):
    """A system answered and did not do it. `is_final` tells that it never will."""

    def __init__(self, status: int, text: str, wait_seconds: float = 0.0) -> None:
        super().__init__(status, text)
        self.wait_seconds, self.is_final = wait_seconds, 400 <= status < 500 and status not in PASSING


class Systems:
    """The clients of the six systems."""

    def __init__(self) -> None:
        # Twelve connections in all: the ERP takes fifteen calls at once.
        limits = httpx.Limits(max_connections=12)
        timeout = httpx.Timeout(8.0, pool=None)
        self.http = httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False)
        self._crm, self._erp, self._billing, self._tax, self._payment, self._fulfilment = (
            os.environ[f"Q2C_{name}_URL"] for name in ("CRM", "ERP", "BILLING", "TAX", "PAYMENT", "FULFILMENT")
        )
        self._records = f"{self._erp}/services/rest/record/v1"
        self._session = ""
        self._signing_in = asyncio.Lock()

    async def ask(self, method: str, url: str, allow: tuple[int, ...] = (), **options: Any) -> httpx.Response:
        """Return the answer of a call; raise Refused for one that is no success, unless its status is in `allow`."""
        reply = await self.http.request(method, url, **options)
        if reply.status_code >= 400 and reply.status_code not in allow:
            wait = reply.headers.get("retry-after", "")
            raise Refused(reply.status_code, reply.text[:300], float(wait) if wait.isdigit() else 0.0)
        return reply

    # --- CRM --------------------------------------------------------------------------------------------------------

    async def _in_crm(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the CRM within a session, signing in when there is none or it has ended."""
        async with self._signing_in:
            if not self._session:
                form = {"grant_type": "client_credentials", "client_id": "asyncio", "client_secret": "asyncio"}
                reply = await self.ask("POST", f"{self._crm}/services/oauth2/token", data=form)
                self._session = reply.json()["access_token"]
        session = self._session
        headers = {"authorization": f"Bearer {session}"}
        reply = await self.ask(method, f"{self._crm}{path}", allow=(401,), headers=headers, **options)
        if reply.status_code == 401:
            if self._session == session:
                self._session = ""
            raise Refused(409, "the session has ended")
        return reply

    async def read_quote(self, quote_id: str) -> Quote:
        """Return a quote as the rest of this integration knows it."""
        reply = await self._in_crm("GET", "/services/data/v62.0/query", params={"q": _QUOTE.format(quote_id)})
        row = reply.json()["records"][0]
        account = row["Account"]
        return {
            "id": row["Id"], "number": row["QuoteNumber"],
            "reference": f"{row['QuoteNumber']}-v{int(row['Version__c'])}",
            "entity": row["Entity__c"], "currency": row["CurrencyIsoCode"], "months": int(row["TermMonths__c"] or 0),
            "account": account["AccountNumber"], "name": account["Name"],
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

    async def accepted_quotes(self) -> list[tuple[str, str]]:
        """Return the quotes that were accepted and are not converted yet: (id, reference) each."""
        page = (await self._in_crm("GET", "/services/data/v62.0/query", params={"q": _SWEEP})).json()
        rows = page["records"]
        while not page["done"]:
            page = (await self._in_crm("GET", page["nextRecordsUrl"])).json()
            rows += page["records"]
        return [(row["Id"], f"{row['QuoteNumber']}-v{int(row['Version__c'])}") for row in rows]

    async def mirror(self, quote: Quote, fields: dict[str, Any]) -> None:
        """Show sales the truth; absolute values, so that it may be said again."""
        await self._in_crm("PATCH", f"/services/data/v62.0/sobjects/Quote/{quote['id']}", json=fields)

    # --- ERP --------------------------------------------------------------------------------------------------------

    async def _put(self, kind: str, name: str, body: dict[str, Any]) -> None:
        await self.ask("PUT", f"{self._records}/{kind}/eid:{name}", json=body, headers=_ERP)

    async def _get(self, kind: str, name: str) -> dict[str, Any] | None:
        reply = await self.ask("GET", f"{self._records}/{kind}/eid:{name}", headers=_ERP, allow=(404,))
        return None if reply.status_code == 404 else reply.json()

    async def ensure_erp_customer(self, quote: Quote) -> None:
        """Have the ERP know the customer."""
        if await self._get("customer", quote["account"]) is None:
            await self._put("customer", quote["account"], {
                "companyName": quote["name"], "subsidiary": {"id": quote["entity"]},
                "currency": {"refName": quote["currency"]}, "terms": {"id": "NET30"},
            })  # fmt: skip

    async def put_order(self, quote: Quote) -> str:
        """Book the order under the quote's reference and return its number."""
        found = await self._get("salesOrder", quote["reference"])
        if found is None:
            await self._put("salesOrder", quote["reference"], _order(quote))
            found = await self._get("salesOrder", quote["reference"])
        if found is None:
            raise Refused(409, f"{quote['reference']} is not there yet")
        return found["tranId"]

    async def fulfil_order(self, quote: Quote) -> None:
        """Record that an order is fulfilled, unless that is recorded already."""
        order = await self._get("salesOrder", quote["reference"])
        if order is not None and order["status"]["id"] == "pendingFulfillment":
            url = f"{self._records}/salesOrder/eid:{quote['reference']}/!transform/itemFulfillment"
            await self.ask("POST", url, json={"externalId": quote["reference"]}, headers=_ERP)

    async def put_invoice(self, quote: Quote, invoice: Invoice, taxes: list[dict[str, Any]]) -> None:
        """Post an invoice of billing under its own number; once it is there it stays as it is."""
        if await self._get("invoice", invoice["id"]) is None:
            await self._put("invoice", invoice["id"], _posting(quote, invoice, taxes))

    async def put_cash(self, quote: Quote, invoice: Invoice, payment: dict[str, Any]) -> None:
        """Apply a payment to its invoice, under the processor's own id of it."""
        if await self._get("customerPayment", payment["id"]) is not None:
            return
        amount = payment["amount"] / 100
        await self._put("customerPayment", payment["id"], {
            "customer": {"externalId": quote["account"]}, "subsidiary": {"id": quote["entity"]},
            "currency": {"refName": quote["currency"]}, "payment": amount, "custbody_method": "card",
            "memo": quote["reference"], "apply": {"items": [{"doc": {"externalId": invoice["id"]}, "amount": amount}]},
        })  # fmt: skip

    # --- fulfilment -------------------------------------------------------------------------------------------------

    async def ask_for_delivery(self, quote: Quote) -> None:
        """Ask for the delivery of an order; the task's id is ours, so asking again changes nothing."""
        lines = [{"sku": line["sku"], "quantity": line["quantity"]} for line in quote["lines"]]
        body = {"order": quote["reference"], "account": quote["account"], "lines": lines}
        await self.ask("PUT", f"{self._fulfilment}/v1/tasks/{quote['reference']}", json=body, headers=_TASKS)

    async def is_delivered(self, reference: str) -> bool:
        """Tell whether a delivery is complete."""
        reply = await self.ask("GET", f"{self._fulfilment}/v1/tasks/{reference}", headers=_TASKS)
        return reply.json()["status"] == "completed"

    # --- billing ----------------------------------------------------------------------------------------------------

    async def _write(self, path: str, form: dict[str, Any], key: str) -> None:
        headers = {"chargebee-idempotency-key": key}
        await self.ask("POST", f"{self._billing}/api/v2{path}", data=form, auth=_KEY, headers=headers)

    async def _read(self, path: str, allow: tuple[int, ...] = (), **query: Any) -> httpx.Response:
        return await self.ask("GET", f"{self._billing}/api/v2{path}", auth=_KEY, params=query, allow=allow)

    async def ensure_billing_customer(self, quote: Quote) -> None:
        """Have billing know the customer, under the account's own number."""
        if (await self._read(f"/customers/{quote['account']}", allow=(404,))).status_code == 404:
            address = {f"billing_address[{name}]": text for name, text in quote["address"].items()}
            await self._write("/customers", {
                "id": quote["account"], "company": quote["name"], "preferred_currency_code": quote["currency"],
                "net_term_days": 30, "auto_collection": "off", "business_entity_id": quote["entity"], **address,
            }, f"{quote['account']}/customer")  # fmt: skip

    async def ensure_subscription(self, quote: Quote) -> Invoice:
        """Have the subscription of an order, and return its first invoice."""
        if (await self._read(f"/subscriptions/{quote['number']}", allow=(404,))).status_code == 404:
            path = f"/customers/{quote['account']}/subscription_for_items"
            await self._write(path, _subscription(quote), f"{quote['reference']}/subscription")
        query = {"subscription_id[is]": quote["number"], "limit": 10, "sort_by[asc]": "date"}
        found = (await self._read("/invoices", **query)).json()["list"]
        if not found:
            raise Refused(409, f"{quote['number']} has no invoice yet")
        return found[0]["invoice"]

    async def _invoice(self, key: str) -> Invoice:
        return (await self._read(f"/invoices/{key}")).json()["invoice"]

    async def close_invoice(self, key: str, taxes: list[dict[str, Any]]) -> Invoice:
        """Add the taxes to a pending invoice, each once, and close it; return the invoice as it is then."""
        invoice = await self._invoice(key)
        if invoice["status"] == "pending":
            added = {line.get("description") for line in invoice["line_items"] if line["entity_type"] == "adhoc"}
            for each in taxes:
                if f"Tax {each['code']}" not in added:
                    form = {"amount": round(each["tax"] * 100), "description": f"Tax {each['code']}"}
                    await self._write(f"/invoices/{key}/add_charge", form, f"{key}/tax/{each['code']}")
            await self._write(f"/invoices/{key}/close", {}, f"{key}/close")
            invoice = await self._invoice(key)
        return invoice

    async def record_payment(self, invoice: Invoice, payment: dict[str, Any]) -> None:
        """Record in billing that an invoice was paid, once."""
        if (await self._invoice(invoice["id"]))["status"] == "paid":
            return
        await self._write(f"/invoices/{invoice['id']}/record_payment", {
            "transaction[amount]": payment["amount"], "transaction[payment_method]": "other",
            "transaction[reference_number]": payment["id"],
        }, f"{invoice['id']}/payment/{payment['id']}")  # fmt: skip

    # --- tax --------------------------------------------------------------------------------------------------------

    async def commit_tax(self, quote: Quote, invoice: Invoice) -> list[dict[str, Any]]:
        """Commit the tax of an invoice under its number, or find what was committed; return it by jurisdiction."""
        found = f"{self._tax}/api/v2/companies/DEFAULT/transactions/{invoice['id']}"
        reply = await self.ask("GET", found, params={"$include": "Summary"}, auth=_TAX, allow=(404,))
        if reply.status_code == 404:
            create = f"{self._tax}/api/v2/transactions/create?$include=SummaryOnly"
            reply = await self.ask("POST", create, json=_taxable(quote, invoice), auth=_TAX)
        rows = reply.json().get("summary") or []
        return [{"code": row["jurisCode"], "base": row["taxable"], "tax": row["tax"]} for row in rows if row["tax"]]

    # --- payments ---------------------------------------------------------------------------------------------------

    async def charge(self, quote: Quote, invoice: Invoice, key: str) -> dict[str, Any]:
        """Charge what is due of an invoice to the customer's card, once a key; raise Refused when it is declined."""
        query = {"query": f"metadata['account']:'{quote['account']}'"}
        found = await self.ask("GET", f"{self._payment}/v1/customers/search", params=query, auth=_SECRET)
        payer = found.json()["data"][0]
        form = {
            "amount": invoice["amount_due"], "currency": invoice["currency_code"].lower(), "customer": payer["id"],
            "payment_method": payer["invoice_settings"]["default_payment_method"], "payment_method_types[0]": "card",
            "confirm": "true", "off_session": "true", "description": f"Invoice {invoice['id']}",
            "metadata[invoice]": invoice["id"], "metadata[quote]": quote["number"],
        }  # fmt: skip
        headers = {"idempotency-key": key}
        reply = await self.ask("POST", f"{self._payment}/v1/payment_intents", data=form, auth=_SECRET, headers=headers)
        intent = reply.json()
        if intent["status"] != "succeeded":
            raise Refused(402, f"{intent['id']} is {intent['status']}")
        return {"id": intent["id"], "amount": intent["amount_received"]}

    async def paid_out(self, since: int) -> list[dict[str, Any]]:
        """Return the payouts that the bank has had since a second of the epoch."""
        query = {"created[gte]": since, "limit": 100}
        rows = (await self.ask("GET", f"{self._payment}/v1/payouts", params=query, auth=_SECRET)).json()["data"]
        return [row for row in rows if row["status"] == "paid"]

    async def put_settlement(self, payout: dict[str, Any]) -> None:
        """Post a payout under its id: the bank got the net, fees are an expense, clearing goes down by the gross."""
        if await self._get("journalEntry", payout["id"]) is not None:
            return
        gross = fees = 0
        query = {"payout": payout["id"], "limit": 100}
        while True:
            reply = await self.ask("GET", f"{self._payment}/v1/balance_transactions", params=query, auth=_SECRET)
            page = reply.json()
            gross += sum(row["amount"] for row in page["data"] if row["type"] != "payout")
            fees += sum(row["fee"] for row in page["data"] if row["type"] != "payout")
            if not page["has_more"]:
                break
            query["starting_after"] = page["data"][-1]["id"]
        await self._put("journalEntry", payout["id"], _settlement(payout, gross, fees))


_ERP = {"authorization": "Bearer asyncio-example"}
_TASKS = {"authorization": "Bearer q2c-fulfilment"}
_KEY = ("test_q2c_key", "")
_SECRET = ("sk_test_q2c", "")
_BOOKS = ZoneInfo("America/New_York")
_TAX = ("2000000001", "q2c-license")
_FROM = {"line1": "1 Market St", "city": "San Francisco", "region": "CA", "postalCode": "94105", "country": "US"}
_QUOTE = (
    "SELECT Id, QuoteNumber, Version__c, Entity__c, CurrencyIsoCode, TermMonths__c, Account.AccountNumber, "
    "Account.Name, Account.BillingStreet, Account.BillingCity, Account.BillingStateCode, Account.BillingPostalCode, "
    "Account.BillingCountryCode, (SELECT ProductCode__c, ProductKind__c, Quantity, ListPrice, UnitPrice, TotalPrice, "
    "Months__c, SBQQ__RequiredBy__c FROM QuoteLineItems ORDER BY LineNumber) FROM Quote WHERE Id = '{}'"
)
_SWEEP = "SELECT Id, QuoteNumber, Version__c FROM Quote WHERE Status = 'Accepted'"


def _order(quote: Quote) -> dict[str, Any]:
    lines = [
        {
            "line": number, "item": {"externalId": line["sku"]}, "quantity": line["quantity"], "rate": line["unit"],
            "amount": line["amount"], "custcol_kind": line["kind"], "custcol_months": line["months"],
            "custcol_list_rate": line["list"],
        }
        for number, line in enumerate(quote["lines"], 1)
    ]  # fmt: skip
    return {
        "entity": {"externalId": quote["account"]}, "subsidiary": {"id": quote["entity"]},
        "currency": {"refName": quote["currency"]}, "otherRefNum": quote["number"], "memo": quote["reference"],
        "orderStatus": {"id": "B"}, "item": {"items": lines},
    }  # fmt: skip


def _posting(quote: Quote, invoice: Invoice, taxes: list[dict[str, Any]]) -> dict[str, Any]:
    lines = [line for line in invoice["line_items"] if line["entity_type"] != "adhoc"]
    return {
        "entity": {"externalId": invoice["customer_id"]}, "subsidiary": {"id": quote["entity"]},
        "currency": {"refName": invoice["currency_code"]}, "otherRefNum": quote["number"], "memo": quote["reference"],
        **({"dueDate": _day(invoice["due_date"])} if invoice.get("due_date") else {}),
        "item": {"items": [_posted(number, line) for number, line in enumerate(lines, 1)]},
        "taxDetails": {"items": [
            {"line": number, "taxCode": each["code"], "taxBasis": each["base"], "taxAmount": each["tax"]}
            for number, each in enumerate(taxes, 1)
        ]},
    }  # fmt: skip


def _posted(number: int, line: dict[str, Any]) -> dict[str, Any]:
    sku, months = _sold(line)
    return {
        "line": number, "item": {"externalId": sku}, "quantity": line["quantity"], "rate": line["unit_amount"] / 100,
        "amount": line["amount"] / 100, "custcol_kind": "recurring" if months else "one_time",
        "custcol_period_start": _day(line["date_from"]), "custcol_period_end": _day(line["date_to"]),
    }  # fmt: skip


def _settlement(payout: dict[str, Any], gross: int, fees: int) -> dict[str, Any]:
    rows = [("1000", gross - fees), ("6100", fees), ("1050", -gross)]
    return {
        "subsidiary": {"id": "US"}, "currency": {"refName": payout["currency"].upper()}, "memo": payout["id"],
        "tranDate": datetime.fromtimestamp(payout["arrival_date"], _BOOKS).date().isoformat(),
        "line": {"items": [
            {"account": {"id": account}, "debit" if minor > 0 else "credit": abs(minor) / 100, "memo": payout["id"]}
            for account, minor in rows if minor
        ]},
    }  # fmt: skip


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


def _taxable(quote: Quote, invoice: Invoice) -> dict[str, Any]:
    to = quote["address"]
    lines = []
    for number, line in enumerate(invoice["line_items"], 1):
        sku, months = _sold(line)
        lines.append({
            "number": str(number), "quantity": max(1, line["quantity"]), "amount": line["amount"] / 100,
            "itemCode": sku, "taxCode": "SW052000" if months else "SP140000",
        })  # fmt: skip
    return {
        "type": "SalesInvoice", "companyCode": "DEFAULT", "code": invoice["id"], "commit": True,
        "date": _day(invoice["date"]), "customerCode": invoice["customer_id"], "purchaseOrderNo": quote["number"],
        "currencyCode": invoice["currency_code"], "lines": lines,
        "addresses": {"shipFrom": _FROM, "shipTo": {
            "line1": to["line1"], "city": to["city"], "region": to["state_code"], "postalCode": to["zip"],
            "country": to["country"],
        }},
    }  # fmt: skip


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _sold(line: dict[str, Any]) -> tuple[str, int]:
    """Return the sku and the months of what an invoice line charges ("PLAT-STD-USD-12")."""
    item, _, months = (line.get("entity_id") or "").rpartition("-")
    return item.rpartition("-")[0], int(months or 0)


def verify(source: str, body: bytes, header: str) -> None:
    """Raise PermissionError for a message that its system has not signed just now."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    wanted = hmac.new(SECRETS[source], f"{parts.get('t')}.".encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(parts.get("v1", ""), wanted):
        raise PermissionError("the signature does not fit")
    if abs(time.time() - int(parts["t"])) > TOLERANCE_SECONDS:
        raise PermissionError("the signature is old")
