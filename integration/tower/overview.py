"""The overview: promises and how fast their budgets burn, the funnel, the lags between systems, and what waits."""

from __future__ import annotations

from fractions import Fraction

from integration.exceptions import ExceptionCase
from integration.lanes import Standing
from integration.limits import CLOSED
from integration.observability.alerts import Alert
from integration.tower import queue
from integration.tower.board import Board, Pace
from integration.tower.burn import Meter
from integration.tower.frame import ago, query_href, site, span
from integration.tower.targets import BURN_RULES, EVENTS_MIN
from web import words
from web.blocks import Block, Cell, Figure, Figures, Section, Table, Text, columns, row
from web.site import SitePage

_STATES = {"page": ("page somebody", "bad"), "ticket": ("write a ticket", "warn"), "": ("in budget", "good")}


def overview(
    board: Board,
    cases: list[ExceptionCase],
    peers: list[Standing],
    alerts: list[Alert],
    now_us: int,
    trouble: list[str],
) -> SitePage:
    """Return the page that says how it is, on one screen."""
    now: tuple[Block, ...] = (_figures(board, cases, peers, alerts, now_us), *_alerts(alerts))
    if trouble:
        now = (Text(f"This process is not ready: {'; '.join(trouble)}.", "bad"), *now)
    return site(
        "How quote to cash is doing", "", Section("now", "Now", now),
        Section("promises", "Promises", (_promises(board, now_us), Text(_EXPLAINED))),
        Section("funnel", "From quote to cash", (_funnel(board),)),
        Section("lags", "Lag between systems", (_lags(board, now_us),)),
        Section("ageing", "Open exceptions by age", (_ageing(cases, now_us),)),
    )  # fmt: skip


_EXPLAINED = (
    "Burn says how many times too fast an error budget is spent. Somebody is paged at "
    "14.4 over 1 h and 5 min or 6 over 6 h and 30 min, a ticket is due at 3 over 1 d and 2 h or 1 over 3 d and 6 h, "
    f"on at least {EVENTS_MIN} items."
)


def _alerts(alerts: list[Alert]) -> tuple[Block, ...]:
    if not alerts:
        return ()
    rows = tuple(
        row(
            Cell(each.severity, "bad" if each.severity == "page" else "warn"),
            words.sentence(each.sentence),
            words.sentence(each.advice),
        )
        for each in alerts
    )
    return (Table(caption="Alerts", columns=columns("How urgent", "What is wrong", "What to do"), rows=rows),)


def news(cases: list[ExceptionCase], peers: list[Standing], alerts: list[Alert], now_us: int) -> str:
    """Return one sentence about now, for whoever does not see the page change."""
    late = sum(case.due_us < now_us and not case.waiting_since_us for case in cases)
    parts = [f"{words.counted(len(cases), 'open case')}, {late} late"]
    down = [each.system for each in peers if each.state != CLOSED]
    parts.append(f"no answer from {words.listed(down)}" if down else "all peers answer")
    pages = sum(alert.severity == "page" for alert in alerts)
    if alerts:
        parts.append(f"{words.counted(len(alerts), 'alert')}, {pages} of them to page somebody")
    return "; ".join(parts) + "."


def _figures(
    board: Board, cases: list[ExceptionCase], peers: list[Standing], alerts: list[Alert], now_us: int
) -> Figures:
    late = sum(case.due_us < now_us and not case.waiting_since_us for case in cases)
    nobody = sum(not case.assignee for case in cases)
    letters = sum(case.is_dead_letter for case in cases)
    down = [each.system for each in peers if each.state != CLOSED]
    urgencies = [alert.severity for alert in alerts]
    way = sum(len(board.paces[leg].open) for leg in ("booking", "posting", "applying"))
    tone = "bad" if late else "warn" if cases else "good"
    return Figures((
        Figure(label="Alerts", value=str(len(alerts)), note=words.listed(sorted(set(urgencies))) or "nothing is wrong",
               tone="bad" if "page" in urgencies else "warn" if alerts else "good"),
        Figure(label="Open exceptions", value=words.count(len(cases)), tone=tone,
               note=f"{late} late, {nobody} with nobody"),
        Figure(label="Dead letters", value=words.count(letters), tone="warn" if letters else "good"),
        Figure(label="Peers that do not answer", value=str(len(down)), tone="bad" if down else "good",
               note=words.listed(down) or "all answer"),
        Figure(label="On their way", value=words.count(way), note="orders, invoices, payments"),
        Figure(label="Differences in money", value=str(len(board.books.differences)), note="documents",
               tone="bad" if board.books.differences else "good"),
    ))  # fmt: skip


