"""Arrivals in the SimPy engine: when the next lifecycle of a stream begins, and the lifecycles themselves."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from simulator.whatif import draw_blocks
from simulator.whatif.draws import AMOUNT, ARRIVAL, STREAM_BITS, base_of, drawn, unit
from simulator.whatif.process_state import Lifecycle, Notice, named
from simulator.whatif.states import ARRIVAL_BITS, ARRIVE
from simulator.whatif.tables import START

_BLOCK = 1024


class StreamState(SimpleNamespace):
    """A stream of arrivals in play. The draws of its lifecycles' first attempts are made in blocks."""

    def __init__(self, play: Any, number: int) -> None:
        row = play.tables.streams[number]
        super().__init__(**{name: row[name].item() for name in row.dtype.names})
        self._play, self._index = play, number
        self._base = base_of(play.seed, ARRIVAL + number)
        self._pieces = [named(piece) for piece in play.tables.pieces[self.piece : self.piece_end]]
        self._notice = Notice(play.env, ARRIVE, self)
        self._block = min(_BLOCK, self.count) if self.count > 0 else _BLOCK
        self._steps = [(plan.number, plan.duration) for plan in _reachable(play, self.route) if plan.blocked]
        self._draws: list[list[int]] = []
        self._gaps: list[float] = []
        self._bases: list[int] = []
        dist = play.routes[self.route].amount
        self._amount = play.durations[dist] if dist >= 0 else None

    def plan_next(self) -> None:
        """Schedule the next arrival, if there is one."""
        if self.count > 0:
            if self.number < self.count:
                self._play.push(self.at + self.number * self.every, self._notice)
            return
        place = self.number % _BLOCK
        if place == 0:
            self._gaps = draw_blocks.counted(self._base, self.number, _BLOCK, ARRIVAL_BITS)
        self.due += -math.log(self._gaps[place])
        while self._pieces:
            piece = self._pieces[0]
            if self.due < piece.sum + piece.expected:
                inside = (self.due - piece.sum) / piece.expected * (1.0 + piece.bend)
                inside = 2.0 * inside / (1.0 + math.sqrt(1.0 + 4.0 * piece.bend * inside))
                at_us = piece.from_ + math.floor(inside * (piece.until - piece.from_))
                self._play.push(at_us, self._notice)
                return
            self._pieces.pop(0)

    def arrive(self, now_us: int) -> Lifecycle:
        """Let a lifecycle arrive, with those that follow it; return it. The next arrival is scheduled."""
        number = self.number
        self.number += 1
        token = self._lifecycle()
        for place in range(1, self.batch_max):
            if unit(self._base, (number << ARRIVAL_BITS) | place) >= self.follows:
                break
            follower = self._lifecycle()
            later = unit(self._base, (number << ARRIVAL_BITS) | (8 + place))
            self._play.push(now_us + math.floor(later * self.batch_us), follower)
        self.plan_next()
        return token

    def _lifecycle(self) -> Lifecycle:
        play, number = self._play, (self._index << STREAM_BITS) | self.lives
        place = self.lives % self._block
        if place == 0:
            words = draw_blocks.bases(play.seed, number, self._block)
            self._draws = draw_blocks.rows(words, len(play.plans), self._steps)
            self._bases = words.tolist()
        self.lives += 1
        token = Lifecycle(play.env, number, self._bases[place], self.route, self.cutoff, self._draws[place])
        token.marks = play.blank[:]
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
