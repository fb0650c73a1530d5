"""The switches of the legacy ERP."""

from __future__ import annotations

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How the legacy ERP behaves; the defaults are those of the scenario library [E].

    Files are taken from `opens_hour` to `closes_hour` in `zone`; a batch starts every `batch_minutes` in these hours.
    With `drops_silently` a line whose item is unknown is left out without a word; without, its whole file is refused.
    """

    opens_hour: int = 6
    closes_hour: int = 22
    batch_minutes: int = 60
    zone: str = "America/New_York"
    drops_silently: bool = True
    first_number: int = 7_000_000
