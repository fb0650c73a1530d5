"""Chance that can be had again: the random numbers and unique ids of a program are those of its seed.

`random`, `uuid.uuid4` and `secrets` are seeded for each life of the program; libraries that bring a random generator of
their own (OpenSSL's, for one) are not reached.
"""

from __future__ import annotations

import os
import random
import uuid
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

_NODE = 0x02C0FFEE0001  # a locally administered address: uuid1 must not tell machines apart


@contextmanager
def seeded_chance() -> Iterator[Callable[[str], None]]:
    """Yield what seeds the chance of a program on a virtual loop; all is as before when the block ends."""
    source = random.Random(0)
    state = random.getstate()

    def seed(text: str) -> None:
        source.seed(text)
        random.seed(f"global {text}")

    with ExitStack() as stack:
        stack.callback(random.setstate, state)
        guessed = _instead_of(os.urandom, source.randbytes)
        stack.enter_context(patch.object(os, "urandom", guessed))
        stack.enter_context(patch.object(random, "_urandom", guessed))
        stack.enter_context(patch.object(uuid, "_node", _NODE))
        yield seed


def _instead_of(real: Callable[[int], bytes], virtual: Callable[[int], bytes]) -> Callable[[int], bytes]:
    def urandom(size: int, /) -> bytes:
        return virtual(size) if hasattr(events._get_running_loop(), "refuse") else real(size)

    return urandom
