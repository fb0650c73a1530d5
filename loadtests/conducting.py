"""Conducting: one campaign on a node of Locust. A worker plays; the master (or the only node) leads as well.

The master founds the company, starts the clock of the world, says when each level begins and which share of it each
worker offers, looks at the business meanwhile, and ends it all. Workers report every second over Locust's own messages.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

import gevent
import msgspec
from locust import runners
from locust.runners import MasterRunner, WorkerRunner

from loadtests.desk import Unusable
from loadtests.leading import Leader
from loadtests.material import Level, material
from loadtests.settings import Settings, settings_of
from loadtests.users import Player
from scenarios.problems import ScenarioError
from simulator.replay.checking import wait_for
from simulator.replay.target import load_target

_REPORT_SECONDS: Final = 1.0
runners.HEARTBEAT_LIVENESS = 30  # a worker that makes its material on a busy machine is not lost
_log = logging.getLogger("q2c.load")


class Node:
    """One process of Locust. `player` plays its share; `leader` is there where the load is led."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.player = Player()
        self.leader: Leader | None = None
        self._last: Leader | None = None
        self._is_worker = isinstance(environment.runner, WorkerRunner)
        self._is_master = isinstance(environment.runner, MasterRunner)
        runner = environment.runner
        if not self._is_master:
            runner.register_message("q2c_level", self._level)
        if not self._is_worker:
            runner.register_message("q2c_report", self._report)
        environment.events.test_start.add_listener(self._start)
        environment.events.test_stop.add_listener(self._stop)
        environment.events.quitting.add_listener(self._quit)

    def drivers(self) -> int:
        """Return how many drivers there are to be: one a worker, none once the campaign is over."""
        if self.leader is None:
            return self.environment.runner.worker_count if self._is_master else 1
        return self.leader.drivers

    def tell(self, **said: Any) -> None:
        """Tell the leader what this node has counted, and what happened to it."""
        self.environment.runner.send_message("q2c_report", {**self.player.report(), **said})

    def _start(self, **_said: Any) -> None:
        """Begin a campaign: lead where it is led, prepare where it is played; nothing here keeps Locust waiting."""
        self.player = Player()
        try:
            settings = settings_of(self.environment.parsed_options)
        except Unusable as wrong:
            self._give_up(str(wrong))
            return
        if not self._is_worker:
            drivers = self.environment.runner.worker_count if self._is_master else 1
            self.leader = self._last = Leader(self.environment, settings, drivers)
        gevent.spawn(self._prepare, settings)

    def _stop(self, **_said: Any) -> None:
        """Forget who has led: Locust asks how many drivers another campaign needs before it says that it begins."""
        self.leader = None

    def _prepare(self, settings: Settings) -> None:
        """Make the material, in a thread: a worker that does not answer meanwhile would be given up."""
        try:
            if not self._is_worker:
                _require_healthy(settings)
            made = gevent.get_hub().threadpool.apply(material, (settings,))
            self.player.material, self.player.address = made, settings.desk_address().rstrip("/")
        except Unusable as wrong:
            self._give_up(str(wrong))
            return
        self.player.copies = settings.storm_copies if settings.profile == "storm" else 0
        if self.leader is not None:
            gevent.spawn(self.leader.lead, made)
        if not self._is_master:
            self.tell(ready=True)
            gevent.spawn(self._reporting, self.player)

    def _reporting(self, player: Player) -> None:
        while player is self.player:
            gevent.sleep(_REPORT_SECONDS)
            self.tell()

    def _level(self, msg: Any, **_said: Any) -> None:
        self.player.levels.put(msgspec.convert(msg.data, Level))

    def _report(self, msg: Any, **_said: Any) -> None:
        if self.leader is not None:
            self.leader.take(msg.node_id, msg.data)

    def _give_up(self, problem: str) -> None:
        _log.error(problem)
        self.environment.process_exit_code = 5
        if self._is_worker:
            self.tell(problem=problem)
        elif self.leader is not None:
            self.leader.fail(problem)
        else:
            gevent.spawn(self.environment.runner.quit)

    def _quit(self, **_said: Any) -> None:
        if self._last is not None:
            self._last.write()


def _require_healthy(settings: Settings) -> None:
    """Refuse a target that is not there, before any load is sent."""
    if not settings.target:
        return
    try:
        target = load_target(Path(settings.target), settings.allowed())
    except ScenarioError as wrong:
        raise Unusable(str(wrong)) from wrong
    problem = wait_for(target, 2.0, lambda: "")
    if problem:
        raise Unusable(f"{target.name} is not there: {problem}")
