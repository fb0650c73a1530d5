"""A site as the vendor shows it: its events, webhook endpoints, time machine, configuration and downloads."""

from __future__ import annotations

import msgspec

from mocks.billing.resources.objects import Shown


class Event(Shown, frozen=True, kw_only=True, tag="event"):
    """An event with its content as it was when it happened."""

    id: str
    occurred_at: int
    source: str
    api_version: str
    event_type: str
    webhook_status: str
    content: dict[str, msgspec.Raw]
    webhooks: list[str] = msgspec.field(default_factory=list)


class WebhookEndpoint(Shown, frozen=True, kw_only=True, tag="webhook_endpoint"):
    """An address that is told events; without events named it is told all."""

    id: str
    name: str
    url: str
    send_card_resource: bool
    disabled: bool
    primary_url: bool
    api_version: str
    enabled_events: list[str]
    created_at: int
    deleted: bool = False


class TimeMachine(Shown, frozen=True, kw_only=True, tag="time_machine"):
    """The time machine of a test site."""

    name: str
    time_travel_status: str
    genesis_time: int
    destination_time: int


class Configuration(Shown, frozen=True, kw_only=True, tag="configuration"):
    """How a site is configured."""

    domain: str
    product_catalog_version: str
    chargebee_response_schema_type: str


class Site(Shown, frozen=True, kw_only=True, tag="site"):
    """A site."""

    id: str
    time_zone: str
    product_catalog_version: str


class Download(Shown, frozen=True, kw_only=True, tag="download"):
    """Where something could be downloaded until when."""

    download_url: str
    valid_till: int
