"""`q2c integration prune`: remove from the journal what has passed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from q2c import exits
from q2c.trouble import give_up

if TYPE_CHECKING:
    from integration.retention import Ages
    from integration.service.configuration import Configuration

CONFIGURATION = Path("q2c.toml")


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed, or would be; `behind` is the consumer of the event log for which the most events are kept."""

    database: str
    dry_run: bool
    messages: int
    untaken: int
    commands: int
    events: int
    steps: int
    behind: str


@click.command()
@click.option(
    "--older-than", metavar="DAYS",
    help="90d: everything that may pass, of that age; ids of messages are kept for 30 days at least.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--database", help="A file (SQLite) or postgresql://USER@HOST/NAME.  [Q2C_DATABASE, q2c.toml]")
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False),
    help="File with a table [integration.retention]; q2c.toml when there is one.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def prune(older_than: str | None, dry_run: bool, database: str | None, config: Path | None, as_json: bool) -> None:
    """Remove what has passed from the journal; the integration may be running, which does the same once a day.

    Removed are ids by which repeated messages are known (30 days), messages that no flow has taken (30 days), people's
    commands that are answered (30 days), events that every consumer of the log has done with (90 days), and the steps
    of flows that are over (90 days). [integration.retention] says other ages: messages_days, untaken_days,
    commands_days, events_days, steps_days; 0 keeps for ever.

    Never removed: events of money (orders, invoices, payments, payouts), the ids of messages and the flows of billing
    and payment, mappings, cases, what people noted, and the digests of the audit trail: `q2c audit verify` finds it
    intact.

    Interrupted at any point it has removed a part; run it again.

    \b
    Example:
      q2c integration prune --database q2c.db --older-than 90d --dry-run
    """
    from integration.journal.trouble import Unavailable
    from integration.service.configuration import Misconfigured

    try:
        ages = _ages(older_than)
        configuration = _configuration(config)
        place = database or os.environ.get("Q2C_DATABASE", "") or configuration.database
        if not place:
            give_up("which database? say --database FILE or postgresql://USER@HOST/NAME, or set Q2C_DATABASE")
        told = _prune(place, ages or configuration.retention, configuration.broker, dry_run)
    except Misconfigured as wrong:
        give_up(str(wrong))
    except Unavailable as trouble:
        give_up(str(trouble), exits.COULD_NOT_RUN)
    _tell(told, as_json)


def _ages(older_than: str | None) -> Ages | None:
    from integration.retention import Ages

    if older_than is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})d", older_than)
    if found is None:
        give_up(f"--older-than {older_than}: expected whole days, such as 90d")
    return Ages.of(int(found[1]))


def _configuration(file: Path | None) -> Configuration:
    """Return what retention needs of the configuration: the database, the broker and the ages."""
    from integration.service.configuration import read_section, retained

    return retained(read_section(file or (CONFIGURATION if CONFIGURATION.is_file() else None)), os.environ)


def _prune(place: str, ages: Ages, broker: str, dry_run: bool) -> Pruned:
    from integration.drivers.clock import BusinessClock
    from integration.journal.opening import open_reader, open_shelf
    from integration.journal.retention import Removed, removals
    from integration.service.forgetting import bound_of, consumers_of, plan_of

    removed = Removed()
    reader = open_reader(place)
    try:
        shelf = open_shelf(place)
        try:
            bound = bound_of(shelf, reader, consumers_of(broker))
            plan = plan_of(ages, BusinessClock().now_us(), bound)
            for page in removals(shelf, plan, is_trial=dry_run):
                removed += page
        finally:
            shelf.close()
    finally:
        reader.close()
    return Pruned(database=_shown(place), dry_run=dry_run, behind=bound.consumer, **msgspec.structs.asdict(removed))


def _tell(told: Pruned, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    verb = "would be removed" if told.dry_run else "removed"
    click.echo(f"{told.messages:>9,} ids of messages {verb}")
    click.echo(f"{told.untaken:>9,} messages that no flow has taken {verb}")
    click.echo(f"{told.commands:>9,} commands {verb}")
    click.echo(f"{told.events:>9,} events {verb}" + (f"; {told.behind} is furthest behind" if told.behind else ""))
    click.echo(f"{told.steps:>9,} steps {verb}")


def _shown(place: str) -> str:
    from integration.journal.trouble import without_password

    return without_password(place)
