"""The registry: every check with its id, its rule, its class of severity and what it needs to judge anything.

    CHECKS   the table, in the order in which a verdict lists them
    NEEDS    what must have happened in a run before a check that judged nothing is suspicious

Severity: S identity, O order, M money, P policy, A audit are safety; L is liveness. The rule of a check is the first
line of its function's docstring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import msgspec

from contracts.checks import (
    approvals,
    audit,
    books,
    casework,
    cash,
    causes,
    charging,
    contract_life,
    days,
    dunning,
    events,
    exercise,
    governance,
    identity,
    intercompany,
    keys,
    ledger,
    liveness,
    losses,
    manners,
    mirrors,
    money,
    netting,
    order,
    parties,
    periods,
    policy,
    receivables,
    recovery,
    recurring,
    retries,
    revenue,
    tax_back,
    tax_days,
    told,
    traffic,
)
from contracts.checks.facts import BOOKED, Facts
from contracts.checks.lives import quote_of
from contracts.checks.verdict import Findings
from domain.history import Attempted, Case, Delivered

ALWAYS, NEVER = "any run", "nothing"
_MANY = 5


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `needs` names a row of NEEDS: when that is in a run, a check that judged nothing makes it unknown.

    `inside` checks read what only our own integration tells; for a foreign one they are skipped. `also` names the rules
    of other lists that it judges, apart from the one of the resilience specification that has its id.
    """

    id: str
    title: str
    function: Callable[[Facts], Findings]
    needs: str
    inside: bool = False
    also: tuple[str, ...] = ()

    @property
    def severity(self) -> str:
        """The class: S, O, M, P, L or A."""
        return self.id[0]

    @property
    def rule(self) -> str:
        """The rule in one sentence."""
        doc = self.function.__doc__
        assert doc, f"{self.id} has no rule in its docstring"
        return doc.strip().splitlines()[0]


def _any(items: Iterable[object]) -> bool:
    return next(iter(items), None) is not None


def _timely_amendments(facts: Facts) -> int:
    """Count the amendments that were accepted early enough to be applied, and that no person had to look at."""
    return sum(
        quote_of(life).kind == "amend"
        and facts.is_due(life.entered["accepted"])
        and life.txn not in facts.seen_by_people
        for life in facts.accepted.values()
    )


def _timely_renewals(facts: Facts) -> int:
    """Count the renewals that customers signed early enough to be carried out, and that nobody had to look at."""
    return sum(
        quote_of(life).kind == "renew"
        and quote_of(life).amendment_kind != "auto"
        and facts.is_due(life.entered["accepted"])
        and life.txn not in facts.seen_by_people
        for life in facts.accepted.values()
    )


def _changes(kind: str, system: str) -> Callable[[Facts], bool]:
    return lambda facts: _any(facts.history.changes(kind, system))


NEEDS: Mapping[str, Callable[[Facts], bool]] = MappingProxyType(
    {
        ALWAYS: lambda facts: True,
        "accepted quotes": lambda facts: _any(facts.accepted),
        NEVER: lambda facts: False,
        "amendments with time to spare": lambda facts: _timely_amendments(facts) >= _MANY,
        "renewals with time to spare": lambda facts: _timely_renewals(facts) >= _MANY,
        "orders": _changes("order", "erp"),
        "partner deals": lambda facts: any(
            quote_of(life).partner_model and facts.is_due(life.entered["accepted"]) for life in facts.accepted.values()
        ),
        "orders with time to spare": lambda facts: any(
            facts.is_due(life.since(BOOKED) or facts.context.horizon_us)
            for life in facts.lives("order", "erp").values()
        ),
        "subscriptions": _changes("subscription", "billing"),
        "invoices": _changes("invoice", "billing"),
        "posted invoices": lambda facts: _any(facts.posted),
        "payments": _changes("payment", "payment"),
        "payouts": _changes("payout", "payment"),
        "mirrors": _changes("mirror", "crm"),
        "entries": _changes("entry", "erp"),
        "undone orders": lambda facts: any(
            life.document.kind != "amend" and facts.is_due(life.last.at_us) for life in facts.undone.values()
        ),
        "credit holds": _changes("hold", "erp"),
        "forged messages": lambda facts: any(not each.genuine for each in facts.history.of(Delivered)),
        "cases": lambda facts: _any(facts.history.of(Case)),
        "messages": lambda facts: any(200 <= each.status < 300 for each in facts.history.of(Delivered)),
        "calls": lambda facts: _any(facts.history.of(Attempted)),
    }
)
"""What must be in a run for a check to be expected to judge something."""


