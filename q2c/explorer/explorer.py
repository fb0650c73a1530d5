"""The explorer: plays settings of one scenario under the same seeds, and keeps what it played a while.

The newest question of a page wins: an older one that is being played gives up after the replication it is at.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from q2c.experiments.running import Means
from q2c.explorer import showing
from q2c.explorer.knobs import Knob
from q2c.explorer.setting import Asked, command_of, scenario_of, settings_of
from q2c.explorer.showing import Change
from scenarios.language import Scenario
from simulator.experiments.answers import Happened, WhatIf
from simulator.experiments.comparison import compared
from simulator.experiments.intervals import CONFIDENCE
from simulator.experiments.metrics import names_of
from simulator.experiments.performing import perform
from simulator.experiments.playing import keeping_outcomes, packed, read_outcome
from simulator.experiments.replications import Laboratory, Progress, Rule, Sample
from simulator.whatif.engine import choose, expected_attempts
from simulator.whatif.translation import translate
from simulator.whatif.validity import check
from web.blocks import Section

LOOK = 4
"""Replications of a first look, while somebody is still moving a slider."""
_SETTINGS_AT_HAND = 32
_PAGES_AT_HAND = 64
_SESSION = 100
"""Settings that a person tries, more or less: what the choice of the engine reckons with."""


class Superseded(Exception):
    """A newer question of the same page has come in."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a setting: its sentence with a tone, the parts of the page, and the command that repeats it."""

    says: str
    tone: str
    sections: tuple[Section, ...]
    command: str


class Explorer:
    """Answers questions about one scenario; `play` may be called from any thread."""

    def __init__(
        self, reference: str, start: Scenario, knobs: Sequence[Knob], *, given: Sequence[str] = (),
        seed: int | None = None, replications: int = 16, means: Means | None = None,
    ) -> None:  # fmt: skip
        self.reference, self.start, self.knobs, self.replications = reference, start, tuple(knobs), replications
        self._given, self._said_seed = tuple(given), seed
        means, model = means or Means(), translate(start)
        runs = replications * _SESSION
        choice = choose(model, means.engine, runs=runs)
        self._executor = means.executor(choice.engine == "kernel", expected_attempts(model) * runs)
        self._laboratory = Laboratory(
            replicate=keeping_outcomes(choice.engine), read=read_outcome, executor=self._executor,
            seed=start.seed if seed is None else seed, progress=self._look_up,
        )  # fmt: skip
        self._measures = tuple(name for name in showing.MEASURES if name in names_of(model))
        self._start_digest = model.digest()
        self._started: dict[int, Happened] = {}
        self._at_hand: OrderedDict[str, None] = OrderedDict()
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._playing: Asked | None = None
        self._turn, self._is_closed = threading.Lock(), False

    def play(self, asked: Asked) -> Shown:
        """Return the answer of a setting.

        Raise Superseded when the page asks something newer meanwhile, ValueError or ScenarioError for a setting that
        cannot be played.
        """
        self._newest[asked.page] = max(asked.number, self._newest.pop(asked.page, asked.number))
        while len(self._newest) > _PAGES_AT_HAND:
            self._newest.popitem(last=False)
        settings = settings_of(asked, self.start, self.knobs)
        scenario = scenario_of(self.start, settings)
        model = translate(scenario)
        check(model)
        with self._turn:
            self._playing = asked
            self._make_room(model.digest())
            count = min(LOOK, self.replications) if asked.is_look else self.replications
            started, now, change = self._answers(scenario, count, bool(settings))
        return Shown(
            says=showing.sentence(now, change), tone=showing.tone(change),
            sections=showing.sections(now, change, started),
            command=command_of(self.reference, self._given, settings, self._said_seed, self.replications),
        )  # fmt: skip

    def close(self) -> None:
        """Give up what is being played, and let go of who computes."""
        self._is_closed = True
        self._executor.close()

    def _answers(self, scenario: Scenario, count: int, is_changed: bool) -> tuple[Happened, Happened, Change | None]:
        """Return the answers of the start and of a setting, and what differs."""
        self._look_up()
        now = self._happened(scenario, count)
        if not is_changed:
            self._started[count] = now
            return now, now, None
        if count not in self._started:
            self._started[count] = self._happened(self.start, count)
        return self._started[count], now, self._change(scenario, count, now.currency)

    def _happened(self, scenario: Scenario, count: int) -> Happened:
        question = WhatIf(seed=self._laboratory.seed, rule=Rule(minimum=count, maximum=count), faults=False)
        found = perform(question, (scenario,), self._laboratory)
        assert isinstance(found, Happened), "WhatIf is answered by what happened"
        return found

    def _change(self, scenario: Scenario, count: int, currency: str) -> Change:
        """Return what a setting changes; the replications of both sides are in the store by now."""
        started, now = (Sample(packed(translate(each))) for each in (self.start, scenario))
        self._laboratory.extend([started, now], count)
        rows = compared(started, now, self._measures, CONFIDENCE, chief=self._measures)
        return Change(replications=count, rows=rows, currency=currency)

    def _look_up(self, progress: Progress | None = None) -> None:
        """Give up between two replications when nobody waits for this answer any more."""
        asked = self._playing
        if self._is_closed or (asked is not None and self._newest.get(asked.page, asked.number) > asked.number):
            raise Superseded

    def _make_room(self, digest: str) -> None:
        """Forget the setting that was not asked for longest; never the start."""
        if digest == self._start_digest:
            return
        self._at_hand[digest] = self._at_hand.pop(digest, None)
        while len(self._at_hand) > _SETTINGS_AT_HAND:
            self._laboratory.store.forget(self._at_hand.popitem(last=False)[0])
