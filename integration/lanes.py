"""Lanes: the calls that wait for, or are on, the wire of one system, and everything the wire demands of them.

A lane asks the system's gate before each call, fetches access tokens once for everybody, and probes an open breaker.
A call held back here has not been sent: it burns no attempt, however long the outage. A repetition that is held back
until its peer may have forgotten its key is handed back instead of sent: it is to be looked up first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec

from domain.calendar import SECOND_US
from domain.http import Reply, Request
from integration.effects import Call
from integration.limits import BUSY, CLOSED, OPEN, Gate, TokenCache, is_healthy
from integration.outcomes import FORGOTTEN, Answer, Failed, Unknown
from integration.settings import Settings
from integration.system import System, Token, TokenSource

Ended = Callable[[Answer | Failed | Unknown], None]
_TOKEN_PAUSE_LONGEST_SECONDS = 60


class Wire(Protocol):
    """What a lane needs of the engine. All call back later, never at once."""

    now_us: int

    def call_at(self, at_us: int, action: Callable[..., None], *arguments: Any) -> None: ...

    def soon(self, action: Callable[..., None], *arguments: Any) -> None: ...

    def send(self, request: Request, call: Call, done: Callable[[Reply | Failed | Unknown], None]) -> None: ...


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one system is doing as seen from here.

    `state` of the breaker is closed, open or half_open, `since_us` when it became so (0: always was), `probe_us` when
    an open one may be probed next. `in_flight` calls are on the wire (`slots` at most, 0 = no limit), `waiting` ones
    are ready to go and held back, all of them until `held_until_us` when the system asked for a pause. `token` is none,
    fresh or stale. `trouble` is what the latest call that found the system unwell learned, and when.
    """

    system: str
    state: str = CLOSED
    since_us: int = 0
    probe_us: int = 0
    in_flight: int = 0
    slots: int = 0
    waiting: int = 0
    held_until_us: int = 0
    token: str = "none"
    trouble: str = ""
    trouble_us: int = 0


class _Errand:
    """A call in the lane, whom to tell, and how it was authorised; `refreshed` once a refused token was replaced.

    `opening` of the breaker after which it went tells whether it is a probe, or one from before, when it comes back.
    """

    __slots__ = ("call", "ended", "headers", "opening", "refreshed")

    def __init__(self, call: Call, ended: Ended) -> None:
        self.call, self.ended = call, ended
        self.headers: dict[str, str] = {}
        self.opening = 0
        self.refreshed = False


