"""Governance: who may give a discount, what nobody may write down, and when a system is left alone (P2, P4, P7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.lives import Life, document_of, parts_of, quote_of
from contracts.checks.verdict import Evidence, Findings, Tally
from domain.calendar import MINUTE_US, SECOND_US
from domain.faults import Fault
from domain.history import Attempted, Case, Emitted, Flow, Record
from domain.objects import Line, Quote

AUTHORITY_PERCENT = {"": 10, "sales_manager": 20, "deal_desk": 35, "finance": 35}
"""What each role may take off the list; the empty name is the seller. Everybody else on record may approve it all."""
_EVERYTHING = 100


def discounts_approved(facts: Facts) -> Findings:
    """No order without the approvals that its discount needs, and what was accepted is what was approved."""
    tally = Tally("P2")
    approved = _approved(facts)
    for reference, life in facts.lives("quote", "crm").items():
        if "accepted" not in life.entered or not _ordered(facts, reference, life):
            continue
        tally.examined += 1
        quote = quote_of(life)
        asked, allowed = asked_percent(quote), _authority(quote.approvals)
        if asked > allowed:
            names = ", ".join(quote.approvals) or "nobody"
            sentence = f"{reference} gives {float(asked):.1f} % off and was ordered; {names} may approve {allowed} %"
            tally.violation(life.txn, sentence, life.last, entities=(life.name,))
        before = approved.get(reference)
        if before is not None and _offered(before) != _offered(quote):
            sentence = f"what the customer accepted of {reference} is not what was approved"
            tally.violation(life.txn, sentence, life.first, life.last, entities=(life.name,))
    return tally.findings()


def _approved(facts: Facts) -> dict[str, Quote]:
    """Return each quote version as it was when it was approved last."""
    return {
        change.id: document_of(change)
        for change in facts.history.changes("quote", "crm")
        if change.status == "approved" and change.before != "approved"
    }


def _ordered(facts: Facts, reference: str, life: Life) -> bool:
    return any(own in facts.orders for own in (reference, *parts_of(life)))


def asked_percent(quote: Quote) -> Fraction:
    """Return the discount that a quote asks for: the declared one, or what its lines give off their list prices.

    Unit prices are rounded to the minor unit, so half a minor unit of each unit sold is forgiven.
    """
    listed: list[Line] = [line for line in quote.lines if line.list_unit_minor > 0]
    at_list = sum([line.list_unit_minor * line.quantity for line in listed])
    off = sum([(2 * (line.list_unit_minor - line.unit_minor) - 1) * line.quantity for line in listed])
    taken = Fraction(100 * off, 2 * at_list) if at_list else Fraction(0)
    return max(Fraction(Decimal(quote.discount_percent)), taken)


def _authority(approvals: tuple[str, ...]) -> int:
    return max([AUTHORITY_PERCENT.get(name, _EVERYTHING) for name in ("", *approvals)])


def _offered(quote: Quote) -> tuple[object, ...]:
    return quote.lines, quote.total_minor, quote.discount_percent, quote.term_months, quote.deltas


# --- what is written down -------------------------------------------------------------------------------------------

_SECRET = re.compile(
    r"\b(?:sk|rk|pk)_(?:live|test)_\w{8,}|\bwhsec_\w{8,}|\bBearer\s+[\w.~+/-]{8,}=*|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:client_secret|password|refresh_token)[\"']?\s*[=:]\s*[\"']?\w{4,}"
)
_CARD = re.compile(r"(?<![\d.])(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d|3[47]\d\d)(?:[ -]?\d){9,15}(?![\d.])")
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7} ?[A-Z0-9]{0,4}\b")
_CARD_LENGTHS = frozenset({15, 16, 19})
_DIGITS_MIN = 12
_MARKED = re.compile(r"_live_|_test_|whsec_|Bearer|eyJ|PRIVATE KEY|client_secret|password|refresh_token").search
_DIGITS = re.compile(r"\d").findall


def nothing_secret_written(facts: Facts) -> Findings:
    """No secret, card number or bank account stands in a key, a reason, a case, an event or a flow's result."""
    tally = Tally("P4")
    texts = dict(_written(facts))
    tally.examined = len(texts)
    for text, record in texts.items():
        if not _is_suspicious(text):
            continue
        for what in _secrets(text):
            sentence = f"a {what} stands in the {type(record).__name__.lower()} record of {_at(record)}"
            tally.violation(getattr(record, "txn", ""), sentence, record)
    return tally.findings()


