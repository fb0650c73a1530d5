"""What goes over the wire: the bytes of a reply, and the ways in which a connection fails on purpose."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from functools import lru_cache
from http import HTTPStatus
from wsgiref.handlers import format_date_time

from domain.http import Reply
from mocks.kernel.outcome import CLOSE, DRIP, RESET, TRUNCATE, Outcome

HEAD_BYTES_MAX = 65_536
BODY_BYTES_MAX = 33_554_432
BODILESS = frozenset({204, 205, 304})
DRIP_SECONDS = 5.0
DRIP_BYTES = 16
_LINGER_NOT = struct.pack("ii", 1, 0)
_REASONS = {status.value: status.phrase for status in HTTPStatus}


def without(reply: Reply, header: str) -> Reply:
    """Return a reply without a header."""
    headers = {name: value for name, value in reply.headers.items() if name != header}
    return Reply(reply.status, headers, reply.body)


def encode(reply: Reply, *, keep_alive: bool = True, is_head: bool = False) -> bytes:
    """Return the bytes of a reply: its headers, a date, the length of its body, and the body."""
    status, body = reply.status, reply.body
    lines = [_status_line(status)]
    lines += [f"{name}: {value}\r\n" for name, value in reply.headers.items()]
    if status in BODILESS:
        body = b""
    else:
        lines.append(f"content-length: {len(body)}\r\n")
    lines.append(_date(int(time.time())))
    lines.append("\r\n" if keep_alive else "connection: close\r\n\r\n")
    head = "".join(lines).encode("latin-1")
    return head if is_head else head + body


@lru_cache(maxsize=128)
def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\n"


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return f"date: {format_date_time(second)}\r\n"


def reset(transport: asyncio.Transport) -> None:
    """Cut a connection with RST: the peer sees "connection reset"."""
    end = transport.get_extra_info("socket")
    if end is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


def fail(transport: asyncio.Transport, outcome: Outcome, *, is_head: bool = False) -> None:
    """Let a connection fail as the outcome wants; the reply that it would have carried is cut or comes in drops."""
    if outcome.wire == RESET:
        reset(transport)
    elif outcome.wire == CLOSE:
        transport.close()
    elif outcome.wire == TRUNCATE:
        whole = encode(outcome.reply, keep_alive=False, is_head=is_head)
        cut = len(whole) - max(1, (len(outcome.reply.body) + 1) // 2)
        transport.write(whole[:cut])
        transport.close()
    elif outcome.wire == DRIP:
        _drip(transport, encode(outcome.reply, keep_alive=False, is_head=is_head), outcome)
    # else silence: the peer waits until it loses patience


def _drip(transport: asyncio.Transport, whole: bytes, outcome: Outcome) -> None:
    """Send the head at once and the body in drops, spread over the seconds of the fault; then close."""
    body_at = len(whole) - len(outcome.reply.body)
    drops = [whole[start : start + DRIP_BYTES] for start in range(body_at, len(whole), DRIP_BYTES)]
    pause_seconds = (outcome.seconds or DRIP_SECONDS) / max(1, len(drops))
    loop = asyncio.get_running_loop()

    def drop(number: int) -> None:
        if transport.is_closing():
            return
        if number == len(drops):
            transport.close()
            return
        transport.write(drops[number])
        loop.call_later(pause_seconds, drop, number + 1)

    transport.write(whole[:body_at])
    loop.call_later(pause_seconds, drop, 0)
