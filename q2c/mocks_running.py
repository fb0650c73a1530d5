"""The mocks that run in a workspace: where their doors are, and how a command talks to them."""

from __future__ import annotations

import json
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
    """Running mocks: their process, the address of each door by name, and the certificate that clients are to trust.

    `admin_token` lets in who comes to the admin side; empty when it needs none.
    """

    pid: int
    addresses: dict[str, str]
    ca_bundle: str = ""
    admin_token: str = ""


def prepare(workspace: Path) -> None:
    """Make a workspace; it keeps itself out of version control, for the key of an authority lies in it."""
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    (workspace / ".gitignore").write_text("*\n", encoding="ascii")


def write(workspace: Path, mocks: Mocks) -> None:
    """Say in a workspace that these mocks are running."""
    prepare(workspace)
    file = workspace / _FILE
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(mocks), indent=2) + b"\n")


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
        give_up(
            f"no mocks run in {workspace.absolute()}. Start them with: q2c mocks up. Those that run elsewhere are "
            "found in the folder where they were started, or with --workspace"
        )
    except msgspec.MsgspecError as wrong:
        give_up(f"{file} is not what q2c mocks up writes ({wrong}). Start the mocks anew.")


def ask(workspace: Path, method: str, path: str, body: Any = None, raw: bytes | None = None) -> bytes:
    """Ask the admin port of the running mocks; end the command with what was wrong when it says so."""
    content = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
    status, answer = _exchange(find(workspace), method, path, content)
    if status >= 400:
        give_up(_problem(answer))
    return answer


def _exchange(mocks: Mocks, method: str, path: str, content: bytes) -> tuple[int, bytes]:
    admin = urlsplit(mocks.addresses["admin"])
    headers = {"content-type": "application/json"}
    if mocks.admin_token:
        headers["authorization"] = f"Bearer {mocks.admin_token}"
    connection = HTTPConnection(admin.hostname or "", admin.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, path, content, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, HTTPException) as error:
        give_up(
            f"the mocks do not answer at {mocks.addresses['admin']} ({error}). Start them with: q2c mocks up",
            exits.COULD_NOT_RUN,
        )
    finally:
        connection.close()


def _problem(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["problem"])
    except (ValueError, KeyError, TypeError):
        return answer.decode("utf-8", "replace")
