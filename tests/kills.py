"""A campaign of deaths: the integration is killed with signal 9 again and again while orders come in.

    python -m tests.kills --kills 200                          # SQLite, one process
    python -m tests.kills --kills 200 --postgres               # PostgreSQL, two workers

Half of the deaths strike at a durable write, before or after it; the others at a random instant from outside. Orders
are signed in waves; a wave ends when everything has settled. At the end the business state is compared, document by
document, with that of an undisturbed run of the same plan.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from contracts.checks.business_state import KINDS, Document, difference, digest, document
from tests.live import Mocks, Service, Shop, until
from tests.ports import free_port

WRITES_MAX = 45
"""A life of one order has some fifty durable writes; with several under way a process dies somewhere within them."""
LIFE_SECONDS = (0.2, 2.5)
SETTLES_SECONDS = 180.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign found. `different` says in what the state differs from an undisturbed run's; empty is right."""

    kills: int
    at_writes: int
    orders: int
    documents: int
    seconds: float
    state: str
    different: str


class Fleet:
    """The processes of the integration under test, killed and started again; `database` empty means SQLite."""

    def __init__(
        self, folder: Path, mocks: Mocks, port: int, database: str, workers: int, chance: random.Random, writes: int
    ) -> None:
        self._folder, self._mocks, self._port, self._chance, self._writes = folder, mocks, port, chance, writes
        self._database = database or str(folder / "journal.db")
        self._services: list[Service | None] = [None] * workers
        self.kills = self.at_writes = 0

    def start(self, place: int, write: str = "") -> None:
        """Start a process, to die at a durable write (`7`: before the seventh, `7+`: after it) when one is named."""
        environment = {"Q2C_POLL_SECONDS": "2"}
        if write:
            environment["Q2C_TEST_KILL_AT_WRITE"] = write
        said: dict[str, Any] = {"port": self._port, "name": "service"}
        if place:
            said = {"command": "worker", "name": f"worker-{place}"}
        with contextlib.suppress(AssertionError):  # it may die before it can say that it is ready
            self._services[place] = Service(self._folder, self._mocks, database=self._database, **said, **environment)

    def disturb(self) -> None:
        """Let one process die, at a write or at an instant, and start it again."""
        place = self._chance.randrange(len(self._services))
        self._end(place)
        if self._chance.random() < 0.5:
            self.start(place, f"{self._chance.randint(1, self._writes)}{self._chance.choice(['', '+'])}")
            self.at_writes += self._waits_for_death(place)
        else:
            self.start(place)
            time.sleep(self._chance.uniform(*LIFE_SECONDS))
        self._end(place)
        self.kills += 1

    def _waits_for_death(self, place: int) -> bool:
        service = self._services[place]
        if service is None:
            return True
        try:
            service.process.process.wait(LIFE_SECONDS[1] * 2)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _end(self, place: int) -> None:
        service, self._services[place] = self._services[place], None
        if service is not None:
            service.kill()

    def heal(self) -> None:
        """See to it that every process runs."""
        for place in range(len(self._services)):
            self._end(place)
            self.start(place)

    def close(self) -> None:
        """End all."""
        for place in range(len(self._services)):
            self._end(place)


def state_of(mocks: Mocks, numbers: list[str]) -> list[Document]:
    """Return the business state of some transactions, from what each system holds."""
    found = []
    for number in numbers:
        for system, kinds in KINDS.items():
            for kind in kinds:
                for row in mocks.documents(system, kind, number):
                    detail = mocks.ask("GET", f"/documents/{system}/{kind}/{row['id']}")
                    found.append(document(number, system, kind, detail["document"]))
    return found


def _is_over(shop: Shop, number: str) -> bool:
    mirrors = shop.mocks.documents("crm", "mirror", number)
    return shop.is_settled(number) and bool(mirrors) and _mirrors_paid(shop.mocks, number)


