"""A world for tests: served by this process, with a handle for everything a test wants to do with it.

    with served() as mocks:
        mocks.faults.add("lost_reply", system="payment", operation="create_payment_intent", nth=1)
        my_integration(mocks["payment"])
        mocks.journal.assert_one("POST", "/v1/payment_intents")

Every handle may be used from any thread; the work is done where the world lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from domain.acts import Act
from mocks.admin.api import application
from mocks.admin.control import Control, as_fault
from mocks.admin.shapes import (
    AttemptRow,
    Clock,
    Company,
    DocumentDetail,
    DocumentRow,
    Expectation,
    PlannedFault,
    RequestRow,
    Said,
    Search,
    Verdict,
)
from mocks.doors import inputs
from mocks.doors.live import LiveWorld
from mocks.doors.post import Targets
from mocks.doors.serving import Running, running
from mocks.doors.settings import begun, quirks_of
from mocks.kernel.limits import LimitPolicy
from q2c.seeding import company

R = TypeVar("R")
Switches = Mapping[str, Mapping[str, Any]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Faults:
    """The faults that are on."""

    def __init__(self, mocks: Mocks) -> None:
        self._mocks = mocks

    def add(self, kind: str, **fields: Any) -> None:
        """Put a fault on: `add("error_after", system="payment", nth=1)`; fields are those of `domain.faults.Fault`.

        Instead of an absolute window it may begin `in_seconds` and last `for_seconds`; raise Wrong when it cannot be.
        """
        wish = as_fault({"kind": kind, **fields})
        self._mocks.do(lambda control: control.add_fault(wish))

    def clear(self) -> None:
        """Take all faults off."""
        self._mocks.do(lambda control: control.plan(()))

    def all(self) -> list[PlannedFault]:
        """Return the faults that are on, with how often each has struck."""
        return self._mocks.do(lambda control: control.faults())

    def strikes(self, kind: str) -> int:
        """Return how often the faults of a kind have struck."""
        return sum(each.struck for each in self.all() if each.fault.kind == kind)


class WorldClock:
    """The clock of the world."""

    def __init__(self, mocks: Mocks) -> None:
        self._mocks = mocks

    @property
    def now_us(self) -> int:
        """The instant of the world, in microseconds UTC."""
        return self._mocks.do(lambda control: control.live.clock.now_us())

    @property
    def now(self) -> datetime:
        """The instant of the world as an aware datetime."""
        return _EPOCH + timedelta(microseconds=self.now_us)

    def freeze(self) -> None:
        """Stop the clock."""
        self._move(Clock(freeze=True))

    def run(self, speed: float = 1.0) -> None:
        """Let it run, so many times as fast as the wall clock."""
        self._move(Clock(speed=speed))

    def advance(self, seconds: float = 0, **more: float) -> None:
        """Go forward by seconds, or by what `timedelta` takes (`days=3`); all that is due on the way happens."""
        span = timedelta(seconds=seconds, **more)
        self._move(Clock(advance_seconds=span.total_seconds()))

    def advance_to(self, instant: datetime) -> None:
        """Go forward to an aware datetime."""
        self._move(Clock(advance_to_us=(instant - _EPOCH) // timedelta(microseconds=1)))

    def _move(self, wish: Clock) -> None:
        self._mocks.doors.wait(self._mocks.control.move(wish), timeout_seconds=600)


class JournalOfRequests:
    """The requests that came, to look at and to assert about. Criteria are those of `mocks.kernel.journal.Criteria`."""

    def __init__(self, mocks: Mocks) -> None:
        self._mocks = mocks

    def find(self, method: str = "", path: str = "", **criteria: Any) -> list[RequestRow]:
        """Return the requests that fit, the newest first."""
        search = Search(method=method, path=path, **criteria)
        return self._mocks.do(lambda control: control.requests.find(search)).requests

    def assert_one(self, method: str = "", path: str = "", **criteria: Any) -> RequestRow:
        """Assert that exactly one request fits, and return it."""
        return self._require(Expectation(method=method, path=path, exactly=1, **criteria)).requests[0]

    def assert_none(self, method: str = "", path: str = "", **criteria: Any) -> None:
        """Assert that no request fits."""
        self._require(Expectation(method=method, path=path, exactly=0, **criteria))

    def assert_count(self, count: int, method: str = "", path: str = "", **criteria: Any) -> list[RequestRow]:
        """Assert that exactly so many requests fit, and return them."""
        return self._require(Expectation(method=method, path=path, exactly=count, **criteria)).requests

    def assert_between(self, least: int, most: int, method: str = "", path: str = "", **criteria: Any) -> None:
        """Assert that at least and at most so many requests fit."""
        self._require(Expectation(method=method, path=path, at_least=least, at_most=most, **criteria))

    def clear(self) -> None:
        """Forget all requests; the world stays as it is."""
        self._mocks.do(lambda control: control.requests.clear())

    def _require(self, wanted: Expectation) -> Verdict:
        verdict = self._mocks.do(lambda control: control.requests.verify(wanted))
        if not verdict.holds:
            raise AssertionError(explained(verdict))
        return verdict


def explained(verdict: Verdict) -> str:
    """Return why an expectation does not hold: what fits, and what nearly does."""
    lines = [verdict.sentence]
    lines += [f"  fits:   {_line(row)}" for row in verdict.requests[:10]]
    for near in verdict.near:
        missed = ", ".join(f"{name} was {had!r}" for name, had in near.missed.items())
        lines.append(f"  nearly: {_line(near.row)}: {missed}")
    return "\n".join(lines)


def _line(row: RequestRow) -> str:
    key = f" key={row.key}" if row.key else ""
    return f"{row.number} {row.system} {row.method} {row.target} -> {row.status} ({row.effect}){key}"


class Actions:
    """The world itself: what people do in it, what is in it, and the whole of it."""

    def __init__(self, mocks: Mocks) -> None:
        self._mocks = mocks

    def act(self, system: str, action: str, txn: str = "", **arguments: Any) -> None:
        """Let somebody act in a system now; docs/reference/acts.md lists the actions."""
        said = Said(system, action, arguments, txn)
        self._mocks.do(lambda control: control.act([said]))

    def seed(self, scenario: str | Sequence[Act] = "quarter_end", subscriptions: int = 5) -> int:
        """Fill the world with the company of a scenario, or with acts of your own; return how many acts there were."""
        if isinstance(scenario, str):
            wish = Company(scenario, subscriptions)
            return self._mocks.do(lambda control: control.seed(wish))
        acts = list(scenario)
        return self._mocks.do(lambda control: control.live.seed(acts))

    def documents(self, system: str, kind: str, **wanted: Any) -> list[DocumentRow]:
        """Return the documents of a kind, the newest first."""
        return self._mocks.do(lambda control: control.documents(system, kind, **wanted)).documents

    def document(self, system: str, kind: str, key: str) -> DocumentDetail:
        """Return one document with its history and chart."""
        return self._mocks.do(lambda control: control.document(system, kind, key))

    def limit(self, system: str, **policy: int) -> None:
        """Change what a system tolerates: `limit("payment", requests=5, window_seconds=1)`."""
        wanted = {system: LimitPolicy(**policy)}
        self._mocks.do(lambda control: control.limit(wanted))

    def snapshot(self) -> bytes:
        """Return the whole world as JSON lines."""
        return self._mocks.do(lambda control: control.snapshot())

    def restore(self, lines: bytes) -> None:
        """Become the world of a snapshot."""
        self._mocks.do(lambda control: control.restore(lines))


class Messages:
    """The messages of the systems: webhooks, outbound messages, events."""

    def __init__(self, mocks: Mocks) -> None:
        self._mocks = mocks

    def send_to(self, url: str, *allowed: str) -> None:
        """Name who gets messages of systems without endpoints of their own, and hosts that may be called."""
        targets = Targets(intake=url, allowed=allowed)
        self._mocks.do(lambda control: setattr(control.live, "targets", targets))

    def attempts(self, system: str = "") -> list[AttemptRow]:
        """Return the last attempts to deliver, the newest first."""
        return self._mocks.do(lambda control: control.deliveries(system)).attempts

    def redeliver(self, number: int) -> None:
        """Send what an attempt carried once more."""
        self._mocks.do(lambda control: control.redeliver(number))

    def settle(self) -> None:
        """Wait until all messages that were due are carried and their answers known."""
        self._mocks.doors.wait(self._mocks.control.live.settled())


class Mocks(Mapping[str, str]):
    """A served world: a mapping of doors to addresses (`mocks["payment"]`), and a handle for each thing to do."""

    def __init__(self, doors: Running, control: Control) -> None:
        self.doors, self.control = doors, control
        self.faults, self.clock, self.journal = Faults(self), WorldClock(self), JournalOfRequests(self)
        self.world, self.messages = Actions(self), Messages(self)

    def __getitem__(self, door: str) -> str:
        return self.doors[door]

    def __iter__(self) -> Iterator[str]:
        return iter(self.doors)

    def __len__(self) -> int:
        return len(self.doors)

    def do(self, action: Callable[[Control], R]) -> R:
        """Do something with the control of the world, where the world lives."""
        return self.doors.do(lambda: action(self.control))

    @property
    def env(self) -> dict[str, str]:
        """The environment that points SDKs at these mocks, as `q2c env` prints it."""
        from q2c.commands.env import variables
        from q2c.mocks_running import Mocks as Told

        bundle = str(self.doors.ca_bundle) if self.doors.ca_bundle else ""
        return dict(variables(Told(pid=0, addresses=dict(self), ca_bundle=bundle)))

    def drift(self, *names: str) -> None:
        """Let exactly these drifts be on; none takes all off."""
        self.do(lambda control: control.drift(names))

    def begin(
        self,
        seed: int = 1,
        *,
        switches: Switches | None = None,
        drifts: Sequence[str] = (),
        scenario: str = "",
        subscriptions: int = 5,
    ) -> None:
        """Begin a new world with these settings: an empty one, or the company of a scenario.

        `switches` are quirks of the vendors by system and name. The clock runs on at its ordinary speed.
        """
        settings = msgspec.structs.replace(begun(seed, (), {}, quirks_of(switches or {})), drifts=tuple(drifts))

        def start(control: Control) -> None:
            control.live.run()
            control.live.targets = Targets()
            clocked = inputs.Clocked(control.live.clock.reading())
            control.live.restore([inputs.encode(settings), inputs.encode(clocked)])

        self.do(start)
        if scenario:
            self.world.seed(scenario, subscriptions)


@contextmanager
def served(workspace: Path | None = None, *, turbo: bool = False) -> Iterator[Mocks]:
    """Serve a new world on free loopback ports until the block ends.

    With a `workspace` folder for the certificate authority there are TLS doors and the proxy as well.
    """
    world, addresses = LiveWorld(), dict[str, str]()
    control = Control(world, addresses, company)
    admin = application(world, addresses, seeds=company, observer=control.observer)
    with running(world, workspace=workspace, turbo=turbo, admin=admin) as doors:
        addresses.update(doors)
        yield Mocks(doors, control)
