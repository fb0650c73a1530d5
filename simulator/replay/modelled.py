"""The model of a replay: the scenario's, on the clock of the wall, with the very orders that the timeline has.

What the timeline says of an order is not left to chance: when it is signed, whether the ERP knows its account by then
and on which terms, and whether the account is on hold. That decides which calls an order makes, and so most of how long
it takes; what stays luck is how long each of them takes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from domain.acts import Act
from domain.calendar import SECOND_US
from integration.settings import Settings
from scenarios.language import Scenario
from scenarios.timeline import Timeline
from simulator.latency import LOAD_FACTOR_MAX
from simulator.replay.deaths import Death
from simulator.replay.outcome import Fit
from simulator.replay.pacing import Pace
from simulator.whatif import accounts, trouble
from simulator.whatif.calling import TOKENS, token_step
from simulator.whatif.durations import Duration
from simulator.whatif.model import Arrivals, Model, Route, Sla, Station, Step
from simulator.whatif.translation import translate
from simulator.whatif.trouble import NEVER_US

_MESSAGE = "message"
_NOT_HERE = frozenset(
    {
        "a case opens", "a clerk mends it", "an answer from outside", "the case closes",
        "priced wrongly", *map(token_step, TOKENS),
    }
)  # fmt: skip
"""Steps that no replay has. People do not act on a black box: an order that needs them is not booked, and not measured.
A session lives for hours of the wall."""
_HOLD, _RELEASED = "a credit hold", "read the customer released"
_SEEN = frozenset[str]()
_KNOWN = frozenset({accounts.LOOK_UP})
_DIFFERENT = _KNOWN | {accounts.PUT}
_NEW = _DIFFERENT | {accounts.LOOK_FOR_LIKES, accounts.COMPARE, accounts.CREATE}
_OF_KNOWN = {accounts.LOOK_UP: accounts.LOOK_UP_KNOWN, accounts.PUT: accounts.PUT_KNOWN}
"""What these steps are called on routes of known accounts only, as of amendments."""
_SETTLING_US = 600 * SECOND_US


class Order(NamedTuple):
    """What the timeline says of an order: by what route it goes, which steps its account needs, when it is signed.

    `held_us` is how long a hold that is there at the signature still lasts in business time (0: there is none), `at_us`
    the instant of the signature on the wall.
    """

    route: str
    needs: frozenset[str]
    held_us: int
    at_us: int

    @property
    def kind(self) -> str:
        """Return what is the same for all orders that make the same steps."""
        held = f", held for {self.held_us} us" if self.held_us else ""
        return ", ".join((self.route, *sorted(self.needs))) + held


def orders_of(timeline: Timeline, speed: float) -> Iterator[Order]:
    """Yield the orders that are signed in the part that is played, in order of time.

    An account that has ordered before is as the integration wants it; the ERP may know another one on other terms.
    Nobody acts once the load is over (`parted`): a hold that is there by then lasts for longer than the replay.
    """
    pace, usual_days = Pace(timeline.start_us, speed), Settings().terms_days
    acts = [act for act in timeline.acts if act.at_us <= timeline.heal_us]
    quotes = {act.txn: act.arguments for act in acts if act.action == "create_quote"}
    ends_us = _ends_of_holds(acts, timeline.heal_us + round(2 * _SETTLING_US * speed))
    terms, held, seen = dict[str, int](), dict[str, int](), set[str]()
    for place, act in enumerate(acts):
        account = act.arguments.get("account", "")
        if act.system == "erp" and act.action == "create_customer":
            terms[account] = act.arguments["terms_days"]
        elif act.action == "place_hold":
            held[account] = ends_us[place]
        elif act.action == "accept_quote" and timeline.start_us < act.at_us <= timeline.heal_us:
            quote = quotes[act.txn]
            account = quote["account"]
            known = _KNOWN if terms.get(account) == usual_days else _DIFFERENT if account in terms else _NEW
            needs = _SEEN if account in seen else known
            seen.add(account)
            route = "order" if quote.get("kind", "new") == "new" else "amendment"
            held_us = max(0, held.get(account, 0) - act.at_us)
            yield Order(route, needs, held_us, round(pace.wall_seconds(act.at_us) * SECOND_US))


def _ends_of_holds(acts: Sequence[Act], never_us: int) -> dict[int, int]:
    """Return when each hold ends, by the place of the act that begins it."""
    found, begun = dict[int, int](), dict[str, int]()
    for place, act in enumerate(acts):
        if act.action == "place_hold":
            begun[act.arguments["account"]] = place
            found[place] = never_us
        elif act.action == "release_hold" and act.arguments["account"] in begun:
            found[begun.pop(act.arguments["account"])] = act.at_us
    return found


def model_of(timeline: Timeline, speed: float, fit: Fit, deaths: Sequence[Death] = ()) -> Model:
    """Return the model of a replay, on the clock of the wall: its zero is the replay's first instant."""
    whole, pace = translate(_untold(timeline.scenario)), Pace(timeline.start_us, speed)
    slots = {plan.system: plan.slots for plan in timeline.systems}
    offset_us = timeline.start_us - whole.origin_us
    begun = {route.name for route in whole.routes}
    orders = [each if each.route in begun else each._replace(route="order") for each in orders_of(timeline, speed)]
    kinds = {each.kind: each for each in orders}
    routes = {
        route.name: _route(route, fit, speed) for route in whole.routes if route.name not in ("order", "amendment")
    }
    for kind, order in kinds.items():
        routes[kind] = msgspec.structs.replace(_route(_known(whole.route(order.route), order), fit, speed), name=kind)
    probes = [station.breaker.probe for station in whole.stations if station.breaker and station.breaker.probe]
    used, heals_us = _used(routes, [*kinds, *probes]), round(pace.wall_seconds(timeline.heal_us) * SECOND_US)
    return Model(
        name=whole.name,
        stations=tuple(
            _station(each, offset_us, speed, heals_us, slots.get(each.name, 0)) for each in whole.stations
        ),
        routes=tuple(route for name, route in routes.items() if name in used),
        arrivals=tuple(
            Arrivals(name=f"{place}", route=each.kind, at_us=each.at_us, count=1) for place, each in enumerate(orders)
        ),
        repair=whole.repair,
        deaths=tuple(map(_absence, deaths)),
        slas=(Sla(name="SLA-2", begins="accepted", ends="booked", bound_us=300 * SECOND_US),),
        end_us=heals_us + _SETTLING_US,
    )  # fmt: skip


