"""How this fulfilment system behaves, as named switches."""

from __future__ import annotations

from typing import Annotated

import msgspec

from domain.paging import PAGE_SIZES_MAX


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """The switches. There is no vendor behind this dialect: all defaults are estimates of the project.

    `start_seconds`: a task waits this long before work on it starts.
    `median_seconds`, `p95_seconds`: how long the work takes (lognormal; the act `set_duration` changes them).
    `failure_ppm`, `partial_ppm`: share of attempts that fail, and of tasks with several lines that complete in parts.
    `retry_seconds`: a failed task is asked for again by the people who run the system after this long (0 = never).
    `token`: the bearer token a caller must present; empty accepts any.
    `signing_secret`: the key of webhook signatures. `target`: the path of the webhook at the integration.
    `page_size`: the most tasks that a page of a list holds, whatever a client asks for.
    """

    start_seconds: int = 60
    median_seconds: int = 1_800
    p95_seconds: int = 21_600
    failure_ppm: int = 0
    partial_ppm: int = 0
    retry_seconds: int = 3_600
    token: str = ""
    signing_secret: str = "fulfilment-secret"
    target: str = "/webhooks/fulfilment"
    page_size: Annotated[int, msgspec.Meta(ge=1, le=PAGE_SIZES_MAX["fulfilment"])] = PAGE_SIZES_MAX["fulfilment"]
