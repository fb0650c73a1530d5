"""The wire tells what was never sent from what nobody knows, with real sockets that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from domain.http import Reply, Request
from integration.drivers import wire as wire_module
from integration.drivers.wire import Wire
from integration.outcomes import TRANSIENT, Failed, Unknown
from mocks.doors.live import LiveWorld
from mocks.doors.serving import running

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Told: Yes\r\n\r\nok"


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")), 0
    )
    return head + await reader.readexactly(length)


def _exchange(
    serve: Serve | None, request: Request | None = None, *, times: int = 1, seconds: float = 2.0, path: str = ""
) -> list[Reply | Failed | Unknown]:
    """Return what comes of a request, several times over, to a server that behaves so; None is nobody there."""

    async def play() -> list[Reply | Failed | Unknown]:
        visits: list[asyncio.Task[None]] = []

        async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            visits.append(asyncio.current_task())  # type: ignore[arg-type]
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await (serve or _answers(OK))(reader, writer)
            writer.close()

        server = await asyncio.start_server(visited, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if serve is None:
            server.close()
            await server.wait_closed()
        wire = Wire({"crm": f"http://127.0.0.1:{port}{path}"})
        asked = request or Request("crm", "POST", "/orders", {"content-type": "text/plain"}, b"one")
        found = [await wire.exchange(asked, seconds) for _ in range(times)]
        await wire.close()
        server.close()
        await asyncio.gather(*visits)
        return found

    return asyncio.run(play())


def _answers(*replies: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            await _request(reader)
            writer.write(reply)
            await writer.drain()
        writer.close()

    return serve


def test_a_reply_comes_as_it_is_with_names_of_headers_in_lower_case() -> None:
    (reply,) = _exchange(_answers(OK))
    assert reply == Reply(200, {"content-length": "2", "x-told": "Yes"}, b"ok")


def test_the_target_goes_out_as_it_was_quoted() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await _request(reader))
        writer.write(OK)
        writer.close()

    target = "/query/eid:A%2F1?q=SELECT+Id+FROM+Quote+WHERE+Id+%3D+%27x%27&id[is]=%5Ba%5D"
    _exchange(serve, Request("crm", "GET", target), path="/base")
    line = seen[0].split(b"\r\n")[0]
    assert line.startswith(b"GET /base/query/eid:A%2F1?q=SELECT+Id+FROM+Quote+WHERE+Id+%3D+%27x%27&id")
    assert line.endswith(b"%5Ba%5D HTTP/1.1")


def test_nobody_there_means_that_nothing_was_sent() -> None:
    (outcome,) = _exchange(None)
    assert isinstance(outcome, Failed)
    assert outcome.kind == "refused"


def test_silence_after_the_request_is_unknown() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        await asyncio.sleep(1)
        writer.close()

    (outcome,) = _exchange(serve, seconds=0.2)
    assert outcome == Unknown("timeout")


def test_a_connection_that_breaks_after_the_request_is_unknown() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.close()

    (outcome,) = _exchange(serve)
    assert isinstance(outcome, Unknown)
    assert "broken" in outcome.reason


def test_half_a_reply_is_unknown() -> None:
    (outcome,) = _exchange(_answers(b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\nhalf"))
    assert isinstance(outcome, Unknown)


def test_no_http_at_all_is_unknown() -> None:
    (outcome,) = _exchange(_answers(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"))
    assert isinstance(outcome, Unknown)


def test_a_reply_that_trickles_in_does_not_hold_the_call_for_ever() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(20):
            writer.write(b"x")
            await asyncio.sleep(0.05)
        writer.close()

    (outcome,) = _exchange(serve, seconds=0.3)
    assert outcome == Unknown("timeout")


def test_a_kept_connection_that_died_meanwhile_is_unknown_because_nobody_can_tell() -> None:
    first, second = _exchange(_answers(OK), times=2)
    assert isinstance(first, Reply)
    assert isinstance(second, (Reply, Unknown))  # a new connection, or the old one broke under the request


def test_redirects_are_not_followed() -> None:
    (reply,) = _exchange(_answers(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"))
    assert isinstance(reply, Reply)
    assert reply.status == 302


def test_a_reply_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "REPLY_BYTES_MAX", 10_000)
    packed = gzip.compress(b"0" * 1_000_000)  # a thousandfold of what came over the wire
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n".encode()
    (outcome,) = _exchange(_answers(head + packed))
    assert isinstance(outcome, Unknown)
    assert "larger" in outcome.reason


def test_cookies_of_one_reply_do_not_come_back_with_the_next_request() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            seen.append(await _request(reader))
            writer.write(b"HTTP/1.1 200 OK\r\nset-cookie: pinned=1; Path=/\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    _exchange(serve, times=2)
    assert b"pinned" not in seen[1]


def test_a_header_that_may_not_be_sent_fails_and_trying_again_would_not_help() -> None:
    (outcome,) = _exchange(_answers(OK), Request("crm", "GET", "/", {"x-bad": "a\r\nb: c"}))
    assert isinstance(outcome, Failed)
    assert outcome.kind == "rejected"


@pytest.mark.parametrize(("target", "header"), [("/\xe9", "a"), ("/", "\u20ac")])
def test_what_is_not_ascii_fails_and_the_flow_hears_of_it(target: str, header: str) -> None:
    (outcome,) = _exchange(_answers(OK), Request("crm", "GET", target, {"x-key": header}))
    assert isinstance(outcome, Failed)
    assert outcome.kind == "rejected"


def test_a_system_without_an_address_is_refused_with_a_sentence() -> None:
    outcome = asyncio.run(Wire({}).exchange(Request("erp", "GET", "/"), 1))
    assert outcome == Failed("rejected", detail="no address is configured for erp")


def test_a_certificate_that_is_not_trusted_is_nothing_to_repeat(tmp_path: Path) -> None:
    with running(LiveWorld(), workspace=tmp_path) as doors:
        strange, known = Wire({"tax": doors["tax_tls"]}), Wire({"tax": doors["tax_tls"]}, str(doors.ca_bundle))

        async def ask(wire: Wire) -> Reply | Failed | Unknown:
            try:
                return await wire.exchange(Request("tax", "GET", "/api/v2/utilities/ping"), 10)
            finally:
                await wire.close()

        refused, answered = asyncio.run(ask(strange)), asyncio.run(ask(known))
    assert isinstance(refused, Failed)
    assert refused.kind == "untrusted"
    assert not TRANSIENT[refused.kind]
    assert isinstance(answered, Reply)
