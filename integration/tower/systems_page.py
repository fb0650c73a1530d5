"""Peers, money and backlog as pages: how the systems are doing, whether they agree, and what waits inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.money import said
from integration.journal.protocol import OPEN, WorkerRow
from integration.journal.reading import Counts
from integration.lanes import Standing
from integration.limits import CLOSED
from integration.limits import OPEN as BREAKER_OPEN
from integration.settings import SystemLimits
from integration.tower.board import Board, Books, Money
from integration.tower.calls import Tally
from integration.tower.frame import ago, site, span, txn_cell
from integration.tower.targets import TELLINGS, Telling
from web import words
from web.blocks import Block, Cell, Section, Table, Text, columns, row
from web.site import SitePage

ROWS_SHOWN = 100

# --- peers ----------------------------------------------------------------------------------------------------------


def peers(
    standings: list[Standing],
    addresses: Mapping[str, str],
    tallies: Mapping[str, Tally],
    limits: Mapping[str, SystemLimits],
    workers: list[WorkerRow],
    now_us: int,
) -> SitePage:
    """Return the page of the systems of record and of the processes that work on the journal."""
    return site(
        "Peers", "peers",
        Section("standing", "How they are doing", (_standings(standings, addresses, now_us),)),
        Section("calls", "Calls of this process", (_calls(tallies),)),
        Section("limits", "Limits", (_limits(limits),)),
        Section("workers", "Processes", (_workers(workers),)),
        lede="As seen from this process: breakers, limits and outages. Calls are counted since it started.",
    )  # fmt: skip


_BREAKERS = {CLOSED: ("answers", "good"), BREAKER_OPEN: ("does not answer", "bad")}


def _standings(standings: list[Standing], addresses: Mapping[str, str], now_us: int) -> Table:
    titles = columns(
        "System", "Address", "State", "Since", "Next probe", "#On the wire", "#Held back", "Token", "Trouble"
    )
    rows = []
    for each in standings:
        text, tone = _BREAKERS.get(each.state, ("is probed", "warn"))
        slots = f"{each.in_flight} of {each.slots}" if each.slots else str(each.in_flight)
        held = f", until {ago(each.held_until_us, now_us)}" if each.held_until_us > now_us else ""
        trouble = f"{each.trouble}, {ago(each.trouble_us, now_us)}" if each.trouble else words.NOTHING
        probe = ago(each.probe_us, now_us) if each.state == BREAKER_OPEN else words.NOTHING
        rows.append(row(
            each.system, addresses.get(each.system, words.NOTHING), Cell(text, tone),
            ago(each.since_us, now_us) if each.since_us else "always", probe, slots, f"{each.waiting}{held}",
            each.token, trouble,
        ))  # fmt: skip
    return Table(caption="Systems of record", columns=titles, rows=tuple(rows), empty="None has been called yet.")


def _calls(tallies: Mapping[str, Tally]) -> Table:
    titles = columns(
        "System", "#Sent", "#Answered", "#Refused", "#Throttled", "#Unknown", "#Repeated", "#Median", "#95 of 100"
    )
    rows = tuple(
        row(
            name, words.count(tally.sent), words.count(tally.answered), words.count(tally.refused),
            words.count(tally.throttled), Cell(words.count(tally.unknown), "warn") if tally.unknown else "0",
            words.count(tally.retries), span(tally.span_us(50)), span(tally.span_us(95)),
        )
        for name, tally in sorted(tallies.items())
    )  # fmt: skip
    return Table(caption="Attempts by system", columns=titles, rows=rows, empty="No call has been made yet.")


def _limits(limits: Mapping[str, SystemLimits]) -> Table:
    titles = columns("System", "What the licence grants", "#Our share")
    rows = []
    for name, limit in sorted(limits.items()):
        parts = [f"{words.count(limit.requests)} in {limit.window_seconds} s"] if limit.requests else []
        parts += [f"{limit.concurrent} at once"] if limit.concurrent else []
        rows.append(row(name, words.listed(parts) or "no limit", f"{limit.share_percent} %"))
    return Table(caption="Limits that we keep", columns=titles, rows=tuple(rows))


def _workers(workers: list[WorkerRow]) -> Table:
    rows = tuple(row(str(each.epoch), each.name or "this process", words.count(each.flows)) for each in workers)
    return Table(
        caption="Processes that may write to the journal", columns=columns("#Epoch", "Name", "#Flows"), rows=rows
    )


# --- money ----------------------------------------------------------------------------------------------------------


def money(books: Books, at_close: Sequence[tuple[str, str, int]]) -> SitePage:
    """Return the reconciliation: money by entity and currency as each system told it, and where they do not agree.

    `at_close` are the differences (what, currency, minor units) that the last close of a day found in the ledgers.
    """
    differences: tuple[Block, ...] = (_differences(books),)
    if not books.differences:
        differences = (Text("No two systems told different amounts of one document.", "good"), *differences)
    return site(
        "Money", "money", Section("totals", "As each system told it", _totals(books)),
        Section("differences", "Documents that differ", differences),
        Section("lacking", "Told by one side only", (_lacking(books), _lacking_documents(books))),
        Section("ledgers", "Against the ledgers", (_at_close(at_close),)),
        lede="Amounts come from the facts that each system told, in the currency of the document.",
    )  # fmt: skip


def _totals(books: Books) -> tuple[Block, ...]:
    """Return a table for each pair of systems that have to tell the same."""
    pairs = [
        (next(one for one in TELLINGS if one.id == each.agrees_with), each) for each in TELLINGS if each.agrees_with
    ]
    return tuple(_pair(books, first, second) for first, second in pairs)


def _pair(books: Books, first: Telling, second: Telling) -> Table:
    rows = []
    for (entity, currency), sums in sorted(books.totals.items()):
        one, other = sums.get(first.id, Money()), sums.get(second.id, Money())
        if not (one.count or other.count):
            continue
        difference = other.amount_minor - one.amount_minor
        rows.append(row(
            entity, currency, words.count(one.count), said(one.amount_minor, currency), words.count(other.count),
            said(other.amount_minor, currency), Cell(said(difference, currency), "warn" if difference else "good"),
        ))  # fmt: skip
    titles = columns(
        "Entity", "Currency", f"#{first.title.capitalize()}", f"#Told by {first.system}",
        f"#{second.title.capitalize()}", f"#Told by {second.system}", "#Difference",
    )  # fmt: skip
    net = ", without tax" if second.less else ""
    caption = f"{first.title.capitalize()} and {second.title}{net}"
    return Table(caption=caption, columns=titles, rows=tuple(rows), empty="Nobody has told of it yet.")


def _differences(books: Books) -> Table:
    titles = columns("Document", "Transaction", "Entity", "One side", "#Amount", "Other side", "#Amount", "#Difference")
    rows = tuple(
        row(
            each.document, txn_cell(each.txn), each.entity, each.first, said(each.first_minor, each.currency),
            each.second, said(each.second_minor, each.currency),
            Cell(said(each.second_minor - each.first_minor, each.currency), "bad"),
        )
        for each in books.differences[-ROWS_SHOWN:]
    )  # fmt: skip
    caption = f"Different amounts of one document ({words.count(len(books.differences))})"
    return Table(caption=caption, columns=titles, rows=rows, empty="None.")


def _lacking(books: Books) -> Table:
    rows = []
    for each in TELLINGS:
        other = each.agrees_with or next((one.id for one in TELLINGS if one.agrees_with == each.id), "")
        sums: dict[tuple[str, str], list[int]] = {}
        for amount_minor, currency, entity, _ in books.lacking.get(each.id, {}).values():
            sums.setdefault((entity, currency), []).append(amount_minor)
        for (entity, currency), amounts in sorted(sums.items()):
            rows.append(row(f"{each.title}, not {_title(other)}", each.system, entity, words.count(len(amounts)),
                            said(sum(amounts), currency)))  # fmt: skip
    titles = columns("What", "Told by", "Entity", "#Documents", "#Amount")
    return Table(caption="What one side lacks", columns=titles, rows=tuple(rows), empty="Both sides told everything.")


def _lacking_documents(books: Books) -> Table:
    rows = [
        row(document, txn_cell(txn), f"{each.title}, told by {each.system}", entity, said(amount_minor, currency))
        for each in TELLINGS
        for document, (amount_minor, currency, entity, txn) in list(books.lacking.get(each.id, {}).items())[:ROWS_SHOWN]
    ]
    titles = columns("Document", "Transaction", "What", "Entity", "#Amount")
    return Table(caption=f"The oldest {ROWS_SHOWN} of each at most", columns=titles, rows=tuple(rows), empty="None.")


def _at_close(differences: Sequence[tuple[str, str, int]]) -> Table:
    rows = tuple(row(pair, Cell(said(minor, currency), "bad")) for pair, currency, minor in differences[:ROWS_SHOWN])
    return Table(
        caption="Differences between events and ledgers at the last close of a day",
        columns=columns("What", "#Difference"), rows=rows, empty="None was found, or no day has been closed yet.",
    )  # fmt: skip


def _title(telling: str) -> str:
    return next((each.title for each in TELLINGS if each.id == telling), telling)


# --- backlog --------------------------------------------------------------------------------------------------------


def backlog(counts: Counts, board: Board, behind: bool) -> SitePage:
    """Return the page of what waits inside the integration."""
    names = sorted({name for name, _ in counts.flows})
    rows = tuple(
        row(
            name,
            *(words.count(counts.flows.get((name, status), 0)) for status in OPEN),
            words.count(_over(counts, name)),
        )
        for name in names
    )
    flows = Table(
        caption="Flows by kind", columns=columns("Kind", *(f"#{status}" for status in OPEN), "#Over"), rows=rows,
        empty="No flow has begun yet.",
    )  # fmt: skip
    inside = Table(
        caption="Messages and events", columns=columns("What", "#Number"),
        rows=(
            row("messages that a flow has yet to take", words.count(counts.waiting_messages)),
            row("events that have yet to reach our own flows", words.count(counts.unsent_events)),
            row("events folded into these figures", words.count(board.taken)),
        ),
    )  # fmt: skip
    waits = Table(
        caption="Between systems", columns=columns("What waits", "Which way", "#Now"),
        rows=tuple(
            row(pace.leg.waiting, f"{pace.leg.source} to {pace.leg.target}", words.count(len(pace.open)))
            for pace in board.told()
        ),
    )  # fmt: skip
    behind_text = (Text("The figures are being folded from the event log; they are not complete yet.", "warn"),)
    return site(
        "Backlog", "backlog", Section("between", "Between systems", (*(behind_text if behind else ()), waits)),
        Section("inside", "Inside the integration", (flows, inside)),
    )  # fmt: skip


def _over(counts: Counts, name: str) -> int:
    return sum(number for (kind, status), number in counts.flows.items() if kind == name and status not in OPEN)
