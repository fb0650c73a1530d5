"""Mutants of the calendar: whose day it is, where a day begins, and what a closed period means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from domain.calendar import local_date, utc_midnight_us
from integration.effects import Now, Sleep
from integration.facade.ledgers import in_books
from integration.flow import FlowContext
from integration.flows import approvals, renewals, settlements, steps
from integration.flows.catalogue import PROGRAMS
from integration.flows.steps import do, until_given_up
from integration.outcomes import Answer, CallFailed
from integration.systems import erp
from integration.systems.erp import receivables as books
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CLOSING, NIGHTS, PAYOUTS, RENEWALS

_HEADQUARTERS = "America/New_York"


def _utc_business_date() -> list[Patch]:
    def day_in(_context: FlowContext, _entity: str, at_us: int) -> date:
        return local_date(at_us, "UTC")

    return [Patch(steps, "day_in", day_in)]


def _headquarters_date() -> list[Patch]:
    def day_in(_context: FlowContext, _entity: str, at_us: int) -> date:
        return local_date(at_us, _HEADQUARTERS)

    return [Patch(steps, "day_in", day_in)]


def _midnight_in_utc() -> list[Patch]:
    def midnight_us(day: date, _zone: str) -> int:
        return utc_midnight_us(day)

    return [Patch(renewals, "midnight_us", midnight_us)]


def _period_reopened() -> list[Patch]:
    async def forced(
        context: FlowContext, entity: str, day: date, call: Callable[[date], Any], allow: tuple[str | int, ...] = ()
    ) -> Answer:
        context = in_books(context, entity)
        try:
            return await do(context, call(day), allow=(erp.USER_ERROR, *allow))
        except CallFailed as refused:
            if steps.code_of("erp", refused) != approvals.PERIOD_CLOSED:
                raise
            month = f"{day:%Y-%m}"
            key = f"{entity}/{month}/{refused.at_us}"
            await do(context, books.move_period(entity, "ar", month, "open", f"{key}/open"))
            answer = await do(context, call(day), allow=allow)
            await do(context, books.move_period(entity, "ar", month, "closed", f"{key}/close"))
            return answer

    return [Patch(approvals, "in_open_period", forced)]


def _payout_of_the_next_day() -> list[Patch]:
    async def settled(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
        await Sleep(86_400)
        return await settlements.settle(context, {**arguments, "at_us": await Now()})

    return [Patch(PROGRAMS, "settle", until_given_up(settled))]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="utc_business_date",
        group="calendar",
        mistake="The business date is the date in UTC: it is cut off the text of a timestamp, and an evening in New "
        "York belongs to the next day, on the last day to the next quarter (catalogue 53).",
        caught_by=("O8",),
        ground=NIGHTS,
        patches=_utc_business_date,
    ),
    Mutant(
        name="headquarters_date",
        group="calendar",
        mistake="Every legal entity has the date of headquarters, because that is the time zone of the server "
        "(catalogue 54: naive timestamps).",
        caught_by=("O8",),
        ground=NIGHTS,
        patches=_headquarters_date,
    ),
    Mutant(
        name="midnight_in_utc",
        group="calendar",
        mistake="A day begins at midnight UTC: what waits for the end of a day in New York happens five hours early "
        "(catalogue 54).",
        caught_by=("P9",),
        ground=RENEWALS,
        patches=_midnight_in_utc,
    ),
    Mutant(
        name="period_reopened",
        group="calendar",
        mistake="What comes after the books are closed is posted on its own day all the same: the integration opens "
        "the period and closes it again, and nobody has agreed to it (F64).",
        caught_by=("P10",),
        ground=CLOSING,
        patches=_period_reopened,
    ),
    Mutant(
        name="payout_of_the_next_day",
        group="calendar",
        mistake="Payouts are booked by a job of the next day with its own date, so that the bank account never agrees "
        "with the bank's statement at the end of a month.",
        caught_by=("O8",),
        ground=PAYOUTS,
        patches=_payout_of_the_next_day,
    ),
)
