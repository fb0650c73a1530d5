"""The synchronous validation of a quote: price book, product mapping, tax and credit, asked at the same time.

It is the one place where somebody waits for four systems at once, so it is only as available as the product of them
(0.999 x 0.997 x 0.999 x 0.999 at best). Hence a check has three ends: ok, failed, and unknown when nobody could tell in
time. `judged` is a pure function of the answers there are, so that a caller whose patience ends early gets the verdicts
that have come by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from domain.objects import Line
from integration.effects import All, Call
from integration.flow import FlowContext
from integration.flows.steps import day_in
from integration.flows.validation import problem_of
from integration.journal.protocol import Entry
from integration.outcomes import TRANSIENT, Answer, CallFailed, Failed, OutcomeUnknown, Unknown
from integration.settings import Settings
from integration.systems import billing, crm, erp, tax
from integration.systems.billing import calls as billing_calls
from integration.systems.crm import AcceptedQuote
from integration.systems.erp import calls as erp_calls
from integration.systems.wire import JSON, UnexpectedReply, json_body, quoted, read

PRICE_SECONDS, CREDIT_SECONDS, TAX_SECONDS, QUOTE_SECONDS = 8, 5, 3, 5
"""How long each system may take for a validation."""

CHECKS = ("terms", "price", "mapping", "tax", "credit")
OK, FAILED, UNKNOWN = "ok", "failed", "unknown"
DOWN = Failed("unavailable", detail="it is known to be down")
Joinable = Answer | Failed | Unknown
Verdict = tuple[str, str, str]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: `system` was asked, `outcome` is ok, failed or unknown, `code` is of the taxonomy."""

    name: str
    system: str
    outcome: str
    code: str = ""
    detail: str = ""
    at_us: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a quote: `outcome` is failed when a check failed, unknown when one could not be made."""

    outcome: str
    checks: tuple[Check, ...]
    number: str = ""
    version: int = 0
    account: str = ""
    currency: str = ""
    net_minor: int = 0
    tax_minor: int | None = None


async def check_quote(context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Check a quote as it is now in the CRM. Arguments: quote_id, without (systems that are known to be down)."""
    call = msgspec.structs.replace(crm.read_quote(arguments["quote_id"], context.txn), timeout_seconds=QUOTE_SECONDS)
    outcome: Joinable
    try:
        outcome = await call
    except CallFailed as failure:
        outcome = failure.failed
    except OutcomeUnknown as unknown:
        outcome = unknown.unknown
    accepted = accepted_of(outcome)
    if not isinstance(accepted, AcceptedQuote) or not isinstance(outcome, Answer):
        return _told(judged(outcome, {}, context.settings))
    wanted = calls_of(context, accepted, outcome.at_us)
    calls = {name: call for name, call in wanted.items() if call.system not in arguments["without"]}
    found: dict[str, object] = {name: DOWN for name in wanted if name not in calls}
    if calls:
        found.update(zip(calls, await All(tuple(calls.values())), strict=True))
    again = [name for name in calls if isinstance(each := found[name], Failed) and TRANSIENT.get(each.kind)]
    if again:
        found.update(zip(again, await All(tuple(_second(calls[name]) for name in again)), strict=True))
    outcomes = {name: each for name, each in found.items() if isinstance(each, Answer | Failed | Unknown)}
    return _told(judged(outcome, outcomes, context.settings))


def _told(report: Report) -> dict[str, Any]:
    result: dict[str, Any] = msgspec.to_builtins(report)
    return result


def _second(call: Call) -> Call:
    return msgspec.structs.replace(call, attempt=2)


# --- what is asked --------------------------------------------------------------------------------------------------


def calls_of(context: FlowContext, accepted: AcceptedQuote, at_us: int) -> dict[str, Call]:
    """Return the calls of the checks that a quote needs, by check."""
    quote, lines = accepted.quote, _sold(accepted)
    entity = quote.entity if quote.entity in context.settings.zones else next(iter(context.settings.zones))
    calls = {"credit": erp.read_customer(quote.account, quote.txn)}
    if lines:
        taxable = tax.Taxable(
            code=f"{quote.number}-v{quote.version}", customer=quote.account, currency=quote.currency,
            address=accepted.address, day=day_in(context, entity, at_us), lines=lines, txn=quote.txn,
        )  # fmt: skip
        calls["price"] = prices_of(quote.currency, lines, quote.txn)
        calls["mapping"] = items_of(lines, quote.txn)
        calls["tax"] = tax.estimate(taxable)
    patience = {"credit": CREDIT_SECONDS, "price": PRICE_SECONDS, "mapping": CREDIT_SECONDS, "tax": TAX_SECONDS}
    return {name: msgspec.structs.replace(call, timeout_seconds=patience[name]) for name, call in sorted(calls.items())}


