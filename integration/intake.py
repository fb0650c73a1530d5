"""Webhook intake: verify, deduplicate, store, and only then answer 2xx; work is done later by flows.

A `Source` is what an adapter knows of one sender; a `Route` is what a message of a topic is good for. Both are tables
handed to the integration. Messages wait in the inbox until a flow receives them, so early and reordered ones are
harmless; a message is taken once, in the same transaction as the step of the flow that received it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from domain.http import Reply, Request
from integration.effects import Start
from integration.outcomes import Message

LOCAL = "integration"
"""The source of messages that the integration sends itself: emitted events whose type has a route."""


class Unverified(Exception):
    """A request is not what it claims to be: wrong signature, stale, or wrong credentials. `status` is 400 or 401."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class Unreadable(Exception):
    """A verified request cannot be understood; it is answered with 400 and the sender's retries bring it back."""


class Source(msgspec.Struct, frozen=True):
    """One sender: where it posts, how its requests are verified, parsed and acknowledged.

    `verify(request, now_us)` raises Unverified; `parse(request)` returns the messages of a verified request (source
    and received_us are set by the intake) or raises Unreadable.
    """

    name: str
    path: str
    verify: Callable[[Request, int], None]
    parse: Callable[[Request], Sequence[Message]]
    acknowledgement: Reply = Reply(200, {"content-type": "application/json"}, b"{}")


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What messages of one source and topic lead to.

    `start` makes the flow to start of a message (None: this one starts nothing). `deliver_as` is the topic under which
    flows receive it, its own when empty; `deliver` False means that no flow waits for it. A message whose topic has no
    route is answered and forgotten.
    """

    source: str
    topic: str
    start: Callable[[Message], Start | None] | None = None
    deliver: bool = True
    deliver_as: str = ""


class Plan(msgspec.Struct, frozen=True):
    """What to do with one message: the message as flows will see it, whether it waits for one, the flow to start."""

    message: Message
    deliver: bool
    start: Start | None


class Intake:
    """The tables of sources and routes, and the pure decisions made from them.

    `duplicates` counts the messages that each source has told again, since the process began.
    """

    def __init__(self, sources: Iterable[Source], routes: Iterable[Route]) -> None:
        self._sources: Mapping[str, Source] = {source.path: source for source in sources}
        self._routes: Mapping[tuple[str, str], Route] = {(route.source, route.topic): route for route in routes}
        self.duplicates: Counter[str] = Counter()

    def source_of(self, request: Request) -> Source | None:
        """Return the source that posts to the request's path."""
        return self._sources.get(request.target.partition("?")[0])

    def read(self, source: Source, request: Request, now_us: int) -> list[Plan]:
        """Return what to do with each message of a request that has a route; raise Unverified or Unreadable."""
        _verify(source, request, now_us)
        try:
            return self.plans(source.name, source.parse(request), now_us)
        except Unreadable:
            raise
        except Exception as trouble:  # a message that our code does not expect must not stop the others
            raise Unreadable(f"{type(trouble).__name__}: {trouble}") from trouble

    def plans(self, name: str, messages: Sequence[Message], now_us: int) -> list[Plan]:
        """Return what to do with each message of a source that has a route."""
        stamp = msgspec.structs.replace
        wanted = [message for message in messages if (name, message.topic) in self._routes]
        return [self.plan(stamp(message, source=name, received_us=now_us)) for message in wanted]

    def plan(self, message: Message) -> Plan:
        """Return what the routing table says of a message that has a route."""
        route = self._routes[message.source, message.topic]
        if route.deliver_as:
            message = msgspec.structs.replace(message, topic=route.deliver_as)
        return Plan(message, route.deliver, route.start(message) if route.start else None)

    def routes(self, topic: str) -> bool:
        """Tell whether events of a type that the integration emits are wanted by its own flows."""
        return (LOCAL, topic) in self._routes


def _verify(source: Source, request: Request, now_us: int) -> None:
    """Raise Unverified unless a request is its sender's; whatever a stranger writes into a header, it ends nothing."""
    try:
        source.verify(request, now_us)
    except Unverified:
        raise
    except Exception as trouble:
        raise Unverified(f"the request cannot be verified: {type(trouble).__name__}") from trouble
