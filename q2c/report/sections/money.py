"""Money: the amounts of each legal entity and currency, system by system."""

from __future__ import annotations

from contracts.checks.reconciliation import Row, Settlement
from domain.money import said
from q2c.report.gathered import Gathered
from q2c.report.names import STAGES
from q2c.report.owed import Owed
from web.blocks import Cell, Section, Table, Text, columns, row
from web.words import count, counted, listed

_NOTE = (
    "Amounts are of the run, without what was there before it; those of quotes and orders are net, all others gross, "
    "with tax. What was still on its way when the run ended, and amounts that an amendment replaces, show as "
    "differences too; the money rules below say whether one is a fault."
)


def section(gathered: Gathered) -> Section:
    """Return the reconciliation across the systems."""
    tables = (_sold(gathered), _collected(gathered), _owed(gathered), _settled(gathered))
    return Section("money", "Money across the systems", (Text(_NOTE), *tables))


def _named(one: Row) -> str:
    return f"{one.entity or 'no entity'} {one.currency}"


def _sold(gathered: Gathered) -> Table:
    return Table(
        caption="From contract to invoice",
        columns=columns(
            "entity", "#accepted, net (CRM)", "#ordered, net (ERP)", "#invoiced, gross (billing)",
            "#posted, gross (ERP)", "#credited, gross (billing)", "#credits posted, gross (ERP)",
            "accepted = ordered, invoiced = posted",
        ),
        rows=tuple(
            row(
                _named(one), *(amount(value, one.currency) for value in (
                    one.accepted_minor, one.ordered_minor, one.invoiced_minor, one.posted_minor, one.credited_minor,
                    one.posted_credits_minor,
                )),
                _agree(one, ("accepted", "invoiced"), _why(one, gathered)),
            )
            for one in gathered.money.rows
        ),
    )  # fmt: skip


def _collected(gathered: Gathered) -> Table:
    return Table(
        caption="From payment to the ledger",
        columns=columns(
            "entity", "#captured, less money back (payment)", "#recorded (billing)", "#cash (ERP)",
            "#open invoices less open credits (ERP)", "#receivables (ledger)", "#trial balance",
            "captured = recorded = cash, open = ledger, balance 0",
        ),
        rows=tuple(
            row(
                _named(one), *(amount(value, one.currency) for value in (
                    one.captured_minor, one.recorded_minor, one.cash_minor, one.receivable_minor,
                    one.ledger_receivable_minor, one.trial_balance_minor,
                )),
                _agree(one, ("captured", "open invoices", "trial")),
            )
            for one in gathered.money.rows
        ),
    )  # fmt: skip


def _agree(one: Row, starts: tuple[str, ...], why: str = "") -> Cell:
    found = [f"{what}: {said(value, one.currency)}" for what, value in one.differences if what.startswith(starts)]
    return Cell("; ".join(found) + why) if found else Cell("yes", "good")


def _why(one: Row, gathered: Gathered) -> str:
    """Say which quotes no order stands for: where they are is what an amount without an order means."""
    found = gathered.unordered.get((one.entity, one.currency))
    if found is None:
        return ""
    quotes = counted(sum(number for _, number in found.stages), "accepted quote")
    stages = listed([f"{count(number)} {STAGES.get(stage, stage)}" for stage, number in found.stages])
    return f" ({quotes} of {said(found.amount_minor, one.currency)} without an order: {stages})"


def _owed(gathered: Gathered) -> Table:
    return Table(
        caption="What customers owe, as the documents of the ERP add up to it",
        columns=columns(
            "entity", "#open before the run", "#+ posted", "#- credits posted", "#- written off",
            "#- cash, less money back", "#+ of the cash, on account (pays no invoice yet)",
            "#= open invoices less open credits", "adds up",
        ),
        rows=tuple(_owing(each) for each in gathered.owed), empty="Nobody was invoiced.",
    )  # fmt: skip


def _owing(each: Owed) -> tuple[Cell, ...]:
    amounts = (
        each.before_minor, each.posted_minor, each.credits_minor, each.losses_minor, each.cash_minor,
        each.on_account_minor, each.open_minor,
    )  # fmt: skip
    apart = each.apart_minor
    adds_up = Cell(f"{said(apart, each.currency)} apart", "warn") if apart else Cell("yes", "good")
    shown = (amount(value, each.currency) for value in amounts)
    return row(f"{each.entity or 'no entity'} {each.currency}", *shown, adds_up)


def amount(amount_minor: int, currency: str) -> str:
    """Return an amount without its currency, which the row's header names."""
    return said(amount_minor, currency).removesuffix(f" {currency}")


def _settled(gathered: Gathered) -> Table:
    return Table(
        caption="Payouts of the processor and the books",
        columns=columns("currency", "#payouts", "#net paid out", "#booked at the bank", "agree"),
        rows=tuple(_settlement(each) for each in gathered.money.settlements), empty="There was no payout.",
    )  # fmt: skip


def _settlement(each: Settlement) -> tuple[Cell, ...]:
    apart = each.net_minor - each.booked_minor
    agree = Cell(f"{said(apart, each.currency)} apart") if apart else Cell("yes", "good")
    return row(
        each.currency, count(each.payouts), amount(each.net_minor, each.currency),
        amount(each.booked_minor, each.currency), agree,
    )  # fmt: skip
