"""What must be true of an accepted quote before anything is done with it; each rule has its own code."""

from __future__ import annotations

from decimal import Decimal

from domain.objects import Quote
from integration.settings import Settings
from integration.systems.crm import AcceptedQuote

Problem = tuple[str, str]
KINDS = ("new", "amend", "renew")
WITHOUT_LINES = frozenset({"cancel", "notice", "co_term", "extend_term", "shorten_term", "pause"})
"""Kinds of amendments that may say nothing about products."""
MOVES_THE_END = frozenset({"co_term", "extend_term", "shorten_term"})


def problem_of(accepted: AcceptedQuote, settings: Settings) -> Problem | None:
    """Return (code of the taxonomy, what is wrong) of the first rule that a quote breaks, or None."""
    for rule in _RULES:
        problem = rule(accepted, settings)
        if problem is not None:
            return problem
    return None


def _kind_is_known(accepted: AcceptedQuote, _settings: Settings) -> Problem | None:
    kind = accepted.quote.kind
    return None if kind in KINDS else ("CONTRACT.SEMANTIC", f"a quote of kind {kind!r}; known: {', '.join(KINDS)}")


def _entity_is_ours(accepted: AcceptedQuote, settings: Settings) -> Problem | None:
    named = {accepted.quote.entity}
    for line in accepted.quote.lines:
        named |= {line.entity or accepted.quote.entity, line.delivered_by or accepted.quote.entity}
    unknown = sorted(named - settings.zones.keys())
    return ("DATA_QUALITY.ENTITY_UNASSIGNED", f"no legal entity {unknown[0]!r}") if unknown else None


def _has_lines(accepted: AcceptedQuote, _settings: Settings) -> Problem | None:
    if accepted.quote.lines or accepted.quote.amendment_kind in WITHOUT_LINES:
        return None
    return "VALIDATION.MISSING_FIELD", "the quote has no lines"


def _lines_add_up(accepted: AcceptedQuote, _settings: Settings) -> Problem | None:
    quote = accepted.quote
    for line in quote.lines:
        if line.quantity * line.unit_minor != line.amount_minor:
            wanted = line.quantity * line.unit_minor
            return "DATA_QUALITY.PRICE_MISMATCH", f"line {line.sku}: {line.amount_minor} instead of {wanted}"
    total = sum([line.amount_minor for line in quote.lines])
    if total != quote.total_minor:
        return "DATA_QUALITY.PRICE_MISMATCH", f"the lines add up to {total}, the quote says {quote.total_minor}"
    return None


def _discount_is_approved(accepted: AcceptedQuote, settings: Settings) -> Problem | None:
    quote = accepted.quote
    if Decimal(quote.discount_percent) <= settings.approval_free_percent or quote.approvals:
        return None
    return "POLICY.APPROVAL_REQUIRED", f"a discount of {quote.discount_percent} % that nobody approved"


def _amendment_is_complete(accepted: AcceptedQuote, _settings: Settings) -> Problem | None:
    quote = accepted.quote
    if quote.kind == "amend" and not (quote.subscription and quote.effective_date):
        return "VALIDATION.MISSING_FIELD", "an amendment names its subscription and its effective date"
    if quote.amendment_kind in MOVES_THE_END and not quote.co_term_end:
        return "VALIDATION.MISSING_FIELD", f"{quote.amendment_kind} names the new end of the term"
    return _pause_ends(quote) if quote.amendment_kind == "pause" else None


def _pause_ends(quote: Quote) -> Problem | None:
    if quote.effective_date and quote.resume_date and quote.effective_date < quote.resume_date:
        return None
    return "VALIDATION.BUSINESS_RULE", "a pause names the later day on which the subscription goes on"


def _renewal_is_complete(accepted: AcceptedQuote, _settings: Settings) -> Problem | None:
    quote = accepted.quote
    if quote.kind == "renew" and not (quote.subscription and quote.term_start and quote.term_months):
        return "VALIDATION.MISSING_FIELD", "a renewal names the contract it follows, its start and its length"
    return None


def _prices_are_the_books(accepted: AcceptedQuote, _settings: Settings) -> Problem | None:
    """A new quote lists the prices of the entries it was priced from; an amendment has those of its contract."""
    if accepted.quote.kind != "new":
        return None
    for line in accepted.quote.lines:
        listed = accepted.listed.get(line.id)
        if listed is not None and listed != line.list_unit_minor:
            return (
                "DATA_QUALITY.PRICE_MISMATCH",
                f"line {line.sku} lists {line.list_unit_minor}, the book says {listed}",
            )
    return None


def _address_is_usable(accepted: AcceptedQuote, _settings: Settings) -> Problem | None:
    if accepted.address.country:
        return None
    return "DATA_QUALITY.ADDRESS_UNRESOLVED", f"account {accepted.account.id} has no country to be taxed in"


def _partner_deal_is_complete(accepted: AcceptedQuote, _settings: Settings) -> Problem | None:
    quote = accepted.quote
    if quote.partner_model and not quote.end_customer:
        return "VALIDATION.MISSING_FIELD", f"a {quote.partner_model} deal names the customer who will use it"
    if quote.partner_model == "two_tier" and not quote.reseller:
        return "VALIDATION.MISSING_FIELD", "a deal of two tiers names the reseller between distributor and customer"
    return None


_RULES = (
    _kind_is_known,
    _entity_is_ours,
    _has_lines,
    _lines_add_up,
    _prices_are_the_books,
    _discount_is_approved,
    _amendment_is_complete,
    _renewal_is_complete,
    _address_is_usable,
    _partner_deal_is_complete,
)
