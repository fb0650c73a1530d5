"""Luck in blocks: eight keyed uniform numbers for the price of one hash, and what can be drawn from one of them.

A population of a hundred thousand needs millions of draws. Facts that are always needed together share a block; their
independence and their keys are the same as those of single draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist
from struct import Struct
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_EIGHT = Struct("<8Q")
_STEP = 2.0**-53
_inverse_normal = NormalDist().inv_cdf


class Order(NamedTuple):
    """What is drawn for an order about the deal."""

    held: float
    expansion: float
    buyer: float
    version: float
    later: float
    monthly: float
    term: float
    missing: float


class Quoting(NamedTuple):
    """What is drawn for a quote about its way to the signature."""

    band: float
    discount: float
    lead: float
    draft: float
    approval: float
    lost: float
    rejected: float
    provision: float


class Signing(NamedTuple):
    """What is drawn for a signature about its time and place; `follows`: it belongs to the batch before it."""

    follows: float
    entity: float
    day: float
    second: float
    after: float


@lru_cache(maxsize=8192)
def order(seed: int, number: int) -> Order:
    """Return the luck of an order's deal."""
    return Order(*units(seed, "order", number))


@lru_cache(maxsize=8192)
def quoting(seed: int, number: int) -> Quoting:
    """Return the luck of a quote."""
    return Quoting(*units(seed, "quoting", number))


@lru_cache(maxsize=8192)
def signing(seed: int, number: int) -> Signing:
    """Return the luck of a signature."""
    return Signing(*units(seed, "signing", number)[:5])


def units(seed: int, purpose: str, number: int) -> tuple[float, ...]:
    """Return eight numbers in the open interval (0, 1), a function of the seed, the purpose and the number."""
    digest = blake2b(f"{purpose}\x1f{number}".encode(), key=str(seed).encode()).digest()
    return tuple([((bits >> 11) + 0.5) * _STEP for bits in _EIGHT.unpack(digest)])


def one_of(options: Sequence[T], unit: float) -> T:
    """Return one of the options, each as likely as the others."""
    return options[int(unit * len(options))]


def weighted(options: Sequence[tuple[T, float]], unit: float) -> T:
    """Return one of (option, weight); weights need not add up to one."""
    rest = unit * sum([weight for _, weight in options])
    for option, weight in options:
        rest -= weight
        if rest < 0:
            return option
    return options[-1][0]


def whole(low: int, high: int, unit: float) -> int:
    """Return an integer from low to high, both included."""
    return low + int(unit * (high - low + 1))


def lognormal(median: float, p95: float, unit: float) -> float:
    """Return a lognormal variate given its median and its 95th percentile, in their unit."""
    return median * math.exp(_sigma(median, p95) * _inverse_normal(unit))


@lru_cache(maxsize=1024)
def _sigma(median: float, p95: float) -> float:
    return math.log(p95 / median) / 1.6448536269514722
