"""Calls on the site itself: its time machine, its webhook endpoints, and how it is configured."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.calendar import SECOND_US
from domain.http import Reply
from mocks.billing import bodies as f
from mocks.billing import resources as r
from mocks.billing.model import Billing
from mocks.billing.views import reply, shown
from mocks.kernel.operations import Call, Refusal

MACHINE = "delorean"
ENDPOINTS_MAX = 16


# --- the time machine -------------------------------------------------------------------------------------------------


def _machine(billing: Billing, call: Call) -> r.TimeMachine:
    if not billing.quirks.time_machine:
        raise Refusal("not_enabled", "the time machine of this site is switched off")
    if call.params["name"] != MACHINE:
        raise Refusal("resource_not_found", f"{call.params['name'][:50]} not found; there is {MACHINE}")
    second = billing.book.now_us // SECOND_US
    kept: r.TimeMachine | None = billing.book.get("time_machine", MACHINE)
    if kept is None:
        return r.TimeMachine(
            name=MACHINE, time_travel_status="succeeded", genesis_time=second, destination_time=second
        )  # fmt: skip
    if kept.time_travel_status == "in_progress" and second >= kept.destination_time:
        kept = replace(kept, time_travel_status="succeeded")
        billing.book.keep("time_machine", MACHINE, kept)
    return kept


def read_time_machine(billing: Billing, call: Call) -> Reply:
    """Show the time machine and how its last journey goes."""
    return reply({"time_machine": _machine(billing, call)})


def start_afresh(billing: Billing, call: Call) -> Reply:
    """Empty the site and note its genesis; a genesis to come is travelled to, the past stays where it is."""
    body: f.StartAfresh = call.body
    machine = _machine(billing, call)
    billing.wipe()
    second = billing.book.now_us // SECOND_US
    genesis = second if body.genesis_time is None else body.genesis_time
    machine = replace(machine, genesis_time=genesis, destination_time=max(genesis, second))
    return _travel(billing, machine)


def travel_forward(billing: Billing, call: Call) -> Reply:
    """Move the clock forward: everything that falls due on the way happens at its own time."""
    body: f.TravelForward = call.body
    machine = _machine(billing, call)
    second = billing.book.now_us // SECOND_US
    if machine.time_travel_status == "in_progress":
        raise Refusal("invalid_state_for_request", "a journey is under way")
    destination = second if body.destination_time is None else body.destination_time
    if destination < second:
        raise Refusal("param_wrong_value", f"lies before now, {second}", field="destination_time")
    return _travel(billing, replace(machine, destination_time=destination))


def _travel(billing: Billing, machine: r.TimeMachine) -> Reply:
    under_way = machine.destination_time > billing.book.now_us // SECOND_US
    machine = replace(machine, time_travel_status="in_progress" if under_way else "succeeded")
    billing.book.keep("time_machine", MACHINE, machine)
    if under_way:
        billing.desk.wish_time(machine.destination_time * SECOND_US)
    return reply({"time_machine": machine})


# --- webhook endpoints ------------------------------------------------------------------------------------------------


def create_webhook_endpoint(billing: Billing, call: Call) -> Reply:
    """Register an address that is told events, all of them unless some are named."""
    body: f.CreateEndpoint = call.body
    table = billing.book.table("webhook_endpoint")
    alive = [endpoint for endpoint in table.values() if not endpoint.deleted]
    if len(alive) >= ENDPOINTS_MAX:
        raise Refusal("resource_limit_exceeded", f"a site has at most {ENDPOINTS_MAX} webhook endpoints")
    if any(endpoint.name == body.name for endpoint in alive):
        raise Refusal("duplicate_entry", f"the value {body.name} is already present", field="name")
    endpoint = r.WebhookEndpoint(
        id=f"whe_{billing.desk.next('webhook endpoint'):06d}",
        name=body.name,
        url=body.url,
        send_card_resource=body.send_card_resource,
        disabled=body.disabled,
        primary_url=body.primary_url,
        api_version=body.api_version,
        enabled_events=list(body.enabled_events),
        created_at=billing.book.now_us // SECOND_US,
    )
    return _endpoint(billing, endpoint, body.basic_auth_username, body.basic_auth_password)


def _endpoint(billing: Billing, endpoint: r.WebhookEndpoint, user: str | None, password: str | None) -> Reply:
    billing.book.keep("webhook_endpoint", endpoint.id, endpoint)
    known = billing.endpoint_logins.get(endpoint.id, ("", ""))
    billing.endpoint_logins[endpoint.id] = (
        known[0] if user is None else user, known[1] if password is None else password
    )  # fmt: skip
    billing.route_events()
    return shown(billing, ("webhook_endpoint", endpoint))


def read_webhook_endpoint(billing: Billing, call: Call) -> Reply:
    """Show a webhook endpoint."""
    return shown(billing, ("webhook_endpoint", billing.found("webhook_endpoint", call.params["id"])))


def update_webhook_endpoint(billing: Billing, call: Call) -> Reply:
    """Change a webhook endpoint."""
    body: f.UpdateEndpoint = call.body
    endpoint = billing.found("webhook_endpoint", call.params["id"])
    given: dict[str, Any] = {
        name: value
        for name in body.__struct_fields__
        if (value := getattr(body, name)) is not None and not name.startswith("basic_auth")
    }
    endpoint = replace(endpoint, **given)
    return _endpoint(billing, endpoint, body.basic_auth_username, body.basic_auth_password)


def delete_webhook_endpoint(billing: Billing, call: Call) -> Reply:
    """Delete a webhook endpoint."""
    endpoint = replace(billing.found("webhook_endpoint", call.params["id"]), deleted=True)
    return _endpoint(billing, endpoint, None, None)


# --- how it is configured ---------------------------------------------------------------------------------------------


def list_configurations(billing: Billing, call: Call) -> Reply:
    """Show which catalogue the site works with."""
    domain = call.request.headers.get("host", "").partition(".")[0] or "site"
    configuration = r.Configuration(
        domain=domain, product_catalog_version="v2", chargebee_response_schema_type="without_item_family"
    )  # fmt: skip
    return reply({"configurations": [configuration]})


def read_site(billing: Billing, call: Call) -> Reply:
    """Show the site."""
    domain = call.request.headers.get("host", "").partition(".")[0] or "site"
    return reply({"site": r.Site(id=domain, time_zone=billing.quirks.default_zone, product_catalog_version="v2")})
