"""What a replay leaves open when it ends is not proved: neither kept nor broken."""

from __future__ import annotations

import pytest

from contracts.checks.judge import judge
from contracts.checks.verdict import Verdict
from domain.history import Changed, Record
from tests.contracts.checks.build import at, check, clean, ended_at, history, of, without


def verdict_at(minutes: float, records: list[Record]) -> Verdict:
    """Return the verdict of a replay that ended so many minutes after its start, in the middle or not."""
    found, context = ended_at(minutes, records)
    return judge(history(found, **context))


def test_an_invoice_on_its_way_to_the_erp_is_neither_lost_nor_there() -> None:
    found = verdict_at(29, clean())
    assert (found.status, found.exit_status) == ("unknown", 4)
    left = {each.check: each.under_way for each in found.results if each.under_way}
    assert left == {"L1": 1, "L2": 1, "L3": 1}
    reason = found.result("L2").reason
    assert reason == (
        "1 still on the way when the run ended; give it more time (settles_within), or less to do (a lower "
        "speed, fewer orders)"
    )


def test_an_invoice_that_waits_for_its_tax_may_still_be_lost() -> None:
    found = {each.check: each.under_way for each in verdict_at(26, clean()).results if each.under_way}
    assert found == {"L2": 1, "S9": 1}


def test_what_came_to_its_end_is_proved_however_soon_the_run_ended() -> None:
    found = verdict_at(1520, clean())
    assert not [each.check for each in found.results if each.under_way]
    assert found.result("L2").status == found.result("S9").status == "holds"


def test_what_waits_for_others_is_not_on_its_way() -> None:
    records, context = ended_at(14.5, clean())
    assert check("L2", records, **context).status == "holds", "a technician works on it"


@pytest.mark.parametrize(("minutes", "status"), [(29, "unknown"), (29 + 24, "broken")])
def test_what_was_due_and_is_not_done_stays_broken(minutes: float, status: str) -> None:
    gone = [r for r in clean() if not (isinstance(r, Changed) and r.system in ("billing", "payment", "tax"))]
    records, context = ended_at(minutes, without(gone, of("invoice", "erp")))
    soon = {**context, "heal_us": at(0), "settle_seconds": 24 * 60}
    assert check("L2", records, **soon).status == status


def test_what_rested_before_the_end_of_patience_asks_for_another_look() -> None:
    records, context = ended_at(29, clean(), came_to_rest=True)
    reason = check("L2", records, **context).reason
    assert reason == (
        "1 still on the way when the run ended; it had come to rest: see what became of them, or raise quiet_for if "
        "it polls less often than that"
    )


def test_a_rehearsal_ends_on_a_day_on_which_there_is_always_some_business() -> None:
    records, context = ended_at(29, clean())
    rehearsed = judge(history(records, **{**context, "engine": "rehearsal"}))
    assert not [each.check for each in rehearsed.results if each.under_way]
    assert rehearsed.result("L2").status == "holds"
