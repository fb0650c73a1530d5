"""Dunning: an account that does not pay is reminded by stages, put on hold, and left in peace the moment it has paid.

One flow an account and episode. It asks the ERP what is open, so that a payment, a credit, a write-off or a dispute
counts whichever way it came. What the customer disputes is not dunned; a promise to pay is waited for. The hold it
places is its own: nobody else's is ever released.

Episodes are numbered, and a row of the cross-reference knows the one that is under way or comes next: a debt that is
taken up, left in peace for a dispute and owed again is the same debt, and has to be taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from domain.calendar import SECOND_US, local_date, midnight_us
from domain.dunning import STANDARD, earliest_unpaid
from integration.effects import Assign, Lookup, Now, Sleep, Start
from integration.flow import FlowContext
from integration.flows import cash_facts as facts
from integration.flows import cash_requests
from integration.flows.approvals import put_back
from integration.flows.customers import home_of
from integration.flows.paging import every_row
from integration.flows.steps import day_in, do, key_of, tell
from integration.outcomes import GivenUp
from integration.systems.erp import receivables as books
from integration.systems.erp.receivables import OpenInvoice

PROFILE = STANDARD
STAGES = (PROFILE.start, *[stage.name for stage in PROFILE.stages])
HOLD_FROM = STAGES.index("suspended")
WRITE_OFF_FROM = STAGES.index("written_off")
REASON, ASKER = "dunning", "integration"
PROMISES, EPISODES = "promise_to_pay", "dunning"
LOOK_SECONDS = 3600
"""How often an account on hold is looked at: who has paid may buy again within the hour. Others are once a day."""


class Episode(msgspec.Struct, frozen=True):
    """The episode of an account that is under way or comes next: its number, and the first due day that it is about.

    Earlier debts were given up by a person: whoever did so has them in hand.
    """

    number: int = 1
    since: str = ""

    def start(self, account: str) -> Start:
        """Return the start of its flow."""
        return Start(
            flow_id=f"dunning/{account}/{self.number}", name="dunning",
            arguments={"account": account, **msgspec.structs.asdict(self)}, entity_key=f"dunning/{account}",
        )  # fmt: skip

    def dunned(self, context: FlowContext, rows: Sequence[OpenInvoice], at_us: int) -> list[OpenInvoice]:
        """Return what of an account's open invoices is overdue where it is owed, and not disputed.

        Nothing is while all of it is below the thresholds.
        """
        late = [
            row
            for row in rows
            if self.since <= row.due.isoformat()
            and row.due < day_in(context, row.subsidiary, at_us)
            and not row.custbody_dispute
        ]
        totals: dict[str, int] = {}
        for row in late:
            totals[row.currency] = totals.get(row.currency, 0) + row.open_minor
        return late if PROFILE.dunned(totals) else []


async def episode_of(account: str) -> Episode:
    """Return the episode of an account that is under way or comes next."""
    return msgspec.convert(await Lookup(EPISODES, account) or {}, Episode)


class Standing(msgspec.Struct, frozen=True):
    """How far an account is: its stage, and whether it is held for it."""

    stage: str
    is_held: bool


async def dunning(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Dun an account until nothing of it is overdue. Arguments: account, number, since."""
    account, standing = arguments["account"], Standing(PROFILE.start, False)
    episode = Episode(arguments["number"], arguments["since"])
    context = await home_of(context, account)
    entity, reached = "", PROFILE.start
    try:
        while True:
            rows = await every_row(context, books.open_of(account, context.txn), books.open_page)
            now_us = await Now()
            due = episode.dunned(context, rows, now_us)
            if not due:
                break
            entity = due[0].subsidiary
            today = day_in(context, entity, now_us)
            stage = PROFILE.stage(earliest_unpaid([(row.due, row.open_minor) for row in due]), today)
            if await _is_promised(account, today):
                stage = standing.stage
            if stage != standing.stage:
                standing = await _moved(context, account, due, standing, stage, today)
                reached = stage
            await Sleep(LOOK_SECONDS if standing.is_held else _until_next_day(context, entity, now_us))
    except GivenUp:
        await _cured(context, account, entity, standing)
        await given_up(context, account, episode)
        raise
    await _cured(context, account, entity, standing)
    await _over(account, episode, since=episode.since)
    return {"account": account, "status": "cured", "reached": reached}


async def given_up(context: FlowContext, account: str, episode: Episode) -> None:
    """Make room for the next episode after one that a person gave up: it is about what is due from now on."""
    await _over(account, episode, since=min(days_now(context, await Now())).isoformat())


