"""Orders: the life of one quote up to its signature, as steps in time and as acts.

A step is cheap (an instant and a number); its act is made only when its time comes, so that a hundred thousand
lifecycles do not lie in memory as documents.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import Any, NamedTuple

from domain.acts import Act
from domain.calendar import HOUR_US, MINUTE_US, SECOND_US, add_months, local_date
from scenarios import aftermath, luck, sellers
from scenarios.accounts import Account, account, crm_account, erp_customer, likeness_of, payer
from scenarios.arrivals import Arrival, arrival
from scenarios.deals import (
    APPROVERS,
    approval_us,
    band,
    discount,
    frequency,
    lacks_mapping,
    lines,
    percent_text,
    spaced,
    term_months,
)
from scenarios.ground import LOST_FIRST, Ground
from scenarios.moments import DAY
from scenarios.values import MICROSECOND

LEAD_MEDIAN_HOURS, LEAD_P95_HOURS, LEAD_MAX_HOURS = 40.0, 240.0, 600.0  # from submitting to signing [E]
PROVISION_MEDIAN_MINUTES, PROVISION_P95_MINUTES = 30.0, 360.0  # [E]
VALID_DAYS = 30
MARGIN_PERCENT = 20  # of a reseller [E]
REJECTED = 0.3  # of the quotes nobody signs; the others run out [E]
LOST_LAST = 99_999


class Step(IntEnum):
    """What happens in the life of an order, in the order of ties. A lost quote that is approved runs out by itself."""

    CRM_ACCOUNT = 0
    PAYER = 1
    ERP_CUSTOMER = 2
    CREATE_FIRST = 3
    SUBMIT_FIRST = 4
    CREATE = 5
    SUBMIT = 6
    APPROVE = 7
    LOST_CREATE = 8
    LOST_SUBMIT = 9
    LOST_APPROVE = 10
    LOST_REJECT = 11
    DURATION = 12
    ACCEPT = 13
    HOLD = 14
    RELEASE = 15
    END_CUSTOMER = 21  # behind the steps of `aftermath`


def quote_number(number: int) -> str:
    """Return a quote number: Q- and six digits."""
    return f"Q-{number:06d}"


def new_customer(ground: Ground, number: int, site: int) -> bool:
    """Tell whether an order opens an account of its own."""
    return buyer_serial(ground, number, site) == number


def buyer_serial(ground: Ground, number: int, site: int) -> int:
    """Return the serial number of the buying account: its own, or that of a live subscription of the same entity.

    Accounts that meet a credit hold are their own, so that no two holds fight over one account.
    """
    known = ground.live[site]
    if (
        not known
        or held(ground, number)
        or luck.order(ground.draws.seed, number).expansion >= ground.shares["expansion"]
    ):
        return number
    return luck.one_of(known, luck.order(ground.draws.seed, number).buyer)


def likeness(ground: Ground, number: int) -> str:
    """Return how the account that an order opens is like a known one; empty for almost all."""
    site = arrival(ground, number).site
    return likeness_of(ground, number, site) if new_customer(ground, number, site) else ""


def is_resold(ground: Ground, number: int, site: int) -> bool:
    """Tell whether a known account buys as a reseller, for a customer of its own."""
    return ground.shares["channel"] > 0 and not new_customer(ground, number, site) and ground.chance("channel", number)


def held(ground: Ground, number: int) -> bool:
    """Tell whether an order meets a credit hold."""
    return luck.order(ground.draws.seed, number).held < ground.shares["credit_hold"]


def versions(ground: Ground, number: int) -> int:
    """Return how many versions the accepted quote has had."""
    return 2 if luck.order(ground.draws.seed, number).version < ground.shares["second_version"] else 1


def causes(ground: Ground, number: int) -> tuple[str, ...]:
    """Return why an order will need a person: the ground truth of the scenario's configured fallout."""
    happens = {
        "missing_mapping": lacks_mapping(ground, number),
        "price_skew": ground.chance("price_skew", number),
        "credit_hold": held(ground, number),
        "duplicate_customer": likeness(ground, number) in ("doubtful", "lookalike"),
    }
    return tuple(cause for cause, true in happens.items() if true)


def steps(ground: Ground, order: Arrival) -> list[tuple[int, int]]:
    """Return the steps of an order's life as (instant, step)."""
    own = new_customer(ground, order.number, order.site)
    made = list(_quoting(ground, order))
    accepted_us = made[-1][0]
    opened_us = made[0][0]
    if own:
        made += [(opened_us, Step.CRM_ACCOUNT), (opened_us, Step.PAYER)]
    if is_resold(ground, order.number, order.site):
        made.append((opened_us, Step.END_CUSTOMER))
    if held(ground, order.number):
        made += [(opened_us, Step.ERP_CUSTOMER), *_hold(ground, order.number, opened_us, accepted_us)]
    made.append((accepted_us, Step.DURATION))
    made += aftermath.steps(ground, order.number, lambda: life(ground, order.number).who.method, accepted_us)
    if order.number <= LOST_LAST and luck.quoting(ground.draws.seed, order.number).lost < ground.shares["lost"]:
        made += _lost(ground, order, opened_us)
    return made


