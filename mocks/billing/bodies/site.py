"""Bodies of calls on the site itself."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mocks.billing.bodies.words import Body, Name, Seconds


class CreateEndpoint(Body, frozen=True, kw_only=True):
    """POST /webhook_endpoints."""

    name: Annotated[str, Meta(min_length=1, max_length=50)]
    url: Annotated[str, Meta(pattern="^https?://[^ ]+$", max_length=500)]
    api_version: Literal["v1", "v2"] = "v2"
    primary_url: bool = False
    disabled: bool = False
    basic_auth_username: Name = ""
    basic_auth_password: Name = ""
    send_card_resource: bool = False
    enabled_events: tuple[Name, ...] = ()


class UpdateEndpoint(Body, frozen=True, kw_only=True):
    """POST /webhook_endpoints/{id}."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    url: Annotated[str, Meta(pattern="^https?://[^ ]+$", max_length=500)] | None = None
    api_version: Literal["v1", "v2"] | None = None
    primary_url: bool | None = None
    disabled: bool | None = None
    basic_auth_username: Name | None = None
    basic_auth_password: Name | None = None
    send_card_resource: bool | None = None
    enabled_events: list[Name] | None = None


class StartAfresh(Body, frozen=True, kw_only=True):
    """POST /time_machines/{name}/start_afresh."""

    genesis_time: Seconds | None = None


class TravelForward(Body, frozen=True, kw_only=True):
    """POST /time_machines/{name}/travel_forward."""

    destination_time: Seconds | None = None
