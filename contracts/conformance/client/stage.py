"""The stage: the caller under test on one side, a peer that answers by a script on the other.

trigger: {command: [node, pay.js]}     # or url, method, body; gets {unique} and, in Q2C_PEER, the peer's address
call: {method: POST, path: ^/v1/charges$}
success: {status: 201, body: {id: ch_1}}
patience_seconds: 60                   # how long the caller may take to end
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec

from contracts.conformance.assertion import Catalogue, Skipped, require
from contracts.conformance.client.peer import Asked, Peer, Step
from contracts.conformance.profiles import Profile
from contracts.conformance.target import Unusable, filled, read_as

PROMISES = Catalogue()
OUTPUT_BYTES = 300


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the caller is made to act: a command that ends when it is done, or a request that is answered then."""

    command: tuple[str, ...] = ()
    url: str = ""
    method: str = "POST"
    body: dict[str, Any] = {}
    headers: dict[str, str] = {}


class Watched(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The call to watch: its method and a regular expression for its path."""

    path: str
    method: str = "POST"


class Success(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the peer answers when all is well."""

    status: int = 201
    body: Any = None
    headers: dict[str, str] = {}


class ClientTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A caller to examine.

    `attempts_max` and `patience_seconds` are what a caller may take at most before it gives up and says so.
    """

    trigger: Trigger
    call: Watched
    success: Success = Success()
    patience_seconds: float = 60.0
    attempts_max: int = 12


class Ended(msgspec.Struct, frozen=True):
    """How one act of the caller ended: whether it says that it succeeded, and what it said."""

    succeeded: bool
    said: str
    in_time: bool = True


class Stage:
    """Lets the caller act while the peer plays a script."""

    def __init__(self, peer: Peer, target: ClientTarget, profile: Profile, run: str) -> None:
        self.peer, self.target, self.profile = peer, target, profile
        self.success = Step(status=target.success.status, body=target.success.body, headers=target.success.headers)
        self._run, self._number = run, 0

    def unique(self) -> str:
        """Return a word that no other intent has."""
        self._number += 1
        return f"{self._run}{self._number}"

    async def act(self, unique: str = "", seconds: float = 0) -> Ended:
        """Make the caller act once, for a new intent or for a given one; stop it after `seconds` (else patience)."""
        limit = seconds or self.target.patience_seconds
        return await perform(self.target.trigger, unique or self.unique(), self.peer.url, limit)

    async def play(self, *script: Step, always: Step | None = None) -> tuple[Ended, list[Asked]]:
        """Let the caller act under a script; return how it ended, and its calls."""
        self.peer.play(*script, always=always)
        ended = await self.act()
        require(bool(self.peer.asked), f"The caller made no call: {ended.said}")
        return ended, list(self.peer.asked)

    def clear(self) -> None:
        """Forget what was asked."""
        self.peer.play()

    def evidence(self) -> tuple[str, ...]:
        """Return the calls with the time since the first, a line each."""
        return tuple(
            f"+{asked.at_seconds - self.peer.asked[0].at_seconds:.2f} s {asked.method} {asked.target} "
            f"key {self.key_of(asked)[:40]!r} {asked.body[:120].decode('utf-8', 'replace')}"
            for asked in self.peer.asked
        )

    def key_of(self, asked: Asked) -> str:
        """Return the key of a call; empty without one."""
        if self.profile.external_id:
            return asked.target
        if self.profile.body_field:
            with contextlib.suppress(ValueError, AttributeError):
                return str(msgspec.json.decode(asked.body).get(self.profile.body_field) or "")
            return ""
        return asked.headers.get(self.profile.header.lower(), "")


async def perform(trigger: Trigger, unique: str, peer: str, seconds: float) -> Ended:
    """Pull a trigger and wait until what it starts has ended, `seconds` at most."""
    words = {"unique": unique, "peer": peer}
    if trigger.command:
        return await _run([str(filled(part, words)) for part in trigger.command], words, seconds)
    return await _ask(trigger, words, seconds)


async def _run(command: list[str], words: dict[str, str], seconds: float) -> Ended:
    environment = {**os.environ, "Q2C_PEER": words["peer"], "Q2C_UNIQUE": words["unique"]}
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Skipped(f"the trigger cannot be started: {command[0]}: {error.strerror}") from None
    try:
        said, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # our own child and what it started
        await process.wait()
        return Ended(False, f"not ended after {seconds:g} s", False)
    return Ended(process.returncode == 0, said[-OUTPUT_BYTES:].decode("utf-8", "replace").strip())


async def _ask(trigger: Trigger, words: dict[str, str], seconds: float) -> Ended:
    async with httpx.AsyncClient(trust_env=False, timeout=seconds) as client:
        try:
            reply = await client.request(
                trigger.method, str(filled(trigger.url, words)), json=filled(trigger.body, words),
                headers=filled(trigger.headers, words),
            )  # fmt: skip
        except httpx.TimeoutException:
            return Ended(False, f"not answered after {seconds:g} s", False)
        except httpx.HTTPError as error:
            raise Skipped(f"the trigger {trigger.url} cannot be reached: {error}") from None
    return Ended(reply.is_success, reply.text[:OUTPUT_BYTES])


def read_client_target(path: Path, words: Mapping[str, str] | None = None) -> ClientTarget:
    """Return the caller that a file describes; raise Unusable."""
    found = read_as(path, ClientTarget, words=words)
    if bool(found.trigger.command) == bool(found.trigger.url):
        raise Unusable(f"{path}: the trigger has either a command or a url.")
    return found
