"""The control of a live world: all that a person or a test may do with it, whatever carries the wish.

The HTTP API, the page and the pytest plugin are three ways to say the same to this class. Everything is to be called
from the event loop that serves the world. What cannot be done raises Wrong with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from domain.acts import Act, UnknownAct
from domain.charts.chart import IllegalTransition
from domain.faults import CATALOGUE, Fault, Place
from domain.history import Changed
from mocks.admin import state
from mocks.admin.observer import Observer
from mocks.admin.requests import Requests
from mocks.admin.shapes import (
    AttemptRow,
    ChangeRow,
    Changes,
    Clock,
    Company,
    DeliveryLog,
    DocumentDetail,
    Documents,
    DriftRow,
    FaultWish,
    PlannedFault,
    Said,
    WaitingRow,
    Wrong,
)
from mocks.doors.clock import Reading
from mocks.doors.deliveries import Attempt
from mocks.doors.live import Divergence, LiveWorld
from mocks.drift import DRIFTS
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Refusal
from mocks.kernel.service import Service

Seeds = Callable[[str, int], Iterable[Act]]
"""The acts of a scenario's company with so many subscriptions; raises ValueError for a scenario that there is not."""
REFUSED = (Refusal, IllegalTransition)
"""How a model says that an act is not possible now: nothing has been changed."""
UNUSABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What arguments lead to that are missing or of another kind: acts take them as they come."""
_ATTEMPTS = 1000
_CHANGES = 1000
_COPIES = 100


class Control:
    """What can be done with one live world."""

    def __init__(
        self,
        live: LiveWorld,
        addresses: Mapping[str, str] | None = None,
        seeds: Seeds | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.live = live
        self.addresses: Mapping[str, str] = {} if addresses is None else addresses
        self.seeds = seeds
        told = next((each for each in live.listeners if isinstance(each, Observer)), None)
        self.observer = observer or told or Observer()
        self.observer.watch(live)

    # --- what there is ----------------------------------------------------------------------------------------------

    def service(self, name: str) -> Service:
        """Return a service; raise Wrong when there is none of that name."""
        found = self.live.services.get(name)
        if found is None:
            raise Wrong(f"there is no system {name!r}; there are: {', '.join(self.live.services)}", 404)
        return found

    @property
    def requests(self) -> Requests:
        """The journals of all services."""
        return Requests(self.live.services)

    def summary(self) -> dict[str, Any]:
        """Return what there is: addresses, clock, settings, counters, drifts."""
        return {
            "addresses": self.addresses,
            "clock": self.live.clock.reading(),
            "due_us": self.live.due_us(),
            "settings": self.live.settings,
            "documents": {name: state.kinds(each) for name, each in self.live.services.items()},
            "requests": self.requests.counts(),
            "drifts": self.live.drifts.names,
            "faults": len(self.live.world.plan.faults),
        }

    def documents(self, system: str, kind: str, **wanted: Any) -> Documents:
        """Return the documents of a kind."""
        return state.documents(self.service(system), kind, **wanted)

    def document(self, system: str, kind: str, key: str) -> DocumentDetail:
        """Return one document in full."""
        return state.document(self.service(system), self.observer, kind, key)

    def changes(self, after: int, limit: int) -> Changes:
        """Return the changes of documents after a number, the earliest first."""
        found = self.observer.since(max(0, after), max(0, min(limit, _CHANGES)))
        last = self.observer.changed
        rows = [_change(number, each) for number, each in found]
        return Changes(changes=rows, last=last, forgotten=rows[0].number - after - 1 if rows else 0)

    # --- people and the whole world ---------------------------------------------------------------------------------

    def act(self, said: Sequence[Said]) -> int:
        """Let people act now, one after the other; return how many acts there were."""
        for each in said:
            self.service_named(each.system)
        self._require_new_catalogue(said)
        for count, each in enumerate(said, start=1):
            act = Act(at_us=0, system=each.system, action=each.action, arguments=each.arguments, txn=each.txn)
            try:
                self.live.seed([act])
            except UnknownAct as unknown:
                raise Wrong(str(unknown)) from unknown
            except REFUSED as refused:
                raise Wrong(f"act {count} ({each.system} {each.action}) is refused: {refused}", 409) from refused
            except UNUSABLE as wrong:
                raise Wrong(f"act {count} ({each.system} {each.action}) cannot be done: {wrong!r}") from wrong
        return len(said)

    def service_named(self, name: str) -> Service:
        """Return a service that a body names; raise Wrong (400) when there is none."""
        try:
            return self.service(name)
        except Wrong as wrong:
            raise Wrong(str(wrong)) from wrong

    def seed(self, company: Company) -> int:
        """Fill the world with the company of a scenario; return how many acts that took."""
        if self.seeds is None:
            raise Wrong("these mocks know no scenarios: send acts, or use q2c mocks seed", 501)
        if not 0 <= company.subscriptions <= 100_000:
            raise Wrong("subscriptions: from 0 to 100000")
        try:
            acts = list(self.seeds(company.scenario, company.subscriptions))
        except ValueError as wrong:
            raise Wrong(str(wrong)) from wrong
        self._require_new_catalogue(acts)
        try:
            return self.live.seed(acts)
        except REFUSED as refused:
            raise Wrong(f"the company of {company.scenario} does not fit into this world: {refused}", 409) from refused

    def _require_new_catalogue(self, acts: Iterable[Act | Said]) -> None:
        """Raise Wrong (409) before anything is done when acts bring products that are there: a second company."""
        known = state.product_codes(self.service("crm"))
        brought = (each.arguments.get("sku") for each in acts if each.action == "create_product")
        if twice := next((sku for sku in brought if sku in known), None):
            raise Wrong(
                f"product {twice} exists: this world already has a company; `q2c mocks reset` gives an empty one", 409
            )

    def reset(self, seed: int | None = None) -> int:
        """Begin anew; return the seed."""
        self.live.reset(seed)
        return self.live.settings.seed

    def restore(self, content: bytes) -> int:
        """Become the world of a snapshot; return of how many inputs."""
        lines = [line for line in content.split(b"\n") if line.strip()]
        try:
            self.live.restore(lines)
        except (ValueError, Divergence) as wrong:
            raise Wrong(f"this is no snapshot that can be restored: {wrong}") from wrong
        return len(lines)

    def snapshot(self) -> bytes:
        """Return the whole world as JSON lines."""
        return b"\n".join(self.live.snapshot()) + b"\n"

    # --- time -------------------------------------------------------------------------------------------------------

    async def move(self, wish: Clock) -> Reading:
        """Do with the clock what is wished; return what it shows then."""
        if sum(map(bool, (wish.freeze, wish.speed, wish.advance_seconds, wish.advance_to_us))) != 1:
            raise Wrong("say one of freeze, speed, advance_seconds, advance_to_us")
        if wish.advance_seconds < 0:
            raise Wrong("time goes forward only")
        if wish.advance_to_us and wish.advance_to_us < self.live.clock.now_us():
            raise Wrong("this instant is over; time goes forward only")
        try:
            await self._moved(wish)
        except (ValueError, OverflowError) as wrong:
            raise Wrong(str(wrong)) from wrong
        return self.live.clock.reading()

    async def _moved(self, wish: Clock) -> None:
        if wish.freeze:
            self.live.freeze()
        elif wish.speed:
            self.live.run(wish.speed)
        elif wish.advance_seconds:
            await self.live.advance(wish.advance_seconds)
        else:
            await self.live.advance_to(wish.advance_to_us)

    # --- faults, limits, drifts -------------------------------------------------------------------------------------

    def faults(self) -> list[PlannedFault]:
        """Return the faults that are on, in the order of the plan."""
        return [
            PlannedFault(index=index, struck=self.observer.strikes(index), fault=fault)
            for index, fault in enumerate(self.live.world.plan.faults)
        ]

    def plan(self, wishes: Sequence[FaultWish]) -> list[PlannedFault]:
        """Let exactly these faults be on. Counts of `nth` faults and of strikes begin anew."""
        return self._plan([self._fault(wish) for wish in wishes])

    def add_fault(self, wish: FaultWish) -> list[PlannedFault]:
        """Let one more fault be on."""
        return self._plan([*self.live.world.plan.faults, self._fault(wish)])

    def remove_fault(self, index: int) -> list[PlannedFault]:
        """Take the fault at a place of the plan off."""
        faults = self.live.world.plan.faults
        if not 0 <= index < len(faults):
            raise Wrong(f"the plan has no fault {index}; it has {len(faults)}", 404)
        return self._plan([fault for at, fault in enumerate(faults) if at != index])

    def _plan(self, faults: Sequence[Fault]) -> list[PlannedFault]:
        self.live.plan(faults)
        return self.faults()

    def _fault(self, wish: FaultWish) -> Fault:
        kind = CATALOGUE.get(wish.kind)
        if kind is None:
            raise Wrong(f"there is no fault {wish.kind!r}; there are: {', '.join(sorted(CATALOGUE))}")
        if kind.place is Place.PROCESS:
            raise Wrong(f"{wish.kind} strikes the integration's own process, which is not here")
        if kind.not_live:
            raise Wrong(f"{wish.kind} does not strike over real connections: {kind.not_live}")
        if not 0 <= wish.share_ppm <= 1_000_000:
            raise Wrong("share_ppm is a share in parts per million: from 0 to 1000000")
        if min(wish.nth, wish.seconds, wish.count, wish.in_seconds, wish.for_seconds, wish.start_us, wish.end_us) < 0:
            raise Wrong("no number of a fault is negative")
        if wish.system:
            self._require_operation(self.service_named(wish.system), wish, kind.place)
        given = {name: getattr(wish, name) for name in Fault.__struct_fields__}
        if wish.in_seconds or wish.for_seconds:
            start_us = self.live.clock.now_us() + round(wish.in_seconds * 1e6)
            end_us = start_us + round(wish.for_seconds * 1e6) if wish.for_seconds else 2**62
            given |= {"start_us": start_us, "end_us": end_us}
        return Fault(**given)

    def _require_operation(self, service: Service, wish: FaultWish, place: Place) -> None:
        dialect = self.live.drifts.plain(service.name)
        if not wish.operation or place is Place.WEBHOOK or dialect.classify is not None:
            return
        names = [row.name for row in dialect.operations]
        if wish.operation not in names:
            raise Wrong(f"{service.name} has no operation {wish.operation!r}; it has: {', '.join(names)}")

    def limits(self) -> dict[str, LimitPolicy]:
        """Return what each system tolerates."""
        return self.live.world.limits()

    def limit(self, wanted: Mapping[str, LimitPolicy]) -> dict[str, LimitPolicy]:
        """Change what some systems tolerate."""
        for name, policy in wanted.items():
            self.service_named(name)
            if min(policy.requests, policy.concurrent, policy.retry_after_seconds) < 0 or policy.window_seconds < 1:
                raise Wrong(f"{name}: limits are not negative, and a window takes a second at least")
        for name, policy in wanted.items():
            self.live.limit(name, policy)
        return self.limits()

    def drifts(self) -> list[DriftRow]:
        """Return all drifts."""
        fields = [name for name in DriftRow.__struct_fields__ if name != "on"]
        return [
            DriftRow(**{name: getattr(row, name) for name in fields}, on=row.name in self.live.drifts.names)
            for row in DRIFTS.values()
        ]

    def drift(self, names: Sequence[str]) -> list[DriftRow]:
        """Let exactly these drifts be on."""
        try:
            self.live.drift(names)
        except ValueError as wrong:
            raise Wrong(str(wrong)) from wrong
        return self.drifts()

    # --- messages ---------------------------------------------------------------------------------------------------

    def deliveries(self, system: str = "") -> DeliveryLog:
        """Return the last attempts to deliver messages, and what is on its way."""
        if system:
            self.service_named(system)
        rows = [_attempt(row) for row in self.live.attempts() if system in ("", row.arrival.system)]
        waiting = [
            WaitingRow(number=each.number, system=each.system, topic=each.delivery.message.topic, due_us=each.due_us)
            for each in self.live.deliveries.open()
            if system in ("", each.system)
        ]
        return DeliveryLog(attempts=rows[:_ATTEMPTS], waiting=waiting[:_ATTEMPTS])

    def redeliver(self, number: int, copies: int = 1) -> int:
        """Send what an attempt carried once more, or so many times."""
        if not 1 <= copies <= _COPIES:
            raise Wrong(f"copies: from 1 to {_COPIES}")
        try:
            for _ in range(copies):
                self.live.redeliver(number)
        except KeyError as missing:
            raise Wrong(f"the delivery log has no attempt {number}", 404) from missing
        return number


def _change(number: int, each: Changed) -> ChangeRow:
    return ChangeRow(
        number=number, at_us=each.at_us, system=each.system, kind=each.kind, id=each.id, before=each.before,
        status=each.status, txn=each.txn, ref=getattr(each.document, "ref", ""),
    )  # fmt: skip


def _attempt(row: Attempt) -> AttemptRow:
    arrival, message = row.arrival, row.arrival.delivery.message
    return AttemptRow(
        number=row.number, at_us=row.at_us, system=arrival.system, message=message.id, topic=message.topic,
        txn=message.txn, attempt=arrival.delivery.attempt, url=row.url, status=row.status, note=row.note,
        fault=arrival.fault, genuine=not arrival.is_forged, manual=arrival.manual, took_us=row.took_us,
        answer=row.answer.decode("utf-8", "replace"),
    )  # fmt: skip


def as_fault(said: Mapping[str, Any]) -> FaultWish:
    """Return a fault as a person says it; raise Wrong when it is not understood."""
    try:
        return msgspec.convert(said, FaultWish, strict=False)
    except msgspec.ValidationError as wrong:
        raise Wrong(f"the fault is not understood: {wrong}") from wrong