def _written(facts: Facts) -> Iterator[tuple[str, Record]]:
    """Yield what the integration writes where people and other systems read it, each text with its record."""
    history = facts.history
    for attempt in history.of(Attempted):
        if attempt.write:
            yield attempt.key, attempt
        if attempt.reason:
            yield attempt.reason, attempt
    for case in history.of(Case):
        yield f"{case.detail} {case.actor}", case
    for flow in history.of(Flow):
        if flow.result:
            yield flow.result, flow
    for event in history.of(Emitted):
        yield event.subject, event


def _is_suspicious(text: str) -> bool:
    """Tell whether a text is worth a closer look: hardly any has a secret's mark or as many digits as a card."""
    return _MARKED(text) is not None or (len(text) > _DIGITS_MIN and len(_DIGITS(text)) >= _DIGITS_MIN)


def _at(record: Record) -> str:
    for field in ("case", "flow", "number", "subject", "id"):
        value = getattr(record, field, "")
        if value:
            return str(value)
    return "the run"


def _secrets(text: str) -> Iterator[str]:
    for _ in _SECRET.finditer(text):
        yield "secret"
    for found in _CARD.finditer(text):
        digits = [int(sign) for sign in found.group() if sign.isdigit()]
        if len(digits) in _CARD_LENGTHS and _passes_luhn(digits):
            yield "card number"
    for found in _ACCOUNT.finditer(text):
        if _passes_iban(found.group().replace(" ", "")):
            yield "bank account"


def _passes_luhn(digits: list[int]) -> bool:
    """Tell whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _passes_iban(account: str) -> bool:
    """Tell whether the check digits of an international bank account number are right (ISO 13616)."""
    if not 15 <= len(account) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1


# --- maintenance ----------------------------------------------------------------------------------------------------

LEARNING_US = 300 * SECOND_US
"""How long a client may take to understand that it should stay away."""
PROBES_A_MINUTE = 2
REST_US = 300 * SECOND_US
"""How long a parked flow rests before it is driven again; what comes sooner is hammering, too."""


class Silence(msgspec.Struct, gc=False):
    """A window of maintenance, and the writes that were sent in it once everybody could know."""

    fault: Fault
    sent: list[Attempted] = []

    @property
    def from_us(self) -> int:
        """The instant from which only probes are sent."""
        return self.fault.start_us + LEARNING_US


def maintenance_respected(facts: Facts) -> Findings:
    """In announced maintenance a system is only probed: two writes a minute at most, or no more tries than usual."""
    tally = Tally("P7")
    windows = [Silence(fault) for fault in facts.context.faults if fault.kind == "maintenance" and fault.end_us]
    for attempt in facts.history.of(Attempted) if windows else ():
        for window in windows:
            is_meant = window.fault.system in ("", attempt.system)
            if attempt.write and is_meant and window.from_us <= attempt.sent_us < window.fault.end_us:
                window.sent.append(attempt)
    for window in windows:
        tally.examined += 1
        _only_probed(tally, facts, window)
    return tally.findings()


def _only_probed(tally: Tally, facts: Facts, window: Silence) -> None:
    """Compare the refused writes with the probes, and with the tries that intents and flows driven again may have."""
    minutes = (window.fault.end_us - window.from_us) / (MINUTE_US)
    refused = [attempt for attempt in window.sent if attempt.outcome != "ok"]
    tries = facts.context.attempts_max * len({(attempt.key, attempt.txn) for attempt in refused})
    tries += _driven(facts, window)
    if minutes <= 0 or len(refused) <= max(PROBES_A_MINUTE, PROBES_A_MINUTE * minutes, tries):
        return
    evidence: list[Evidence] = [*refused[:3], (window.fault.end_us, "the maintenance ends")]
    system = window.fault.system or "a system"
    sentence = (
        f"{len(refused)} writes went to {system} within {minutes:.0f} minutes of its maintenance; "
        f"{PROBES_A_MINUTE} a minute are probes"
    )
    tally.violation("", sentence, *evidence)


def _driven(facts: Facts, window: Silence) -> int:
    """Count how often parked flows were driven again in a window; of what came within a rest only the first."""
    rested_us: dict[str, int] = {}
    count = 0
    for flow in facts.history.of(Flow):
        if flow.status == "resumed" and max(window.from_us, rested_us.get(flow.flow, 0)) <= flow.at_us:
            rested_us[flow.flow] = flow.at_us + REST_US
            count += flow.at_us < window.fault.end_us
    return count
