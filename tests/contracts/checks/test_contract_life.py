"""The checks of contract life hold on what the reference integration does, and break on each way to get it wrong.

The ways are of two sorts: edits of a history, for systems that do wrong whatever they are told, and mutants of the
flows, for integrations that tell them wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.judge import result_of
from contracts.checks.registry import BY_ID
from contracts.checks.verdict import Result
from domain.history import Changed, MemoryHistory, Record
from domain.objects import Delta
from integration.flows import amendments, orders, pauses, renewals, undoing
from integration.systems import billing
from tests.stage import CORE, LIVE, Played, Stage

MINE = "Q-500001"
TEN = Delta(sku=CORE, quantity=10, unit_minor=1200_00)


def pausing() -> Played:
    stage = Stage()
    stage.subscribed()
    stage.amends(MINE, LIVE, "pause", date(2026, 12, 1), 2, TEN, resume_date=date(2026, 12, 4))
    return stage.play(days=6)


def renewing(unit_minor: int = 1248_00) -> Played:
    stage = Stage()
    stage.clerks = 0
    stage.subscribed(start="2025-12-02", term_end="2026-12-02")
    stage.renews(MINE, LIVE, date(2026, 12, 2), 2, (CORE, 10, unit_minor, 12))
    return stage.play(days=4)


def dear() -> Played:
    return renewing(1500_00)


def noticed() -> Played:
    stage = Stage()
    stage.subscribed(start="2026-01-02", term_end="2027-01-02", meta_data={"auto_renew": True})
    stage.amends("Q-500002", LIVE, "notice", date(2027, 1, 2), 1, TEN)
    stage.renews(MINE, LIVE, date(2027, 1, 2), 4, (CORE, 10, 1200_00, 12), kind="auto")
    return stage.play(days=6)


def ending(refund: str) -> Played:
    stage = Stage()
    stage.subscribed()
    stage.amends(MINE, LIVE, "cancel", date(2026, 11, 30), 2, replace(TEN, quantity=0), refund=refund)
    return stage.play(days=3)


def ended_with_refund() -> Played:
    return ending("prorated")


def ended_without_refund() -> Played:
    return ending("none")


def refused() -> Played:
    """An amendment that reaches back before a pause, which a clerk gives up."""
    stage = Stage()
    stage.subscribed()
    stage.amends(MINE, LIVE, "pause", date(2026, 12, 1), 2, TEN, resume_date=date(2026, 12, 3))
    stage.amends("Q-500002", LIVE, "upsell", date(2026, 11, 29), 60, replace(TEN, quantity=20), sequence=2)
    return stage.play(days=6)


kept = cache(lambda play: play().records)


def judged(key: str, records: list[Record]) -> Result:
    return result_of(BY_ID[key], Facts(MemoryHistory(records)))


HOLD = (
    ("O6", pausing), ("O7", renewing), ("P9", renewing), ("P9", noticed), ("M14", ended_with_refund),
    ("M14", ended_without_refund), ("A9", refused),
)  # fmt: skip


@pytest.mark.parametrize(("key", "played"), HOLD, ids=[f"{key}_{played.__name__}" for key, played in HOLD])
def test_the_check_holds_on_what_the_integration_does(key: str, played: Callable[[], Played]) -> None:
    result = judged(key, kept(played))
    assert result.status == ("holds" if played is not noticed else "unknown"), result
    assert result.examined > 0 or played is noticed


# --- edits ----------------------------------------------------------------------------------------------------------


def without(records: list[Record], system: str, kind: str) -> list[Record]:
    return [r for r in records if not (isinstance(r, Changed) and (r.system, r.kind) == (system, kind))]


def edited(records: list[Record], system: str, kind: str, key: str = "", **fields: Any) -> list[Record]:
    return [
        replace(r, document=replace(r.document, **fields))  # type: ignore[type-var]
        if isinstance(r, Changed) and (r.system, r.kind) == (system, kind) and key in ("", r.id)
        else r
        for r in records
    ]


def _never_suspended() -> list[Record]:
    return [r for r in kept(pausing) if not (isinstance(r, Changed) and r.status == "suspended")]


def _never_resumed() -> list[Record]:
    found = list(kept(pausing))
    last = max(i for i, r in enumerate(found) if isinstance(r, Changed) and r.status == "suspended")
    return [
        r for i, r in enumerate(found) if i <= last or not (isinstance(r, Changed) and r.kind == "subscription")
    ]  # fmt: skip


def _pause_charged() -> list[Record]:
    return without(kept(pausing), "billing", "credit_memo")


def _pause_partly_charged() -> list[Record]:
    (memo,) = [r for r in kept(pausing) if isinstance(r, Changed) and (r.system, r.kind) == ("billing", "credit_memo")]
    assert memo.document is not None
    line = memo.document.lines[0]  # type: ignore[union-attr]
    short = replace(line, period_start=line.period_start + timedelta(days=1))
    return edited(kept(pausing), "billing", "credit_memo", lines=(short,))


def _no_successor() -> list[Record]:
    return [r for r in kept(renewing) if not (isinstance(r, Changed) and r.kind == "subscription" and r.id == MINE)]


def _gap_before_the_successor() -> list[Record]:
    return edited(kept(renewing), "billing", "subscription", MINE, start=date(2026, 12, 3))


def _other_customer() -> list[Record]:
    return edited(kept(renewing), "billing", "subscription", MINE, customer="A-000009")


def _two_successors() -> list[Record]:
    more = [
        replace(r, id="Q-500001b", document=replace(r.document, id="Q-500001b"))  # type: ignore[type-var]
        for r in kept(renewing)
        if isinstance(r, Changed) and r.kind == "subscription" and r.id == MINE
    ]
    return [*kept(renewing), *more]


def _nothing_back() -> list[Record]:
    return without(kept(ended_with_refund), "billing", "credit_memo")


def _something_back() -> list[Record]:
    (memo,) = [r for r in kept(ended_with_refund) if isinstance(r, Changed) and (r.system, r.kind) == _NOTE][:1]
    return [*kept(ended_without_refund), memo]


_NOTE = ("billing", "credit_memo")


def _still_applied() -> list[Record]:
    return edited(kept(refused), "billing", "subscription", applied=(f"{MINE}-v1", "Q-500002-v1"))


def _end_still_moved() -> list[Record]:
    records, moved = edited(kept(refused), "crm", "quote", "Q-500002-v1", co_term_end=date(2027, 6, 1)), []
    for record in records:
        if isinstance(record, Changed) and (record.kind, record.system) == ("subscription", "billing"):
            moved = [replace(record, document=replace(record.document, term_end=date(2027, 6, 1)))]
    return [*records, *moved]


EDITS: tuple[tuple[str, Callable[[], list[Record]]], ...] = (
    ("O6", _never_suspended), ("O6", _never_resumed), ("O6", _pause_charged), ("O6", _pause_partly_charged),
    ("O7", _no_successor), ("O7", _gap_before_the_successor), ("O7", _other_customer), ("O7", _two_successors),
    ("M14", _nothing_back), ("M14", _something_back), ("A9", _still_applied),
    ("A9", _end_still_moved),
)  # fmt: skip


@pytest.mark.parametrize(("key", "spoil"), EDITS, ids=[f"{key}{spoil.__name__}" for key, spoil in EDITS])
def test_a_history_that_went_wrong_breaks_the_check(key: str, spoil: Callable[[], list[Record]]) -> None:
    result = judged(key, spoil())
    assert result.status == "broken", result
    assert result.violations[0].evidence
    assert result.violations[0].sentence


# --- mutants --------------------------------------------------------------------------------------------------------


async def _nothing(*_arguments: Any) -> None:
    return None


def _always_prorated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing.calls, "REFUNDS", dict.fromkeys(billing.calls.REFUNDS, "prorate"))


def _never_refunded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing.calls, "REFUNDS", dict.fromkeys(billing.calls.REFUNDS, "none"))


def _no_credit_for_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "_credited", _nothing)


def _any_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewals, "problem_of", lambda *_: None)


def _deaf_to_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    _any_price(monkeypatch)
    monkeypatch.setattr(renewals, "_notice_day", _nothing)
    monkeypatch.setattr(renewals, "AUTO", "never")


def _a_day_late(monkeypatch: pytest.MonkeyPatch) -> None:
    real = orders.create_subscription

    async def late(context: Any, accepted: Any, reference: str, is_new: bool, start: date) -> int:
        return await real(context, accepted, reference, is_new, start + timedelta(days=1))

    monkeypatch.setattr(renewals, "create_subscription", late)


def _applied_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that applies what people refuse, and then closes the order all the same."""
    monkeypatch.setattr(amendments, "_problem", lambda *_: "")

    async def applied(context: Any, plan: Any, index: int, cause: str) -> None:
        await real_apply(context, plan, index, cause)
        if plan.rows[index]["kind"] == "upsell":
            await undoing.cancelled(context, cause, "", "US", "too late")

    real_apply = amendments.apply
    monkeypatch.setattr(amendments, "apply", applied)


MUTANTS: tuple[tuple[str, Callable[[pytest.MonkeyPatch], None], Callable[[], Played]], ...] = (
    ("O6", _no_credit_for_pauses, pausing), ("O7", _a_day_late, renewing), ("P9", _any_price, dear),
    ("P9", _deaf_to_notice, noticed), ("M14", _always_prorated, ended_without_refund),
    ("M14", _never_refunded, ended_with_refund), ("A9", _applied_after_all, refused),
)  # fmt: skip


@pytest.mark.parametrize(
    ("key", "mutate", "played"), MUTANTS, ids=[f"{key}{each.__name__}" for key, each, _ in MUTANTS]
)
def test_a_flow_that_gets_it_wrong_is_noticed(
    key: str,
    mutate: Callable[[pytest.MonkeyPatch], None],
    played: Callable[[], Played],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mutate(monkeypatch)
    assert judged(key, played().records).status == "broken"
