"""What has no place in virtual time is refused where it is done, with file and line; others here are left in peace."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from simulator.virtual_asyncio.refusals import Refused, guarded
from tests.simulator.virtual_asyncio.stand import Stand, application

DEEDS: dict[str, tuple[Callable[[], Any], str]] = {
    "sleeps by time.sleep": (lambda: time.sleep(1), "await asyncio.sleep"),
    "opens a socket": (lambda: socket.create_connection(("127.0.0.1", 9)), "httpx.AsyncClient"),
    "opens a socket by a library": (lambda: urllib.request.urlopen("http://127.0.0.1:9/"), "httpx.AsyncClient"),
    "starts a thread": (lambda: threading.Thread(target=print).start(), "asyncio.create_task"),
    "starts another program": (lambda: subprocess.run([sys.executable, "-c", ""]), "hand in"),
    "forks": (lambda: os.fork(), "hand in"),
    "calls by a blocking httpx client": (lambda: httpx.get("http://fulfilment.q2c.test/"), "httpx.AsyncClient"),
    "runs print in a thread": (lambda: asyncio.get_running_loop().run_in_executor(None, print), "call it directly"),
}
ASKED: dict[str, tuple[Callable[[], Awaitable[Any]], str]] = {
    "to_thread": (lambda: asyncio.to_thread(print), "call it directly"),
    "open_connection": (lambda: asyncio.open_connection("127.0.0.1", 9), "httpx.AsyncClient"),
    "start_server": (lambda: asyncio.start_server(lambda _r, _w: None, port=0), "ASGI application"),
    "subprocess": (lambda: asyncio.create_subprocess_exec("true"), "hand in"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_blocks_is_refused_with_place_and_advice_even_if_it_is_caught(deed: str) -> None:
    do, advice = DEEDS[deed]

    async def main() -> None:
        try:
            do()
        except Exception:
            await asyncio.sleep(10)

    with pytest.raises(Refused, match=r"test_refusals\.py:\d+ ") as refused:
        Stand().main(main)
    assert advice in str(refused.value)


@pytest.mark.parametrize("name", ASKED)
def test_asyncios_own_ways_out_are_refused_too(name: str) -> None:
    ask, advice = ASKED[name]

    async def main() -> None:
        await ask()

    with pytest.raises(Refused, match=r"test_refusals\.py:\d+ ") as refused:
        Stand().main(main)
    assert advice in str(refused.value)


def test_a_loop_that_lets_no_time_pass_is_found() -> None:
    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(Refused, match=r"test_refusals\.py:\d+ .* keeps the loop busy"):
        Stand().main(main)


def test_who_is_not_on_a_virtual_loop_gets_the_real_thing() -> None:
    heard: list[str] = []
    with guarded():
        thread = threading.Thread(target=heard.append, args=("a thread",))
        thread.start()
        thread.join()
        time.sleep(0)
        assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, check=True).stdout == b"1\n"
    assert heard == ["a thread"]


def test_a_program_that_ends_itself_or_cannot_start_is_told_in_a_sentence() -> None:
    async def main() -> None:
        sys.exit(3)

    with pytest.raises(Refused, match="program ended itself"):
        Stand().main(main)

    def broken() -> Any:
        raise LookupError("no DATABASE_URL")

    with pytest.raises(Refused, match="could not start: LookupError: no DATABASE_URL"):
        Stand().run(broken)


def test_a_startup_that_fails_is_told_as_the_application_tells_it() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no schema"})

    with pytest.raises(Refused, match="could not start: no schema"):
        Stand().run(lambda: app)
    assert application(None) is not None