def _absence(death: Death) -> trouble.Death:
    """Return the whole time for which the process is away, however often in a row it dies."""
    lasts_us = round((death.back_seconds - death.at_seconds) * SECOND_US)
    return trouble.Death(at_us=round(death.at_seconds * SECOND_US), lasts_us=lasts_us)


def _used(routes: Mapping[str, Route], begun: Iterable[str]) -> set[str]:
    waiting, found = list(begun), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [step.starts for step in routes[name].steps if step.starts]
    return found


# --- steps, as this order needs them and this integration makes them -------------------------------------------------


def _known(route: Route, order: Order) -> Route:
    """Return a route with the steps that an order surely makes, and without those that it surely does not."""
    there = {step.name for step in route.steps}
    needs = {each if each in there else _OF_KNOWN.get(each, each) for each in order.needs}
    steps = (_certain(step, order, needs) for step in route.steps)
    return msgspec.structs.replace(route, steps=tuple(step for step in steps if step is not None))


def _certain(step: Step, order: Order, needs: Collection[str]) -> Step | None:
    if step.choice == accounts.ACCOUNT:
        in_vain = float(step.fruitless > 0 and accounts.LOOK_FOR_LIKES in needs)
        sure = msgspec.structs.replace(step, share=1.0, choice="", finds=None, fruitless=in_vain)
        return sure if step.share == 1.0 or step.name in needs else None
    if step.name not in (_HOLD, _RELEASED):
        return step
    if not order.held_us:
        return None
    if step.name == _RELEASED:
        return msgspec.structs.replace(step, share=1.0)
    return msgspec.structs.replace(step, share=1.0, since="accepted", pause=Duration.fixed(order.held_us))


