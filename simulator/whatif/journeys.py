"""What the integration does with an order, an amendment, an invoice: its calls as routes.

The calls and their order are those of the reference integration's flows (integration/flows), as a rehearsal's history
shows them; the shares of lifecycles that take a step are derived from the scenario's mix, or measured on rehearsals
where they follow from the mocks' world. A point-to-point integration makes the same calls without outbox and probes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any, NamedTuple

import msgspec

from scenarios.orders import PROVISION_MEDIAN_MINUTES, PROVISION_P95_MINUTES
from scenarios.values import MICROSECOND
from simulator.clerks import LOOK_EVERY_US
from simulator.latency import DEFAULTS
from simulator.whatif.durations import Duration
from simulator.whatif.model import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Retry, Route, Step
from simulator.whatif.systems import CLERKS, LEGACY, Frame, latency_of

ORDERS, AMENDMENTS, INVOICES, MIRRORS = range(4)
"""Lanes, where calls have priorities."""
RETURNED = "returned to sales"
MONEY_CASE = "case about money"
AGAIN_US = 900 * SECOND_US  # how often the reference integration tries a parked call again by itself
UNLIKE = 0.5
"""Accounts known for long that order for the first time in a run: those the ERP has on other terms [measured]."""
MATCHED = 0.85
"""Of the orders of new accounts, those whose account is matched by two queries (a second version knows already)."""
INVOICED_CHANGES = 0.6
"""Of the changes that billing makes at once, those that make an invoice of their own [measured]."""
CHARGES_US = (1.0, 0.86, 0.46)
"""Shares of invoices of a US buyer with a second, third and fourth tax of a jurisdiction [measured]."""
ONE_TICK = Duration.fixed(1)
_QUANTILES = 40
_HOLD_AHEAD_US, _HOLD_AFTER_US = 6 * HOUR_US, 10 * MINUTE_US
DEBIT_US = tuple(round(days * DAY_US) for days in (0.6, 0.9, 1.2, 1.9, 2.9, 3.2, 3.9, 4.6, 5.2, 5.9))
"""When a debit is decided: one to four business days later, weekends in between."""
PUSH_US = tuple(round(days * DAY_US) for days in (4, 8, 12, 16, 20, 25, 30, 36, 45, 60))
"""When a customer pushes the money: half before the due date, half after it [E]."""


class Journeys(NamedTuple):
    """What the routes of a scenario are made from.

    `first_share` of the orders of accounts known for long are their account's first in the run; `told` is the way of a
    vendor's message; `worths` what lifecycles are worth by the route that begins them.
    """

    frame: Frame
    token_share: float
    first_share: float
    unmapped_share: float
    told: tuple[Step, ...]
    worths: Mapping[str, Duration]

    @property
    def is_naive(self) -> bool:
        """Whether the integration is point to point."""
        return self.frame.switches.style == "naive"

    def call(self, system: str, name: str, write: bool = True, lane: int = ORDERS, **more: Any) -> Step:
        """Return a call of a system as the integration makes it: its timeout, its retries, what comes then."""
        switches = self.frame.switches
        settings = getattr(self.frame.scenario.systems, "erp" if system == LEGACY else system)
        more.setdefault("exhausted", "again" if switches.dead_letters else "lost")
        attempts = switches.attempts**switches.layers
        retry = Retry(
            attempts=attempts,
            base_us=switches.backoff // MICROSECOND,
            cap_us=switches.backoff_cap // MICROSECOND,
            jitter=switches.jitter or "full",
            restart_every=switches.attempts if switches.layers > 1 else 0,
        )
        return Step(
            name=name,
            station=system,
            service=None if system == LEGACY else latency_of(settings, write),
            timeout_us=0 if system == LEGACY else settings.timeout // MICROSECOND,
            retry=more.pop("retry", retry),
            lane=lane,
            idempotent=bool(switches.idempotent) or not write,
            again_us=AGAIN_US,
            **more,
        )


def webhook(name: str, loses: float, sweep_us: int, held: tuple[tuple[float, int], ...]) -> Iterator[Step]:
    """Yield the way of a message: its own latency, what holds some back, and the sweep that finds lost ones."""
    row = DEFAULTS["webhook"]
    yield Step(name=name, pause=Duration.lognormal(row.p50_seconds * SECOND_US, row.p95_seconds * SECOND_US))
    for place, (share, wait_us) in enumerate(held):
        yield Step(name=f"{name} held back {place + 1}", pause=Duration.fixed(wait_us), share=share)
    if loses:
        yield Step(name=f"{name} missed", pause=uniform(0, sweep_us), share=loses)


def uniform(low_us: int, high_us: int) -> Duration:
    """Return a duration of which every length between two is as likely, in forty steps."""
    wide = (high_us - low_us) / _QUANTILES
    return Duration.empirical(tuple(max(1, round(low_us + wide * (place + 0.5))) for place in range(_QUANTILES)))


def order(journeys: Journeys, name: str, billed: str, books: str) -> Route:
    """Return the route of an order: `billed` is the route of its invoices, `books` the system that keeps its books.

    It is booked when the ERP has it and every system that the integration calls while the order waits has answered.
    """
    waited = set(journeys.frame.switches.synchronous or ())
    parts = {"fulfilment": _fulfilment(journeys), "billing": _contract(journeys)}
    shown = journeys.call("crm", "show it booked", lane=MIRRORS)
    booking = [journeys.call(books, "put the order")]
    booking += [step for system, steps in parts.items() if system in waited for step in steps]
    if journeys.is_naive and "crm" in waited:
        booking.append(shown)
    else:
        parts = {"crm": [msgspec.structs.replace(shown, mode="outbox")], **parts}
    booking[-1] = msgspec.structs.replace(booking[-1], mark="booked")
    later = [step for system, steps in parts.items() if system not in waited or system == "crm" for step in steps]
    steps = (
        *journeys.told,
        journeys.call("crm", "read the quote", write=False),
        *customer(journeys, 1.0 - float(journeys.frame.scenario.mix.expansion)),
        *_people(journeys),
        *_hold(journeys),
        _estimate(journeys),
        *booking,
        journeys.call("erp", "read the order", write=False),
        *later,
        *_activation(journeys, billed),
    )
    return Route(name=name, steps=steps, begins="accepted", ends="handed over", amount=journeys.worths.get(name))


def amendment(journeys: Journeys, billed: str) -> Route:
    """Return the route of an amendment or a renewal of a contract."""
    ahead = float(journeys.frame.scenario.mix.future_dated)
    steps = (
        *journeys.told,
        journeys.call("crm", "read the quote", write=False, lane=AMENDMENTS),
        *customer(journeys, 0.0, AMENDMENTS),
        journeys.call("erp", "put the order", lane=AMENDMENTS, mark="booked"),
        journeys.call("erp", "read the order", write=False, lane=AMENDMENTS),
        journeys.call("crm", "show it booked", lane=MIRRORS, mode="outbox"),
        journeys.call("billing", "read the subscription", write=False, lane=AMENDMENTS),
        journeys.call(
            "billing", "change the subscription", lane=AMENDMENTS, share=1.0 - ahead, choice="now", mark="billed"
        ),
        Step(name="an invoice", starts=billed, share=(1.0 - ahead) * INVOICED_CHANGES, choice="now"),
    )
    return Route(name="amendment", steps=steps, begins="accepted", ends="handed over")


def customer(journeys: Journeys, new_share: float, lane: int = ORDERS) -> Iterator[Step]:
    """Yield what makes sure that the account is a customer of the ERP on the right terms."""
    yield journeys.call("erp", "fetch a token", write=False, lane=lane, share=journeys.token_share)
    yield journeys.call("erp", "read the customer", write=False, lane=lane)
    if new_share:
        match: dict[str, Any] = {"share": new_share * MATCHED, "choice": "account", "write": False, "lane": lane}
        yield journeys.call("crm", "look for its likes", **match)
        yield journeys.call("crm", "compare them", **match)
    known = (1.0 - new_share) * UNLIKE * journeys.first_share
    unlike: dict[str, Any] = {"share": new_share + known, "choice": "account", "lane": lane}
    yield journeys.call("erp", "read the customer again", write=False, **unlike)
    yield journeys.call("erp", "put the customer", **unlike)


def _people(journeys: Journeys) -> Iterator[Step]:
    """Yield what happens to an order that needs a clerk.

    One that was priced from an outdated book goes back to sales; the clerk's work on it is done beside.
    """
    failures, switches = journeys.frame.scenario.failures, journeys.frame.switches
    if not switches.dead_letters:
        return
    said = failures.fallout
    if said is None and failures.price_skew:
        yield Step(name="priced wrongly", starts=RETURNED, share=float(failures.price_skew))
    share = journeys.unmapped_share + float(failures.duplicate_customer) if said is None else float(said)
    yield from case(journeys, share)


def case(journeys: Journeys, share: float, choice: str = "fallout") -> Iterator[Step]:
    """Yield the work on a case: it waits for a clerk, and perhaps for an answer from outside."""
    people = journeys.frame.scenario.people
    share *= 1.0 - float(people.automatic)
    if not share:
        return
    chosen: dict[str, Any] = {"share": share, "choice": choice} if share < 1.0 else {}
    outside = Duration.lognormal(people.wait_median / MICROSECOND, people.wait_p95 / MICROSECOND)
    yield Step(name="a case opens", pause=ONE_TICK, mark="case opened", **chosen)
    yield Step(name="somebody looks", pause=uniform(0, LOOK_EVERY_US), **chosen)
    yield Step(name="a clerk mends it", station=CLERKS, **chosen)
    asked = share * float(people.wait_external)
    if asked:
        yield Step(name="an answer from outside", pause=outside, share=asked, choice=choice)
    yield Step(name="the case closes", pause=ONE_TICK, mark="case closed", **chosen)


def alone(journeys: Journeys, name: str) -> Route:
    """Return the route of a case that no other work waits for: an order goes back to sales, a customer objects."""
    return Route(name=name, steps=tuple(case(journeys, 1.0)))


def _declined_share(journeys: Journeys) -> float:
    """Return the share of invoices whose card is declined for good: once an account, then it has another one."""
    payments, expansion = journeys.frame.scenario.payments, float(journeys.frame.scenario.mix.expansion)
    hard = float(payments.card * payments.card_declined * payments.hard_declines)
    return hard * (1.0 - expansion * (1.0 - journeys.first_share)) if journeys.frame.has_money_cases else 0.0


def _hold(journeys: Journeys) -> Iterator[Step]:
    """Yield the wait for the end of a credit hold that is there when the order comes."""
    failures = journeys.frame.scenario.failures
    waits = tuple(_hold_waits(failures.hold_median / MICROSECOND, failures.hold_p95 / MICROSECOND))
    share = float(failures.credit_hold) * len(waits) / _QUANTILES**2
    if share:
        yield Step(name="a credit hold", pause=Duration.empirical(waits), share=share)
        yield journeys.call("erp", "read the customer released", write=False, share=share)


def _hold_waits(median_us: float, p95_us: float) -> Iterator[int]:
    """Yield how long holds last that began some time before the order (or just after), where they are not over yet."""
    drawn = Duration.lognormal(median_us, p95_us)
    shares = [(place + 0.5) / _QUANTILES for place in range(_QUANTILES)]
    for length in (drawn.scale * math.exp(drawn.shape * NormalDist().inv_cdf(share)) for share in shares):
        for began in (share * (_HOLD_AHEAD_US + _HOLD_AFTER_US) - _HOLD_AHEAD_US for share in shares):
            if began <= 0 < began + length:
                yield round(began + length)


def _estimate(journeys: Journeys) -> Step:
    """Return the early question to the tax engine: two tries and on without it, or as insistent as any other call."""
    if not journeys.frame.switches.cached_tax:
        return journeys.call("tax", "estimate the tax", write=False)
    twice = Retry(attempts=2, base_us=0, cap_us=0, jitter="none")
    return journeys.call("tax", "estimate the tax", write=False, retry=twice, exhausted="skip")


def _fulfilment(journeys: Journeys) -> list[Step]:
    return [journeys.call("fulfilment", "ask for fulfilment", mark="asked for")]


def _contract(journeys: Journeys) -> list[Step]:
    scenario = journeys.frame.scenario
    new = 1.0 - float(scenario.mix.expansion)
    return [
        journeys.call("billing", "create the customer", share=new, choice="account"),
        journeys.call(
            "billing", "create the subscription", invalid_share=float(scenario.failures.rejected), mark="billed"
        ),
    ]


def _activation(journeys: Journeys, billed: str) -> Iterator[Step]:
    """Yield what comes after fulfilment: the subscription becomes active and makes its first invoice."""
    provision = Duration.lognormal(PROVISION_MEDIAN_MINUTES * MINUTE_US, PROVISION_P95_MINUTES * MINUTE_US)
    now = 1.0 - float(journeys.frame.scenario.mix.later_start)
    yield Step(name="provisioning", pause=provision, since="asked for")
    yield from journeys.told
    yield journeys.call("erp", "record the fulfilment")
    yield journeys.call("billing", "activate the subscription")
    yield Step(name="it is active", pause=ONE_TICK, share=now, choice="start", mark="activated")
    yield Step(name="the first invoice is made", pause=ONE_TICK, share=now, choice="start", mark="generated")
    yield Step(name="the first invoice", starts=billed, share=now, choice="start")


def invoice(journeys: Journeys, name: str, taxes: tuple[float, ...]) -> Route:
    """Return the route of an invoice: taxed, closed, posted, collected, and shown to sales."""
    payments = journeys.frame.scenario.payments
    read = journeys.call("billing", "read the invoice", write=False, lane=INVOICES)
    charges = [
        journeys.call("billing", f"charge tax {number}", lane=INVOICES, share=share, choice="taxes")
        for number, share in enumerate(taxes, 2)
    ]
    card, debit = float(payments.card), float(payments.debit)
    paid = 1.0 - card - debit - float(payments.push * payments.never)
    steps = (
        *journeys.told,
        read,
        journeys.call("tax", "commit the tax", lane=INVOICES),
        journeys.call("billing", "charge tax 1", lane=INVOICES),
        *charges,
        journeys.call("billing", "close the invoice", lane=INVOICES),
        journeys.call("erp", "post the invoice", lane=INVOICES, mark="posted"),
        Step(name="news for sales", pause=ONE_TICK, mark="news"),
        journeys.call("payment", "find the payer", write=False, lane=INVOICES),
        Step(name="shown posted", starts="mirror", share=1.0 - card, share_from=card, choice="method"),
        journeys.call("payment", "ask for the payment", lane=INVOICES),
        *case(journeys, _declined_share(journeys), choice="method"),
        Step(
            name="a debit is decided",
            pause=Duration.empirical(DEBIT_US),
            share=debit,
            share_from=card,
            choice="method",
        ),
        Step(
            name="money comes", pause=Duration.empirical(PUSH_US), share=paid, share_from=card + debit, choice="method"
        ),
        Step(name="paid by card", starts="cash of a card", share=card, choice="method"),
        Step(name="paid", starts="cash", share=debit + paid, share_from=card, choice="method"),
    )
    return Route(name=name, steps=steps, begins="invoiced", ends="invoice done", amount=journeys.worths.get(name))


def cash(journeys: Journeys, name: str, news: str, message: bool) -> Route:
    """Return the route of money that came: recorded in billing, booked in the ERP, shown to sales.

    The news comes with a message, unless the processor's answer told it, as of a card; its clock starts at the mark
    `news`.
    """
    steps = (
        *(journeys.told if message else ()),
        journeys.call("billing", "record the payment", lane=INVOICES, mark=news),
        journeys.call("erp", "book the payment", lane=INVOICES, mark="cash booked"),
        Step(name="shown paid", starts="mirror"),
    )
    return Route(name=name, steps=steps, begins="captured", ends="cash done")


def mirror(journeys: Journeys) -> Route:
    """Return the route of a fact that sales sees in the CRM."""
    return Route(name="mirror", steps=(journeys.call("crm", "show it", lane=MIRRORS),), begins="", ends="shown")


def single(journeys: Journeys, name: str, system: str, write: bool, lane: int) -> Route:
    """Return the route of bulk work that is one call: an invoice of a run to post, a replayed message, a poll."""
    return Route(
        name=name, steps=(journeys.call(system, name, write=write, lane=lane, mark=f"{name} done"),), begins=name
    )
