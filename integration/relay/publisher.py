"""Publishers: one way to hand an event to a broker and know that it has it, over NATS JetStream, Kafka or RabbitMQ.

All go through FastStream, and each is imported only when it is configured. The address says which:

    nats://broker:4222                      a JetStream stream; `?stream=Q2C` names it (made when it is missing)
    kafka://one:9092,two:9092               a topic; `?topic=q2c.events` names it
    amqp://user:word@broker:5672/vhost      a topic exchange; `?exchange=q2c.events` names it

`?prefix=com.example` goes before the type in NATS subjects and RabbitMQ routing keys. A publisher returns when the
broker has acknowledged: stored by JetStream, by all in-sync replicas of Kafka, by RabbitMQ's publisher confirm.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msgspec

from integration.relay.cloud_event import MEDIA_TYPE

ACKNOWLEDGED_WITHIN_SECONDS = 10.0
CONNECT_SECONDS = 5
REMEMBERED_SECONDS = 72 * 3600
"""How long JetStream knows an event's id again: the 72 hours for which consumers deduplicate (domain events, 4.1)."""
_EXTRAS = {"nats": "faststream[nats]", "kafka": "faststream[kafka]", "rabbit": "faststream[rabbit]"}


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way out: `body` is its CloudEvent in JSON, `id` what the broker knows it by."""

    id: str
    type: str
    key: str
    body: bytes


class Unavailable(Exception):
    """The broker did not confirm: it may or may not have the event; send it again later."""


class Poison(Exception):
    """The broker will never take this event; `code` is in the error taxonomy."""

    def __init__(self, message: str, code: str = "VALIDATION.LIMIT") -> None:
        self.code = code
        super().__init__(message)


class BrokerMisconfigured(ValueError):
    """The broker cannot be used as configured; the text says what to do."""


class Publisher(Protocol):
    """A connection to a broker. `publish` returns when the event is the broker's, or raises Unavailable or Poison."""

    async def open(self) -> None: ...

    async def publish(self, event: Outgoing) -> None: ...

    async def close(self) -> None: ...


class Address(msgspec.Struct, frozen=True):
    """Where a broker is: its kind (nats, kafka, rabbit), what to connect to, and what to write to."""

    kind: str
    url: str
    place: str
    prefix: str = ""

    def topic(self, event_type: str) -> str:
        """Return the subject or routing key of an event type."""
        return f"{self.prefix}.{event_type}" if self.prefix else event_type


_KINDS: Mapping[str, tuple[str, str, str]] = {
    "nats": ("nats", "stream", "Q2C"),
    "tls": ("nats", "stream", "Q2C"),
    "kafka": ("kafka", "topic", "q2c.events"),
    "amqp": ("rabbit", "exchange", "q2c.events"),
    "amqps": ("rabbit", "exchange", "q2c.events"),
}
"""Kind, the name of the option that says what to write to, and its default, by scheme."""


def address_of(text: str) -> Address:
    """Return what an address says; raise BrokerMisconfigured with the reason when it says nothing usable."""
    parts = urlsplit(text)
    if parts.scheme not in _KINDS or not parts.netloc:
        known = ", ".join(f"{scheme}://host" for scheme in _KINDS)
        raise BrokerMisconfigured(f"the broker's address is not one of {known}; without a broker leave it empty")
    kind, option, default = _KINDS[parts.scheme]
    said = dict(parse_qsl(parts.query))
    unknown = sorted(said.keys() - {option, "prefix"})
    if unknown:
        raise BrokerMisconfigured(f"a {kind} broker has no option {unknown[0]!r}; there are: {option}, prefix")
    url = parts.netloc if kind == "kafka" else urlunsplit(parts._replace(query=""))
    return Address(kind, url, said.get(option, default), said.get("prefix", ""))


def open_publisher(text: str) -> Publisher:
    """Return the publisher of an address, not yet connected; raise BrokerMisconfigured when it cannot be made."""
    address = address_of(text)
    makers: Mapping[str, Callable[[Address, Any], Publisher]] = {
        "nats": NatsPublisher, "kafka": KafkaPublisher, "rabbit": RabbitPublisher,
    }  # fmt: skip
    return makers[address.kind](address, _loaded(address.kind))


def _loaded(kind: str) -> Any:
    try:
        return import_module(f"faststream.{kind}")
    except ImportError as missing:
        extra = "q2c-harness[events]" if kind == "nats" else _EXTRAS[kind]
        raise BrokerMisconfigured(
            f"a {kind} broker needs a package that is not installed: pip install '{extra}'"
        ) from (missing)


# --- NATS JetStream -------------------------------------------------------------------------------------------------


