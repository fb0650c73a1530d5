"""The table of mutators: every way in which an answer may be unpleasant, and what a consumer owes in return.

A mutator leaves an answer alone that it does not apply to (it returns None), so that a case is only counted when
something was changed. Sources: RFC 8259 (JSON), RFC 9110 (status, headers, content codings), ISO 8601 and ISO 4217, and
the pages of vendors on versioning ("we may add members and values at any time").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from contracts.responses import text_mutators as texts
from contracts.responses import value_mutators as values
from contracts.responses import wire_mutators as wires
from contracts.responses.drafts import Draft
from contracts.responses.shapes import Shape

Kind = Literal["preserving", "carried", "evolving", "refusable"]
"""What is owed: the same facts; the same with the new values in the place of the old; nothing lost and no crash; the
same facts, or trouble that is told."""
Part = Literal["body", "wire", "connection"]

Change = Callable[[Draft, Shape], Draft | None]


class Mutator(msgspec.Struct, frozen=True, kw_only=True):
    """One row: its name, what it does, what a consumer owes, and where it strikes: what stands in the body,
    how it is written, or the connection (which only exists over HTTP)."""

    name: str
    does: str
    kind: Kind
    change: Change
    part: Part = "body"


def _row(name: str, kind: Kind, does: str, change: Change, part: Part = "body") -> Mutator:
    return Mutator(name=name, does=does, kind=kind, change=change, part=part)


MUTATORS: tuple[Mutator, ...] = (
    _row("unknown_field", "preserving", "every object has a member nobody has heard of", values.unknown_field),
    _row("key_order", "preserving", "members come in the opposite order", values.key_order),
    _row("null_to_absent", "preserving", "members without a value are left out", values.null_to_absent),
    _row("absent_to_null", "preserving", "members that are left out are null", values.absent_to_null),
    _row("null_to_empty", "evolving", "texts without a value are empty", values.null_to_empty),
    _row("optional_dropped", "evolving", "members that are sometimes missing are missing", values.optional_dropped),
    _row("array_reordered", "preserving", "lists without an order come in another", values.array_reordered),
    _row("tz_offset", "preserving", "instants are told as in Kiritimati, 14 hours east", values.zone(14)),
    _row("tz_west", "preserving", "instants are told as in Samoa, 11 hours west", values.zone(-11)),
    _row("leap_day", "carried", "instants and dates are on the 29th of February", values.moved("2028-02-29T12:00:00Z")),
    _row("dst_gap", "carried", "instants are in an hour that clocks skip", values.moved("2026-03-29T02:30:00Z")),
    _row("utc_as_offset", "preserving", "Z is written +00:00, and +0000 is written Z", values.utc_as_offset),
    _row("fraction_0", "preserving", "instants have no fraction when it is zero", values.fraction(0)),
    _row("fraction_3", "preserving", "instants have three digits of a fraction", values.fraction(3)),
    _row("fraction_6", "preserving", "instants have six digits of a fraction", values.fraction(6)),
    _row("fraction_9", "preserving", "instants have nine digits of a fraction", values.fraction(9)),
    _row("trailing_zeros", "preserving", "20.00 is written 20.000", values.trailing_zeros),
    _row("no_trailing_zeros", "preserving", "20.00 is written 20.0, or 20 where it is a number", values.shortest),
    _row("exponent", "preserving", "20.00 is written 2.000E+1", values.exponent),
    _row("negative_zero", "preserving", "0.00 is written -0.00", values.negative_zero),
    _row("unknown_enum", "evolving", "words of a list are ones that the list had not yet", values.unknown_word),
    _row("id_longer", "carried", "identifiers are forty characters longer", values.id_longer),
    _row("large_amount", "carried", "amounts need more digits than a double has", values.large_amount),
    _row("odd_amount", "carried", "amounts are such as no double holds exactly", values.odd_amount),
    _row("zero_places", "carried", "the currency has no minor unit", values.currency("JPY")),
    _row("three_places", "carried", "the currency has three decimals", values.currency("BHD")),
    _row("text_nfc", "carried", "texts hold composed characters", texts.suffixed(" Caf\u00e9")),
    _row("text_nfd", "carried", "texts hold decomposed characters", texts.suffixed(" Cafe\u0301")),
    _row("text_rtl", "carried", "texts run from right to left", texts.suffixed(" \u05e9\u05dc\u05d5\u05dd")),
    _row("text_emoji", "carried", "texts hold characters outside of the first plane", texts.suffixed(" \U0001f4b6")),
    _row("text_quotes", "carried", "texts hold quotes, angle brackets and a line end", texts.suffixed(" \"'<&>\n")),
    _row("text_empty", "carried", "texts are empty", texts.emptied),
    _row("ascii", "preserving", "all that is not ASCII is escaped", wires.ascii_only, "wire"),
    _row("indented", "preserving", "the body is indented", wires.indented, "wire"),
    _row("charset", "preserving", "the content type names its charset", wires.charset, "wire"),
    _row("media_case", "preserving", "the content type is written in capitals", wires.media_case, "wire"),
    _row("header_case", "preserving", "names of headers are written in capitals", wires.header_case, "connection"),
    _row("gzip", "preserving", "the body is packed", wires.gzipped, "connection"),
    _row("chunked", "preserving", "the body comes in chunks", wires.chunked, "connection"),
    _row("date_skew", "preserving", "the Date of the answer is years behind", wires.date_skew, "wire"),
    _row("other_2xx", "preserving", "200 is 201 and 201 is 200, as for a repetition", wires.other_success, "wire"),
    _row("byte_order_mark", "refusable", "the body begins with a byte order mark", wires.marked, "wire"),
    _row("doubled_key", "refusable", "a member comes twice, the last one is right", wires.doubled, "wire"),
    _row("truncated", "refusable", "the second half of the body is missing", wires.truncated, "wire"),
    _row("reset", "refusable", "the connection is reset instead of an answer", wires.reset, "connection"),
    _row("html_page", "refusable", "a proxy answers with a page, status 200", wires.html_page, "wire"),
    _row("empty_body", "refusable", "204 and no body", wires.no_content, "wire"),
    _row("accepted", "refusable", "202, the answer comes later", wires.accepted, "wire"),
    _row("redirect", "refusable", "302 to somewhere else", wires.redirect, "wire"),
    _row("too_many", "refusable", "429 with Retry-After and an empty list", wires.too_many, "wire"),
    _row("unavailable", "refusable", "503 with Retry-After as a date", wires.unavailable, "wire"),
)
BY_NAME = {mutator.name: mutator for mutator in MUTATORS}


def changed(draft: Draft, mutators: tuple[Mutator, ...], shape: Shape) -> Draft | None:
    """Return a draft after all mutators that have something to change; None when none has."""
    found: Draft | None = None
    for mutator in mutators:
        found = mutator.change(found or draft, shape) or found
    return found


_WEAKEST_LAST: tuple[Kind, ...] = ("preserving", "carried", "evolving", "refusable")


def owed(mutators: tuple[Mutator, ...]) -> Kind:
    """Return what a consumer owes when several strike at once."""
    return max((mutator.kind for mutator in mutators), key=_WEAKEST_LAST.index, default="preserving")
