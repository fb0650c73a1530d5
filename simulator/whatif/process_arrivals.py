"""Arrivals in the SimPy engine: when the next lifecycle of a stream begins, and the lifecycles themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, count
from typing import Any

from simulator.whatif import draw_blocks
from simulator.whatif.draws import AMOUNT, ARRIVAL, STREAM_BITS, base_of, drawn, unit
from simulator.whatif.process_state import Lifecycle, Notice, Row
from simulator.whatif.states import ARRIVAL_BITS, ARRIVE
from simulator.whatif.tables import START

_BLOCK = 1024


class StreamState(Row):
    """A stream of arrivals in play. The draws of its lifecycles' first attempts are made in blocks."""

    def __init__(self, play: Any, number: int) -> None:
        super().__init__(play.tables.streams[number])
        self._play, self._index = play, number
        self._base = base_of(play.seed, ARRIVAL + number)
        self._instants = self._planned() if self.count > 0 else self._drawn()
        self._notice = Notice(ARRIVE, self)
        self._block = min(_BLOCK, self.count) if self.count > 0 else _BLOCK
        self._steps = [(plan.number, plan.duration) for plan in _reachable(play, self.route) if plan.blocked]
        self._draws: list[list[int]] = []
        self._bases: list[int] = []
        dist = play.routes[self.route].amount
        self._amount = play.durations[dist] if dist >= 0 else None

    def plan_next(self) -> None:
        """Schedule the next arrival, if there is one."""
        at_us = next(self._instants, None)
        if at_us is not None:
            self._play.push(at_us, self._notice)

    def _planned(self) -> Iterator[int]:
        """Yield the instants of a run at even distances."""
        for number in range(self.count):
            yield self.at + number * self.every

    def _drawn(self) -> Iterator[int]:
        """Yield the instants of a Poisson process: unit gaps, laid along what the pieces expect."""
        gaps = chain.from_iterable(
            draw_blocks.counted(self._base, first, _BLOCK, ARRIVAL_BITS) for first in count(0, _BLOCK)
        )
        due = -math.log(next(gaps))
        for piece in map(Row, self._play.tables.pieces[self.piece : self.piece_end]):
            while due < piece.sum + piece.expected:
                inside = (due - piece.sum) / piece.expected * (1.0 + piece.bend)
                inside = 2.0 * inside / (1.0 + math.sqrt(1.0 + 4.0 * piece.bend * inside))
                yield piece.from_ + math.floor(inside * (piece.until - piece.from_))
                due -= math.log(next(gaps))

    def arrive(self, now_us: int) -> Lifecycle:
        """Let a lifecycle arrive, with those that follow it; return it. The next arrival is scheduled."""
        number = self.number
        self.number += 1
        token = self.lifecycle()
        for place in range(1, self.batch_max):
            if unit(self._base, (number << ARRIVAL_BITS) | place) >= self.follows:
                break
            follower = self.lifecycle()
            later = unit(self._base, (number << ARRIVAL_BITS) | (8 + place))
            self._play.push(now_us + math.floor(later * self.batch_us), follower)
        self.plan_next()
        return token

    def lifecycle(self) -> Lifecycle:
        """Return a fresh lifecycle of this stream."""
        play, number = self._play, (self._index << STREAM_BITS) | self.lives
        place = self.lives % self._block
        if place == 0:
            words = draw_blocks.bases(play.seed, number, self._block)
            self._draws = draw_blocks.rows(words, len(play.plans), self._steps)
            self._bases = words.tolist()
        self.lives += 1
        token = Lifecycle(number, self._bases[place], self.route, self.cutoff, self._draws[place], play.blank[:])
        if self._amount is not None:
            token.amount = drawn(self._amount, token.base, AMOUNT)
        return token


def _reachable(play: Any, route: int) -> list[Any]:
    """Return the steps of a route and of those that it starts."""
    found, waiting = dict[int, None](), [route]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found[number] = None
            waiting += [plan.starts for plan in play.plans if plan.route == number and plan.kind == START]
    return [plan for plan in play.plans if plan.route in found]
