"""What the integration does with an order, an amendment, an invoice: its calls as routes.

The calls and their order are those of the reference integration's flows (integration/flows), as a rehearsal's history
shows them; the shares of lifecycles that take a step are derived from the scenario's mix, or measured on rehearsals
where they follow from the mocks' world. A point-to-point integration makes the same calls without outbox and probes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from statistics import NormalDist, fmean
from typing import Any

import msgspec

from domain.calendar import DAY_US, HOUR_US, MINUTE_US
from integration.flows.collecting import RETRY_DAYS
from mocks.tax.rates import Rates
from scenarios.names import TOWNS
from scenarios.orders import PROVISION_MEDIAN_MINUTES, PROVISION_P95_MINUTES
from scenarios.values import MICROSECOND
from simulator.whatif import banks
from simulator.whatif.accounts import ACCOUNT, CREATE, KNOWN, buyers_of, compared_share, customer, first_share
from simulator.whatif.calling import AMENDMENTS, INVOICES, MIRRORS, ONE_TICK, Journeys
from simulator.whatif.durations import Duration
from simulator.whatif.model import Retry, Route, Step
from simulator.whatif.systems import CLERKS, PINGED

RETURNED = "returned to sales"
MONEY_CASE = "case about money"
CHARGED = "charged"
CASH_OF_A_CARD, CASH_AFTER_A_DECLINE = "cash of a card", "cash after a decline"
POSTED, PAID, BOTH = "mirror of a posting", "mirror of a payment", "mirror of both"
DECLINES_MAX = 3
"""A card that is declined for some days is declined so often at most, each number as likely (`scenarios.accounts`)."""
INVOICED_CHANGES = 0.6
"""Of the changes that billing makes at once, those that make an invoice of their own [measured]."""
_QUANTILES = 40
_HOLD_AHEAD_US, _HOLD_AFTER_US = 6 * HOUR_US, 10 * MINUTE_US


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
        *journeys.told["crm"],
        journeys.call("crm", "read the quote", write=False),
        *customer(journeys, buyers_of(journeys.frame.scenario)),
        *_people(journeys),
        *_hold(journeys),
        _estimate(journeys),
        *booking,
        journeys.call("erp", "read the order", write=False),
        *later,
        *_activation(journeys, billed),
    )
    return Route(name=name, steps=steps, begins="accepted", ends="handed over", amount=journeys.worths.get(name))


def amendment(journeys: Journeys, name: str, billed: str) -> Route:
    """Return the route of an amendment or a renewal of a contract."""
    ahead = float(journeys.frame.scenario.mix.future_dated)
    steps = (
        *journeys.told["crm"],
        journeys.call("crm", "read the quote", write=False, lane=AMENDMENTS),
        *customer(journeys, KNOWN, AMENDMENTS),
        journeys.call("erp", "put the order", lane=AMENDMENTS, mark="booked"),
        journeys.call("erp", "read the order", write=False, lane=AMENDMENTS),
        journeys.call("crm", "show it booked", lane=MIRRORS, mode="outbox"),
        journeys.call("billing", "read the subscription", write=False, lane=AMENDMENTS),
        journeys.call(
            "billing",
            "change the subscription",
            lane=AMENDMENTS,
            looks=True,
            share=1.0 - ahead,
            choice="now",
            mark="billed",
        ),
        Step(name="an invoice", starts=billed, share=(1.0 - ahead) * INVOICED_CHANGES, choice="now"),
    )
    return Route(name=name, steps=steps, begins="accepted", ends="handed over")


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
    share = journeys.unmapped_share + compared_share(journeys.frame.scenario) if said is None else float(said)
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
    yield Step(name="a clerk mends it", station=CLERKS, **chosen)
    asked = share * float(people.wait_external)
    if asked:
        yield Step(name="an answer from outside", pause=outside, share=asked, choice=choice)
    yield Step(name="the case closes", pause=ONE_TICK, mark="case closed", **chosen)


def alone(journeys: Journeys, name: str) -> Route:
    """Return the route of a case that no other work waits for: an order goes back to sales, a customer objects."""
    return Route(name=name, steps=tuple(case(journeys, 1.0)))


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
    buyers = buyers_of(scenario)
    return [
        journeys.call("billing", CREATE, looks=True, share=buyers.new + buyers.held, choice=ACCOUNT),
        journeys.call(
            "billing",
            "create the subscription",
            looks=True,
            invalid_share=float(scenario.failures.rejected),
            mark="billed",
        ),
    ]


def _activation(journeys: Journeys, billed: str) -> Iterator[Step]:
    """Yield what comes after fulfilment: the subscription becomes active and makes its first invoice."""
    provision = Duration.lognormal(PROVISION_MEDIAN_MINUTES * MINUTE_US, PROVISION_P95_MINUTES * MINUTE_US)
    yield Step(name="provisioning", pause=provision, since="asked for")
    yield from journeys.told["fulfilment"]
    yield journeys.call("erp", "record the fulfilment")
    yield journeys.call("billing", "activate the subscription", looks=True)
    yield Step(name="it is active", pause=ONE_TICK, mark="activated")
    yield Step(name="the first invoice is made", pause=ONE_TICK, mark="generated")
    yield Step(name="the first invoice", starts=billed)


def further_taxes() -> tuple[float, ...]:
    """Return the shares of US buyers that a second, a third... jurisdiction taxes: by the towns they live in."""
    rates = Rates()
    counts = [len(rates.find("US", town.region, town.postal_code, date.max)) for town in TOWNS["US"]]
    return tuple(fmean(count > number for count in counts) for number in range(1, max(counts)))


def invoice(journeys: Journeys, name: str, taxes: tuple[float, ...]) -> Route:
    """Return the route of an invoice: taxed, closed, posted, collected, and shown to sales."""
    payments = journeys.frame.scenario.payments
    read = journeys.call("billing", "read the invoice", write=False, lane=INVOICES)
    charges = [
        journeys.call("billing", f"charge tax {number}", lane=INVOICES, looks=True, share=share, choice="taxes")
        for number, share in enumerate(taxes, 2)
    ]
    card, debit = float(payments.card), float(payments.debit)
    paid = 1.0 - card - debit - float(payments.push * payments.never)
    by_bank: dict[str, Any] = {"choice": "method", "share": 1.0 - card, "share_from": card}
    by_debit: dict[str, Any] = {"choice": "method", "share": debit, "share_from": card}
    by_push: dict[str, Any] = {"choice": "method", "share": paid, "share_from": card + debit}
    steps = (
        *journeys.told["billing"],
        read,
        journeys.call("tax", "commit the tax", lane=INVOICES, looks=True),
        journeys.call("billing", "charge tax 1", lane=INVOICES, looks=True),
        *charges,
        journeys.call("billing", "close the invoice", lane=INVOICES, looks=True),
        journeys.call("erp", "post the invoice", lane=INVOICES, mark="posted"),
        journeys.call("payment", "find the payer", write=False, lane=INVOICES),
        Step(name="shown posted", starts=POSTED, **by_bank),
        *_charged(journeys, card),
        journeys.call("payment", "ask for the payment", lane=INVOICES, looks=True, **by_bank),
        Step(name="a debit is decided", pause=banks.debit(), days="business", **by_debit),
        Step(name="money comes", pause=banks.push(payments), days="calendar", at_once_us=banks.AT_ONCE_US, **by_push),
        Step(name="paid", starts="cash", share=debit + paid, share_from=card, choice="method"),
    )
    return Route(name=name, steps=steps, begins="invoiced", ends="invoice done", amount=journeys.worths.get(name))


def _declined_shares(journeys: Journeys) -> tuple[float, float]:
    """Return the shares of invoices whose card is declined for good, and for some days: each once an account."""
    scenario, payments = journeys.frame.scenario, journeys.frame.scenario.payments
    if not journeys.frame.has_money_cases:
        return 0.0, 0.0
    firsts = 1.0 - buyers_of(scenario).known * (1.0 - first_share(scenario))
    declined, hard = float(payments.card * payments.card_declined) * firsts, float(payments.hard_declines)
    return declined * hard, declined * (1.0 - hard)


def _charged(journeys: Journeys, card: float) -> Iterator[Step]:
    """Yield how cards are charged that pay a share of the invoices; the mark is when the processor had the money.

    Of all cards the first ones are declined for good, and the next ones for some days.
    """
    hard, soft = _declined_shares(journeys)
    declined, good = hard + soft, max(0.0, card - hard - soft)
    yield _of_method(journeys, "payment", "charge the card", good, declined, looks=True, mark=CHARGED)
    if declined:
        yield _of_method(journeys, "payment", "charge a card in vain", declined, looks=True)
        yield Step(name="shown unpaid", starts=POSTED, choice="method", share=declined)
    if hard:
        yield from case(journeys, hard, choice="method")
        yield _of_method(journeys, "payment", "find the new card", hard, write=False)
        yield _of_method(journeys, "billing", "read what is due", hard, write=False)
        yield _of_method(journeys, "payment", "charge the new card", hard, looks=True, mark=CHARGED)
    if soft:
        yield from _charged_again(journeys, hard, soft)
    yield Step(name="paid by card", starts=CASH_OF_A_CARD, choice="method", share=good, share_from=declined)
    if declined:
        yield Step(name="paid after all", starts=CASH_AFTER_A_DECLINE, choice="method", share=declined)


def _charged_again(journeys: Journeys, hard: float, soft: float) -> Iterator[Step]:
    """Yield how the cards are charged again, on schedule, that come after those of the share `hard`."""
    each, left = soft / DECLINES_MAX, soft
    for turn, days in enumerate(RETRY_DAYS[:DECLINES_MAX], 1):
        wait = Duration.fixed(days * DAY_US)
        yield Step(name=f"wait {turn}", pause=wait, choice="method", share=left, share_from=hard)
        yield _of_method(journeys, "billing", f"read what is due {turn}", left, hard, write=False)
        left -= each
        if turn < DECLINES_MAX:
            yield _of_method(journeys, "payment", f"charge in vain {turn}", left, hard, looks=True)
        yield _of_method(journeys, "payment", f"charge again {turn}", each, hard + left, looks=True, mark=CHARGED)


def _of_method(journeys: Journeys, system: str, name: str, share: float, share_from: float = 0.0, **more: Any) -> Step:
    """Return a call that is made for a part of the invoices, by how they are paid."""
    part: dict[str, Any] = {"choice": "method", "share": share, "share_from": share_from}
    return journeys.call(system, name, lane=INVOICES, **part, **more)


def cash(journeys: Journeys, name: str, shown: str, message: bool) -> Route:
    """Return the route of money that came: recorded in billing, booked in the ERP, shown to sales by a route.

    The news of it comes with a message, unless it was the processor's answer, as of a card, which was charged just
    before.
    """
    steps = (
        *(journeys.told["payment"] if message else ()),
        journeys.call("billing", "record the payment", lane=INVOICES, looks=True, mark="paid"),
        journeys.call("erp", "book the payment", lane=INVOICES, mark="cash booked"),
        Step(name="shown paid", starts=shown),
    )
    return Route(name=name, steps=steps, begins="captured" if message else "", ends="cash done")


def mirrors(journeys: Journeys) -> Iterator[Route]:
    """Yield the routes of facts that sales sees in the CRM: an invoice was posted, was paid, or both at once."""
    show = journeys.call("crm", "show it", lane=MIRRORS)
    posted, paid = (msgspec.structs.replace(show, mark=mark) for mark in ("posting shown", "payment shown"))
    also = Step(name="it shows that, too", pause=ONE_TICK, mark="posting shown")
    for name, steps in {POSTED: (posted,), PAID: (paid,), BOTH: (paid, also)}.items():
        yield Route(name=name, steps=steps)


def pings(journeys: Journeys) -> Iterator[Route]:
    """Yield the routes of harmless reads with which open breakers ask whether a system lives again."""
    for system in PINGED if journeys.frame.switches.breaker else ():
        ping = journeys.call(system, f"ping {system}", write=False, retry=Retry(), exhausted="skip")
        yield Route(name=f"ping {system}", steps=(ping,))


def single(journeys: Journeys, name: str, system: str, write: bool, lane: int) -> Route:
    """Return the route of bulk work that is one call: an invoice of a run to post, a replayed message, a poll."""
    return Route(
        name=name, steps=(journeys.call(system, name, write=write, lane=lane, mark=f"{name} done"),), begins=name
    )
