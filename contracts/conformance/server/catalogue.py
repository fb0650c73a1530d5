"""The catalogue of a server's promises, and what many of them ask for."""

from __future__ import annotations

from contracts.conformance.assertion import Catalogue, Skipped, Untaken, require
from contracts.conformance.wire import Exchange, Intent, Wire

PROMISES = Catalogue()
DRAFT = "draft-ietf-httpapi-idempotency-key-header-07"


async def made(wire: Wire, intent: Intent) -> Exchange:
    """Send an intent for the first time; nothing more can be tried when even that fails."""
    first = await wire.send(intent)
    if not first.ok:
        raise Untaken(f"The first request was answered {first.status or first.problem}; expected 2xx.")
    return first


async def require_effects(wire: Wire, intent: Intent, wanted: int) -> None:
    """Require that an intent has had so many effects, when they can be counted."""
    found = await wire.effects(intent)
    require(found is None or found == wanted, f"It had {found} effects; expected {wanted}.")


def require_same(wire: Wire, first: Exchange, again: Exchange) -> None:
    """Require that a repetition was answered like the first request, as far as the profile promises it."""
    require(again.ok, f"The repetition was answered {again.status or again.problem}; expected {first.status}.")
    if wire.profile.statuses_equal:
        require(again.status == first.status, f"{first.status} became {again.status} when repeated.")
    if wire.profile.same_body:
        require(bool(again.body) or not first.body, "The repetition was answered without a body.")
        require(not first.body or again.json() == first.json(), "The repetition was answered with another body.")
    require(wire.identity(again) == wire.identity(first), "The repetition was answered with another resource.")


def skip_external_ids(wire: Wire, why: str = "the path is the key here") -> None:
    """Skip what makes no sense where an external id takes the place of a key."""
    if wire.profile.external_id:
        raise Skipped(why)
