"""A quarter-end with a channel, over three kinds of books, in which accounts are entered twice: all at once."""

from __future__ import annotations

import pytest

from contracts.checks.judge import judge
from domain.history import MemoryHistory
from domain.objects import Quote
from scenarios.company import Failures, Mix
from scenarios.language import Scenario
from scenarios.timeline import build
from tests.demo import demo, played


def acquisition() -> Scenario:
    scenario = demo(60, 40, days=7, run_on_days=10)
    books = {"DE": "erp2", "JP": "erp2"}
    entities = [e.model_copy(update={"books": books.get(e.id, "erp")}) for e in scenario.world.entities]
    return scenario.model_copy(
        update={
            "world": scenario.world.model_copy(update={"entities": tuple(entities)}),
            "mix": Mix.model_validate({**scenario.mix.model_dump(by_alias=True), "channel": "60%"}),
            "failures": Failures.model_validate({**scenario.failures.model_dump(), "duplicate_customer": "20%"}),
        }
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_an_acquisition_with_a_channel_holds(seed: int) -> None:
    timeline = build(acquisition(), seed)
    history = MemoryHistory(played(timeline))
    verdict = judge(history)
    assert [result.violations[0].sentence for result in verdict.results if result.broken] == []
    assert verdict.result("S13").examined >= 3
    quotes = [change.document for change in history.changes("quote", "crm") if isinstance(change.document, Quote)]
    resold = {quote.account for quote in quotes if quote.partner_model}
    assert resold <= set(timeline.partners)
    assert resold
