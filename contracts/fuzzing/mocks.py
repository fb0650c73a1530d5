"""The mocks, opened for fuzzing: a world in which business was done, signed in, its changes counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import msgspec

from contracts.fuzzing.settings import FINAL_STATES, Service, Settings
from contracts.fuzzing.suite import Fuzzing
from contracts.pacting.stage import Stage
from contracts.pacting.states import STATES
from domain.history import Changed
from domain.http import Request
from integration.flows.catalogue import SYSTEMS
from integration.outcomes import Answer
from mocks.doors.asgi import application
from mocks.doors.clock import Clock
from mocks.doors.live import LiveWorld
from mocks.kernel.limits import LimitPolicy


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a mock: the state of business it begins with, its header of keys, how it refuses.

    `final_states` are its words for what is over; `expected_statuses` as in the settings.
    """

    state: str
    key_header: str = ""
    refusals: str = ""
    final_states: tuple[str, ...] = FINAL_STATES
    expected_statuses: Mapping[str, tuple[int, ...]] = {}


_FAULTS = (500,)  # SOAP 1.1 6.2: a fault is told with 500
KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "crm": Known(
            state="an accepted quote", refusals="salesforce",
            expected_statuses={
                "not_a_server_error@POST /services/Soap/u/{version}": _FAULTS,
                "not_a_server_error@POST /services/Soap/u/{version}/{organisation}": _FAULTS,
            },
        ),
        "erp": Known(state="a posted and paid invoice", refusals="netsuite"),
        # A cancelled subscription may be reactivated: Chargebee API v2, Reactivate a subscription.
        "billing": Known(
            state="a due invoice", refusals="chargebee", key_header="chargebee-idempotency-key",
            final_states=("voided",),
        ),
        "tax": Known(state="a committed tax document", refusals="avatax", final_states=("Cancelled",)),
        "payment": Known(state="a payment", refusals="stripe", key_header="idempotency-key"),
        "fulfilment": Known(state="a task", refusals="rfc9457"),
    }
)  # fmt: skip
NAMES = tuple(KNOWN)
_SYSTEMS = {system.name: system for system in SYSTEMS}


def world(limits: LimitPolicy = LimitPolicy()) -> LiveWorld:  # noqa: B008
    """Return a world without limits."""
    return LiveWorld(1, limits=dict.fromkeys(NAMES, limits), clock=Clock())


def busy(name: str) -> LiveWorld:
    """Return a world without limits in which a mock has something to tell; its clock stands still."""
    stage = Stage()
    clock = stage.world.clock
    stage.world = LiveWorld(1, limits=dict.fromkeys(NAMES, LimitPolicy()), clock=clock)
    STATES[KNOWN[name].state](stage)
    return stage.world


def signed_in(live: LiveWorld, system: str) -> dict[str, str]:
    """Return the headers of somebody who may use a system."""
    known = _SYSTEMS[system]
    if known.token is None:
        return {**known.headers, **(known.credentials() if known.credentials else {})}
    call = known.token.call(live.clock.now_us())
    reply = live.handle(system, Request(system, call.method, call.target, call.headers, call.body)).reply
    assert reply.status == 200, f"{system} lets nobody in: {reply}"
    return known.token.read(Answer(reply.status, reply.body)).headers


def settings_of(name: str, headers: Mapping[str, str], settings: Settings) -> Settings:
    """Return settings completed by what is known of a mock; what they say themselves counts more."""
    known = KNOWN[name]
    return msgspec.structs.replace(
        settings, headers={**headers, **settings.headers}, key_header=settings.key_header or known.key_header,
        refusals=settings.refusals or known.refusals, final_states=known.final_states,
        expected_statuses={**known.expected_statuses, **settings.expected_statuses},
    )  # fmt: skip


def fuzzing(name: str, document: Path, settings: Settings, shown: str = "") -> Fuzzing:
    """Return the suite of one mock in this process; raise KeyError for a name that no mock has."""
    if name not in NAMES:
        raise KeyError(f"there is no mock {name!r}; there are {', '.join(NAMES)}.")

    @contextmanager
    def opened() -> Iterator[tuple[Service, Settings]]:
        live, counted = busy(name), [0]

        def count(record: object) -> None:
            counted[0] += isinstance(record, Changed)

        live.listeners.append(count)
        chosen = settings_of(name, signed_in(live, name), settings)
        yield Service(application=application(live, name), changes=lambda: counted[0], shown=f"the mock {name}"), chosen

    return Fuzzing(document, opened, shown)
