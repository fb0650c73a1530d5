"""Amendments: how contracts change while the quarter runs, and in which order the changes arrive.

A contract's amendments are planned together: signed in one order, effective in another, each stating absolute new
quantities and unit prices as they stand once everything effective before it is applied. The first live contract
always has two amendments that arrive in the wrong order, the second two that take effect on the same day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import IntEnum
from fractions import Fraction
from typing import Any

from domain.acts import Act
from domain.calendar import HOUR_US, MINUTE_US, add_months, local_date
from scenarios import aftermath, renewals
from scenarios.catalogue import ANNUAL, BY_SKU, MONTHLY, RECURRING, list_unit_minor
from scenarios.contracts import Contract, contract, serials
from scenarios.deals import APPROVERS, approval_us, band, net_unit_minor, percent_text, spaced
from scenarios.ground import AMENDMENT_FIRST, LIVE_FIRST, Ground
from scenarios.moments import DAY
from scenarios.renewals import Ending, ending

PER_CONTRACT_MAX = 3
MORE = ((1, 0.70), (2, 0.22), (3, 0.08))  # amendments of a contract that amends [E]
KINDS_AFTER_RISE = (
    ("price_change", 0.35), ("downsell", 0.20), ("upsell", 0.15), ("swap", 0.08), ("cancel", 0.08),
    ("add_product", 0.07), ("co_term", 0.07),
)  # fmt: skip
"""(kind, weight) [E]; without a rise the scenario says it."""
ALONE = frozenset({"cancel", "pause", "billing_change", "shorten_term"})
"""Kinds that a contract with several amendments does not have: they would say something about the others."""
RESTATED = frozenset({"co_term", "extend_term", "shorten_term", "pause"})
"""Kinds that say nothing about products: their one line says again what holds."""
PAUSE_DAYS = (7, 28)
EXTENDED_MONTHS = (1, 12)
SHORTENED_AHEAD_MONTHS = 2
LEAD_MEDIAN_HOURS, LEAD_P95_HOURS = 4.0, 48.0  # from draft to signature [E]
BACKDATED_DAYS_MAX, AHEAD_DAYS_MAX = 30, 20
PRICE_CHANGE = Fraction(3, 100)  # without a published rise
VALID_DAYS = 30
RENEWALS = frozenset({"renew", "auto"})
FOR_LESS = frozenset({"cancel", "downsell"})

Terms = dict[str, tuple[int, int, int]]  # sku -> (quantity, list unit, net unit)


class Step(IntEnum):
    """What happens in the life of an amendment, in the order of ties."""

    CREATE = 0
    SUBMIT = 1
    APPROVE = 2
    ACCEPT = 3


@dataclass(frozen=True, slots=True)
class Amendment:
    """One amendment. `sequence` counts a contract's amendments in the order of their signatures, from 1.

    `deltas` are (sku, new quantity, list unit, net unit); `co_term_end` is the new term end, if it moves. A renewal
    (kinds `renew` and `auto`) is planned as an amendment too: a contract has the one or the others.
    """

    number: int
    contract: Contract
    kind: str
    at_us: int
    day: date
    effective: date
    sequence: int
    deltas: tuple[tuple[str, int, int, int], ...] = ()
    co_term_end: date | None = None
    resume: date | None = None
    refund: str = ""
    months: int = 0  # the length of a billing period, where it changes
    uplift_percent: int = 0


def amendments(ground: Ground) -> Iterator[Amendment]:
    """Yield all amendments signed in the rehearsed days, contract by contract."""
    for serial in serials(ground):
        yield from plan(ground, serial)


def quiet(ground: Ground) -> bool:
    """Tell whether nobody amends at all."""
    return not ground.scenario.mix.amendments_per_contract_year and (ground.rise is None or not ground.rise.amend)


def plan(ground: Ground, serial: int) -> list[Amendment]:
    """Return the amendments of one contract in the order of their signatures."""
    decided = ending(ground, serial)
    if decided is not None:
        return _renewal(ground, serial, decided)
    signed = _signatures(ground, serial)
    if not signed:
        return []
    live = contract(ground, serial)
    drafts = []
    for index, (at_us, day, waved) in enumerate(sorted(signed)):
        number = AMENDMENT_FIRST + (serial - LIVE_FIRST) * PER_CONTRACT_MAX + index
        kind = _kind(ground, number, waved, alone=len(signed) == 1)
        effective = _effective(ground, live, number, day, waved)
        co_term = _moves_end(ground, number, kind, waved)
        end = _co_term_end(live.term_end) if co_term else None
        drafts.append(_detailed(ground, Amendment(number, live, kind, at_us, day, effective, index + 1, (), end)))
    return _with_deltas(ground, _crossed(ground, serial, drafts))


def _renewal(ground: Ground, serial: int, decided: Ending) -> list[Amendment]:
    """Return what is signed about the end of a contract: its renewal or its notice, or nothing."""
    if decided.how == "lapse":
        return []
    live = contract(ground, serial)
    number = AMENDMENT_FIRST + (serial - LIVE_FIRST) * PER_CONTRACT_MAX
    at_us = ground.within_us(decided.day, ground.sites[ground.site("live", serial)], "decided", serial)
    kind = {"signed": "renew"}.get(decided.how, decided.how)
    restated = live.items[:1] if kind == "notice" else live.items
    return [
        Amendment(
            number, live, kind, at_us, decided.day, decided.end, 1, restated, uplift_percent=decided.uplift_percent
        )
    ]


def _detailed(ground: Ground, draft: Amendment) -> Amendment:
    """Return a draft with what only its kind has: the end of a pause, a new end, a refund, another frequency."""
    draws, live, number = ground.draws, draft.contract, draft.number
    if draft.kind == "pause":
        resume = draft.day + draws.whole(*PAUSE_DAYS, "rest", number) * DAY
        return replace(draft, effective=draft.day, resume=resume)
    if draft.kind == "extend_term":
        return replace(draft, co_term_end=add_months(live.term_end, draws.whole(*EXTENDED_MONTHS, "extended", number)))
    if draft.kind == "shorten_term":
        end = add_months(draft.day.replace(day=1), SHORTENED_AHEAD_MONTHS + 1)
        return replace(draft, effective=draft.day, co_term_end=min(end, live.term_end))
    if draft.kind == "cancel":
        refunds = (("none", ground.shares["refund_none"]), ("full", ground.shares["refund_full"]))
        rest = 1 - sum(share for _, share in refunds)
        return replace(draft, refund=draws.weighted((*refunds, ("prorated", rest)), "refund", number))
    if draft.kind == "billing_change":
        return replace(draft, months=MONTHLY if live.months == ANNUAL else ANNUAL)
    return draft


def _signatures(ground: Ground, serial: int) -> list[tuple[int, date, bool]]:
    """Return (instant, local day, whether the price rise is the reason) of each signature of a contract."""
    position = serial - LIVE_FIRST
    if quiet(ground):
        return []
    site = ground.sites[ground.site("live", serial)]
    found: list[tuple[int, date, bool]] = []
    for index in range(_count(ground, serial)):
        day = ground.signing_day("amend", serial, index)
        found.append(
            (ground.within_us(day, site, "amend", serial, index), day, position < 2 and ground.rise is not None)
        )
    if position < 2 or ground.rise is None or not ground.draws.chance(ground.rise.amend, "wave", serial):
        return found
    for index in range(ground.draws.weighted(MORE, "wave_count", serial)):
        wave_day = _wave_day(ground, serial, index)
        if wave_day is not None and len(found) < PER_CONTRACT_MAX:
            at_us = ground.within_us(wave_day, site, "wave", serial, index)
            found.append((max(at_us, ground.rise.published_us + MINUTE_US), wave_day, True))
    return found


def _count(ground: Ground, serial: int) -> int:
    """Return how many ordinary amendments a contract signs in the rehearsed days."""
    if serial - LIVE_FIRST < 2:
        return 2
    bounds = ground.moments
    years = ((bounds.last_day - bounds.first_day).days + 1) / 365
    rate = ground.scenario.mix.amendments_per_contract_year * years
    if not ground.draws.chance(min(rate, 1.0), "amends", serial):
        return 0
    return ground.draws.weighted(MORE, "amend_count", serial)


def _wave_day(ground: Ground, serial: int, index: int) -> date | None:
    """Return the business day on which a contract reacts to the rise; None when that day is not played."""
    assert ground.rise is not None, "only a price rise makes a wave"
    late = ground.draws.unit("wave_day", serial, index) ** 1.3
    day = local_date(ground.rise.published_us + int(ground.rise.within_us * late), ground.rise.zone)
    day += max(0, 7 - day.weekday() if day.weekday() > 4 else 0) * DAY
    return day if ground.rehearsed(day) else None


def _kind(ground: Ground, number: int, waved: bool, alone: bool) -> str:
    kinds = KINDS_AFTER_RISE if waved else [(kind, float(share)) for kind, share in ground.scenario.amendments]
    options = [(kind, weight) for kind, weight in kinds if alone or kind not in ALONE]
    return ground.draws.weighted(options, "kind", number)


def _effective(ground: Ground, live: Contract, number: int, day: date, waved: bool) -> date:
    """Return the effective date: back-dated (not before what was billed), on the day of signature, or ahead."""
    draws, mix = ground.draws, ground.shares
    backdated = ground.rise.backdated if waved and ground.rise else mix["backdated"]
    unit = draws.unit("timing", number)
    if unit < backdated:
        return max(day - draws.whole(1, BACKDATED_DAYS_MAX, "back", number) * DAY, live.billed_from)
    if unit < backdated + mix["future_dated"]:
        first_of_month = add_months(day.replace(day=1), 1)
        return (
            first_of_month
            if draws.chance(0.5, "ahead", number)
            else day + draws.whole(1, AHEAD_DAYS_MAX, "ahead_days", number) * DAY
        )
    return day


def _moves_end(ground: Ground, number: int, kind: str, waved: bool) -> bool:
    if kind in ("co_term", "cancel"):
        return kind == "co_term"
    return waved and ground.rise is not None and ground.draws.chance(ground.rise.co_term, "co_term", number)


def _co_term_end(term_end: date) -> date:
    """Return the common date a term is moved to: the next first day of a calendar quarter after its end."""
    first = term_end.replace(day=1)
    return add_months(first, 3 - (first.month - 1) % 3)


def _crossed(ground: Ground, serial: int, drafts: list[Amendment]) -> list[Amendment]:
    """Return the drafts with effective dates that cross (first contract, and half of the others) or coincide."""
    if len(drafts) < 2:
        return drafts
    position = serial - LIVE_FIRST
    if position == 1:
        return [replace(each, effective=drafts[-1].day) for each in drafts]
    if position == 0:  # applied at once, then a back-dated one comes: it has to be put before the first
        first = replace(drafts[0], effective=drafts[0].day)
        before = max(first.day - 2 * DAY, first.contract.billed_from)
        return [first, *(replace(each, effective=before) for each in drafts[1:])]
    if ground.draws.chance(0.5, "crossed", serial):
        ahead = drafts[-1].day + ground.draws.whole(1, 10, "crossing", serial) * DAY
        later = [replace(each, effective=min(each.effective, each.day)) for each in drafts[1:]]
        return [replace(drafts[0], effective=ahead), *later]
    return drafts


def _with_deltas(ground: Ground, drafts: list[Amendment]) -> list[Amendment]:
    """Return the drafts with what they change, worked out in the order in which they take effect."""
    live = drafts[0].contract
    terms: Terms = {sku: (quantity, listed, unit) for sku, quantity, listed, unit in live.items}
    deltas: dict[int, tuple[tuple[str, int, int, int], ...]] = {}
    for each in sorted(drafts, key=lambda draft: (draft.effective, draft.sequence)):
        changes = _changes(ground, each, terms)
        terms.update({sku: rest for sku, *rest in changes})  # type: ignore[misc]
        deltas[each.number] = changes
    return [replace(each, deltas=deltas[each.number]) for each in drafts]


def _changes(ground: Ground, each: Amendment, terms: Terms) -> tuple[tuple[str, int, int, int], ...]:
    draws, number = ground.draws, each.number
    held = [(sku, *rest) for sku, rest in terms.items() if rest[0] > 0]
    sku, quantity, listed, unit = held[0]
    if each.kind == "cancel":
        return tuple((name, 0, each_list, each_unit) for name, _, each_list, each_unit in held)
    if each.kind == "upsell":
        return ((sku, quantity + draws.whole(1, max(2, quantity // 2), "more", number), listed, unit),)
    if each.kind == "downsell":
        return ((sku, max(1, quantity - draws.whole(1, max(1, quantity // 2), "fewer", number)), listed, unit),)
    if each.kind == "price_change":
        factor = 1 + (ground.rise.ratio if ground.rise else PRICE_CHANGE)
        half = each.contract.half_percents
        return tuple((name, count, *_risen(li, un, factor, half)) for name, count, li, un in held)
    if each.kind == "billing_change":
        return tuple((name, count, *_rebilled(each, name)) for name, count, _, _ in held)
    if each.kind in RESTATED:
        return ((sku, quantity, listed, unit),)
    if each.kind == "remove":
        name, _, old_list, old_unit = held[-1]
        return ((name, 0, old_list, old_unit),) if len(held) > 1 else ((sku, quantity, listed, unit),)
    added = _another(ground, each, terms)
    return (added,) if each.kind == "add_product" else ((sku, 0, listed, unit), (added[0], quantity, *added[2:]))


def _rebilled(each: Amendment, sku: str) -> tuple[int, int]:
    """Return list and net price of a product for a billing period of another length, at the contract's discount."""
    listed = list_unit_minor(sku, each.contract.account.currency, each.months)
    return listed, net_unit_minor(listed, each.contract.half_percents)


