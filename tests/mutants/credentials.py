"""Mutants of credentials: tokens end, and grants are refused."""

from __future__ import annotations

from typing import Any

from integration.lanes import Lane, request_of
from integration.limits import NEVER_US, TokenCache
from integration.outcomes import Failed
from tests.mutants.grounds import GRANTS_REFUSED, TOKENS
from tests.mutants.mutant import Mutant, Patch


def _token_for_ever() -> list[Patch]:
    real = TokenCache.store

    def store(self: TokenCache, token: Any, now_us: int) -> None:
        real(self, token, now_us)
        self.stale_us = NEVER_US

    def refuse(self: TokenCache, headers: dict[str, str]) -> None:
        """It was good once."""

    return [Patch(TokenCache, "store", store), Patch(TokenCache, "refuse", refuse)]


def _refused_token_is_a_case() -> list[Patch]:
    def drop(self: Lane, headers: dict[str, str]) -> bool:
        return False

    return [Patch(Lane, "_drop", drop)]


def _token_for_each_call() -> list[Patch]:
    """Every call that finds no token asks for one of its own, and so does every call after it."""
    real = Lane.put

    def put(self: Lane, call: Any, ended: Any) -> None:
        source = self._system.token
        if source is not None:
            request = source.call(self._wire.now_us)
            self._wire.send(request_of(request, {}), request, lambda _result: None)
        real(self, call, ended)

    return [Patch(Lane, "put", put)]


def _grant_refused_loses_calls() -> list[Patch]:
    def fail_all(self: Lane, refused: Failed) -> None:
        self._first.clear()
        self._again.clear()

    return [Patch(Lane, "_fail_all", fail_all)]


MUTANTS = (
    Mutant(
        name="token_for_ever",
        group="credentials",
        mistake="The access token is fetched at the start and never again, which works for the hour of a test (F34).",
        caught_by=("P13",),
        ground=TOKENS,
        patches=_token_for_ever,
    ),
    Mutant(
        name="refused_token_is_a_case",
        group="credentials",
        mistake="A 401 is taken for wrong credentials and handed to people, although the session has only ended (F34).",
        caught_by=("P13",),
        ground=TOKENS,
        patches=_refused_token_is_a_case,
    ),
    Mutant(
        name="token_for_each_call",
        group="credentials",
        mistake="Each call fetches a token of its own; what peers grant is spent on signing in (F35: and where tokens "
        "rotate, each grant revokes the one before).",
        caught_by=("P13",),
        ground=TOKENS,
        patches=_token_for_each_call,
    ),
    Mutant(
        name="grant_refused_loses_calls",
        group="credentials",
        mistake="When no token is granted the calls that waited for it are dropped, and their flows never hear of it "
        "(F35).",
        caught_by=("L2", "L1", "S9"),
        ground=GRANTS_REFUSED,
        patches=_grant_refused_loses_calls,
    ),
)
