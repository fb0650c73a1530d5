"""Whom the systems may call, and what a message looks like on its way."""

from __future__ import annotations

import asyncio

import pytest

from domain.http import Request
from mocks.doors.post import INTEGRATION, Targets, Unreachable, carry, is_loopback
from mocks.doors.serving import listen, port_of
from tests.mocks.doors.conftest import Receiver


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "10.0.0.1", "example.com", "localhost.example.com", "127.0.0.1.nip.io", ""]
)
def test_everybody_else_is_not(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "address",
    ["http://example.com", "https://10.0.0.7:9000", "http://0.0.0.0:80", "http://169.254.169.254", "ftp://127.0.0.1"],
)
def test_a_target_that_nobody_allowed_is_refused(address: str) -> None:
    with pytest.raises(Unreachable):
        Targets(allowed=("hooks.example.com",)).origin(address)


@pytest.mark.parametrize(
    ("allowed", "address"),
    [
        ("hooks.example.com", "https://hooks.example.com/a"),
        ("hooks.example.com:9000", "http://hooks.example.com:9000"),
        ("*.example.com", "http://a.b.example.com"),
        ("10.0.0.7", "http://10.0.0.7"),
    ],
)
def test_a_target_on_the_list_is_allowed(allowed: str, address: str) -> None:
    assert Targets(allowed=(allowed,)).origin(address).hostname


@pytest.mark.parametrize("address", ["http://hooks.example.org:9001", "http://badexample.com", "http://example.com"])
def test_the_list_means_what_it_says(address: str) -> None:
    with pytest.raises(Unreachable):
        Targets(allowed=("hooks.example.org:9000", "*.example.com")).origin(address)


def test_without_an_intake_nobody_listens() -> None:
    with pytest.raises(Unreachable, match="nobody listens"):
        Targets().origin(INTEGRATION)


def test_a_message_arrives_as_it_was_signed(receiver: Receiver) -> None:
    request = Request(INTEGRATION, "POST", "/hooks?x=1", {"x-signature": "v1=abc"}, b'{"a":"\xc3\xa9"}')
    url, reply = asyncio.run(carry(request, Targets(intake=receiver.url + "/base/")))
    assert (url, reply.status, reply.body) == (receiver.url + "/base/hooks?x=1", 200, b"ok")
    ((path, headers, body),) = receiver.got
    assert (path, body, headers["x-signature"]) == ("/base/hooks?x=1", request.body, "v1=abc")


def test_nobody_there_is_said_with_the_address() -> None:
    end = listen()
    port = port_of(end)
    end.close()
    with pytest.raises(Unreachable, match=str(port)):
        asyncio.run(carry(Request(INTEGRATION, "POST", "/"), Targets(intake=f"http://127.0.0.1:{port}")))


def test_a_receiver_that_does_not_answer_is_given_up() -> None:
    end = listen()
    targets = Targets(intake=f"http://127.0.0.1:{port_of(end)}", timeout_seconds=0.05)
    with pytest.raises(Unreachable, match=r"within 0\.05 seconds"):
        asyncio.run(carry(Request(INTEGRATION, "POST", "/"), targets))
    end.close()
