"""Asking: one plain request to the target, which never follows it elsewhere and never goes through a proxy."""

from __future__ import annotations

import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

ANSWER_BYTES_MAX = 65_536


class Answer(msgspec.Struct, frozen=True):
    """What came back: a status (0: nothing), and why not, in words."""

    status: int
    problem: str = ""
    body: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300


def ask(
    method: str, url: str, body: bytes = b"", timeout_seconds: float = 5.0, bytes_max: int | None = ANSWER_BYTES_MAX
) -> Answer:
    """Ask an address once; what goes wrong comes back as an answer without a status.

    No more than `bytes_max` of the answer is read; None reads all, for addresses that are ours.
    """
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_seconds)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    headers = {"content-type": "application/json"} if body else {}
    try:
        connection.request(method, target, body or None, headers)
        reply = connection.getresponse()
        text = _read(reply, time.monotonic() + timeout_seconds, bytes_max).decode("utf-8", "replace")
        if 300 <= reply.status < 400:
            place = reply.getheader("location", "nowhere")
            return Answer(reply.status, f"it answered {reply.status} and wants to send us to {place}", text)
        return Answer(reply.status, "" if reply.status < 300 else f"it answered {reply.status}", text)
    except TimeoutError:
        return Answer(0, f"no answer within {timeout_seconds:g} s")
    except OSError as error:
        return Answer(0, error.strerror or str(error) or type(error).__name__)
    except (HTTPException, ValueError) as error:
        return Answer(0, f"what answers there does not speak HTTP ({type(error).__name__}: {str(error)[:80]})")
    finally:
        connection.close()


def _read(reply: HTTPResponse, ends: float, bytes_max: int | None) -> bytes:
    """Return the body as far as it is of interest; raise TimeoutError for one that drips."""
    found = bytearray()
    while bytes_max is None or len(found) < bytes_max:
        piece = reply.read1(ANSWER_BYTES_MAX if bytes_max is None else bytes_max - len(found))
        if not piece:
            break
        found += piece
        if time.monotonic() > ends:
            raise TimeoutError
    return bytes(found)