async def _over(account: str, episode: Episode, since: str) -> None:
    """Make room for the next episode, which is about what is due since a day."""
    before = await Lookup(EPISODES, account)
    after = msgspec.structs.asdict(Episode(episode.number + 1, since))
    await Assign(kind=EPISODES, key=account, value=after, expected=before)


def days_now(context: FlowContext, at_us: int) -> list[date]:
    """Return the days that it is at an instant where the legal entities are."""
    return [local_date(at_us, zone) for zone in context.settings.zones.values()]


def _until_next_day(context: FlowContext, entity: str, at_us: int) -> float:
    """Return how long it is until six in the morning of the next day where the entity is, in seconds."""
    zone = context.settings.zones[entity]
    tomorrow = day_in(context, entity, at_us) + timedelta(days=1)
    return (midnight_us(tomorrow, zone) - at_us) / SECOND_US + 6 * 3600


async def _is_promised(account: str, today: date) -> bool:
    promise = await Lookup(PROMISES, account)
    return promise is not None and today.isoformat() <= promise["until"]


# --- stages ---------------------------------------------------------------------------------------------------------


async def _moved(
    context: FlowContext, account: str, due: Sequence[OpenInvoice], before: Standing, stage: str, today: date
) -> Standing:
    """Tell a change of stage, and do what the stage asks for."""
    entity = due[0].subsidiary
    names = [row.externalid for row in due]
    body = facts.stage_changed(entity, today, account, before.stage, stage, names)
    await tell("dunning.stage_changed", account, context.txn, **body)
    for row in due:
        await _notice(context, account, row, stage, today)
    level = STAGES.index(stage)
    is_held = before.is_held
    if level >= HOLD_FROM and not is_held:
        is_held = await _held(context, account)
    elif level < HOLD_FROM and is_held:
        await _cured(context, account, entity, Standing(stage, True), is_over=False)
        is_held = False
    if level >= WRITE_OFF_FROM:
        await _to_be_written_off(context, due)
    return Standing(stage, is_held)


async def _notice(context: FlowContext, account: str, row: OpenInvoice, stage: str, today: date) -> None:
    money, days = facts.money(row.open_minor, row.currency), (today - row.due).days
    txn = row.custbody_txn or context.txn
    body = facts.invoice_overdue(row.subsidiary, today, row.externalid, account, days, stage, money)
    await tell("invoice.overdue", row.externalid, txn, **body)


async def _held(context: FlowContext, account: str) -> bool:
    """Put the account's credit on hold (the ERP's message shows and tells it); False when somebody else holds it."""
    key = key_of(context, account, f"hold/{context.flow_id}")
    answer = await do(context, books.hold_credit(account, "hard", REASON, key, context.txn))
    return books.credit_of(answer).reason == REASON


async def _cured(context: FlowContext, account: str, entity: str, standing: Standing, is_over: bool = True) -> None:
    """End the hold that dunning placed, and tell that the account is current again."""
    if standing.is_held:
        key = key_of(context, account, f"release/{context.flow_id}/{standing.stage}")
        release = books.hold_credit(account, "none", REASON, key, context.txn)
        await put_back(f"the hold of {account}", lambda: do(context, release))
    if is_over and standing.stage != PROFILE.start:
        day = day_in(context, entity, await Now())
        body = facts.stage_changed(entity, day, account, standing.stage, PROFILE.start, [])
        await tell("dunning.stage_changed", account, context.txn, **body)


async def _to_be_written_off(context: FlowContext, due: Sequence[OpenInvoice]) -> None:
    """Ask for the write-off of what has been overdue for so long; a second person decides."""
    request = context.flow_id.replace("/", "-")
    for row in due:
        await cash_requests.write_off(request, row.externalid, row.custbody_txn or "", "collection failed", ASKER)


# --- promises -------------------------------------------------------------------------------------------------------


async def promise(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Note that an account promised to pay; dunning stands still until that day. Arguments: account, until, told_by."""
    account, value = arguments["account"], {"until": arguments["until"], "told_by": arguments["told_by"]}
    while True:
        before = await Lookup(PROMISES, account)
        if before is not None and before["until"] >= value["until"]:
            return {"account": account, "status": "known", "until": before["until"]}
        if await Assign(kind=PROMISES, key=account, value=value, expected=before) == value:
            return {"account": account, "status": "noted", "until": value["until"]}
