"""Faults as data: where, what and how much. A plan is a list of them: it prints, compares, shrinks and replays.

The catalogue lists every kind this release can inject, with the place it strikes. The numbers F01-F77 are those of the
project's fault catalogue (docs/reference/faults.md says what each looks like in the wild).
"""

from __future__ import annotations

from enum import Enum

import msgspec


class Place(Enum):
    """Where a fault strikes."""

    NETWORK = "network"  # between the integration and a system, before the request arrives
    BEFORE = "before"  # in the system, before it commits
    AFTER = "after"  # in the system, after it committed
    WEBHOOK = "webhook"  # on the way of a system's message to the integration
    PROCESS = "process"  # in the integration's own process


class FaultKind(msgspec.Struct, frozen=True):
    """One kind of fault. `key` is its name in scenario files."""

    number: str
    key: str
    place: Place
    summary: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One planned fault.

    It strikes `system` (empty = every system) and `operation` (empty = every operation), within [start_us, end_us)
    (0, 0 = always), for a `share` of the opportunities in parts per million, or only at the `nth` opportunity of each
    (transaction, operation) when `nth` > 0, or only for one `txn`. `seconds` is the kind's own duration: the delay, the
    Retry-After, the length of the pause. `count` is the kind's own number: copies of a message, the durable write.
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


def _kind(number: str, key: str, place: Place, summary: str) -> FaultKind:
    return FaultKind(number, key, place, summary)


_KINDS = (
    _kind("F01", "refused", Place.NETWORK, "the connection is refused: an outage, a deploy, a restart"),
    _kind("F04", "black_hole", Place.NETWORK, "the connection attempt is swallowed until the connect timeout"),
    _kind("F07", "reset_before", Place.NETWORK, "the connection is reset before the request arrives"),
    _kind("F08", "reset_after", Place.AFTER, "the connection is reset after the system committed"),
    _kind("F09", "lost_reply", Place.AFTER, "the reply is lost: the caller times out, the work is done"),
    _kind("F10", "late_arrival", Place.NETWORK, "the caller gives up, the request arrives and runs later"),
    _kind("F11", "drip_before", Place.NETWORK, "a gateway's error page comes a few bytes at a time, over `seconds`"),
    _kind("F11", "drip_after", Place.AFTER, "the reply comes a few bytes at a time, over `seconds`"),
    _kind("F12", "truncated_before", Place.NETWORK, "a gateway's error page is cut off; the request never arrived"),
    _kind("F12", "truncated_after", Place.AFTER, "the reply is cut off after the system committed"),
    _kind("F13", "closed_before", Place.NETWORK, "the connection is closed without a reply; the request never arrived"),
    _kind("F13", "closed_after", Place.AFTER, "the connection is closed without a reply after the system committed"),
    _kind("F17", "throttled", Place.BEFORE, "429 with Retry-After"),
    _kind("F18", "throttled_silently", Place.BEFORE, "429 without Retry-After"),
    _kind("F21", "maintenance", Place.BEFORE, "an announced window in which writes are refused with 503"),
    _kind("F22", "error_before", Place.BEFORE, "500 before the commit"),
    _kind("F23", "error_after", Place.AFTER, "500 after the commit"),
    _kind("F24", "sticky_error", Place.BEFORE, "500 that the idempotency store keeps and replays for its key"),
    _kind("F25", "key_in_progress", Place.BEFORE, "409: the first request with this key is still running"),
    _kind("F40", "brownout", Place.NETWORK, "latency times `factor`, and a share of errors before the commit"),
    _kind("F44", "duplicate", Place.WEBHOOK, "a message is delivered `count` more times"),
    _kind("F45", "reorder", Place.WEBHOOK, "a message is held back so that later ones overtake it"),
    _kind("F46", "delay", Place.WEBHOOK, "a message arrives `seconds` late"),
    _kind("F47", "loss", Place.WEBHOOK, "a message and its retries never arrive"),
    _kind(
        "F49",
        "webhook_first",
        Place.WEBHOOK,
        "the message arrives before the answer of the call that caused it",
    ),
    _kind("F53", "forged", Place.WEBHOOK, "a wrongly signed or stale copy of a message arrives"),
    _kind("F66", "crash", Place.PROCESS, "the process dies at durable write `count`; it is back after `seconds`"),
)

CATALOGUE: dict[str, FaultKind] = {kind.key: kind for kind in _KINDS}
