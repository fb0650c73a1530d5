"""A planned fault: which kind, where, when and how often. A plan is a list of them."""

from __future__ import annotations

import msgspec


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One planned fault.

    It strikes `system` (empty = every system) and `operation` (empty = every operation), within [start_us, end_us)
    (0, 0 = always), for a `share` of the opportunities in parts per million, or only at the `nth` opportunity of each
    (transaction, operation) when `nth` > 0, or only for one `txn`. `seconds`, `count` and `factor` are the kind's own
    parameters `wait`, `count` and `factor`: a delay, a number of copies, a durable write, by what latency grows.
    """

    kind: str
    system: str = ""
    operation: str = ""
    txn: str = ""
    start_us: int = 0
    end_us: int = 0
    share_ppm: int = 1_000_000
    nth: int = 0
    seconds: float = 0.0
    count: int = 0
    factor: float = 1.0
