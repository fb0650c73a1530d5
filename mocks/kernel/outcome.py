"""What leaves a system: the outcome of a request with what the wire does to it, and attempts to deliver a message."""

from __future__ import annotations

import msgspec

from domain.http import Reply
from mocks.kernel.desk import Message

DELIVER, RESET, SILENCE = "deliver", "reset", "silence"
CLOSE, TRUNCATE, DRIP = "close", "truncate", "drip"
HOLD_HEADER = "x-q2c-hold-seconds"
"""On a reply: a live door waits so many seconds for something to happen in the service, asks again, and takes it off.

A long poll (CometD) is an operation that answers "nothing yet" with this header; a rehearsal ignores it.
"""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What a request led to: the reply, and what the wire does with it.

    It delivers it, resets the connection, stays silent, closes without a reply, sends part of the body and closes
    (truncate), or sends the body a few bytes at a time over `seconds` (drip). A reply that `misleads` has a status of
    success although nothing was done.
    """

    reply: Reply
    wire: str = DELIVER
    seconds: float = 0.0
    misleads: bool = False


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One attempt (from 1) to deliver one message."""

    message: Message
    attempt: int