def _route(route: Route, fit: Fit, speed: float) -> Route:
    kept = (step for step in route.steps if step.name not in _NOT_HERE)
    steps = (part for step in kept for part in _parted(_step(step, fit, speed)))
    return msgspec.structs.replace(route, steps=tuple(steps))


def _parted(step: Step) -> Iterator[Step]:
    """Yield a step; a call that books an order in two: a replay's systems commit first, and answer in their time."""
    if step.mark != "booked" or step.service is None:
        yield step
        return
    yield msgspec.structs.replace(step, name=f"{step.name}: it is there", service=Duration.fixed(1))
    yield msgspec.structs.replace(step, name=f"{step.name}: the answer", mark="")


def _step(step: Step, fit: Fit, speed: float) -> Step:
    """Return a step of the wall: calls scaled, the first message as slow as this integration, pauses compressed."""
    if step.name == _MESSAGE:
        return msgspec.structs.replace(step, pause=Duration.fixed(max(1, fit.own_us)))
    if step.pause is not None:
        return msgspec.structs.replace(step, pause=_times(step.pause, 1.0 / speed))
    return step if step.service is None else msgspec.structs.replace(step, service=_times(step.service, fit.scale))


def _times(duration: Duration, factor: float) -> Duration:
    """Return a duration so many times as long."""
    values = tuple(max(1, round(value * factor)) for value in duration.values)
    return msgspec.structs.replace(duration, scale=max(1.0, duration.scale * factor) if duration.scale else 0.0,
                                   values=values)  # fmt: skip


# --- systems, with their windows where they are on the wall ---------------------------------------------------------


def _untold(scenario: Scenario) -> Scenario:
    """Return a scenario of which nobody tells the integration under test: it believes the limits it is set up with."""
    changes = tuple(each.model_copy(update={"announced": False}) for each in scenario.limit_changes)
    return scenario.model_copy(update={"limit_changes": changes})


def _station(station: Station, offset_us: int, speed: float, heals_us: int, granted: int) -> Station:
    """Return a station whose windows are on the wall, those of the load: trouble ends with it, at `heals_us`.

    Live systems are slower with every slot of those `granted` that is in use. What is granted for a day is granted for
    one of the business.
    """

    def at(us: int) -> int:
        return us if us >= NEVER_US else max(0, round((us - offset_us) / speed))

    def moved(parts: Sequence[Any]) -> tuple[Any, ...]:
        there = (msgspec.structs.replace(each, from_us=at(each.from_us), until_us=at(each.until_us)) for each in parts)
        return tuple(each for each in there if min(each.until_us, heals_us) > each.from_us)

    def healed(parts: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(msgspec.structs.replace(each, until_us=min(each.until_us, heals_us)) for each in moved(parts))

    limits = (
        msgspec.structs.replace(each, per_us=round(each.per_us / speed)) if each.kind == "window" else each
        for each in station.limits
    )
    shifts = [msgspec.structs.replace(each, from_us=at(each.from_us)) for each in station.shifts]
    last_at_zero = bisect_left([each.from_us for each in shifts], 1) - 1
    faults = msgspec.structs.replace(station.faults, until_us=heals_us)
    return msgspec.structs.replace(
        station, faults=faults, shifts=tuple(shifts[max(0, last_at_zero) :]), outages=healed(station.outages),
        brownouts=healed(station.brownouts), limits=moved(tuple(limits)), incidents=None, load_slots=granted,
        load_longest=LOAD_FACTOR_MAX,
    )  # fmt: skip
