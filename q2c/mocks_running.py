"""The mocks that run in a workspace: where their doors are, and how a command talks to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from q2c import exits
from q2c.trouble import give_up

WORKSPACE = Path(".q2c")
_FILE = "mocks.json"
_TIMEOUT_SECONDS = 300.0


class Mocks(msgspec.Struct, frozen=True, kw_only=True):
    """Running mocks: their process, the address of each door by name, and the certificate that clients are to trust."""

    pid: int
    addresses: dict[str, str]
    ca_bundle: str = ""


def write(workspace: Path, mocks: Mocks) -> None:
    """Say in a workspace that these mocks are running; the folder keeps itself out of version control."""
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    (workspace / ".gitignore").write_text("*\n", encoding="ascii")
    (workspace / _FILE).write_bytes(msgspec.json.format(msgspec.json.encode(mocks), indent=2) + b"\n")


def forget(workspace: Path, pid: int) -> None:
    """Say that the mocks of a process are gone, unless others run there by now."""
    file = workspace / _FILE
    if file.is_file() and msgspec.json.decode(file.read_bytes(), type=Mocks).pid == pid:
        file.unlink()


def find(workspace: Path) -> Mocks:
    """Return the mocks that run in a workspace; end the command when there are none."""
    file = workspace / _FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=Mocks)
    except FileNotFoundError:
        give_up(f"no mocks run in {workspace}. Start them with: q2c mocks up")
    except msgspec.MsgspecError as wrong:
        give_up(f"{file} is not what q2c mocks up writes ({wrong}). Start the mocks anew.")


def ask(workspace: Path, method: str, path: str, body: Any = None, raw: bytes | None = None) -> bytes:
    """Ask the admin port of the running mocks; end the command with what was wrong when it says so."""
    content = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
    status, answer = _exchange(find(workspace).addresses, method, path, content)
    if status >= 400:
        give_up(_problem(answer))
    return answer


def _exchange(addresses: Mapping[str, str], method: str, path: str, content: bytes) -> tuple[int, bytes]:
    admin = urlsplit(addresses["admin"])
    connection = HTTPConnection(admin.hostname or "", admin.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, path, content, {"content-type": "application/json"})
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, HTTPException) as error:
        give_up(
            f"the mocks do not answer at {addresses['admin']} ({error}). Start them with: q2c mocks up",
            exits.COULD_NOT_RUN,
        )
    finally:
        connection.close()


def _problem(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["problem"])
    except (ValueError, KeyError, TypeError):
        return answer.decode("utf-8", "replace")
