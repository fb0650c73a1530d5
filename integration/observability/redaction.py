"""Redaction: no secret leaves the process in a log line, whatever path it took into it.

Two rules, applied to the rendered line, so that headers, bodies, URLs, exceptions and their notes are all covered. What
is known: every configured secret, also as URLs, JSON, Base64 and Basic credentials write it. What is recognised:
credentials by their shape (bearer tokens, signatures, private keys, passwords in URLs), because a vendor may hand us
secrets that nobody configured, such as access tokens.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from json import dumps
from urllib.parse import quote, quote_plus

STRUCK = "[redacted]"
SECRET_CHARACTERS_MIN = 4
"""Shorter values would strike out half the log; nobody should use them as secrets."""
NESTED_MAX = 4
"""JSON in JSON in JSON: so often may a secret have been escaped before it gets here."""

_NAMES = (
    r"authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[-_]?key|access[-_]?token|refresh[-_]?token|"
    r"id[-_]?token|client[-_]?secret|client[-_]?assertion|assertion|password|passwd|secret|private[-_]?key|"
    r"stripe-signature|sessionid|session[-_]?id|webhook[-_]?secret"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL),
        STRUCK,
    ),
    (re.compile(r"://[^/\s:@\"']*:[^@/\s\"']+@"), f"://{STRUCK}@"),
    (re.compile(r"\b(bearer|basic|oauth)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {STRUCK}"),
    (
        re.compile(
            rf"(\\?[\"']?\b(?:{_NAMES})\b\\?[\"']?\s*[,:=]\s*(?:b?\\?[\"']))((?:(?!\\?[\"']).)*)", re.IGNORECASE
        ),
        rf"\1{STRUCK}",
    ),
    (re.compile(rf"([?&;\s](?:{_NAMES})=)[^&\s\"'#;]+", re.IGNORECASE), rf"\1{STRUCK}"),
    (re.compile(rf"^((?:{_NAMES}):\s*)\S.*$", re.IGNORECASE | re.MULTILINE), rf"\1{STRUCK}"),
    (re.compile(r"\b(?:sk|rk|pk|whsec)_(?:live|test)?_?[A-Za-z0-9]{6,}"), STRUCK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), STRUCK),
)


class Redactor:
    """Strikes secrets out of text. `secrets` returns the values that are secret now: they may be rotated."""

    def __init__(
        self, secrets: Callable[[], Iterable[str]] = tuple, users: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._secrets, self._users = secrets, users
        self._known: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self._pattern: re.Pattern[str] | None = None
        self._ever: set[str] = set()

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        pattern = self._present()
        if pattern is not None:
            text = pattern.sub(STRUCK, text)
        for shape, instead in _PATTERNS:
            text = shape.sub(instead, text)
        return text

    def _present(self) -> re.Pattern[str] | None:
        """Return the pattern of all known secrets; those that were rotated away stay secret."""
        known = frozenset(self._secrets()), frozenset(self._users())
        if known != self._known:
            self._known = known
            self._ever.update(spelled(*known))
            longest_first = sorted(self._ever, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        return self._pattern


def spelled(secrets: Iterable[str], users: Iterable[str] = ()) -> frozenset[str]:
    """Return every spelling of some secrets that a log line may contain."""
    names = list(users)
    found: set[str] = set()
    for secret in secrets:
        for part in [secret, *(line.strip() for line in secret.splitlines())]:
            found.update(_spellings(part, names))
    return frozenset(each for each in found if len(each) >= SECRET_CHARACTERS_MIN)


def _spellings(secret: str, users: Iterable[str]) -> Iterator[str]:
    if len(secret) < SECRET_CHARACTERS_MIN or secret.startswith("-----"):
        return
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))
    for escaped in (secret, repr(secret)[1:-1], repr(secret.encode())[2:-1], dumps(secret, ensure_ascii=False)[1:-1]):
        for _ in range(NESTED_MAX + 1):
            yield escaped
            escaped = dumps(escaped)[1:-1]
    for whole in (secret, f"{secret}:", *(f"{user}:{secret}" for user in users if user)):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(whole.encode()).decode()
            yield from (text, text.rstrip("="))
