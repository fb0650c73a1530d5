"""The catalogue of a server's promises, and how they are tried: one after the other, each with intents of its own."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.conformance.assertion import Assertion, Broken, Catalogue, Skipped, Tried, require
from contracts.conformance.wire import Exchange, Intent, Wire
from contracts.findings import Progress

PROMISES = Catalogue()
EVIDENCE_MAX = 12
DRAFT = "draft-ietf-httpapi-idempotency-key-header-07"


async def attempt_all(wire: Wire, assertions: Sequence[Assertion], progress: Progress) -> list[Tried]:
    """Try assertions and return what came of each; raise Unreachable when nobody answers."""
    tried = []
    for number, assertion in enumerate(assertions, 1):
        wire.exchanges.clear()
        try:
            await assertion.attempt(wire)
        except Broken as broken:
            evidence = tuple(str(exchange) for exchange in wire.exchanges[-EVIDENCE_MAX:])
            tried.append(Tried(assertion=assertion, outcome="broken", reason=str(broken), evidence=evidence))
        except Skipped as skipped:
            tried.append(Tried(assertion=assertion, outcome="skipped", reason=str(skipped)))
        else:
            tried.append(Tried(assertion=assertion, outcome="holds"))
        progress(number, len(assertions))
    return tried


async def made(wire: Wire, intent: Intent) -> Exchange:
    """Send an intent for the first time; nothing more can be tried when even that fails."""
    first = await wire.send(intent)
    require(first.ok, f"The first request was answered {first.status or first.problem}; expected 2xx.")
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
