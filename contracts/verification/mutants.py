"""Mutants: programs with one planted fault each, what teams get wrong in this way, and the check that is meant for it.

The checks were written with these faults in mind: they are a floor under regressions, not a measure of what is found in
the world. Which checks kill which mutant is measured (`python -m benchmarks.mutants`) and kept in `kills.json`; a test
holds every row to its check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

KILLS = Path(__file__).with_name("kills.json")
Kind = Literal["server", "client", "receiver", "sender", "lifecycle", "mapping", "provider"]


class Mutant(msgspec.Struct, frozen=True):
    """One planted fault. `checks` are those that are meant to notice it: at least one has to."""

    kind: Kind
    name: str
    what: str
    checks: tuple[str, ...]


def _of(kind: Kind, *rows: tuple[str, str, str]) -> Iterator[Mutant]:
    for name, checks, what in rows:
        yield Mutant(kind, name, what, tuple(checks.split()))


MUTANTS: tuple[Mutant, ...] = (
    *_of(
        "server",
        ("key_optional", "I01", "A request without a key is taken: who forgets it is charged twice."),
        ("no_store", "I05", "Keys are read and forgotten: every repetition is a new order."),
        ("not_per_tenant", "I09", "Keys of all callers are in one pot: one reads the answer of another."),
        ("not_per_operation", "I10", "The key of an order answers the request for an invoice."),
        ("compares_bytes", "I06", "Payloads are compared as bytes: another serialiser makes a repetition a conflict."),
        ("other_payload_replayed", "I07", "A key with another payload gets the first answer: the change is lost."),
        ("other_payload_executed", "I07", "A key with another payload is done as well."),
        ("check_then_act", "I11", "Looked up, then done: two at once both find nothing."),
        ("written_late", "I11 I17", "The key is written after the answer: who hurries is done twice."),
        ("keeps_5xx", "I14", "A passing failure is kept: the order can never be made under its key."),
        ("commits_then_fails", "I15", "It commits, fails to answer, and forgets: the repetition is done again."),
        ("refusal_burns_key", "I16", "A typing error uses the key up."),
        ("leaks_in_flight", "I17", "A caller that hangs up leaves a lock behind: 409 for a day."),
        ("tiny_cache", "I24", "The store is a small cache: a busy minute pushes keys out."),
        ("replay_makes_new_id", "I04", "A replay is rendered anew, with another id."),
        ("replay_has_other_status", "I03", "201 becomes 200: callers take it for something else."),
        ("replay_is_empty", "I04", "A replay has no body: the id of the order is lost."),
        ("global_lock", "I13", "One lock for all keys: callers refuse each other."),
        ("folds_case", "I21", "Keys are compared without case: two intents are one."),
        ("long_key_fails", "I19", "A long key overflows a column: 500."),
        ("lives_too_short", "I25", "Keys die before the last repetition of a retry schedule."),
        ("lives_for_ever", "I25", "Keys never end: a number that comes round again is answered from last year."),
        ("lost_on_restart", "I26", "Keys are in memory: a deployment forgets them."),
        ("header_case_matters", "I20", "The header is looked up by its exact spelling; proxies write it otherwise."),
        ("quotes_refused", "I18", "A structured-field string is refused for its quotes."),
        ("dedupes_by_body", "I13", "Equal payloads are taken for one: the second order of the same thing is lost."),
        ("plain_errors", "I22", "Refusals are prose: no program can tell them apart."),
        ("shows_insides", "P01", "Refusals show stack traces."),
        ("no_way_back_after_other_payload", "I08", "A refused conflict overwrites what was kept."),
        ("delete_twice_fails", "I28", "Deleting what is gone is a 500."),
        ("wait_without_end", "I27", "Who is told to wait is not told for how long, and waits on."),
        ("first_fails", "I02", "The very first request fails."),
    ),
    *_of(
        "client",
        ("no_key", "C01", "No key is sent at all."),
        ("new_key_per_attempt", "C02", "Every attempt has a key of its own: charged twice and thrice."),
        ("constant_key", "C03", "One key for everything: only the first order is made."),
        ("key_of_body", "C03", "The key is a hash of the body: the second order of the same thing is lost."),
        ("key_not_stored", "C04", "The key is in memory: after a restart the same intent has another one."),
        ("key_stored_after", "C04", "The key is stored when all is done: a crash in between forgets it."),
        ("body_changes", "C05", "A counter or an instant in the body changes with each attempt: 422."),
        ("repeats_refusals", "C06", "What was refused for good is sent again and again."),
        ("no_repetition_of_503", "C07", "A short outage is taken for the end."),
        ("no_repetition_of_drops", "C07 C02", "A broken connection is taken for the end; nobody knows what was done."),
        ("no_repetition_of_429", "C07", "Asked to slow down, it gives up."),
        ("gives_up_on_409", "C08", "Told that the first is under way, it gives up."),
        ("new_key_on_409", "C08", "Told that the first is under way, it makes another."),
        ("swallows_failures", "C09", "It says that all is well when nothing is."),
        ("never_ends", "C10", "It tries for ever and keeps a broken system down."),
        ("hammers", "C10 C11", "It repeats without a pause."),
        ("fixed_pauses", "C11", "Pauses do not grow."),
        ("no_jitter", "C12", "All callers come back at the same instant."),
        ("ignores_seconds", "C13", "Retry-After in seconds is not read."),
        ("ignores_dates", "C14", "Retry-After as a date is not read."),
    ),
    *_of(
        "receiver",
        ("no_verification", "W02 W03 W16", "Whoever knows the address can book payments."),
        ("verifies_parsed", "W07", "The signature is checked over JSON that was written anew."),
        ("ignores_the_id", "W04", "A genuine signature is moved to another delivery."),
        ("no_rotation", "W08", "While secrets are rotated, deliveries are lost."),
        ("first_signature_only", "W09", "Of several signatures only the first is read."),
        ("no_window", "W05 W06", "A delivery of last year is taken again."),
        ("window_only_back", "W06", "A delivery of next year is taken."),
        ("no_dedupe", "W10", "An event that comes twice counts twice."),
        ("acknowledges_first", "W11", "It says 200 and then fails: nobody sends the event again."),
        ("marks_before_done", "W11", "It notes the event as seen, and then fails: the repetition is passed over."),
        (
            "conflict_on_duplicate",
            "W10",
            "409 for a duplicate: its sender tries for days and switches the endpoint off.",
        ),
        ("turns_back", "W14", "An older event turns a paid invoice back."),
        ("drops_early", "W15", "A payment that comes before its invoice is dropped."),
        ("unknown_type_fails", "W12", "A new type of event is a 500."),
        ("strict_members", "W13", "A new member is refused."),
        ("signature_optional", "W16", "Without a signature nothing is checked."),
        ("check_then_act", "W10", "Two copies at once are both new."),
        ("refuses_all", "W01", "What is right is refused."),
        ("fails_on_bad_signature", "W02", "A wrong signature is a 500, which is sent again."),
    ),
    *_of(
        "sender",
        ("new_id_per_attempt", "S01", "Each attempt has an id of its own: no receiver can know it again."),
        ("never_repeats", "S01 S03 S06", "One attempt, and that is it."),
        ("repeats_once", "S03", "Two attempts, and that is it."),
        ("wrong_secret", "S02", "Signed with another endpoint's secret."),
        ("signs_other_text", "S02", "Signed before it was written as JSON again."),
        ("goes_on_after_gone", "S04", "410 Gone is tried for days."),
        ("follows_redirects", "S05", "Events go to where a stranger's redirect leads."),
        ("ignores_retry_after", "S06", "Told to slow down, it does not."),
        ("old_timestamp", "S01", "Repetitions carry the first attempt's time, and are too old when they come."),
        ("huge_body", "S07", "A body of any size."),
        ("one_id_for_all", "S08", "All events have the same id: receivers drop all but one."),
    ),
    *_of(
        "lifecycle",
        ("silent", "D01", "Deprecated in the document, silent on the wire."),
        ("milliseconds", "D01", "The deprecation is told in milliseconds: a date in a far millennium."),
        ("old_draft", "D01", "`Deprecation: true`, as an old draft had it."),
        ("sunset_before_deprecation", "D02", "It ends before it is deprecated."),
        ("sunset_is_iso", "D02", "The sunset is no HTTP-date."),
        ("no_sunset", "D02", "The day of the end is in the document only."),
        ("other_day", "D02", "The wire and the document name different days."),
        ("gone_early", "D03", "It is gone before its day."),
        ("no_retry_after", "R01", "429 without saying when to come again."),
        ("words_in_retry_after", "R01", "Retry-After: soon."),
    ),
)


def table() -> tuple[Mutant, ...]:
    """Return all mutants: those of conformance, of readers of changed answers, and of providers that are fuzzed."""
    from contracts.fuzzing.mutants import MUTANTS as PROVIDERS
    from contracts.responses.mutants import MUTANTS as READERS

    found = [Mutant("mapping", each.name, each.what, (each.check,)) for each in READERS]
    found += [Mutant("provider", each.name, each.what, (each.check,)) for each in PROVIDERS]
    return (*MUTANTS, *found)


def faults(kind: Kind) -> dict[str, set[str]]:
    """Return the planted faults of one kind of program, each with the checks of which one has to notice it."""
    return {mutant.name: set(mutant.checks) for mutant in MUTANTS if mutant.kind == kind}


def kills() -> Mapping[str, tuple[str, ...]]:
    """Return which checks noticed each mutant when it was measured last, by `kind/name`."""
    return msgspec.convert(json.loads(KILLS.read_text(encoding="utf-8")), dict[str, tuple[str, ...]])
