"""The answers that were collected: what the mocks said to everything the reference integration asked in a rehearsal."""

from __future__ import annotations

from pathlib import Path

import msgspec

from domain.http import Reply

PATH = Path(__file__).with_name("answers.json")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: which system answered what; `asked` is the target, or the query in its body."""

    system: str
    operation: str
    asked: str
    status: int
    headers: dict[str, str]
    body: str

    @property
    def reply(self) -> Reply:
        """The answer as it came."""
        return Reply(self.status, self.headers, self.body.encode())


def answers() -> list[Kept]:
    """Return the answers that are in git."""
    return msgspec.json.decode(PATH.read_bytes(), type=list[Kept])
