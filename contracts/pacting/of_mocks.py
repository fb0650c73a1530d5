"""The mocks as a provider: served on loopback, with the state handlers of the pacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from contracts.pacting.stage import ADAPTERS, Stage
from contracts.pacting.state_service import Handler
from contracts.pacting.states import STATES, State
from mocks.doors.serving import Running, running


@contextmanager
def served() -> Iterator[tuple[Running, Stage]]:
    """Serve the mocks until the block ends, with the stage on which their states are made."""
    stage = Stage()
    with running(stage.world, turbo=True) as doors:
        stage.goes_live()
        yield doors, stage


def handlers(doors: Running, stage: Stage, system: str) -> Mapping[str, Handler]:
    """Return the state handlers for one of the systems: they let the integration in as well.

    A state is made in one go, in the event loop that serves the world.
    """
    return {name: partial(doors.do, partial(_made, stage, system, state)) for name, state in STATES.items()}


def _made(stage: Stage, system: str, state: State) -> Mapping[str, str]:
    stage.begins()
    values = state(stage)
    known = {} if system not in ADAPTERS else stage.authorization(system)
    return {**{name: value for name, value in known.items() if name == "authorization"}, **values}
