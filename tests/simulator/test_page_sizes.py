"""However few rows the vendors put on a page, the reference integration reads every list to its end."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from contracts.checks.business_state import difference, final_state
from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.verdict import HOLDS
from domain.history import Attempted, MemoryHistory
from domain.paging import PAGE_SIZES_MAX
from q2c.hunting.trial import Trial, play
from scenarios.loader import dump
from tests.mutants.grounds import quiet

LISTS = {
    ("crm", "query_more"), ("erp", "suiteql"), ("billing", "list_invoices"), ("payment", "list_payment_intents"),
    ("payment", "list_balance_transactions"),
}  # fmt: skip


@cache
def heard_of_nothing(size: int, seed: int) -> MemoryHistory:
    """Return the history of a quarter's last days in which sweeps find everything, for no message arrives."""
    scenario = quiet(
        8, 0, days=3, run_on_days=5, systems={name: {"page_size": size} for name in PAGE_SIZES_MAX} if size else {},
        faults=[{"kind": "loss", "system": system} for system in ("crm", "erp", "billing", "payment", "fulfilment")],
    )  # fmt: skip
    return MemoryHistory(play(Trial(scenario=dump(scenario), seed=seed)))


def pages(history: MemoryHistory) -> Counter[tuple[str, str]]:
    """Return how many pages of each list were read."""
    calls = ((each.system, each.operation) for each in history.of(Attempted))
    return Counter(call for call in calls if call in LISTS)


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_nobody_was_told_of_is_found_on_small_pages_as_on_large_ones(size: int, seed: int) -> None:
    large, small = heard_of_nothing(0, seed), heard_of_nothing(size, seed)
    facts = Facts(small)
    verdict = judge(small, facts=facts)
    assert (verdict.status, verdict.broken_safety, verdict.broken_liveness) == (HOLDS, (), ())
    assert difference(list(final_state(Facts(large))), list(final_state(facts))) == ""
    assert {name for name in LISTS if pages(small)[name] > pages(large)[name]} == LISTS
