"""Mutants of retries: how often, how soon, and what it is no use to repeat."""

from __future__ import annotations

from typing import Any

from domain.http import Reply
from integration import outcomes, retry, system
from integration.effects import Call
from integration.lanes import Lane
from integration.limits import Breaker, RetryBudget
from integration.outcomes import Answer, CallFailed, Failed, OutcomeUnknown, Unknown
from tests.mutants.grounds import ERRORS_BEFORE, NEVER_THERE, OUTAGE, REFUSALS, THROTTLED
from tests.mutants.mutant import Mutant, Patch

LAYERS = 3


def _refusals_are_retried() -> list[Patch]:
    return [Patch(outcomes.TRANSIENT, "rejected", True)]


def _no_retry() -> list[Patch]:
    async def once(_context: Any, call: Call, _probe: retry.Probe | None = None) -> Answer:
        try:
            return await call
        except (CallFailed, OutcomeUnknown) as trouble:
            if isinstance(trouble, CallFailed) and not trouble.is_transient:
                raise
            raise outcomes.GivenUp(str(trouble)) from None

    return [Patch(retry, "call_with_retries", once)]


def _retries_without_end() -> list[Patch]:
    async def park(_call: Call, _trouble: CallFailed | OutcomeUnknown) -> None:
        """Nobody is told, and it goes on."""

    return [Patch(retry, "_park", park)]


def _no_backoff() -> list[Patch]:
    def pause_seconds(_policy: Any, _call: Call, _attempt: int, _trouble: CallFailed | OutcomeUnknown) -> float:
        return 0.0

    return [Patch(retry, "pause_seconds", pause_seconds), *_unguarded()]


def _unguarded() -> list[Patch]:
    """Take away what holds calls back besides pauses: the budget of retries and the breaker."""

    def wait_us(self: RetryBudget, now_us: int) -> int:
        return 0

    def nothing(self: Any, now_us: int) -> None:
        """Let it go on."""

    return [
        Patch(RetryBudget, "wait_us", wait_us), Patch(RetryBudget, "take", nothing), Patch(Breaker, "_open", nothing),
    ]  # fmt: skip


def _retry_after_ignored() -> list[Patch]:
    def none(_reply: Reply) -> int:
        return -1

    return [Patch(system, "retry_after_seconds", none)]


def _retries_in_two_layers() -> list[Patch]:
    real = Lane._back
    tries: dict[int, int] = {}

    def back(self: Lane, errand: Any, result: Reply | Failed | Unknown) -> None:
        outcome = self._understood(errand.call, result, self._wire.now_us) if isinstance(result, Reply) else result
        seen = tries.pop(id(errand), 1)
        is_passing = isinstance(outcome, Unknown) or (
            isinstance(outcome, Failed) and outcomes.TRANSIENT.get(outcome.kind, False)
        )
        if errand.call.write and is_passing and seen < LAYERS:
            tries[id(errand)] = seen + 1
            self._taken_back(errand.call, result, errand.opening)
            self._first.appendleft(errand)
            self._pump()
        else:
            real(self, errand, result)

    return [Patch(Lane, "_back", back)]


def _errors_are_answers() -> list[Patch]:
    real = system.classify

    def classify(call: Call, reply: Reply, at_us: int) -> Answer | Failed | Unknown:
        if reply.status >= 500 and call.write:
            return Answer(reply.status, b"{}", at_us)
        return real(call, reply, at_us)

    return [Patch(system, "classify", classify)]


MUTANTS = (
    Mutant(
        name="refusals_are_retried",
        group="retries",
        mistake="What was refused for good (4xx) is asked for again, as when everything but 200 is taken for trouble "
        "(catalogue 30).",
        caught_by=("P6",),
        ground=REFUSALS,
        patches=_refusals_are_retried,
    ),
    Mutant(
        name="no_retry",
        group="retries",
        mistake="The first passing trouble ends the flow: a timeout is an exception, and nobody catches it "
        "(catalogue 32, 33).",
        caught_by=("S9", "L1", "L2"),
        ground=NEVER_THERE,
        patches=_no_retry,
    ),
    Mutant(
        name="retries_without_end",
        group="retries",
        mistake="A call is repeated until it works, and nobody is told however long that takes (catalogue 34).",
        caught_by=("P6",),
        ground=OUTAGE,
        patches=_retries_without_end,
    ),
    Mutant(
        name="no_backoff",
        group="retries",
        mistake="The next attempt follows at once, and neither a budget nor a breaker stops it (catalogue 35; Square, "
        "2017: 500 tries against a store that was overloaded already).",
        caught_by=("P12",),
        ground=OUTAGE,
        patches=_no_backoff,
    ),
    Mutant(
        name="retry_after_ignored",
        group="retries",
        mistake="A peer that asks for a pause (429 or 503 with Retry-After) is not given one (catalogue 36).",
        caught_by=("P5",),
        ground=THROTTLED,
        patches=_retry_after_ignored,
    ),
    Mutant(
        name="retries_in_two_layers",
        group="retries",
        mistake="The HTTP client repeats a call by itself and the flow around it does too, so attempts multiply "
        "(catalogue 37).",
        caught_by=("P6",),
        ground=OUTAGE,
        patches=_retries_in_two_layers,
    ),
    Mutant(
        name="errors_are_answers",
        group="retries",
        mistake="The status of a reply is not looked at, so an error of the server is taken for the answer "
        "(catalogue 31).",
        caught_by=("S9", "L1", "L2", "L4"),
        ground=ERRORS_BEFORE,
        patches=_errors_are_answers,
    ),
)
