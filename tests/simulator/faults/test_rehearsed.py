"""Every kind of fault that strikes calls is rehearsed: it fires, and the reference integration comes through."""

from __future__ import annotations

import msgspec
import pytest

from domain.faults import CATALOGUE, Fault, Place
from q2c.hunting.trial import Trial, attempt

CALLS = (Place.NETWORK, Place.BEFORE, Place.AFTER)
DATA = {"F55", "F57", "F58"}
"""Numbers of what is wrong with the data of an answer: tests/simulator/test_faults_survived.py."""
KINDS = [key for key, kind in CATALOGUE.items() if kind.place in CALLS and kind.number not in DATA]
SHARE_PPM = 200_000
GROUND = """
name: struck_calls
title: struck calls
question: does the integration come through?
world:
  quarter: {start: 2026-10-01, end: 2026-12-31, pattern: linear}
  orders_per_quarter: 276
  live_subscriptions: 1
rehearse: {from: 2026-12-31}
run_on: 2d
settle: 1d
integration: {sweep_every: 12h}
people: {wait_external: 0%}
"""
RARE = {"sticky_error", "key_in_progress", "key_forgotten", "job_never_ends"}
"""Kinds with so few opportunities that most of them are struck."""
CASES = {
    "untrusted": {"AUTH.UNAUTHENTICATED"},
    "grant_refused": {"AUTH.UNAUTHENTICATED"},
    "forbidden": {"AUTH.FORBIDDEN"},
    "redirected": {"CONTRACT.SEMANTIC"},
    "too_large": {"VALIDATION.LIMIT"},
    "key_mismatch": {"VALIDATION.BUSINESS_RULE"},
}
"""Lasting trouble -> the codes under which it waits for a person."""


def planned(key: str) -> Fault:
    """Return a kind as it is usually seen, on a share that leaves the retries a chance; what lasts, until mended."""
    kind, fault = CATALOGUE[key], CATALOGUE[key].usual
    if kind.is_lasting:
        return msgspec.structs.replace(fault, nth=1)
    if key == "retry_storm":
        fault = msgspec.structs.replace(fault, count=2)
    return msgspec.structs.replace(fault, share_ppm=600_000 if key in RARE else SHARE_PPM)


@pytest.mark.parametrize("key", KINDS)
def test_the_integration_comes_through_what_strikes_its_calls(key: str) -> None:
    found = attempt(Trial(scenario=GROUND, seed=3, faults=(planned(key),)))
    (chance,) = found.coverage.plan
    assert chance.fired > 0
    assert found.status == "holds", [each.sentence for each in found.broken] or found.unknown
    if CATALOGUE[key].is_lasting:
        assert CASES[key] <= {code for code, _ in found.coverage.reasons}
    else:
        assert [code for code, _ in found.coverage.reasons if not code.startswith("DEPENDENCY.")] == []
