"""What the bodies of requests are made of: amounts, names, instants."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Amount = Annotated[int, Meta(ge=0, le=99_999_999_999_999)]
Positive = Annotated[int, Meta(ge=1, le=99_999_999_999_999)]
Key = Annotated[str, Meta(min_length=1, max_length=50)]
Name = Annotated[str, Meta(max_length=250)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
OnOff = Literal["on", "off"]
Text = Annotated[str, Meta(max_length=2000)]
Json = Annotated[str, Meta(max_length=65_535)]
Seconds = Annotated[int, Meta(ge=0, le=4_102_444_800)]
"""Unix seconds up to the year 2100."""
Quantity = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Cycles = Annotated[int, Meta(ge=0, le=1200)]
Custom = dict[str, str]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request body without parameters."""
