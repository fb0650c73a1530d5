"""The tokens of a query, and a cursor that walks over them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mocks.erp.sql_nodes import broken

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w$]*)|\"(?P<quoted>[^\"]+)\""
    r"|(?P<sign><>|!=|<=|>=|\|\||[=<>(),.*/+-]))"
)
_WORDS = (
    "SELECT DISTINCT FROM WHERE GROUP ORDER BY HAVING FETCH OFFSET UNION AND OR NOT ASC DESC AS IN IS LIKE BETWEEN"
    " JOIN LEFT RIGHT FULL OUTER INNER CROSS ON NULLS CASE WHEN THEN ELSE END"
)
RESERVED = frozenset(_WORDS.split(" "))
"""The words of the language, which are no names."""
_DEEPEST = 40


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Return a query as (kind, text): text, number, name or sign; refuse what is none of them."""
    tokens, at = [], 0
    text = text.strip().rstrip(";").rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise broken(f"Unexpected character at {at}: {text[at : at + 20]!r}.")
        kind = match.lastgroup or ""
        tokens.append(("name" if kind == "quoted" else kind, match.group(kind)))
        at = match.end()
    return tokens


class Cursor:
    """Where a parser is."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def peek(self, ahead: int = 0) -> str:
        """Return the text of a token in capitals, empty behind the last one."""
        at = self._at + ahead
        return self._tokens[at][1].upper() if at < len(self._tokens) else ""

    def take(self) -> tuple[str, str]:
        """Return (kind, text) of the next token; refuse the end of the query."""
        if self._at >= len(self._tokens):
            raise broken("The query ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]

    def accept(self, *words: str) -> bool:
        """Take these words if they come next; tell whether they did."""
        ahead = [token[1].upper() for token in self._tokens[self._at : self._at + len(words)]]
        if ahead != list(words):
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Take these words, or refuse."""
        if not self.accept(*words):
            raise broken(f"Expected {' '.join(words)} before {self.peek() or 'the end'}.")

    def is_name(self) -> bool:
        """Tell whether a name comes next that is no word of the language."""
        return self._at < len(self._tokens) and self._tokens[self._at][0] == "name" and self.peek() not in RESERVED

    def name(self) -> str:
        """Take a name, in lower case."""
        if not self.is_name():
            raise broken(f"Expected a name, found {self.peek() or 'the end'!r}.")
        return self.take()[1].lower()

    def count(self) -> int:
        """Take a number of rows."""
        kind, text = self.take()
        if kind != "number" or "." in text or len(text) > 9:
            raise broken(f"Expected a number of rows, found {text!r}.")
        return int(text)

    def list_of(self, item: Callable[[], Any]) -> tuple[Any, ...]:
        """Take what `item` takes, as often as commas follow."""
        found = [item()]
        while self.accept(","):
            found.append(item())
        return tuple(found)

    def nested(self, part: Callable[[], Any]) -> Any:
        """Take a part within another; refuse to go too deep."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise broken("The query is nested too deeply.")
        found = part()
        self._depth -= 1
        return found

    def skip(self, count: int) -> None:
        """Go past tokens that were looked at ahead."""
        self._at += count

    def is_done(self) -> bool:
        """Tell whether nothing is left."""
        return self._at >= len(self._tokens)

    def ahead(self) -> list[tuple[str, str]]:
        """Return the tokens that are left."""
        return self._tokens[self._at :]
