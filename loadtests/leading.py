"""Leading: what the master of a campaign does, from the founding of the company to the outcome."""

from __future__ import annotations

import logging
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import gevent
import msgspec

from loadtests import knee, stopping
from loadtests.business import LAGS, ORDER, Business, Measured, percent_of
from loadtests.desk import Desk, Unusable
from loadtests.hdr import Histograms
from loadtests.knee import Search, Step
from loadtests.material import Level, Material
from loadtests.outcome import READY, LagRow, Outcome
from loadtests.settings import Settings
from loadtests.users import LATENESS
from simulator.replay.pacing import Kept

_READY_SECONDS: Final = 120.0
_LEAD_SECONDS: Final = 0.3
_LOOK_SECONDS: Final = 0.25
_DUPLICATES_SHOWN: Final = 20
_ENDED: Final = "it was ended from outside: by a person, or because workers were lost"
_log = logging.getLogger("q2c.load")


class Late(Exception):
    """A lifecycle took longer than its service level allows."""


class Doubled(Exception):
    """A system of record has the same thing twice."""


class Leader:
    """Leads one campaign. `drivers` is how many there are to be; 0 once it is over."""

    def __init__(self, environment: Any, settings: Settings, drivers: int) -> None:
        self.drivers = drivers
        self.material: Material
        self._is_over = False
        self._environment, self._settings = environment, settings
        self._desk: Desk
        own = {ORDER: settings.order_seconds} if settings.order_seconds else {}
        limits = Business(settings.span.speed).limits | own
        self._business = Business(settings.span.speed, limits)
        self._times, self._counts = Histograms(), Counter[str]()
        self._ready: list[str] = []
        self._done, self._took_seconds = 0, 0.0
        self._problem = self._stopped = ""
        self._began = 0.0
        self._asked = 0
        self._asked_seconds = self._wall_seconds = 0.0
        self._backlog: list[tuple[float, int]] = []
        self._copies: set[int] = set()
        self._copies_refused = 0
        self._steps: list[Step] = []
        self._search = Search(
            first_rate=settings.first_rate, highest_rate=settings.highest_rate, percent=percent_of(ORDER)
        )

    def take(self, node: str, said: dict[str, Any]) -> None:
        """Take a report of a node."""
        self._counts.update(said["counts"])
        self._times.add(said["times"])
        if "took_seconds" in said:
            self._done += 1
            self._took_seconds = max(self._took_seconds, said["took_seconds"])
        if said.get("ready"):
            self._ready.append(node)
        if said.get("problem"):
            self.fail(said["problem"])

    def fail(self, problem: str) -> None:
        """End the campaign: it cannot run."""
        self._problem = self._problem or problem
        self.drivers = 0

    # --- the course of it -------------------------------------------------------------------------------------------

    def lead(self, chosen: Material) -> None:
        """Lead a campaign from the founding of its company to its end."""
        self.material = chosen
        try:
            self._desk = Desk(self._settings.desk_address())
            self._gather()
            self._found()
            if self._settings.profile == "break":
                self._hunt()
            else:
                self._play(self._settings.within)
            self._wait_for_rest(self._settings.rest)
            self._is_over = True
        except Unusable as wrong:
            _log.error(str(wrong))
            self.fail(str(wrong))
        except Exception as wrong:  # Locust would wait for ever for a leader that is gone
            _log.exception("the campaign failed")
            self.fail(f"the campaign failed: {wrong!r}")
        self._environment.process_exit_code = 5 if self._problem else self._environment.process_exit_code
        self.drivers = 0

    def _gather(self) -> None:
        """Wait until every worker has its material."""
        ends = time.monotonic() + _READY_SECONDS
        while len(self._ready) < self.drivers:
            if time.monotonic() > ends:
                raise Unusable(f"{len(self._ready)} of {self.drivers} workers were ready after {_READY_SECONDS:g} s")
            gevent.sleep(0.05)

    def _found(self) -> None:
        """Found the company and let the world's clock run; or wait for who does both."""
        if not self._settings.founded:
            self._desk.found(self.material.timeline.start_us, self.material.founding())
            self._desk.catch_up()
            self._desk.run(self._settings.span.speed)
        else:
            self._desk.catch_up()
            if self._settings.out:
                (Path(self._settings.out) / READY).touch()
            while self._desk.clock().frozen:
                gevent.sleep(0.02)
        self._began = time.monotonic()

    def _play(self, seconds: float, rate: float = 0.0, first: int = 0) -> bool:
        """Let the drivers offer a level; return whether it came to its end."""
        starts = time.monotonic() + _LEAD_SECONDS
        at, self._done, self._took_seconds = time.time() + _LEAD_SECONDS, 0, seconds
        whole = Level(at=at, seconds=seconds, index=0, count=1, rate=rate, first=first)
        self._asked += len(self.material.of(whole))
        for index, node in enumerate(self._ready):
            level = msgspec.structs.replace(whole, index=index, count=len(self._ready))
            self._environment.runner.send_message("q2c_level", msgspec.to_builtins(level), client_id=node)
        while time.monotonic() < starts + seconds or self._done < len(self._ready):
            if self._must_stop() or time.monotonic() > starts + seconds + self._settings.rest + 5:
                break
        self._asked_seconds += seconds
        self._wall_seconds += self._took_seconds
        return not self._stopped

    def _wait_for_rest(self, seconds: float) -> None:
        """Look on until nothing is waiting, or for so long."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and self._business.waiting():
            gevent.sleep(_LOOK_SECONDS)
            self._look()
        self._look()

    def _must_stop(self) -> bool:
        gevent.sleep(_LOOK_SECONDS)
        self._look()
        seen = stopping.Seen(
            seconds=time.monotonic() - self._began, arrivals=self._counts["offered"],
            requests=self._counts["requests"], errors=self._counts["errors"],
            clocks=self._business.counts[ORDER], late=self._business.late[ORDER],
            backlog=len(self._business.waiting()),
        )  # fmt: skip
        self._stopped = self._stopped or stopping.reason(seen, self._settings.limits)
        if self._stopped:
            _log.warning("stopped: %s", self._stopped)
        return bool(self._stopped or self._problem)

    # --- the knee ---------------------------------------------------------------------------------------------------

    def _hunt(self) -> None:
        """Measure step after step, until the knee is known or no more is to be learned."""
        first = 0
        while (rate := knee.next_rate(self._steps, self._search)) is not None:
            wanted = round(rate * self._settings.within)
            if first + wanted > len(self.material.supply):
                self._stopped = f"the scenario has no more lifecycles for a step of {rate:g} a second: raise --times"
                return
            if not self._measured(rate, first):
                return
            first += wanted

    def _measured(self, rate: float, first: int) -> bool:
        """Measure one step, and let it come to rest; return whether there may be another."""
        offered, late = self._counts["offered"], self._counts["late"]
        started_us = self._desk.clock().now_us
        goes_on = self._play(self._settings.within, rate, first)
        ended_us = self._desk.clock().now_us
        self._wait_for_rest(max(self._settings.rest, self._business.limits[ORDER]))
        good, decided, whole = self._business.within(started_us, ended_us + 1, self._desk.clock().now_us)
        sent = self._counts["offered"] - offered
        kept = (self._counts["late"] - late) * 100 <= sent and decided == whole and whole > 0
        self._steps.append(Step(rate=rate, within=good, count=decided, kept=kept))
        _log.info("%g a second: %d of %d in time", rate, good, decided)
        return goes_on and not self._business.waiting()

    # --- what is seen -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        doubled = len(self._business.duplicates)
        for measured in self._business.take(self._desk.news()):
            self._tell(measured)
        for sentence in self._business.duplicates[doubled:]:
            self._fire("duplicates", 0.0, Doubled(sentence))
        waiting = len(self._business.waiting())
        self._backlog.append((round(time.monotonic() - self._began, 2), waiting))
        # an entry of its own, for a count is no response time and does not belong into the total
        self._environment.stats.get("backlog (orders, not ms)", "business").log(waiting, 0)
        if self._settings.profile == "storm":
            self._look_at_copies()

    def _tell(self, measured: Measured) -> None:
        limit = self._business.limits.get(measured.name, 0.0)
        late = Late(f"later than {limit:g} s") if measured.late else None
        self._fire(measured.name, measured.seconds, late)
        self._times.note(f"business: {measured.name}", measured.seconds)

    def _look_at_copies(self) -> None:
        for copy in self._desk.deliveries():
            if copy.manual and copy.number not in self._copies:
                self._copies.add(copy.number)
                refused = Unusable(f"answered {copy.status}") if not 200 <= copy.status < 300 else None
                self._copies_refused += refused is not None
                self._fire(f"copy of {copy.topic}", copy.took_us / 1e6, refused)

    def _fire(self, name: str, seconds: float, exception: Exception | None) -> None:
        self._environment.events.request.fire(
            request_type="business", name=name, response_time=seconds * 1000, response_length=0, exception=exception,
            context={},
        )  # fmt: skip

    # --- the outcome ------------------------------------------------------------------------------------------------

    def outcome(self) -> Outcome:
        """Return what came of it."""
        business = self._business
        hunted = self._settings.profile == "break"
        return Outcome(
            settings=self._settings, workers=len(self._ready), problem=self._why_not(), stopped=self._stopped,
            asked=self._asked, kept=self._kept(), refused=self._counts["refused"], unasked=self._counts["unasked"],
            requests=self._counts["requests"], errors=self._counts["errors"],
            lifecycles=business.within(0, 2**62, 2**62)[2], lags=tuple(self._lags()),
            duplicates=tuple(business.duplicates[:_DUPLICATES_SHOWN]), duplicate_count=len(business.duplicates),
            strokes=self._counts["strokes"], idle=self._counts["idle"],
            copies=len(self._copies), copies_refused=self._copies_refused, backlog=tuple(self._backlog),
            knee=knee.knee(self._steps, self._search) if hunted else None, times_ms=self._times.rows(),
        )  # fmt: skip

    def _why_not(self) -> str:
        return self._problem or ("" if self._is_over else _ENDED)

    def write(self) -> None:
        """Write the outcome and its histograms where the settings say."""
        if self._settings.out:
            folder = Path(self._settings.out)
            folder.mkdir(parents=True, exist_ok=True)
            self.outcome().write(folder)
            self._times.write(folder)

    def _kept(self) -> Kept:
        late = self._times.quantile_seconds
        return Kept(
            offered=self._counts["offered"], late=self._counts["late"], p50_seconds=late(LATENESS, 50),
            p99_seconds=late(LATENESS, 99), worst_seconds=late(LATENESS, 100), wall_seconds=self._wall_seconds,
            asked_seconds=self._asked_seconds,
        )  # fmt: skip

    def _lags(self) -> list[LagRow]:
        business, rows = self._business, self._times.rows()
        return [
            LagRow(
                name=lag.name, count=business.counts[lag.name], waiting=business.running(lag.name),
                late=business.late[lag.name], limit_seconds=business.limits.get(lag.name, 0.0),
                percentiles_ms=rows.get(f"business: {lag.name}", {}),
            )
            for lag in LAGS
            if business.counts[lag.name] or business.running(lag.name)
        ]  # fmt: skip
