"""The mocks as a provider: served on loopback, with the state handlers of the pacts, in lanes beside each other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from contracts.compatibility.documents import Unusable
from contracts.compatibility.pacts import Pact, read_pact
from contracts.findings import Progress
from contracts.pacting import messages
from contracts.pacting.stage import ADAPTERS, DOORS, Stage
from contracts.pacting.state_service import Handler, StateService, serving_states
from contracts.pacting.states import STATES, State
from contracts.pacting.verification import Provider, Verified, job_of, judged, message_job, run_all
from contracts.pacting.worker import Job
from mocks.doors.serving import Running, running

LANES_MAX = 4
START = 30
"""What the start of a verifier's process costs, in interactions."""


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
    stage.begins(system)
    values = state(stage)
    known = {} if system not in ADAPTERS else stage.authorization(system)
    return {**{name: value for name, value in known.items() if name == "authorization"}, **values}


Agreed = tuple[Path, Pact]


def of_mocks(
    files: Sequence[Path], only: Sequence[str] = (), progress: Progress = lambda _done, _of: None
) -> list[Verified]:
    """Verify pacts against the mocks; raise Unusable for the pact of a provider that they are not.

    Lanes stand beside each other, each with a world and with a process of the verifier of its own.
    """
    pacts = [(path, pact) for path in files for pact in (read_pact(path),) if not only or pact.provider in only]
    lanes = split(pacts, min(LANES_MAX, os.cpu_count() or 1))
    found: list[Verified] = []
    with ThreadPoolExecutor(max_workers=max(1, len(lanes)), thread_name_prefix="lane") as pool:
        for number, verified in enumerate(pool.map(_verified, lanes), 1):
            found += verified
            progress(number, len(lanes))
    order = {pact.document.name: number for number, (_, pact) in enumerate(pacts)}
    return sorted(found, key=lambda each: order[each.file])


def split(pacts: Sequence[Agreed], lanes: int) -> list[list[Agreed]]:
    """Return pacts in lanes of about the same length; no lane that is not worth its start."""
    count = sum(_length(pact) for _, pact in pacts)
    found: list[list[Agreed]] = [[] for _ in range(max(1, min(lanes, count // START)))] if pacts else []
    for each in sorted(pacts, key=lambda each: -_length(each[1])):
        min(found, key=lambda lane: sum(_length(pact) for _, pact in lane)).append(each)
    return found


def _length(pact: Pact) -> int:
    return len(pact.interactions) + len(pact.messages)


def _verified(lane: Sequence[Agreed]) -> list[Verified]:
    """Verify the pacts of a lane, one after another."""
    with served() as (doors, stage), ExitStack() as stack:
        jobs: list[Job] = []
        services: list[StateService | None] = []
        for path, pact in lane:
            name, service = pact.provider, None
            if name.endswith("-messages") or name == messages.PUBLISHER:
                jobs.append(message_job(pact, path, messages.produced(name, Stage())))
            elif (door := DOORS.get(name, name)) in doors:
                service = stack.enter_context(serving_states(handlers(doors, stage, name)))
                jobs.append(job_of(Provider(name=name, url=doors[door]), [path], service.address))
            else:
                raise Unusable(f"{path}: {name} is none of the mocks ({', '.join(doors)}); give its address.")
            services.append(service)
        told = run_all(jobs)
    return [
        row for (_, pact), results, service in zip(lane, told, services, strict=True)
        for row in judged([pact], results, service)
    ]  # fmt: skip
