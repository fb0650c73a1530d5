"""Numbers of the command line, whose help and messages speak of integers and numbers, not of "integer ranges"."""

from __future__ import annotations

from typing import Any

import click

_SEED_MAX = 2**63 - 1


class Whole(click.IntRange):
    """A whole number within bounds, which help shows."""

    name = "integer"


class Number(click.FloatRange):
    """A number within bounds, which help shows."""

    name = "number"


class Seed(click.types.IntParamType):
    """A seed: any whole number that fits 63 bits, a bound too wide to be shown everywhere."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seed; fail on what is none."""
        seed: int = super().convert(value, param, ctx)
        if not 0 <= seed <= _SEED_MAX:
            self.fail(f"{seed} is not in the range 0<=x<=2^63-1.", param, ctx)
        return seed


SEED = Seed()
