"""Sessions: a person signs in with a token of the API once; the browser then holds a random name for it, no token.

A session ends after eight hours, when the person signs out, when its token is no longer valid, and with the process.
Each has a secret of its own that every form carries, so that no other page can send one.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict

import msgspec

from domain.calendar import HOUR_US
from integration.service.access import Access, Caller, new_secret

COOKIE = "q2c_tower"
LIFE_US = 8 * HOUR_US
SESSIONS_MAX = 1000
SCOPES_TO_LOOK = frozenset({"operations:read", "transactions:read", "exceptions:work", "exceptions:approve"})
"""Any of these lets a person look at the tower; acting takes the scope of the act."""


class Session(msgspec.Struct, frozen=True):
    """Somebody signed in: the token they showed, until when it counts, and the secret of their forms."""

    token: str
    until_us: int
    form_secret: str


class Visitor(msgspec.Struct, frozen=True):
    """Whose request it is, and the secret that their forms must carry."""

    caller: Caller
    form_secret: str

    def may(self, scope: str) -> bool:
        """Tell whether the person has a scope."""
        return self.caller.may(scope)


class Sessions:
    """The sessions of this process, in memory."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._sentences: dict[str, str] = {}

    def sign_in(self, token: str, now_us: int) -> str:
        """Return the name of a new session; empty when the token is nobody's, or may not look at the tower."""
        caller = self._access.of_token(token)
        if caller is None or not caller.scopes & SCOPES_TO_LOOK:
            return ""
        name, _ = new_secret()
        form_secret, _ = new_secret()
        self._sessions[name] = Session(token, now_us + LIFE_US, form_secret)
        while len(self._sessions) > SESSIONS_MAX:
            self.sign_out(next(iter(self._sessions)))
        return name

    def visitor(self, name: str, now_us: int) -> Visitor | None:
        """Return who has a session; None when there is none, or not any more. The token is checked each time."""
        session = self._sessions.get(name)
        if session is None:
            return None
        caller = self._access.of_token(session.token) if now_us < session.until_us else None
        if caller is None or not caller.scopes & SCOPES_TO_LOOK:
            self.sign_out(name)
            return None
        return Visitor(caller, session.form_secret)

    def say(self, name: str, sentence: str) -> None:
        """Keep a sentence for the next page of a session: what came of a form."""
        if name in self._sessions:
            self._sentences[name] = sentence

    def heard(self, name: str) -> str:
        """Return the sentence kept for a session, once."""
        return self._sentences.pop(name, "")

    def sign_out(self, name: str) -> None:
        """End a session."""
        self._sessions.pop(name, None)
        self._sentences.pop(name, None)


def is_form_of(visitor: Visitor, presented: str) -> bool:
    """Tell whether a form carries the secret of the person's session."""
    return hmac.compare_digest(visitor.form_secret.encode(), presented.encode())
