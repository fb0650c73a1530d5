"""The reference integration signs in: what it makes of the answers to its token calls."""

from __future__ import annotations

from contracts.responses.cases import Base
from contracts.responses.documents import read
from contracts.responses.reference import MANNERS, SYSTEM_OF, Reader, ReadingConsumer
from contracts.responses.shapes import learned
from domain.http import Request
from mocks.doors.live import LiveWorld


def signings() -> list[tuple[ReadingConsumer, Base]]:
    """Return every system that gives tokens, with the answer of its mock."""
    world, found = LiveWorld(1), []
    for system in SYSTEM_OF.values():
        if system.token is None:
            continue
        call = system.token.call(world.clock.now_us())
        reply = world.handle(system.name, Request(system.name, call.method, call.target, call.headers, call.body)).reply
        reader = Reader(f"{system.name}.token", system.name, ("token",), system.token.read)
        shape = learned([read(reply.body)], MANNERS[system.name])
        found.append((ReadingConsumer(reader, "token"), Base(name=f"{reader.name}/token#1", shape=shape, reply=reply)))
    return found
