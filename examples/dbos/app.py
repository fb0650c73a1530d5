"""Quote to cash on a workflow library: each accepted quote is one durable workflow, each call one step of it.

The workflow's id is the quote version, so that a quote that is heard of twice is taken up once. A step that failed is
repeated under the same key; where the other side has no keys, or forgets them, it is asked first whether it is done.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe
import systems
from dbos import DBOS, SetWorkflowID
from systems import Refused

PORT = int(os.environ.get("PORT", "9320"))
WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "whsec_q2c_integration")
SWEEP_SECONDS = 5.0
TASK_SECONDS = 60.0
"""How long the news of a delivery is waited for before fulfilment is asked."""

DBOS(
    config={
        "name": "q2c-example",
        "system_database_url": os.environ.get("DBOS_SYSTEM_DATABASE_URL", "sqlite:///integration.db"),
        "run_admin_server": False,
        "log_level": "WARNING",
    }
)


def _is_passing(error: BaseException) -> bool:
    """Tell whether trying again may help: a refusal for good is no reason to knock on."""
    return not (isinstance(error, Refused) and error.is_final)


patient = DBOS.step(
    retries_allowed=True, interval_seconds=0.5, max_attempts=12, backoff_rate=1.6, should_retry=_is_passing
)
"""A step that bears an outage of a few minutes; after that its workflow fails, and people start it again."""

read_quote = patient(systems.read_quote)
ensure_erp_customer = patient(systems.ensure_erp_customer)
ensure_billing_customer = patient(systems.ensure_billing_customer)
put_order = patient(systems.put_order)
ask_for_delivery = patient(systems.ask_for_delivery)
read_task = patient(systems.read_task)
fulfil_order = patient(systems.fulfil_order)
ensure_subscription = patient(systems.ensure_subscription)
commit_tax = patient(systems.commit_tax)
close_invoice = patient(systems.close_invoice)
put_invoice = patient(systems.put_invoice)
charge = patient(systems.charge)
record_payment = patient(systems.record_payment)
put_cash = patient(systems.put_cash)
mirror = patient(systems.mirror)


@DBOS.workflow()
def quote_to_cash(quote_id: str) -> str:
    """Take an accepted quote to cash: book, deliver, subscribe, tax, post, charge, apply, and show it to sales."""
    quote = read_quote(quote_id)
    ensure_erp_customer(quote)
    order = put_order(quote)
    mirror(quote, {"OrderStatus__c": "booked", "OrderNumber__c": order["tranId"], "Status": "Converted"})
    ask_for_delivery(quote)
    delivered(quote)
    fulfil_order(quote)
    ensure_billing_customer(quote)
    drawn = ensure_subscription(quote)
    taxes = commit_tax(quote, drawn)
    invoice = close_invoice(drawn["id"], taxes)
    put_invoice(quote, invoice, taxes)
    mirror(
        quote,
        {"OrderStatus__c": "fulfilled", "InvoiceStatus__c": "posted", "InvoiceBalance__c": invoice["amount_due"] / 100},
    )
    payment = charge(quote, invoice)
    record_payment(invoice, payment)
    put_cash(quote, invoice, payment)
    mirror(quote, {"InvoiceStatus__c": "paid", "PaymentStatus__c": "received", "InvoiceBalance__c": 0})
    return invoice["id"]


def delivered(quote: dict) -> None:
    """Return when fulfilment is complete: it tells so, and it is asked when nothing is heard."""
    while DBOS.recv("task", timeout_seconds=TASK_SECONDS) is None:
        if read_task(quote)["status"] == "completed":
            return


# --- how it hears of things -----------------------------------------------------------------------------------------


def take_up(quote_id: str, reference: str) -> None:
    """Begin the workflow of a quote version; one that has begun is not begun again."""
    with SetWorkflowID(reference):
        DBOS.start_workflow(quote_to_cash, quote_id)


def sweep() -> None:
    """Look for accepted quotes that nobody told us of."""
    while True:
        time.sleep(SWEEP_SECONDS)
        try:
            for quote_id, reference in systems.accepted_quotes():
                take_up(quote_id, reference)
        except Exception as trouble:
            DBOS.logger.warning(f"sweep: {trouble}")


@DBOS.workflow()
def heard(source: str, body: str) -> None:
    """Handle one message of a system; its id is the workflow's, so that one that comes twice is handled once."""
    if source == "crm":
        for quote_id, reference in quotes_in(body):
            take_up(quote_id, reference)
    if source == "fulfilment":
        event = json.loads(body)
        if event["type"] == "task.completed":
            DBOS.send(event["task"]["id"], "completed", "task")


def quotes_in(body: str) -> list[tuple[str, str]]:
    """Return the quotes that an outbound message of the CRM tells of."""
    found = []
    for part in body.split("<Notification>")[1:]:
        fields = dict(re.findall(r"<sf:(\w+)>([^<]*)<", part))
        found.append((fields["Id"], f"{fields['QuoteNumber']}-v{int(float(fields.get('Version__c', 1)))}"))
    return found


def message_id(source: str, body: str, headers: dict[str, str]) -> str:
    """Return the sender's id of a message; raise when it cannot be believed."""
    if source == "payment":
        return stripe.Webhook.construct_event(body, headers.get("stripe-signature", ""), WEBHOOK_SECRET).id
    if source == "fulfilment":
        systems.verify_fulfilment(body, headers.get("x-signature", ""))
    if source == "billing" and headers.get("authorization") != systems.BILLING_WEBHOOK:
        raise PermissionError("the webhook's user and password are not ours")
    if source == "crm":
        return re.search(r"<Notification>\s*<Id>([^<]+)<", body)[1]
    return json.loads(body)["id"]


ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse '
    'xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body>'
    "</soapenv:Envelope>"
)


class Intake(BaseHTTPRequestHandler):
    """Stores a message durably, then says that it has it; the work is done afterwards."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell whether it can work."""
        self._answer(200 if self.path == "/health" else 404)

    def do_POST(self) -> None:
        """Take a webhook in."""
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        source = self.path.rpartition("/")[2]
        try:
            name = message_id(source, body, {key.lower(): value for key, value in self.headers.items()})
        except Exception as doubt:
            return self._answer(401, str(doubt))
        try:
            with SetWorkflowID(f"message/{source}/{name}"):
                DBOS.start_workflow(heard, source, body)
        except Exception as trouble:
            DBOS.logger.warning(f"{source} {name}: {trouble}")
            return self._answer(503)
        return self._answer(200, ACK if source == "crm" else "{}")

    def _answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.send_header("content-type", "text/xml" if text.startswith("<") else "application/json")
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


class Server(ThreadingHTTPServer):
    """Takes many messages at once: a storm of webhooks knocks all at the same moment."""

    request_queue_size = 256
    daemon_threads = True


if __name__ == "__main__":
    DBOS.launch()
    threading.Thread(target=sweep, daemon=True).start()
    Server(("127.0.0.1", PORT), Intake).serve_forever()