def _row(
    key: str, title: str, function: Callable[[Facts], Findings], needs: str, inside: bool = False, also: str = ""
) -> Check:  # fmt: skip
    return Check(id=key, title=title, function=function, needs=needs, inside=inside, also=tuple(also.split()))


def _second_run(facts: Facts) -> Findings:
    """A second run of the same scenario, seed and code writes the same history, to the last byte."""
    return Findings(examined=0, unjudged="no second run was made", idle=True)


CHECKS: tuple[Check, ...] = (
    _row("S1", "One order per quote", identity.one_order_per_quote, ALWAYS, also="I-02"),
    _row("S2", "One subscription line per quote line", identity.one_subscription_line, "subscriptions", also="I-06"),
    _row("S3", "One invoice per period", identity.one_invoice_per_period, ALWAYS, also="I-08"),
    _row("S4", "One capture per payment", identity.one_capture_per_payment, "payments"),
    _row("S5", "One tax commit per document", identity.one_tax_commit, "posted invoices"),
    _row("S6", "Messages applied once", keys.applied_once, "messages", inside=True, also="I-24"),
    _row("S7", "Key discipline", keys.key_discipline, ALWAYS),
    _row("S8", "Nothing unexpected", causes.nothing_unexpected, ALWAYS),
    _row("S9", "Nothing lost", causes.nothing_lost, "accepted quotes", also="I-01 I-25"),
    _row("S10", "No children of the dead", causes.no_children_of_the_dead, "orders"),
    _row("S11", "Entities stay apart", causes.entities_apart, "orders"),
    _row("S12", "One customer per deal", parties.one_customer_per_deal, "orders"),
    _row("S13", "Partner roles hold", parties.partner_roles, "partner deals"),
    _row("O1", "Legal steps only", order.legal_steps, ALWAYS),
    _row("O2", "Amendments in order", periods.amendments_in_order, "amendments with time to spare", also="I-05"),
    _row("O3", "Causes first", order.causes_first, "posted invoices"),
    _row("O4", "No lost update", order.no_lost_update, "mirrors", also="I-23"),
    _row("O5", "Periods tile", periods.periods_tile, "invoices", also="I-09"),
    _row("O6", "Pauses rest", contract_life.pauses_rest, NEVER, also="I-09"),
    _row("O7", "Renewals join up", contract_life.renewals_join, "renewals with time to spare"),
    _row("O8", "Dates are local", days.dates_are_local, "orders", also="I-21 I-32"),
    _row("O9", "Numbers without gaps", books.numbers_are_gapless, "posted invoices", also="I-19"),
    _row("O10", "Events in order", events.events_in_order, NEVER, inside=True, also="I-23"),
    _row("O11", "Charges begin in time", events.charges_begin_in_time, NEVER, also="I-07"),
    _row("M1", "Amounts add up", periods.amounts_add_up, "invoices", also="I-10"),
    _row("M2", "Totals add up", money.totals_add_up, "invoices"),
    _row("M3", "Tax committed is tax invoiced", money.taxes_agree, "posted invoices", also="I-18"),
    _row("M4", "Entries balance", ledger.entries_balance, "entries", also="I-12"),
    _row("M5", "Balances hold", cash.balances_hold, "invoices", also="I-14"),
    _row("M6", "Settlements add up", cash.settlements_add_up, "payouts"),
    _row("M7", "Conversions reproduce", ledger.conversions_reproduce, "entries"),
    _row("M8", "Never more back than taken", cash.never_more_back, "payments", also="I-15"),
    _row("M9", "Revenue adds up", revenue.revenue_adds_up, NEVER, also="I-16 I-17"),
    _row("M10", "Approved prices", periods.approved_prices, "invoices"),
    _row("M11", "Recurring revenue bridges", recurring.recurring_revenue_bridges, NEVER, also="I-05"),
    _row("M12", "Signs are right", money.signs_are_right, ALWAYS),
    _row("M13", "Systems agree on amounts", money.systems_agree, "orders", also="I-03 I-04 I-31"),
    _row("M14", "Refunds as agreed", contract_life.refunds_as_agreed, NEVER),
    _row("M15", "Money back is booked", receivables.money_back_is_booked, NEVER),
    _row("M16", "Sub-ledger is control", receivables.subledger_is_control, "entries", also="I-13"),
    _row("M17", "Losses are booked", losses.losses_are_booked, NEVER),
    _row("M18", "Changes are one document", netting.one_net_document, NEVER),
    _row("M19", "Entities are square", intercompany.entities_are_square, NEVER),
    _row("M20", "Documents are booked", books.documents_are_booked, "posted invoices", also="I-11"),
    _row("M21", "Tax goes back", tax_back.tax_goes_back, NEVER, also="I-18"),
    _row("M22", "Charges are due", charging.charges_are_due, NEVER),
    _row("M23", "Tax is of its day", tax_days.taxed_on_its_day, NEVER, also="I-18"),
    _row("P1", "Credit holds bind", policy.holds_bind, "credit holds", also="I-28"),
    _row("P2", "Discounts are approved", governance.discounts_approved, "accepted quotes", also="I-30"),
    _row("P3", "Closed periods stay closed", ledger.closed_stays_closed, "entries", also="I-20"),
    _row("P4", "Nothing secret is written", governance.nothing_secret_written, ALWAYS),
    _row("P5", "Limits kept", traffic.limits_kept, ALWAYS),
    _row("P6", "Retries bounded", retries.retries_bounded, ALWAYS, also="I-33"),
    _row("P7", "Maintenance is respected", governance.maintenance_respected, NEVER),
    _row("P8", "Forgeries refused", policy.forgeries_refused, "forged messages"),
    _row("P9", "Renewals keep their terms", contract_life.renewals_keep_terms, "renewals with time to spare"),
    _row("P10", "Two people give away", approvals.two_people_give_away, NEVER, inside=True),
    _row("P11", "Dunning is fair", dunning.dunning_is_fair, NEVER, inside=True),
    _row("P12", "Attempts are spread", manners.attempts_are_spread, NEVER),
    _row("P13", "Sessions are renewed", manners.sessions_are_renewed, NEVER),
    _row("L1", "Systems converge", liveness.systems_converge, "orders with time to spare", also="I-06"),
    _row("L2", "Every quote ends", liveness.every_quote_ends, "accepted quotes", also="I-01"),
    _row("L3", "Sales sees the truth", mirrors.sales_sees_the_truth, NEVER, also="I-22"),
    _row("L4", "Cases are owned", liveness.cases_are_owned, "cases", inside=True),
    _row("L5", "Dead letters come back", casework.dead_letters_come_back, "cases", inside=True, also="I-25 I-26"),
    _row("L6", "Poison stays apart", casework.poison_stays_apart, NEVER),
    _row("L7", "Goodput returns", recovery.goodput_returns, NEVER),
    _row("L8", "Flows move again", recovery.flows_move_again, NEVER),
    _row("L9", "Fair shares", recovery.entities_get_their_share, NEVER),
    _row("L10", "Debts are dunned", dunning.debts_are_dunned, NEVER, inside=True),
    _row("L11", "News is told", told.news_is_told, NEVER, inside=True),
    _row("A1", "The trail is whole", audit.trail_is_whole, ALWAYS, inside=True, also="I-35"),
    _row("A5", "Runs repeat", _second_run, NEVER, also="I-24"),
    _row("A6", "Undone is gone", audit.undone_is_gone, "undone orders"),
    _row("A9", "Amendments undone are gone", contract_life.undone_amendments_are_gone, NEVER),
    _row("A10", "Cases end with a name", casework.cases_end_with_a_name, "cases", inside=True, also="I-34"),
    _row("A8", "The plan was exercised", exercise.plan_was_exercised, ALWAYS),
)

BY_ID: Mapping[str, Check] = MappingProxyType({check.id: check for check in CHECKS})


def judges(rule: str) -> tuple[Check, ...]:
    """Return the checks that judge a rule of one of the two lists (S1 to A8, I-01 to I-36); none when a run cannot."""
    return tuple(check for check in CHECKS if rule == check.id or rule in check.also)