def _sold(accepted: AcceptedQuote) -> tuple[Line, ...]:
    return tuple(line for line in accepted.quote.lines if line.quantity)


def prices_of(currency: str, lines: Iterable[Line], txn: str) -> Call:
    """Ask billing for the published prices of what is sold."""
    ids = msgspec.json.encode(sorted({_price(line, currency) for line in lines})).decode()
    target = f"{billing_calls.BASE}/item_prices?id[in]={quoted(ids)}&limit=100"
    return Call(system="billing", operation="list_item_prices", target=target, txn=txn)


def _price(line: Line, currency: str) -> str:
    return billing.item_price(line.sku, currency, line.months)


def items_of(lines: Iterable[Line], txn: str) -> Call:
    """Ask the ERP which of the skus it knows as items."""
    texts = ", ".join("'" + sku.replace("'", "''") + "'" for sku in sorted({line.sku for line in lines}))
    body = json_body({"q": f"SELECT externalid FROM item WHERE externalid IN ({texts})"})
    return Call(
        system="erp", operation="suiteql", method="POST", target=f"{erp_calls.SUITEQL}?limit=1000",
        headers={**JSON, "prefer": "transient"}, body=body, txn=txn,
    )  # fmt: skip


# --- what is made of the answers ------------------------------------------------------------------------------------


def judged(read_quote: Joinable | None, outcomes: Mapping[str, Joinable], settings: Settings) -> Report:
    """Return the report on a quote from what the CRM said and from the outcomes that there are, by check."""
    accepted = accepted_of(read_quote)
    if isinstance(accepted, tuple):
        asked = read_quote.at_us if read_quote is not None else 0
        outcome, code, detail = accepted
        checks = tuple(
            Check(name=name, system="crm", outcome=outcome, code=code, detail=detail, at_us=asked) for name in CHECKS
        )
        return Report(outcome=outcome, checks=checks)
    assert read_quote is not None, "a quote was read"
    problem = problem_of(accepted, settings)
    verdict = (OK, "", "") if problem is None else (FAILED, *problem)
    checks = (_check("terms", "crm", verdict, read_quote.at_us), *_asked(accepted, outcomes))
    quote = accepted.quote
    return Report(
        outcome=_overall(checks), checks=checks, number=quote.number, version=quote.version, account=quote.account,
        currency=quote.currency, net_minor=quote.total_minor, tax_minor=_tax_minor(accepted, outcomes.get("tax")),
    )  # fmt: skip


def of_trail(entries: Iterable[Entry], settings: Settings) -> Report:
    """Return the report on a quote as far as the journal of its validation goes."""
    quote: Joinable | None = None
    names: list[str] = []
    outcomes: dict[str, Joinable] = {}
    for entry in entries:
        outcome = entry.outcome
        if entry.kind == "branch" and names and isinstance(outcome, Answer | Failed | Unknown):
            outcomes[names[entry.branch]] = outcome
        elif entry.kind == "step" and isinstance(outcome, Answer | Failed | Unknown):
            quote = outcome
        if entry.kind == "step" and isinstance(entry.effect, All):
            names = [_CHECK_OF[branch.operation] for branch in entry.effect.branches if isinstance(branch, Call)]
    return judged(quote, outcomes, settings)


_CHECK_OF = {
    "read_customer": "credit", "list_item_prices": "price", "suiteql": "mapping", "estimate_tax": "tax",
}  # fmt: skip


def _overall(checks: Iterable[Check]) -> str:
    outcomes = {check.outcome for check in checks}
    return FAILED if FAILED in outcomes else UNKNOWN if UNKNOWN in outcomes else OK


def accepted_of(outcome: Joinable | None) -> AcceptedQuote | Verdict:
    """Return the quote of an answer, or why there is none."""
    if not isinstance(outcome, Answer):
        return _untold("crm", outcome)
    try:
        return crm.accepted_quote(outcome)
    except UnexpectedReply as error:
        return FAILED, error.code, str(error)


def _asked(accepted: AcceptedQuote, outcomes: Mapping[str, Joinable]) -> Iterable[Check]:
    is_sold = bool(_sold(accepted))
    for name, (system, judge) in _JUDGES.items():
        outcome = outcomes.get(name)
        if name != "credit" and not is_sold:
            yield _check(name, system, (OK, "", "nothing is sold by this quote"), 0)
            continue
        try:
            verdict = judge(accepted, outcome) if outcome is not None else _untold(system, None)
        except UnexpectedReply as error:
            verdict = UNKNOWN, error.code, str(error)
        yield _check(name, system, verdict, 0 if outcome is None else outcome.at_us)


def _check(name: str, system: str, verdict: Verdict, at_us: int) -> Check:
    outcome, code, detail = verdict
    return Check(name=name, system=system, outcome=outcome, code=code, detail=detail, at_us=at_us)


