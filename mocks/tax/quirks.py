"""Switches of the tax engine: vendor behaviour as values, each with its source."""

from __future__ import annotations

from typing import Annotated

import msgspec

from domain.paging import PAGE_SIZES_MAX
from domain.rounding import Rounding


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How this engine behaves. Sources: the vendor's public documentation; [K] marks general knowledge.

    rounding_level       line: every jurisdiction of every line is rounded; document: once per jurisdiction, spread back
    rounding             mode of that rounding
    authentication       off | shape (any Basic pair) | verify (only `account` with `license_key`)
    requests_per_second  quota of the account; the vendor publishes none
    companies            company codes that exist; empty = any code does
    refuses_unknown_members    JSON members no model knows: the vendor ignores them [K]
    commit_repeats_quietly     committing a committed document answers 200 and changes nothing [K]
    adjust_identical_revises   createoradjust with the very same content makes a new revision anyway
    reverse_charge       cross-border supplies to a customer with a VAT id carry no tax
    page_size            the most rows that a page of a list holds, whatever a client asks for
    collects_at_first    every company collects everywhere until a registration is made or given up
    """

    rounding_level: str = "line"
    rounding: Rounding = Rounding.HALF_UP
    authentication: str = "shape"
    account: str = "1100000001"
    license_key: str = "0123456789ABCDEF"
    requests_per_second: int = 50
    companies: tuple[str, ...] = ()
    refuses_unknown_members: bool = False
    commit_repeats_quietly: bool = True
    adjust_identical_revises: bool = False
    reverse_charge: bool = True
    page_size: Annotated[int, msgspec.Meta(ge=1, le=PAGE_SIZES_MAX["tax"])] = PAGE_SIZES_MAX["tax"]
    collects_at_first: bool = False
