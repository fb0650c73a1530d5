"""The request journals of a world as one: search, details and verification."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from mocks.admin.shapes import Expectation, Found, NearMiss, RequestDetail, RequestRow, Search, Verdict, Wrong
from mocks.kernel.journal import Criteria, Entry, Journal, normalised
from mocks.kernel.service import Service

SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-q2c-token"})
_NEAR = 3
_BODY_CHARACTERS = 200_000
_HAD: Mapping[str, Callable[[Entry], Any]] = {
    "method": lambda entry: entry.request.method,
    "path": lambda entry: entry.request.target.partition("?")[0],
    "status": lambda entry: entry.reply.status,
    "status_from": lambda entry: entry.reply.status,
    "status_to": lambda entry: entry.reply.status,
    "since_us": lambda entry: entry.at_us,
    "until_us": lambda entry: entry.at_us,
    "headers": lambda entry: redacted(entry.request.headers),
    "text": lambda entry: _text(entry.request.body)[:200],
    "body": lambda entry: normalised(entry.request),
}


def row(system: str, entry: Entry) -> RequestRow:
    """Return a request in short."""
    return RequestRow(
        number=entry.number, at_us=entry.at_us, system=system, method=entry.request.method,
        target=entry.request.target, operation=entry.operation, status=entry.reply.status, effect=entry.effect,
        wire=entry.wire, key=entry.key, txn=entry.txn,
    )  # fmt: skip


def redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with what lets somebody in blacked out."""
    return {name: "(redacted)" if name in SECRET else value for name, value in headers.items()}


class Requests:
    """The journals of some services."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._journals: dict[str, Journal] = {
            name: service.journal for name, service in services.items() if service.journal is not None
        }

    def chosen(self, system: str) -> dict[str, Journal]:
        """Return the journals of one system, or of all; raise Wrong when there is no such system."""
        if not system:
            return self._journals
        if system not in self._journals:
            raise Wrong(f"there is no journal of {system!r}; there are: {', '.join(self._journals)}")
        return {system: self._journals[system]}

    def find(self, search: Search) -> Found:
        """Return the requests that fit, the newest first."""
        journals = self.chosen(search.system)
        found = [(name, entry) for name, journal in journals.items() for entry in journal.find(search, search.limit)]
        found.sort(key=lambda each: _order(each[1]), reverse=True)
        return Found(
            count=sum(journal.count(search) for journal in journals.values()),
            forgotten=sum(journal.forgotten for journal in journals.values()),
            requests=[row(name, entry) for name, entry in found[: search.limit]],
        )

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Iterate over all requests of all systems."""
        for name, journal in self._journals.items():
            for entry in journal:
                yield name, entry

    def detail(self, number: str) -> RequestDetail:
        """Return one request in full; raise Wrong when it is gone or never was."""
        for name, journal in self._journals.items():
            entry = journal.get(number)
            if entry is not None:
                return RequestDetail(
                    row=row(name, entry), request_headers=redacted(entry.request.headers),
                    request_body=_text(entry.request.body), request_plain=normalised(entry.request),
                    reply_headers=redacted(entry.reply.headers), reply_body=_text(entry.reply.body),
                )  # fmt: skip
        raise Wrong(f"the journal has no request {number}", 404)

    def verify(self, wanted: Expectation) -> Verdict:
        """Tell whether so many requests fit as are expected; when not, which ones nearly do, and what they miss."""
        found = self.find(msgspec.structs.replace(wanted, limit=min(wanted.limit, 100)))
        holds = _fits(wanted, found.count)
        return Verdict(
            holds=holds, sentence=_sentence(wanted, found, holds), count=found.count, forgotten=found.forgotten,
            requests=found.requests, near=[] if holds else self._near(wanted),
        )  # fmt: skip

    def _near(self, wanted: Criteria) -> list[NearMiss]:
        system = getattr(wanted, "system", "")
        found = [
            (missed, name, entry)
            for name, journal in self.chosen(system).items()
            for entry, missed in journal.nearest(wanted, _NEAR)
            if missed
        ]
        found.sort(key=lambda each: len(each[0]))
        return [
            NearMiss(row=row(name, entry), missed={each: _had(each, entry) for each in missed})
            for missed, name, entry in found[:_NEAR]
        ]

    def clear(self) -> int:
        """Forget all requests; return how many there were."""
        count = sum(len(journal) for journal in self._journals.values())
        for journal in self._journals.values():
            journal.clear()
        return count

    def counts(self) -> dict[str, int]:
        """Return how many requests each system has had."""
        return {name: journal.added for name, journal in self._journals.items()}


def _had(name: str, entry: Entry) -> Any:
    return _HAD[name](entry) if name in _HAD else getattr(entry, name)


def _order(entry: Entry) -> tuple[int, str]:
    digits = entry.number.lstrip("r")
    return (int(digits) if digits.isdecimal() else 0, entry.number)


def _text(body: bytes) -> str:
    return body[:_BODY_CHARACTERS].decode("utf-8", "replace")


def _fits(wanted: Expectation, count: int) -> bool:
    if wanted.exactly is not None and count != wanted.exactly:
        return False
    if wanted.at_most is not None and count > wanted.at_most:
        return False
    least = wanted.at_least
    if least is None:
        least = 1 if wanted.exactly is None and wanted.at_most is None else 0
    return count >= least


def expected(wanted: Expectation) -> str:
    """Return how many requests are expected, in words."""
    if wanted.exactly is not None:
        return f"exactly {wanted.exactly}"
    parts = [
        f"{word} {number}"
        for word, number in (("at least", wanted.at_least), ("at most", wanted.at_most))
        if number is not None
    ]
    return " and ".join(parts) or "at least 1"


def _sentence(wanted: Expectation, found: Found, holds: bool) -> str:
    criteria = msgspec.to_builtins(wanted)
    for name in ("exactly", "at_least", "at_most", "limit"):
        criteria.pop(name, None)
    said = ", ".join(f"{name}={value!r}" for name, value in criteria.items()) or "any request"
    gone = f"; {found.forgotten} older requests are forgotten" if found.forgotten and not holds else ""
    return f"{expected(wanted)} expected, {found.count} found: {said}{gone}"
