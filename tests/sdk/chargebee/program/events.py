"""Events, webhooks, and the site with its time machine."""

import os
import time

import chargebee
from shop import DAY, KEEP, cb, items, now, raises


def check_events():
    page = cb.Event.list({"limit": 100, "event_type": {"is": "subscription_created"}}).list
    assert {row.event.event_type for row in page} == {"subscription_created"}
    event = cb.Event.retrieve(page[0].event.id).event
    assert event.api_version == "v2"
    assert event.content["subscription"]["id"]


def check_webhook_endpoints():
    made = cb.WebhookEndpoint.create(
        {
            "name": "ours",
            "url": os.environ["WEBHOOKS"],
            "basic_auth_username": "u",
            "basic_auth_password": "p",
            "enabled_events": ["customer_created"],
        }
    ).webhook_endpoint
    assert (made.name, made.disabled, made.enabled_events) == ("ours", False, ["customer_created"])
    assert [row.webhook_endpoint.id for row in cb.WebhookEndpoint.list().list] == [made.id]
    cb.Customer.create({"id": "told"})
    KEEP["endpoint"] = made.id
    assert cb.WebhookEndpoint.update(made.id, {"disabled": True}).webhook_endpoint.disabled


def check_webhook_endpoint_is_deleted():
    cb.WebhookEndpoint.delete(KEEP["endpoint"])
    assert not cb.WebhookEndpoint.list().list


def check_configurations():
    (found,) = cb.Configuration.list().configurations
    assert found.product_catalog_version == "v2"


def check_time_machine_renews():
    machine = cb.TimeMachine.retrieve("delorean").time_machine
    assert machine.time_travel_status == "succeeded"
    cb.env.time_travel_retry_delay_ms = 100
    KEEP["now"] = now() + 40 * DAY
    cb.TimeMachine.travel_forward("delorean", {"destination_time": KEEP["now"]})
    for _ in range(100):
        machine = cb.TimeMachine.retrieve("delorean").time_machine
        if machine.time_travel_status != "in_progress":
            break
        time.sleep(0.05)
    assert machine.time_travel_status == "succeeded"
    assert cb.Subscription.retrieve("sub-trial").subscription.status == "active"
    assert cb.Subscription.retrieve("sub-future").subscription.status == "active"
    assert cb.Subscription.retrieve("sub-term").subscription.status == "cancelled"
    renewed = cb.Invoice.list({"subscription_id": {"is": "sub-auto"}, "limit": 100}).list
    assert [row.invoice.status for row in renewed] == ["paid", "paid"]


def check_usage_is_billed_after_its_period():
    lines = [
        line
        for row in cb.Invoice.list({"subscription_id": {"is": "sub-usage"}, "limit": 100}).list
        for line in row.invoice.line_items
        if line.entity_id == "api-usd-monthly"
    ]
    assert [(line.quantity, line.amount, line.metered) for line in lines] == [(100, 1000, True)]
    assert cb.Usage.retrieve("sub-usage", {"id": "u-0"}).usage.invoice_id


def check_unpaid_invoices_are_dunned():
    late = cb.Invoice.list({"dunning_status": {"is": "in_progress"}, "limit": 100}).list
    assert late
    invoice = cb.Invoice.stop_dunning(late[0].invoice.id, {}).invoice
    assert invoice.dunning_status == "stopped"
    assert cb.Invoice.resume_dunning(invoice.id, {}).invoice.dunning_status == "in_progress"


def check_journey_into_the_past_is_refused():
    with raises(chargebee.InvalidRequestError, "param_wrong_value", "destination_time"):
        cb.TimeMachine.travel_forward("delorean", {"destination_time": now() - DAY})


def check_start_afresh_empties_the_site():
    assert cb.TimeMachine.start_afresh("delorean", {}).time_machine.time_travel_status == "succeeded"
    assert cb.Customer.list().list == []
    assert cb.ItemPrice.retrieve("core-usd-monthly").item_price.price == 5000
    cb.Customer.create({"id": "acme"})
    made = cb.Subscription.create_with_items(
        "acme", {"id": "sub-1", "subscription_items": items(("core-usd-monthly", 1))}
    )
    assert made.subscription.status == "active"
