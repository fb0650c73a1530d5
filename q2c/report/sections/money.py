"""Money: the amounts of each legal entity and currency, system by system."""

from __future__ import annotations

from contracts.checks.reconciliation import Row, Settlement
from domain.money import said
from q2c.report.gathered import Gathered
from web.blocks import Cell, Section, Table, Text, columns, row
from web.words import count

_NOTE = (
    "Amounts are of the run, without what was there before it. What was still on its way when the run ended, and "
    "amounts that an amendment replaces, show as differences too; the money rules below say whether one is a fault."
)


def section(gathered: Gathered) -> Section:
    """Return the reconciliation across the systems."""
    return Section(
        "money", "Money across the systems", (Text(_NOTE), _sold(gathered), _collected(gathered), _settled(gathered))
    )


def _named(one: Row) -> str:
    return f"{one.entity or 'no entity'} {one.currency}"


def _sold(gathered: Gathered) -> Table:
    return Table(
        caption="From contract to invoice",
        columns=columns(
            "entity", "#accepted (CRM)", "#ordered (ERP)", "#invoiced (billing)", "#posted (ERP)",
            "#credited (billing)", "#credits posted (ERP)", "agree",
        ),
        rows=tuple(
            row(
                _named(one), *(amount(value, one.currency) for value in (
                    one.accepted_minor, one.ordered_minor, one.invoiced_minor, one.posted_minor, one.credited_minor,
                    one.posted_credits_minor,
                )),
                _agree(one, ("accepted", "invoiced")),
            )
            for one in gathered.money.rows
        ),
    )  # fmt: skip


def _collected(gathered: Gathered) -> Table:
    return Table(
        caption="From payment to the ledger",
        columns=columns(
            "entity", "#captured (payment)", "#recorded (billing)", "#cash (ERP)", "#open invoices (ERP)",
            "#receivables (ledger)", "#trial balance", "agree",
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


def _agree(one: Row, starts: tuple[str, ...]) -> Cell:
    found = [f"{what}: {said(value, one.currency)}" for what, value in one.differences if what.startswith(starts)]
    return Cell("; ".join(found)) if found else Cell("yes", "good")


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