def _quoting(ground: Ground, order: Arrival) -> list[tuple[int, int]]:
    """Return the steps from the draft to the signature; all lie after the start of the run."""
    number, start_us = order.number, ground.moments.start_us
    drawn = luck.quoting(ground.draws.seed, number)
    half = order_discount(ground, order)
    room_us = order.at_us - start_us
    lead_us = luck.lognormal(LEAD_MEDIAN_HOURS, LEAD_P95_HOURS, drawn.lead) * HOUR_US
    submit_us = order.at_us - int(min(lead_us, LEAD_MAX_HOURS * HOUR_US, room_us * 0.9))
    draft_us = submit_us - int(min(luck.whole(5, 60, drawn.draft) * MINUTE_US, (submit_us - start_us) * 0.5))
    plan: list[tuple[int, int]] = []
    if versions(ground, number) == 2:
        first_us = draft_us - (draft_us - start_us) // 8
        plan += [(first_us, Step.CREATE_FIRST), ((first_us + draft_us) // 2, Step.SUBMIT_FIRST)]
    plan += [(draft_us, Step.CREATE), (submit_us, Step.SUBMIT)]
    rush = ground.rush(submit_us, ground.sites[order.site].zone)
    wanted = submit_us + approval_us(ground, number, half, rush)
    plan.append((min(wanted, (submit_us + order.at_us) // 2), Step.APPROVE))
    plan.append((order.at_us, Step.ACCEPT))
    return list(zip(spaced([at_us for at_us, _ in plan]), [step for _, step in plan], strict=True))


def _hold(ground: Ground, number: int, opened_us: int, accepted_us: int) -> list[tuple[int, int]]:
    said = ground.scenario.failures
    placed = accepted_us + ground.draws.whole(-6 * 60, 10, "hold", number) * MINUTE_US
    placed = max(placed, opened_us + SECOND_US)
    median, p95 = said.hold_median // MICROSECOND, said.hold_p95 // MICROSECOND
    released = placed + int(ground.draws.lognormal(median, p95, "release", number))
    return [(placed, Step.HOLD), (max(min(released, ground.moments.ends_us), placed + MINUTE_US), Step.RELEASE)]


def _lost(ground: Ground, order: Arrival, opened_us: int) -> list[tuple[int, int]]:
    """Return the steps of a rival quote to the same account that nobody signs."""
    number = order.number
    made = [opened_us + 2 * SECOND_US, opened_us + 2 * MINUTE_US]
    if luck.quoting(ground.draws.seed, number).rejected < REJECTED:
        return [(made[0], Step.LOST_CREATE), (made[1], Step.LOST_SUBMIT), (made[1] + 2 * HOUR_US, Step.LOST_REJECT)]
    made += [made[1] + 40 * MINUTE_US]
    return list(zip(made, (Step.LOST_CREATE, Step.LOST_SUBMIT, Step.LOST_APPROVE), strict=True))


def _lost_valid_until(order: Arrival) -> date:
    return order.day + DAY


def order_discount(ground: Ground, order: Arrival) -> int:
    """Return the discount of an order in half percents; a reseller's is its margin at least."""
    found = discount(ground, order.number, ground.last_week(order.day))
    return max(found, 2 * MARGIN_PERCENT) if is_resold(ground, order.number, order.site) else found


class Life(NamedTuple):
    """What all acts of an order share: its arrival, buyer, discount in half percents and accepted version."""

    ground: Ground
    order: Arrival
    who: Account
    half: int
    version: int

    @property
    def name(self) -> str:
        """Return the quote number."""
        return quote_number(self.order.number)


def life(ground: Ground, number: int) -> Life:
    """Return the life of the order of that number."""
    order = arrival(ground, number)
    who = account(ground, buyer_serial(ground, number, order.site), order.site)
    return Life(ground, order, who, order_discount(ground, order), versions(ground, number))


def act(of: Life, step: int, at_us: int) -> Act:
    """Return the act of one step of an order's life."""
    if step >= aftermath.Aftermath.LATE_RETURN:
        return Act(at_us=at_us, txn=of.name, **aftermath.act(of.ground, of.order.number, step, of.name))
    kind = Step(step)
    if Step.LOST_CREATE <= kind <= Step.LOST_REJECT:
        name = quote_number(LOST_FIRST + of.order.number)
        return Act(at_us=at_us, system="crm", **_of_lost(of, kind, at_us, name), txn=name)
    if kind in _ACCOUNT_STEPS:
        txn = of.name if kind in (Step.HOLD, Step.RELEASE) else ""
        return Act(at_us=at_us, txn=txn, **_of_account(of, kind))
    if kind is Step.DURATION:
        arguments = {"id": f"{of.name}-v{of.version}", "seconds": _provision_seconds(of)}
        return Act(at_us=at_us, system="fulfilment", action="set_duration", arguments=arguments, txn=of.name)
    return Act(at_us=at_us, system="crm", **_of_quote(of, kind, at_us), txn=of.name)


_ACCOUNT_STEPS = frozenset(
    {Step.END_CUSTOMER, Step.CRM_ACCOUNT, Step.PAYER, Step.ERP_CUSTOMER, Step.HOLD, Step.RELEASE}
)


def _of_quote(of: Life, step: Step, at_us: int) -> dict[str, Any]:
    this = {"number": of.name, "version": of.version}
    if step is Step.CREATE_FIRST:
        return {"action": "create_quote", "arguments": _quote(of, at_us, of.name, 1, of.half // 2)}
    if step is Step.SUBMIT_FIRST:
        return {"action": "submit_quote", "arguments": {**this, "version": 1}}
    if step is Step.CREATE:
        return {"action": "create_quote", "arguments": _quote(of, at_us, of.name, of.version, of.half)}
    if step is Step.SUBMIT:
        return {"action": "submit_quote", "arguments": this}
    if step is Step.ACCEPT:
        return {"action": "accept_quote", "arguments": {**this, "signer": of.who.signer}}
    approver = APPROVERS[band(of.half)]
    return {"action": "approve_quote", "arguments": {**this, "approver": approver}}


def _of_account(of: Life, step: Step) -> dict[str, Any]:
    if step is Step.CRM_ACCOUNT:
        return {"system": "crm", "action": "create_account", "arguments": crm_account(of.who)}
    if step is Step.END_CUSTOMER:
        return {"system": "crm", "action": "create_account", "arguments": crm_account(end_customer(of))}
    if step is Step.PAYER:
        return {"system": "payment", "action": "create_customer", "arguments": payer(of.who)}
    if step is Step.ERP_CUSTOMER:
        return {"system": "erp", "action": "create_customer", "arguments": erp_customer(of.who)}
    if step is Step.RELEASE:
        return {"system": "erp", "action": "release_hold", "arguments": {"account": of.who.id}}
    level = "hard" if of.ground.draws.chance(0.7, "level", of.order.number) else "soft"
    return {"system": "erp", "action": "place_hold", "arguments": {"account": of.who.id, "level": level}}


def _of_lost(of: Life, step: Step, at_us: int, name: str) -> dict[str, Any]:
    this: dict[str, Any] = {"number": name, "version": 1}
    if step is Step.LOST_CREATE:
        quote = _quote(of, at_us, name, 1, of.half)
        return {
            "action": "create_quote",
            "arguments": {**quote, "valid_until": _lost_valid_until(of.order).isoformat()},
        }
    if step is Step.LOST_SUBMIT:
        return {"action": "submit_quote", "arguments": this}
    approver = APPROVERS[band(of.half)]
    if step is Step.LOST_REJECT:
        return {"action": "reject_quote", "arguments": {**this, "approver": approver or "sales_manager"}}
    return {"action": "approve_quote", "arguments": {**this, "approver": approver}}


def _quote(of: Life, at_us: int, name: str, version: int, half: int) -> dict[str, Any]:
    ground, who, number = of.ground, of.who, of.order.number
    months = frequency(ground, number)
    made = lines(ground, number, who.currency, months, half, ground.rise_at(at_us))
    return {
        "number": name,
        "version": version,
        "account": who.id,
        "entity": who.entity,
        "currency": who.currency,
        "kind": "new",
        "amendment_kind": "",
        "lines": made,
        "discount_percent": percent_text(half),
        "term_start": _term_start(of).isoformat(),
        "term_months": term_months(ground, number, months),
        "valid_until": (local_date(at_us, who.zone) + VALID_DAYS * DAY).isoformat(),
        "payment_method": who.method,
        "subscription": "",
        "effective_date": None,
        "sequence": 0,
        "deltas": [],
        "co_term_end": None,
        **_roles(of),
        **_sellers(of, made),
    }


def end_customer(of: Life) -> Account:
    """Return the account of who uses what a reseller buys: one of its own, known to sales only."""
    return account(of.ground, of.order.number, of.order.site)


def _roles(of: Life) -> dict[str, Any]:
    if not is_resold(of.ground, of.order.number, of.order.site):
        return {}
    return {"partner_model": "resale", "reseller": "", "end_customer": end_customer(of).id}


def _sellers(of: Life, made: list[dict[str, Any]]) -> dict[str, Any]:
    number = of.order.number
    if not sellers.has_several(of.ground, number) or is_resold(of.ground, number, of.order.site):
        return {}
    return sellers.shared(of.ground, number, of.who.entity, made)


def _term_start(of: Life) -> date:
    later = luck.order(of.ground.draws.seed, of.order.number).later < of.ground.shares["later_start"]
    return add_months(of.order.day.replace(day=1), 1) if later else of.order.day


def _provision_seconds(of: Life) -> int:
    drawn = luck.quoting(of.ground.draws.seed, of.order.number)
    minutes = luck.lognormal(PROVISION_MEDIAN_MINUTES, PROVISION_P95_MINUTES, drawn.provision)
    return max(1, int(minutes * 60))
