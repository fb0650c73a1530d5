"""Mutants of a consumer: a reader of orders with one fault at a time, and the case that is meant for it.

`killed` tries every case on each of them; the tolerant reader (the empty name) must pass them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from contracts.mutants import Kill, Mutant
from contracts.responses.cases import Consumer, Unreadable, before_of, enumerated, tried
from contracts.responses.planted import OrderSync, bases


def _row(name: str, what: str, check: str, number: int = 0) -> Mutant:
    return Mutant(name=name, what=what, check=check, kind="mapping", number=number)


MUTANTS: tuple[Mutant, ...] = (
    _row("extra_forbid", "refuses a member that it does not know", "unknown_field@seven", 48),
    _row("positional", "takes members by their position", "key_order@seven"),
    _row("optional_required", "takes an optional member for granted", "null_to_absent@seven", 56),
    _row("enum_crash", "crashes at a word that it does not know", "unknown_enum@seven", 55),
    _row("unknown_skipped", "skips records with a word that it does not know", "unknown_enum@seven", 55),
    _row("float_money", "computes amounts with floats", "odd_amount@seven", 49),
    _row("two_places", "takes every currency for one with two decimals", "zero_places@seven", 52),
    _row("text_money", "takes amounts apart as texts", "trailing_zeros@seven"),
    _row("slice_date", "cuts the date out of the instant", "tz_offset@quarter_end", 53),
    _row("strptime", "reads one way of writing instants only", "fraction_3@seven", 54),
    _row("first_page", "reads the first page only", "plain@seven/page=1", 59),
    _row("short_page_stop", "stops at a page that is not full", "plain@seven/page=2", 59),
    _row("empty_page_ends", "fails at an empty page", "plain@seven/page=2,empty_last", 59),
    _row("total_required", "takes the total for granted", "plain@seven/no_total", 56),
    _row("counts_rows", "counts records that come twice as two", "plain@seven/page=2,repeated", 60),
    _row("truncation", "cuts identifiers to twenty characters", "id_longer@seven", 57),
    _row("latin_1", "keeps texts in Latin-1", "text_emoji@seven"),
    _row("stripped", "drops white space in texts", "text_quotes@seven"),
    _row("empty_is_missing", "takes empty text for none", "text_empty@seven"),
    _row("null_crash", "crashes at null in the place of a list", "absent_to_null@seven", 56),
    _row("order_matters", "takes the order of a set for a change", "array_reordered@seven"),
    _row("ignores_status", "reads whatever has a body", "plain@seven/page=2,throttled_page", 68),
    _row("trouble_is_empty", "takes trouble for an empty page", "unavailable@seven", 68),
    _row("broken_is_empty", "takes what it cannot parse for an empty page", "truncated@seven", 68),
    _row("ascii_only", "decodes as ASCII", "text_nfc@seven"),
    _row("exact_media", "compares the content type letter by letter", "charset@seven"),
    _row("naive", "takes an instant for local time", "tz_offset@quarter_end", 54),
    _row("no_leap_year", "keeps month and day in a year without February 29", "leap_day@seven", 53),
    _row("null_overwrites", "null takes away what it knew", "absent_to_null@seven", 58),
    _row("stops_at_known", "stops at the first record that it knows already", "plain@seven/page=2,repeated", 60),
)
NOT_SEEN: Mapping[int, str] = MappingProxyType(
    {
        50: "how a document's sums are rounded shows in what is booked: checks of histories",
        51: "tax by line or by invoice shows in what is booked: checks of histories",
        61: "from when a change counts shows in what is billed: checks of histories",
        62: "days of a proration show in what is billed: checks of histories",
        63: "what is left open after a cancellation shows in the ledger: checks of histories",
        64: "a credit that is applied twice shows in the ledger: checks of histories",
        65: "what a part of a payment leads to shows in the ledger: checks of histories",
        66: "what is given up shows in the case queue: checks of histories",
        67: "events that come twice: conformance of receivers of webhooks",
        69: "compensation shows in what is left behind: checks of histories",
        70: "what is made again shows in the systems: checks of histories",
    }
)
"""Faults of mapping and process (by their number in the catalogue) that no answer of a provider can show."""


def broken(name: str, pairs: bool = False) -> dict[str, str]:
    """Return the cases in which the reader with a fault does not do what it owes, and what is wrong."""
    consumer: Consumer = OrderSync(name)
    found: dict[str, str] = {}
    for base in bases():
        try:
            before = before_of(consumer, base)
        except Unreadable as refusal:
            found[f"plain@{base.name}"] = str(refusal)
            continue
        for case in enumerated(base, pairs):
            if wrong := tried(consumer, case, before):
                found[case.name] = wrong
    return found


def killed(mutants: Iterable[Mutant] = MUTANTS) -> tuple[Kill, ...]:
    """Return for every mutant the cases that noticed it."""
    return tuple(Kill(mutant=mutant, killed_by=tuple(broken(mutant.name))) for mutant in mutants)
