"""What a person reads in the terminal: the verdict, the smallest story, the numbers, and what to type next."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from q2c.report.document import document_of
from q2c.report.gathered import Gathered
from q2c.report.terminal import tell
from tests.contracts.checks.build import clean
from tests.q2c.report.examples import broken, cut_short, gathered, hostile, troubled


def _told(known: Gathered, width: int = 140) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, color_system=None)
    tell(document_of(known, "q2c rehearse quarter_end --seed 7"), console, str(Path("runs") / "x" / "report.html"))
    return stream.getvalue()


def test_a_broken_run_tells_the_rule_its_story_and_how_to_repeat_it() -> None:
    told = _told(broken())
    assert told.lstrip().startswith("BROKEN")
    assert "broken S1 One order per quote." in told
    assert "Wed 2 Dec 15:1" in told
    assert "q2c rehearse quarter_end --seed 7" in told
    assert "report.html" in told


def test_a_run_that_holds_says_so_and_tells_no_story() -> None:
    told = _told(gathered(clean()))
    assert "broken S" not in told
    assert "1 lifecycle, 30 d of virtual time" in told


def test_the_key_figures_are_there() -> None:
    told = " ".join(_told(troubled()).split())
    assert "signed and booked in the quarter 1 of 1" in told
    assert "duplicate documents 0" in told
    assert "billing caught up in 1 min (up again Wed 2 Dec 15:16 UTC; 1 item waited at most)" in told
    assert (
        "money in USD invoiced 187.00 USD, posted 187.00 USD; captured 187.00 USD, in the books 187.00 USD; all agree"
        in told
    )
    assert "1 DATA_QUALITY.MAPPING_MISSING, data steward" in told
    assert "1 fault struck" in told


def test_amounts_that_differ_say_which_and_by_how_much() -> None:
    told = " ".join(_told(cut_short(), width=200).split())
    assert (
        "money in USD invoiced 187.00 USD, posted 0.00 USD (187.00 USD apart); captured 0.00 USD, in the books 0.00 USD"
        in told
    )
    assert "all agree" not in told


def test_a_currency_of_which_nothing_was_billed_or_paid_has_no_row() -> None:
    signed = [record for record in clean() if getattr(record, "system", "crm") == "crm"]
    assert document_of(gathered(signed), "").reconciliation
    assert "money in" not in _told(gathered(signed))


def test_nothing_in_the_data_is_taken_for_markup() -> None:
    name = "[red]name[/red]"
    assert name in _told(hostile(name), width=300)


def test_it_reads_on_a_narrow_terminal() -> None:
    assert all(len(line) <= 80 for line in _told(troubled(), width=80).splitlines())


def test_the_command_and_the_path_are_never_broken_over_lines() -> None:
    lines = [line.strip() for line in _told(gathered(clean()), width=30).splitlines()]
    assert lines[-2:] == [
        "repeat  q2c rehearse quarter_end --seed 7",
        f"report  {Path('runs') / 'x' / 'report.html'}",
    ]


def test_a_mutant_is_named_so_that_nobody_takes_its_verdict_for_the_integration_s() -> None:
    assert "broken on purpose (fresh_key_per_retry)" in _told(
        gathered(clean(), mutant="fresh_key_per_retry"), width=300
    )
