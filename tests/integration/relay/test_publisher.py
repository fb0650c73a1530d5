"""Publishers: what an address says, what is missing, and how each broker is spoken to."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import Any

import pytest

from integration.relay.publisher import (
    Address,
    BrokerMisconfigured,
    Outgoing,
    Poison,
    Unavailable,
    address_of,
    open_publisher,
)
from tests.integration.relay.nats_server import NatsServer
from tests.ports import free_port


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("nats://host:4222", Address("nats", "nats://host:4222", "Q2C")),
        ("nats://u:p@host?stream=X&prefix=com.acme", Address("nats", "nats://u:p@host", "X", "com.acme")),
        ("kafka://one:9092,two:9092", Address("kafka", "one:9092,two:9092", "q2c.events")),
        ("kafka://one:9092?topic=t", Address("kafka", "one:9092", "t")),
        ("amqp://u:p@host:5672/v?exchange=x", Address("rabbit", "amqp://u:p@host:5672/v", "x")),
    ],
)
def test_an_address_says_which_broker_and_where_to_write(text: str, address: Address) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("redis://host", "not one of nats://host"),
        ("localhost:4222", "not one of"),
        ("nats://host?topic=x", "no option 'topic'; there are: stream, prefix"),
    ],
)
def test_an_address_that_says_nothing_usable_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BrokerMisconfigured, match=reason):
        address_of(text)


@pytest.mark.parametrize(
    ("address", "module", "package"),
    [
        ("nats://host", "faststream.nats", "q2c-harness[events]"),
        ("kafka://host:9092", "faststream.kafka", "faststream[kafka]"),
        ("amqp://host", "faststream.rabbit", "faststream[rabbit]"),
    ],
)
def test_a_missing_package_is_named_with_what_to_install(
    address: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BrokerMisconfigured) as refused:
        open_publisher(address)
    assert f"pip install '{package}'" in str(refused.value)


def event(**said: Any) -> Outgoing:
    return Outgoing(**{"id": "e/1", "type": "q2c.order.booked.v1", "key": "Q-1", "body": b'{"id": "e/1"}', **said})


def test_a_prefix_goes_before_the_type_and_the_stream_is_made(nats_server: NatsServer) -> None:
    async def publish() -> None:
        publisher = open_publisher(f"{nats_server.address}?stream=ACME&prefix=com.acme")
        await publisher.open()
        await publisher.publish(event())
        await publisher.publish(event())
        await publisher.close()

    asyncio.run(publish())
    ((topic, headers, body),) = nats_server.messages("ACME")
    assert (topic, headers["Nats-Msg-Id"], body) == ("com.acme.q2c.order.booked.v1", "e/1", {"id": "e/1"})


@pytest.mark.parametrize("said", [{"body": b"x" * 1_100_000}, {"type": "q2c.with space.v1"}])
def test_what_the_server_never_takes_is_poison(said: dict[str, Any], nats_server: NatsServer) -> None:
    async def publish() -> None:
        publisher = open_publisher(nats_server.address)
        await publisher.open()
        try:
            await publisher.publish(event(**said))
        finally:
            await publisher.close()

    with pytest.raises(Poison):
        asyncio.run(publish())


def test_a_server_that_is_not_there_is_unavailable_and_its_password_is_not_told() -> None:
    async def publish() -> None:
        await open_publisher(f"nats://relay:pass-word@127.0.0.1:{free_port()}").open()

    with pytest.raises(Unavailable) as refused:
        asyncio.run(publish())
    assert "pass-word" not in str(refused.value)


def test_publishing_before_connecting_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="not connected"):
        asyncio.run(open_publisher("nats://host").publish(event()))


def test_kafka_gets_the_event_under_its_partition_key() -> None:
    pytest.importorskip("aiokafka", reason="faststream[kafka] is not installed")
    kafka: Any = import_module("faststream.kafka")
    publisher: Any = open_publisher("kafka://localhost:9092?topic=events")
    heard: list[tuple[Any, Any]] = []

    async def publish() -> None:
        broker = kafka.KafkaBroker("localhost:9092")

        @broker.subscriber("events")  # type: ignore[untyped-decorator]
        async def hear(body: bytes, message: kafka.annotations.KafkaMessage) -> None:
            heard.append((body, message.raw_message))

        async with kafka.TestKafkaBroker(broker) as tested:
            publisher._broker = tested
            await publisher.publish(event())

    asyncio.run(publish())
    ((_, raw),) = heard
    assert (raw.key, raw.value) == (b"Q-1", b'{"id": "e/1"}')
    assert ("ce_id", b"e/1") in list(raw.headers)


def test_rabbit_gets_the_event_under_its_type_and_id() -> None:
    pytest.importorskip("aio_pika", reason="faststream[rabbit] is not installed")
    rabbit: Any = import_module("faststream.rabbit")
    publisher: Any = open_publisher("amqp://localhost")
    heard: list[Any] = []

    async def publish() -> None:
        broker = rabbit.RabbitBroker("amqp://localhost")
        queue = rabbit.RabbitQueue("q", routing_key="q2c.order.*")

        @broker.subscriber(queue, publisher._exchange)  # type: ignore[untyped-decorator]
        async def hear(body: bytes, message: rabbit.annotations.RabbitMessage) -> None:
            heard.append(message.raw_message)

        async with rabbit.TestRabbitBroker(broker) as tested:
            publisher._broker = tested
            await publisher.publish(event(type="q2c.order.booked"))

    asyncio.run(publish())
    (raw,) = heard
    assert (raw.message_id, raw.routing_key, raw.body) == ("e/1", "q2c.order.booked", b'{"id": "e/1"}')