class Lane:
    """One system's calls. `reopened` is told when the breaker closes."""

    def __init__(self, system: System, settings: Settings, wire: Wire, reopened: Callable[[str], None]) -> None:
        self.gate = Gate(system.name, settings, wire.now_us)
        self._system, self._wire, self._reopened = system, wire, reopened
        self._classify = system.classify
        self._tokens = TokenCache(settings.token_margin_seconds, system.headers, system.token is not None)
        self._first: deque[_Errand] = deque()
        self._again: deque[_Errand] = deque()
        self._wake_us = 0
        self._token_failures = 0
        self._token_after_us = 0
        self._trouble, self._trouble_us = "", 0

    def standing(self) -> Standing:
        """Return how the system is doing."""
        gate, tokens = self.gate, self._tokens
        return Standing(
            system=self._system.name,
            state=gate.breaker.state,
            since_us=gate.breaker.since_us,
            probe_us=gate.breaker.probe_us,
            in_flight=gate.in_flight,
            slots=gate.slots,
            waiting=len(self._first) + len(self._again),
            held_until_us=gate.held_until_us,
            token="none" if self._system.token is None else tokens.state(self._wire.now_us),
            trouble=self._trouble,
            trouble_us=self._trouble_us,
        )

    def put(self, call: Call, ended: Ended) -> None:
        """Take a call; `ended` learns its outcome."""
        (self._again if call.attempt > 1 else self._first).append(_Errand(call, ended))
        self._pump()

    def _pump(self) -> None:
        """Do whatever may be done now, and plan when to come back for the rest: nothing else decides what comes next.

        Whatever keeps the lane says how long to wait; it is BUSY while a call that comes back pumps again.
        """
        now_us = self._wire.now_us
        if self.gate.breaker.state == OPEN and self._system.ping is not None:
            self._wake_after(now_us, self._probe(self._system.ping, now_us))
            return
        for queue in (self._first, self._again):
            if queue:
                self._wake_after(now_us, self._emptied(queue, now_us))

    def _emptied(self, queue: deque[_Errand], now_us: int) -> int:
        """Send the calls of a queue that may go; return how long the others have to wait, 0 when there are none."""
        while queue:
            if 0 < queue[0].call.send_by_us < now_us:
                late = Failed(FORGOTTEN, detail="its key may be forgotten by now", at_us=now_us)
                self._wire.soon(queue.popleft().ended, late)
                continue
            wait_us = self._admit(now_us, queue is self._again)
            if wait_us:
                return wait_us
            self._send(queue.popleft())
        return 0

    def _send(self, errand: _Errand) -> None:
        if self._system.credentials is not None:
            self._tokens.rekey(self._system.credentials())
        errand.headers, errand.opening = self._tokens.headers, self.gate.breaker.opening
        request = request_of(errand.call, errand.headers)
        self._wire.send(request, errand.call, partial(self._back, errand))

    def _back(self, errand: _Errand, result: Reply | Failed | Unknown) -> None:
        outcome = self._taken_back(errand.call, result, errand.opening)
        if _is_refused(outcome) and self._drop(errand.headers) and not errand.refreshed:
            errand.refreshed = True
            self._first.appendleft(errand)
        else:
            errand.ended(outcome)
        self._pump()

    def _drop(self, headers: dict[str, str]) -> bool:
        """Drop a token that was refused; tell whether the next call goes under another one, or another key."""
        if self._system.token is not None:
            self._tokens.refuse(headers)
            return True
        return self._system.credentials is not None and self._system.credentials() != headers

    def _taken_back(self, call: Call, result: Reply | Failed | Unknown, opening: int) -> Answer | Failed | Unknown:
        """Return the outcome of a call that came back, once the gate knows it; whoever asks pumps afterwards."""
        now_us = self._wire.now_us
        outcome = self._understood(call, result, now_us) if isinstance(result, Reply) else _stamped(result, now_us)
        if not isinstance(outcome, Answer) and not is_healthy(outcome):
            self._trouble, self._trouble_us = _told(outcome), now_us
        if self.gate.done(now_us, outcome, opening):
            self._wire.soon(self._reopened, self._system.name)
        return outcome

    def _understood(self, call: Call, reply: Reply, now_us: int) -> Answer | Failed | Unknown:
        """Return what a reply means; one that its adapter fails at means that nobody knows."""
        try:
            return self._classify(call, reply, now_us)
        except Exception as trouble:
            return Unknown(f"unreadable reply: {type(trouble).__name__}: {trouble}", reply.status, at_us=now_us)

    def _probe(self, ping: Call, now_us: int) -> int:
        """Ask an open breaker's system whether it lives; return how long to wait for that."""
        wait_us = self._admit(now_us)
        if wait_us == 0:
            self._ping(ping)
        return wait_us

    def _ping(self, ping: Call) -> None:
        if self._system.credentials is not None:
            self._tokens.rekey(self._system.credentials())
        headers, opening = self._tokens.headers, self.gate.breaker.opening
        self._wire.send(request_of(ping, headers), ping, partial(self._pinged, ping, headers, opening))

    def _pinged(self, ping: Call, headers: dict[str, str], opening: int, result: Reply | Failed | Unknown) -> None:
        if _is_refused(self._taken_back(ping, result, opening)):
            self._drop(headers)
        self._pump()

    def _admit(self, now_us: int, retry: bool = False) -> int:
        """Let a call go that needs a token, or say how long to wait."""
        if now_us >= self._tokens.stale_us:
            return self._fetch_token(now_us)
        return self.gate.admit(now_us, retry)

    def _fetch_token(self, now_us: int) -> int:
        """See to it that a token comes, unless it is on its way (single flight); return how long to wait for that."""
        source = self._system.token
        assert source is not None, "headers without a token never grow stale"
        if self._tokens.fetching:
            return BUSY
        wait_us = self._token_after_us - now_us
        wait_us = wait_us if wait_us > 0 else self.gate.admit(now_us)
        if wait_us:
            return wait_us
        self._tokens.fetching = True
        call = source.call(now_us)
        self._wire.send(request_of(call, {}), call, partial(self._fetched, call, self.gate.breaker.opening))
        return BUSY

    def _fetched(self, call: Call, opening: int, result: Reply | Failed | Unknown) -> None:
        self._tokens.fetching = False
        outcome = self._taken_back(call, result, opening)
        source = self._system.token
        assert source is not None, "a token came for a system that has none"
        token = self._token_of(source, outcome) if isinstance(outcome, Answer) else None
        if token is not None:
            self._token_failures = 0
            self._tokens.store(token, self._wire.now_us)
        elif isinstance(outcome, Failed) and outcome.kind in ("rejected", "unauthenticated"):
            self._fail_all(outcome)
        else:
            pause_seconds = min(2**self._token_failures, _TOKEN_PAUSE_LONGEST_SECONDS)
            self._token_failures += 1
            self._token_after_us = self._wire.now_us + pause_seconds * SECOND_US
        self._pump()

    def _token_of(self, source: TokenSource, answer: Answer) -> Token | None:
        """Return the token of an answer; None when it is not what its contract says, as from a proxy in between."""
        try:
            return source.read(answer)
        except Exception as trouble:
            self._trouble, self._trouble_us = f"no token in the answer: {trouble}", self._wire.now_us
            return None

    def _fail_all(self, refused: Failed) -> None:
        """Our credentials are wrong: no call can go, and each flow must learn it."""
        failure = msgspec.structs.replace(refused, kind="unauthenticated", detail="the system refused our credentials")
        held = [*self._first, *self._again]
        self._first.clear()
        self._again.clear()
        for errand in held:
            errand.ended(failure)

    def _wake_after(self, now_us: int, wait_us: int) -> None:
        """Come back when a wait is over; nobody needs to when there is none, or a call comes back first (BUSY)."""
        if wait_us <= 0:
            return
        at_us = now_us + wait_us
        if self._wake_us <= now_us or at_us < self._wake_us:
            self._wake_us = at_us
            self._wire.call_at(at_us, self._woken)

    def _woken(self) -> None:
        if self._wake_us and self._wake_us <= self._wire.now_us:
            self._wake_us = 0
            self._pump()


def _is_refused(outcome: Answer | Failed | Unknown) -> bool:
    """Tell whether the system refused the token or the key of a call."""
    return type(outcome) is Failed and outcome.kind == "unauthenticated"


def _told(trouble: Failed | Unknown) -> str:
    """Return what came of a call in a line for people; codes and reasons, never a body."""
    if isinstance(trouble, Unknown):
        return f"unknown: {trouble.reason}"
    return " ".join(part for part in (trouble.kind, str(trouble.status or ""), trouble.code, trouble.detail) if part)


def _stamped(trouble: Failed | Unknown, at_us: int) -> Failed | Unknown:
    return trouble if trouble.at_us else msgspec.structs.replace(trouble, at_us=at_us)


def request_of(call: Call, authorisation: dict[str, str]) -> Request:
    """Return the request of a call with its key and access token in place."""
    headers = {**call.headers, **authorisation} if call.headers else authorisation
    if call.key_header:
        headers = {**headers, call.key_header: call.key}
    return Request(call.system, call.method, call.target, headers, call.body)
