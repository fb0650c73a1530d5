"""The mocks in process, opened for fuzzing: a world with a customer in it, signed in, its changes counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from contracts.fuzzing.settings import Service, Settings
from contracts.fuzzing.suite import Fuzzing
from domain.history import Changed
from domain.http import Request
from integration.flows.catalogue import SYSTEMS
from integration.outcomes import Answer
from mocks.doors.asgi import application
from mocks.doors.clock import Clock
from mocks.doors.live import LiveWorld
from mocks.kernel.limits import LimitPolicy

NAMES = ("crm", "erp", "billing", "tax", "payment", "fulfilment")
KEYS = {"payment": "idempotency-key", "billing": "chargebee-idempotency-key"}
_SYSTEMS = {system.name: system for system in SYSTEMS}


def world(limits: LimitPolicy = LimitPolicy()) -> LiveWorld:  # noqa: B008
    """Return a world without limits."""
    return LiveWorld(1, limits=dict.fromkeys(NAMES, limits), clock=Clock())


def signed_in(live: LiveWorld, system: str) -> dict[str, str]:
    """Return the headers of somebody who may use a system."""
    known = _SYSTEMS[system]
    if known.token is None:
        return {**known.headers, **(known.credentials() if known.credentials else {})}
    call = known.token.call(live.clock.now_us())
    reply = live.handle(system, Request(system, call.method, call.target, call.headers, call.body)).reply
    assert reply.status == 200, f"{system} lets nobody in: {reply}"
    return known.token.read(Answer(reply.status, reply.body)).headers


def fuzzing(name: str, document: Path, settings: Settings, shown: str = "") -> Fuzzing:
    """Return the suite of one mock; raise KeyError for a name that no mock has."""
    if name not in NAMES:
        raise KeyError(f"there is no mock {name!r}; there are {', '.join(NAMES)}.")

    @contextmanager
    def opened() -> Iterator[tuple[Service, Settings]]:
        live, counted = world(), [0]

        def count(record: object) -> None:
            counted[0] += isinstance(record, Changed)

        live.listeners.append(count)
        headers = {**signed_in(live, name), **settings.headers}
        chosen = msgspec.structs.replace(settings, headers=headers, key_header=KEYS.get(name, ""))
        yield Service(application=application(live, name), changes=lambda: counted[0]), chosen

    return Fuzzing(document, opened, shown)