def _promises(board: Board, now_us: int) -> Table:
    titles = columns("Promise", "State", "Target", "#Kept in 3 d", "#On their way", "#At risk", *(
        f"#Burn {_window(rule.long_seconds)}" for rule in BURN_RULES
    ))  # fmt: skip
    rows = tuple(_promise(pace, meter, now_us) for pace, meter in board.meters())
    return Table(caption="Promises, and how fast their budgets burn", columns=titles, rows=rows)


def _window(seconds: int) -> str:
    return words.duration(seconds * 1_000_000)


def _promise(pace: Pace, meter: Meter, now_us: int) -> tuple[Cell, ...]:
    objective = meter.objective
    within = meter.within(BURN_RULES[-1].long_seconds, now_us)
    limit = _window(objective.seconds) if objective.seconds else "their due time"
    at_risk = pace.at_risk(now_us)
    text, tone = _STATES[meter.alert(now_us)] if within.total else ("no items yet", "")
    return row(
        f"{objective.sla} {objective.title.lower()}", Cell(text, tone) if tone else text,
        f"{float(objective.percent):g} % in {limit}",
        words.share(within.total - within.bad, within.total), words.count(len(pace.open)),
        Cell(str(at_risk), "warn") if at_risk else "0",
        *(_rate(each.long) if each.total else words.NOTHING for each in meter.burning(now_us)),
    )  # fmt: skip


def _rate(rate: Fraction) -> str:
    return f"{float(rate):.1f}"


def _funnel(board: Board) -> Table:
    funnel = board.funnel()
    most = funnel[0][2]
    rows = []
    for place, (stage, system, count) in enumerate(funnel):
        later = max((number for _, _, number in funnel[place + 1 :]), default=0)
        if not count and later:
            rows.append(row(stage, system, words.NOTHING, Cell("nobody tells this step")))
            continue
        width = count * 1000 // most if most else 0
        rows.append(row(stage, system, words.count(count), Cell(words.share(count, most), bar=(0, width))))
    titles = columns("Step", "Told by", "#Orders", "Share of what was accepted")
    return Table(caption="How far accepted quotes came", columns=titles, rows=tuple(rows))


def _lags(board: Board, now_us: int) -> Table:
    titles = columns("From", "To", "What waits", "#Now", "Oldest", "#Median", "#95 of 100", "#Done")
    rows = []
    for pace in board.told():
        leg, oldest = pace.leg, pace.oldest()
        txn = pace.txns.get(oldest[0], "") if oldest else ""
        age = ago(oldest[1], now_us) if oldest else words.NOTHING
        rows.append(row(
            leg.source, leg.target, leg.waiting, words.count(len(pace.open)),
            Cell(age, href=query_href("transactions", {"find": txn}), label=f"{age}, {txn}") if txn else age,
            span(pace.lag_us(50, now_us)), span(pace.lag_us(95, now_us)), words.count(pace.ended),
        ))  # fmt: skip
    return Table(caption="How long it takes from one system to the next, of the last day", columns=titles,
                 rows=tuple(rows))  # fmt: skip


def _ageing(cases: list[ExceptionCase], now_us: int) -> Table:
    ages = queue.by_age(cases, now_us)
    most = max((count for _, count in ages), default=0)
    rows = tuple(
        row(name, words.count(count), Cell("", bar=(0, count * 1000 // most if most else 0))) for name, count in ages
    )
    return Table(caption="Open exceptions by age", columns=columns("Age", "#Cases", "Share"), rows=rows)
