"""`q2c analytics`: key figures and totals from the events of an integration, and what the ledgers say to them."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.table import Table

from q2c import exits, mocks_running
from q2c.consoles import standard_output
from q2c.mocks_running import WORKSPACE
from q2c.trouble import give_up

if TYPE_CHECKING:
    from integration.analytics.store import Store
    from integration.journal.reading import Reader

TABLES = Path("q2c-analytics.db")
_DATABASE = click.option(
    "--database", envvar="Q2C_DATABASE", help="Journal of the integration: a file, or postgresql://..."
)
_TABLES = click.option(
    "--tables", type=click.Path(path_type=Path, dir_okay=False), default=TABLES, show_default=True,
    help="File of the tables; made when it is missing.",
)  # fmt: skip
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")


@click.group()
def analytics() -> None:
    """Build key figures from canonical events alone, and reconcile them with the ledgers.

    \b
    q2c analytics show --database q2c.db         take in what is new, show figures and totals
    q2c analytics show --broker nats://host      the same from a broker
    q2c analytics reconcile --database q2c.db --mocks    every difference, and its cause
    """


@analytics.command()
@_DATABASE
@click.option("--broker", envvar="Q2C_BROKER", help="A NATS server to read from instead: nats://HOST:4222?stream=Q2C")
@_TABLES
@click.option("--cutoff", type=click.DateTime(["%Y-%m-%d"]), help="First day after the period, for K-16.")
@_JSON
def show(database: str, broker: str, tables: Path, cutoff: datetime | None, as_json: bool) -> None:
    """Take in the events that are new and show the key figures and totals.

    \b
    Example:
      q2c analytics show --database q2c.db --cutoff 2027-01-01
    """
    from integration.analytics.kpis import kpis, scope_of
    from integration.analytics.totals import documents, totals

    store = _store(tables)
    new = _taken(store, database, broker)
    figures = kpis(store, scope_of(store, cutoff.date() if cutoff else None))
    sums = totals(documents(store))
    if as_json:
        told = {"new_events": new, "kpis": figures, "totals": sums, "gaps": store.gaps(), "digest": store.digest()}
        click.echo(json.dumps(msgspec.to_builtins(told), ensure_ascii=False))
        return
    console = standard_output()
    console.print(_figures(figures))
    console.print(_sums(sums))
    click.echo(_remarks(store, new))


@analytics.command()
@_DATABASE
@_TABLES
def rebuild(database: str, tables: Path) -> None:
    """Empty the tables and build them again from the whole event log.

    \b
    Example:
      q2c analytics rebuild --database q2c.db
    """
    from integration.analytics import consumer

    store = _store(tables)
    count = _from_log(database, lambda reader: consumer.rebuild(store, reader))
    click.echo(f"{count} events; digest {store.digest()}")


@analytics.command()
@_DATABASE
@_TABLES
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="File with a table [integration].")
@click.option("--mocks", "with_mocks", is_flag=True, help="Read the ERP of the mocks that run in the workspace.")
@click.option("--workspace", type=click.Path(path_type=Path), default=WORKSPACE, show_default=True)
@_JSON
def reconcile(
    database: str, tables: Path, config: Path | None, with_mocks: bool, workspace: Path, as_json: bool
) -> None:
    """Compare what events tell with what the ERP says, document by document; exit status 1 when they differ.

    What is still on its way is shown and counts as no difference.

    \b
    Example:
      q2c analytics reconcile --database q2c.db --mocks
    """
    from integration.analytics import service
    from integration.analytics.consumer import consume
    from integration.analytics.reconcile import IN_FLIGHT, differences
    from integration.analytics.totals import documents

    store = _store(tables)
    _from_log(database, lambda reader: consume(store, reader))
    open_ = _from_log(database, lambda reader: service.unsettled(reader, store))
    since_us, _ = store.span()
    try:
        ledger = asyncio.run(_ledger(config, with_mocks, workspace, since_us)) if since_us else []
    except (RuntimeError, TimeoutError, OSError) as trouble:
        give_up(str(trouble) or "the ERP did not answer in time", exits.COULD_NOT_RUN)
    found = differences(documents(store), ledger, now_us=_now_us(), open_subjects=open_)
    if as_json:
        click.echo(json.dumps([{**msgspec.to_builtins(each), "amount_minor": each.amount_minor} for each in found]))
    else:
        _print_differences(found, len(ledger))
    if any(each.cause != IN_FLIGHT for each in found):
        raise SystemExit(exits.BROKEN)


# --- reading --------------------------------------------------------------------------------------------------------


def _store(tables: Path) -> Store:
    from integration.analytics.store import Store

    try:
        return Store(tables)
    except (ValueError, sqlite3.Error) as wrong:
        give_up(f"{tables}: {wrong}")


def _taken(store: Store, database: str, broker: str) -> int:
    from integration.analytics.consumer import consume, consume_stream

    if not broker:
        return int(_from_log(database, lambda reader: consume(store, reader)))
    from integration.relay.publisher import BrokerMisconfigured, address_of

    try:
        address = address_of(broker)
        if address.kind != "nats":
            give_up(
                f"tables are built from NATS or from the journal (--database); {address.kind} has consumers of its own"
            )
        return asyncio.run(consume_stream(store, address.url, address.place))
    except BrokerMisconfigured as wrong:
        give_up(str(wrong))
    except ImportError:
        give_up("reading from NATS needs: pip install 'q2c-harness[events]'")
    except Exception as trouble:
        give_up(f"cannot read from the broker: {type(trouble).__name__}: {trouble}", exits.COULD_NOT_RUN)


def _from_log(database: str, action: Callable[[Reader], Any]) -> Any:
    from integration.journal.opening import open_reader
    from integration.journal.trouble import Unavailable

    if not database:
        give_up("name the journal of the integration: --database FILE or postgresql://USER@HOST/NAME")
    try:
        reader = open_reader(database)
    except Unavailable as trouble:
        give_up(str(trouble), exits.COULD_NOT_RUN)
    try:
        return action(reader)
    finally:
        reader.close()


async def _ledger(config: Path | None, with_mocks: bool, workspace: Path, since_us: int) -> list[Any]:
    from integration.analytics.service import read
    from integration.service.configuration import Misconfigured, configured, read_section
    from integration.service.vendors import parts

    mocks = mocks_running.find(workspace) if with_mocks else None
    try:
        made = configured(read_section(config), os.environ, addresses=mocks.addresses if mocks else None)
    except Misconfigured as wrong:
        give_up(str(wrong))
    return await read(made, dict(parts(made.peers).systems), since_us)


def _now_us() -> int:
    from integration.drivers.clock import BusinessClock

    return BusinessClock().now_us()


# --- showing --------------------------------------------------------------------------------------------------------


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column, justify="right" if column in ("value", "amount", "count", "told", "ledger") else "left"
        )
    return table


def _figures(figures: Any) -> Table:
    table = _table("KPI", "figure", "unit", "count", "", "value")
    for each in figures:
        for index, (label, value) in enumerate(each.values or (("-", 0.0),)):
            head = (each.kpi, each.title, each.unit, str(each.count)) if index == 0 else ("", "", "", "")
            table.add_row(*head, label, f"{value:,.2f}" if each.values else "")
    return table


def _sums(sums: Any) -> Table:
    table = _table("measure", "entity", "currency", "period", "amount", "count")
    for each in sums:
        row = (each.measure, each.entity, each.currency, each.period)
        table.add_row(*row, _money(each.amount_minor, each.currency), str(each.documents))
    return table


def _money(amount_minor: int | None, currency: str) -> str:
    from domain.currency import UnknownCurrency
    from domain.money import said

    if amount_minor is None:
        return "-"
    try:
        return said(amount_minor, currency)
    except UnknownCurrency:
        return f"{amount_minor} {currency}"


def _remarks(store: Store, new: int) -> str:
    gaps, spoiled = store.gaps(), store.rows("SELECT count(*) FROM spoiled")[0][0]
    remarks = [f"{new} new events"]
    if gaps:
        remarks.append(f"{sum(missing for _, missing in gaps)} events of {len(gaps)} subjects are still missing")
    if spoiled:
        remarks.append(f"{spoiled} events lack what their type must say (table spoiled)")
    return "; ".join(remarks)


def _print_differences(found: Any, documents: int) -> None:
    if not found:
        click.echo(f"events and ledger agree on all {documents} documents")
        return
    table = _table("cause", "measure", "document", "entity", "period", "told", "ledger")
    for each in found:
        amounts = (_money(each.told_minor, each.currency), _money(each.ledger_minor, each.currency))
        table.add_row(each.cause, each.measure, each.key, each.entity, each.period, *amounts)
    standard_output().print(table)