class NatsPublisher:
    """Publishes to a JetStream stream; the id of an event keeps the stream from taking it twice."""

    def __init__(self, address: Address, library: Any) -> None:
        self._address, self._library = address, library
        self._errors = import_module("nats.errors")
        self._stream_errors = import_module("nats.js.errors")
        self._broker: Any = None

    async def open(self) -> None:
        """Connect, and make the stream unless it is there."""
        self._broker = self._library.NatsBroker(
            self._address.url, connect_timeout=CONNECT_SECONDS, logger=None, name="q2c-relay",
            # The relay itself comes again; left alone the client tries a server 60 times, 2 s apart, before it says so.
            allow_reconnect=False, max_reconnect_attempts=1, reconnect_time_wait=0.1,
        )  # fmt: skip
        try:
            client = await self._broker.connect()
            await self._make_stream(client.jetstream())
        except (self._errors.Error, OSError, TimeoutError) as error:
            await self.close()
            raise Unavailable(f"no connection to NATS: {_said(error)}") from error

    async def _make_stream(self, streams: Any) -> None:
        name = self._address.place
        try:
            await streams.stream_info(name)
        except self._stream_errors.NotFoundError:
            await streams.add_stream(
                name=name, subjects=[self._address.topic("q2c.>")], duplicate_window=REMEMBERED_SECONDS
            )

    async def publish(self, event: Outgoing) -> None:
        """Return when the stream has stored the event, or had it already."""
        if self._broker is None:
            raise Unavailable("not connected to NATS")
        try:
            await self._broker.publish(
                event.body, self._address.topic(event.type), stream=self._address.place,
                headers={"content-type": MEDIA_TYPE, "Nats-Msg-Id": event.id}, correlation_id=event.id,
                timeout=ACKNOWLEDGED_WITHIN_SECONDS,
            )  # fmt: skip
        except (self._errors.MaxPayloadError, self._errors.BadSubjectError) as error:
            raise Poison(f"NATS takes no such message: {_said(error)} ({len(event.body)} bytes)") from error
        except self._stream_errors.APIError as error:
            if error.code == 400:  # the request itself: above all larger than the stream's messages may be
                raise Poison(f"the stream refused it: {error.description}") from error
            raise Unavailable(f"the stream did not take it: {error.description}") from error
        except (self._errors.Error, OSError, TimeoutError) as error:
            raise Unavailable(f"NATS did not confirm: {_said(error)}") from error

    async def close(self) -> None:
        """Disconnect; what is not confirmed stays unconfirmed."""
        broker, self._broker = self._broker, None
        if broker is not None:
            with contextlib.suppress(Exception):
                await broker.stop()


# --- Kafka ----------------------------------------------------------------------------------------------------------


class KafkaPublisher:
    """Publishes to one topic; the partition key keeps the order of its facts, an idempotent producer their number."""

    def __init__(self, address: Address, library: Any) -> None:
        self._address, self._library = address, library
        self._errors = import_module("aiokafka.errors")
        self._broker: Any = None

    async def open(self) -> None:
        """Connect to the cluster."""
        self._broker = self._library.KafkaBroker(
            self._address.url.split(","), acks="all", enable_idempotence=True, client_id="q2c-relay", logger=None,
            request_timeout_ms=round(ACKNOWLEDGED_WITHIN_SECONDS * 1000),
        )  # fmt: skip
        try:
            await self._broker.start()
        except (self._errors.KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise Unavailable(f"no connection to Kafka: {_said(error)}") from error

    async def publish(self, event: Outgoing) -> None:
        """Return when all in-sync replicas have the event."""
        if self._broker is None:
            raise Unavailable("not connected to Kafka")
        try:
            await self._broker.publish(
                event.body, self._address.place, key=event.key.encode(), correlation_id=event.id,
                headers={"content-type": MEDIA_TYPE, "ce_id": event.id, "ce_type": event.type},
            )  # fmt: skip
        except (self._errors.MessageSizeTooLargeError, self._errors.InvalidTopicError) as error:
            raise Poison(f"Kafka takes no such message: {_said(error)} ({len(event.body)} bytes)") from error
        except (self._errors.KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"Kafka did not confirm: {_said(error)}") from error

    async def close(self) -> None:
        """Disconnect."""
        broker, self._broker = self._broker, None
        if broker is not None:
            with contextlib.suppress(Exception):
                await broker.stop()


# --- RabbitMQ -------------------------------------------------------------------------------------------------------


class RabbitPublisher:
    """Publishes to a durable topic exchange with confirms; the routing key is the event's type."""

    def __init__(self, address: Address, library: Any) -> None:
        self._address, self._library = address, library
        self._errors = import_module("aiormq.exceptions")
        self._broker: Any = None
        self._exchange = library.RabbitExchange(address.place, type=library.ExchangeType.TOPIC, durable=True)

    async def open(self) -> None:
        """Connect, and declare the exchange."""
        self._broker = self._library.RabbitBroker(self._address.url, logger=None, fail_fast=True)
        try:
            await self._broker.start()
            await self._broker.declare_exchange(self._exchange)
        except (self._errors.AMQPError, OSError, TimeoutError) as error:
            await self.close()
            raise Unavailable(f"no connection to RabbitMQ: {_said(error)}") from error

    async def publish(self, event: Outgoing) -> None:
        """Return when the broker has confirmed the event; it is kept for the queues that are bound."""
        if self._broker is None:
            raise Unavailable("not connected to RabbitMQ")
        try:
            await self._broker.publish(
                event.body, exchange=self._exchange, routing_key=self._address.topic(event.type), persist=True,
                mandatory=False, message_id=event.id, message_type=event.type, correlation_id=event.id,
                content_type=MEDIA_TYPE, timeout=ACKNOWLEDGED_WITHIN_SECONDS,
            )  # fmt: skip
        except self._errors.ChannelPreconditionFailed as error:
            raise Poison(f"RabbitMQ takes no such message: {_said(error)} ({len(event.body)} bytes)") from error
        except (self._errors.AMQPError, OSError, TimeoutError) as error:
            raise Unavailable(f"RabbitMQ did not confirm: {_said(error)}") from error

    async def close(self) -> None:
        """Disconnect."""
        broker, self._broker = self._broker, None
        if broker is not None:
            with contextlib.suppress(Exception):
                await broker.stop()


def _said(error: BaseException) -> str:
    """Return what an error says, without an address that may hold a password."""
    return type(error).__name__ if "://" in str(error) or not str(error) else str(error)
