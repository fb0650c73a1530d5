"""Promises about how keys are read and how refusals are written."""

from __future__ import annotations

from contracts.conformance.assertion import Skipped, require
from contracts.conformance.server.catalogue import DRAFT, PROMISES, made, require_effects, require_same
from contracts.conformance.wire import Exchange, Wire

ABSURD_KEYS = ("", " ", "x" * 300, "x" * 9_000, "a\tb", "' OR 1=1 --", "../../etc", "%00", '"', '"unclosed', "ключ")


def _skip_without_header(wire: Wire) -> None:
    if wire.profile.external_id or wire.profile.body_field:
        raise Skipped("the key does not travel in a header")


@PROMISES.promise("I18", "MUST", f"RFC 8941 section 3.3.3; {DRAFT} section 2.1")
async def quoted_key(wire: Wire) -> None:
    """A key in quotes, as structured fields write strings, is taken."""
    _skip_without_header(wire)
    if not wire.profile.quoted:
        raise Skipped(f"{wire.profile.name} does not say that keys are structured fields")
    intent = wire.intent()
    first = await wire.send(intent, key=f'"{intent.key}"')
    require(first.ok, f"It was answered {first.status or first.problem}.")
    require_same(wire, first, await wire.send(intent, key=f'"{intent.key}"'))


@PROMISES.promise("I19", "SHOULD", f"{DRAFT} section 5: keys are checked")
async def absurd_keys(wire: Wire) -> None:
    """An absurd key is taken or refused, but never fails the service."""
    _skip_without_header(wire)
    for key in ABSURD_KEYS:
        answer = await wire.send(wire.intent(), key=key)
        require(answer.status < 500, f"The key {key[:30]!r} was answered {answer.status}.")


@PROMISES.promise("I20", "MUST", "RFC 9110 section 5.1: field names know no case")
async def header_in_capitals(wire: Wire) -> None:
    """The header's name may be written in capitals."""
    _skip_without_header(wire)
    intent = wire.intent()
    first = await made(wire, intent)
    require_same(wire, first, await wire.send(intent, header=wire.profile.header.upper()))
    await require_effects(wire, intent, 1)


@PROMISES.promise("I21", "SHOULD", f"{DRAFT} section 2.1: keys are opaque")
async def case_of_keys(wire: Wire) -> None:
    """Keys that differ in case are different keys."""
    _skip_without_header(wire)
    intent = wire.intent()
    low, high = (f'"{key}"' if wire.profile.quoted else key for key in (f"{intent.key}a", f"{intent.key}A"))
    one, other = await wire.send(intent, key=low), await wire.send(intent, key=high)
    require(one.ok and other.ok, f"They were answered {one.status} and {other.status}.")
    require(wire.identity(one) != wire.identity(other), "The second was taken for a repetition of the first.")


@PROMISES.promise("I22", "SHOULD", f"RFC 9457 section 3; {DRAFT} section 2.7")
async def problem_details(wire: Wire) -> None:
    """Refusals about keys are problem details that repeat the status."""
    if not wire.profile.problem_details:
        raise Skipped(f"{wire.profile.name} has errors of its own shape")
    for refused in await _refusals(wire):
        media = refused.headers.get("content-type", "").partition(";")[0].strip().lower()
        require(media == "application/problem+json", f"A refusal ({refused.status}) is {media or 'of no type'}.")
        said = refused.json()
        require(isinstance(said, dict) and isinstance(said.get("title"), str), "A refusal has no title.")
        require(
            said.get("status", refused.status) == refused.status,
            f"It says {said.get('status')} under {refused.status}.",
        )


@PROMISES.promise("P01", "MUST", "RFC 9457 section 4.2; CWE-209")
async def no_insides(wire: Wire) -> None:
    """Refusals show nothing of the insides: no stack trace, no query, no path of a file."""
    signs = (b"Traceback (most recent", b"\tat ", b"at java.", b"SELECT ", b'File "/', b"node_modules/", b"goroutine ")
    for refused in await _refusals(wire):
        found = [sign.decode().strip() for sign in signs if sign in refused.body]
        require(not found, f"A refusal ({refused.status}) shows {', '.join(found)}.")


async def _refusals(wire: Wire) -> list[Exchange]:
    """Return refusals of several kinds; skip when there is none to look at."""
    intent = wire.intent()
    await made(wire, intent)
    operation = wire.target.operation
    answers = [await wire.send(wire.intent(), key=None), await wire.send(wire.intent(), text="{not json")]
    if operation.change:
        answers.append(await wire.send(intent, change=operation.change))
    if operation.spoil:
        answers.append(await wire.send(wire.intent(), change=operation.spoil))
    refused = [answer for answer in answers if answer.status >= 400]
    if not refused:
        raise Skipped("nothing was refused")
    return refused