def _comes_to_its_end(shop: Shop, number: str) -> bool:
    """Tell whether an order is over; if not, have the systems repeat what nobody took from them.

    They would do so by themselves, minutes and hours later: no campaign can wait for their schedules.
    """
    if _is_over(shop, number):
        return True
    shop.mocks.repeats()
    time.sleep(0.5)
    return False


def _mirrors_paid(mocks: Mocks, number: str) -> bool:
    query = f"SELECT+InvoiceStatus__c,PaymentStatus__c+FROM+Quote+WHERE+QuoteNumber='{number}'"
    record = mocks.crm("GET", f"/query?q={query}").json()["records"][0]
    return record["InvoiceStatus__c"] == "paid"


@contextlib.contextmanager
def _stage(folder: Path) -> Iterator[tuple[Mocks, Shop, int]]:
    port = free_port()
    with Mocks.up(folder, "--webhooks", f"http://127.0.0.1:{port}") as mocks:
        shop = Shop(mocks)
        shop.opens()
        yield mocks, shop, port


def undisturbed(folder: Path, numbers: list[str]) -> list[Document]:
    """Return the business state after a run in which nothing happens."""
    with _stage(folder) as (mocks, shop, port), Service.up(folder, mocks, port=port):
        for number in numbers:
            shop.signs(number)
        for number in numbers:
            until(partial(_is_over, shop, number), f"the end of {number}", SETTLES_SECONDS)
        return state_of(mocks, numbers)


def campaign(
    folder: Path,
    kills: int,
    *,
    database: str = "",
    workers: int = 1,
    seed: int = 1,
    wave: int = 5,
    kills_a_wave: int = 12,
    writes_max: int = WRITES_MAX,
    calm: list[Document] | None = None,
) -> Outcome:
    """Run a campaign until so many deaths have been died, and compare the end with an undisturbed run's.

    `calm` is the end of such a run of the same orders, when it is known already.
    """
    chance, began = random.Random(seed), time.monotonic()
    numbers: list[str] = []
    with _stage(folder) as (mocks, shop, port):
        fleet = Fleet(folder, mocks, port, database, workers, chance, writes_max)
        try:
            while fleet.kills < kills:
                fresh = [f"Q-{len(numbers) + each:06}" for each in range(1, wave + 1)]
                numbers += fresh
                for number in fresh:
                    shop.signs(number)
                    if fleet.kills < kills:
                        fleet.disturb()
                for _ in range(min(kills - fleet.kills, kills_a_wave - wave)):
                    fleet.disturb()
                fleet.heal()
                mocks.repeats()
                for number in fresh:
                    until(partial(_comes_to_its_end, shop, number), f"the end of {number}", SETTLES_SECONDS)
            state = state_of(mocks, numbers)
        finally:
            fleet.close()
    if calm is None:
        (folder / "calm").mkdir()
        calm = undisturbed(folder / "calm", numbers)
    return Outcome(
        kills=fleet.kills, at_writes=fleet.at_writes, orders=len(numbers), documents=len(state),
        seconds=time.monotonic() - began, state=digest(state), different=difference(calm, state),
    )  # fmt: skip


def main() -> None:
    """Run a campaign and say what it found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL with two workers instead of SQLite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        database, workers = "", 1
        if chosen.postgres:
            from tests.postgres import running

            database, workers = stack.enter_context(running()).create(), 2
        outcome = campaign(Path(name), chosen.kills, database=database, workers=workers, seed=chosen.seed)
    kind = "PostgreSQL, two workers" if chosen.postgres else "SQLite"
    print(f"{kind}: {outcome.kills} deaths ({outcome.at_writes} at a durable write), {outcome.orders} orders,")
    print(f"{outcome.documents} documents compared, {outcome.seconds:.0f} s; state {outcome.state[:16]}")
    print(outcome.different or "the same as an undisturbed run's")
    raise SystemExit(1 if outcome.different else 0)


if __name__ == "__main__":
    main()