def _another(ground: Ground, each: Amendment, terms: Terms) -> tuple[str, int, int, int]:
    """Return a product the contract has not had yet, at today's price and the contract's discount."""
    live, draws = each.contract, ground.draws
    offset = draws.whole(0, len(RECURRING) - 1, "another", each.number)
    circle = [RECURRING[(offset + index) % len(RECURRING)] for index in range(len(RECURRING))]
    product = next(option for option in circle if option.sku not in terms)
    listed = list_unit_minor(product.sku, live.account.currency, live.months, ground.rise_at(each.at_us))
    return product.sku, draws.whole(2, 40, "added", each.number), listed, net_unit_minor(listed, live.half_percents)


def _risen(listed: int, unit: int, factor: Fraction, half_percents: int) -> tuple[int, int]:
    """Return list and net price after a change, half up; the net one never falls below what the discount allows."""
    new_list = int(listed * factor + Fraction(1, 2))
    return new_list, max(int(unit * factor + Fraction(1, 2)), net_unit_minor(new_list, half_percents))


def steps(ground: Ground, each: Amendment) -> list[tuple[int, int]]:
    """Return the steps of an amendment's life as (instant, step)."""
    draws, start_us, number = ground.draws, ground.moments.start_us, each.number
    lead_us = int(draws.lognormal(LEAD_MEDIAN_HOURS, LEAD_P95_HOURS, "lead", number) * HOUR_US)
    draft_us = each.at_us - min(lead_us, (each.at_us - start_us) * 9 // 10)
    submit_us = draft_us + (each.at_us - draft_us) // 10
    made: list[tuple[int, int]] = [(draft_us, Step.CREATE), (submit_us, Step.SUBMIT)]
    half = each.contract.half_percents
    taken_us = approval_us(ground, number, half, ground.rush(submit_us, each.contract.account.zone))
    made.append((min(submit_us + taken_us, (submit_us + each.at_us) // 2), Step.APPROVE))
    made.append((each.at_us, Step.ACCEPT))
    signing = list(zip(spaced([at_us for at_us, _ in made]), [step for _, step in made], strict=True))
    if each.kind not in FOR_LESS:
        return signing
    return signing + aftermath.steps_of_credit(ground, number, each.contract.account.method, signing[-1][0])


def by_number(ground: Ground, number: int) -> Amendment:
    """Return the amendment of a quote number."""
    serial = LIVE_FIRST + (number - AMENDMENT_FIRST) // PER_CONTRACT_MAX
    return next(each for each in plan(ground, serial) if each.number == number)


def act(ground: Ground, each: Amendment, step: int, at_us: int) -> Act:
    """Return the act of one step of an amendment's life."""
    name = f"Q-{each.number:06d}"
    if step >= aftermath.Aftermath.LATE_RETURN:
        return Act(at_us=at_us, txn=name, **aftermath.act(ground, each.number, step, each.contract.id))
    this: dict[str, Any] = {"number": name, "version": 1}
    action, arguments = "approve_quote", this
    if step == Step.CREATE:
        action, arguments = "create_quote", _quote(each, name, at_us)
    elif step == Step.SUBMIT:
        action = "submit_quote"
    elif step == Step.ACCEPT:
        action, arguments = "accept_quote", {**this, "signer": each.contract.account.signer}
    else:
        arguments = {**this, "approver": APPROVERS[band(each.contract.half_percents)]}
    return Act(at_us=at_us, system="crm", action=action, arguments=arguments, txn=name)


def _quote(each: Amendment, name: str, at_us: int) -> dict[str, Any]:
    live = each.contract
    shared = _shared(each, name, at_us)
    if each.kind in RENEWALS:
        return {
            **shared,
            "kind": "renew",
            "amendment_kind": "auto" if each.kind == "auto" else "",
            "lines": renewals.lines(each.deltas, live.months, live.half_percents, each.uplift_percent),
            "term_start": each.effective.isoformat(),
            "term_months": 12,
        }
    months = each.months or live.months
    return {
        **shared,
        "lines": [
            {
                "sku": sku,
                "kind": BY_SKU[sku].kind,
                "quantity": quantity,
                "list_unit_minor": listed,
                "unit_minor": unit,
                "months": months,
            }
            for sku, quantity, listed, unit in each.deltas
        ],
        "term_start": live.start.isoformat(),
        "term_months": (live.term_end.year - live.start.year) * 12 + live.term_end.month - live.start.month,
        "effective_date": each.effective.isoformat(),
        "sequence": each.sequence,
        "deltas": [
            {"sku": sku, "quantity": quantity, "unit_minor": unit, "months": months}
            for sku, quantity, _, unit in each.deltas
        ],
        "co_term_end": each.co_term_end.isoformat() if each.co_term_end else None,
        "resume_date": each.resume.isoformat() if each.resume else None,
        "refund": each.refund,
    }


def _shared(each: Amendment, name: str, at_us: int) -> dict[str, Any]:
    live, who = each.contract, each.contract.account
    return {
        "number": name,
        "version": 1,
        "account": who.id,
        "entity": who.entity,
        "currency": who.currency,
        "kind": "amend",
        "amendment_kind": each.kind,
        "discount_percent": percent_text(live.half_percents),
        "valid_until": (local_date(at_us, who.zone) + timedelta(days=VALID_DAYS)).isoformat(),
        "payment_method": who.method,
        "subscription": live.id,
    }