def _untold(system: str, outcome: Failed | Unknown | None) -> Verdict:
    """Return what is said of a check that could not be made."""
    if outcome is None:
        return UNKNOWN, "DEPENDENCY.TIMEOUT", f"{system} has not answered yet"
    if isinstance(outcome, Unknown):
        return UNKNOWN, "DEPENDENCY.TIMEOUT", f"{system}: {outcome.reason}"
    if outcome.kind == "throttled":
        return UNKNOWN, "DEPENDENCY.RATE_LIMITED", f"{system} is busy"
    if outcome.kind == "unauthenticated":
        return UNKNOWN, "AUTH.UNAUTHENTICATED", f"{system} refused our credentials"
    if TRANSIENT.get(outcome.kind):
        return UNKNOWN, "DEPENDENCY.UNAVAILABLE", f"{system}: {outcome.detail or outcome.kind}"
    return FAILED, "VALIDATION.BUSINESS_RULE", f"{system} refused: {outcome.code} {outcome.detail}".strip()


class _ItemPrice(msgspec.Struct):
    id: str
    price: int | None = None
    status: str = "active"


class _PriceRow(msgspec.Struct):
    item_price: _ItemPrice


class _Prices(msgspec.Struct):
    rows: list[_PriceRow] = msgspec.field(name="list")


class _Item(msgspec.Struct):
    externalid: str


class _Items(msgspec.Struct):
    items: list[_Item]


_prices = msgspec.json.Decoder(_Prices)
_items = msgspec.json.Decoder(_Items)


def _price_verdict(accepted: AcceptedQuote, outcome: Joinable) -> Verdict:
    """Compare the list prices of a quote with the published price book: the discount is worked out from them."""
    if not isinstance(outcome, Answer):
        return _untold("billing", outcome)
    known = {row.item_price.id: row.item_price for row in read(outcome, _prices).rows}
    for line in _sold(accepted):
        price = known.get(_price(line, accepted.quote.currency))
        if price is None or price.status != "active":
            return (
                FAILED,
                "DATA_QUALITY.MAPPING_MISSING",
                f"the price book has no {_price(line, accepted.quote.currency)}",
            )
        if price.price != line.list_unit_minor:
            detail = f"line {line.sku}: list price {line.list_unit_minor}, the price book says {price.price}"
            return FAILED, "DATA_QUALITY.PRICE_MISMATCH", detail
    return OK, "", ""


def _mapping_verdict(accepted: AcceptedQuote, outcome: Joinable) -> Verdict:
    if not isinstance(outcome, Answer):
        return _untold("erp", outcome)
    known = {item.externalid for item in read(outcome, _items).items}
    missing = sorted({line.sku for line in _sold(accepted)} - known)
    return (
        (FAILED, "DATA_QUALITY.MAPPING_MISSING", f"the ERP has no item for {missing[0]}") if missing else (OK, "", "")
    )


def _tax_verdict(_accepted: AcceptedQuote, outcome: Joinable) -> Verdict:
    if isinstance(outcome, Failed) and not TRANSIENT.get(outcome.kind) and outcome.kind != "unauthenticated":
        return FAILED, "DATA_QUALITY.ADDRESS_UNRESOLVED", f"the tax engine refused: {outcome.code} {outcome.detail}"
    if not isinstance(outcome, Answer):
        return _untold("tax", outcome)
    tax.shares(outcome)  # readable, or UnexpectedReply
    return OK, "", ""


def _tax_minor(accepted: AcceptedQuote, outcome: Joinable | None) -> int | None:
    """Return the estimated tax of a quote; None while nobody can tell."""
    if not _sold(accepted):
        return 0
    try:
        return sum(share.amount_minor for share in tax.shares(outcome)) if isinstance(outcome, Answer) else None
    except UnexpectedReply:
        return None


def _credit_verdict(accepted: AcceptedQuote, outcome: Joinable) -> Verdict:
    if isinstance(outcome, Failed) and outcome.status == 404:
        return OK, "", "the ERP does not know the account yet"
    if not isinstance(outcome, Answer):
        return _untold("erp", outcome)
    standing = erp.customer_standing(outcome)
    if standing.is_held:
        return FAILED, "POLICY.CREDIT_HOLD", f"account {accepted.quote.account}: {standing.custentity_credit_status}"
    return OK, "", standing.custentity_credit_status


_JUDGES: Mapping[str, tuple[str, Callable[[AcceptedQuote, Joinable], Verdict]]] = {
    "price": ("billing", _price_verdict),
    "mapping": ("erp", _mapping_verdict),
    "tax": ("tax", _tax_verdict),
    "credit": ("erp", _credit_verdict),
}
