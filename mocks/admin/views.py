"""The views of what can be changed: the world, faults, limits, drifts and the clock, as blocks."""

from __future__ import annotations

from collections.abc import Mapping

from domain.faults import LIVE, Fault, Place
from mocks.admin import state
from mocks.admin.control import Control
from mocks.admin.frame import ANY_SYSTEM, at, site
from mocks.admin.shapes import DriftRow, PlannedFault
from mocks.doors.clock import Reading
from mocks.kernel.limits import LimitPolicy
from mocks.world import SYSTEMS
from web import words
from web.blocks import Block, Cell, Figure, Figures, Section, Table, Text, columns
from web.blocks import row as cells
from web.forms import Field, Form, Links
from web.site import SitePage

_KINDS = tuple(LIVE.values())

# --- overview -----------------------------------------------------------------------------------------------------


def overview(control: Control) -> SitePage:
    """Return the page of all services."""
    live, counts = control.live, control.requests.counts()
    reading, log = live.clock.reading(), control.deliveries()
    figures = Figures((
        Figure(label="Time of the world", value=at(reading.now_us), note=running(reading),
               tone="warn" if reading.frozen else ""),
        Figure(label="Requests", value=words.count(sum(counts.values())), note="since the world began"),
        Figure(label="Messages", value=words.count(len(log.attempts)), note=f"{len(log.waiting)} on their way"),
        Figure(label="Faults", value=str(len(live.world.plan.faults)), tone="bad" if live.world.plan.faults else "",
               note=f"{words.counted(len(live.drifts.names), 'drift')} on"),
    ))  # fmt: skip
    return site(
        "The running world", "/ui/", Section("now", "Now", (figures,)),
        Section("services", "Services", (_services(control, counts), _doors(control.addresses))),
        Section("world", "The whole world", _whole_world(control)), follows=True,
    )  # fmt: skip


def running(reading: Reading) -> str:
    """Return how a clock runs, in words."""
    if reading.frozen:
        return "frozen"
    return "runs as the wall clock does" if reading.speed == 1 else f"runs {reading.speed:g} times as fast"


def _services(control: Control, counts: Mapping[str, int]) -> Table:
    limits = control.limits()
    rows = []
    for name, service in control.live.services.items():
        entries = sum(state.kinds(service).values())
        rows.append(cells(
            Cell(name, href=f"/ui/documents#{name}"), control.addresses.get(name, words.NOTHING),
            control.addresses.get(f"{name}_tls", words.NOTHING),
            Cell(words.count(counts.get(name, 0)), href=f"/ui/journal?system={name}"), words.count(entries),
            limit_words(limits[name]), Cell("OpenAPI", href=f"/openapi/{name}.json", label=f"OpenAPI of {name}"),
        ))  # fmt: skip
    titles = columns("System", "Address", "With TLS", "#Requests", "#Documents", "Limits", "Dialect")
    return Table(caption="Systems of record", columns=titles, rows=tuple(rows))


def _doors(addresses: Mapping[str, str]) -> Block:
    others = {name: url for name, url in addresses.items() if name.removesuffix("_tls") not in SYSTEMS}
    return Table(
        caption="Other doors", columns=columns("Door", "Address"),
        rows=tuple(cells(name, url) for name, url in others.items()), empty="None is open.",
    )  # fmt: skip


def limit_words(policy: LimitPolicy) -> str:
    """Return what a system tolerates, in words."""
    parts = []
    if policy.requests:
        parts.append(f"{words.count(policy.requests)} in {policy.window_seconds} s")
    if policy.concurrent:
        parts.append(f"{policy.concurrent} at once")
    return ", ".join(parts) or "none"


def _whole_world(control: Control) -> tuple[Block, ...]:
    seed = Field(name="seed", label="Seed", note=f"empty keeps {control.live.settings.seed}")
    blocks: list[Block] = [
        Links((("Download a snapshot", "/snapshot"), ("OpenAPI of this API", "/openapi.json"))),
        Form(id="reset", action="/ui/reset", button="Empty the world", fields=(seed,),
             confirm="Everything in this world will be gone. Empty it?"),
    ]  # fmt: skip
    if control.seeds is not None:
        fields = (
            Field(name="scenario", label="Scenario", value="quarter_end"),
            Field(name="subscriptions", label="Live subscriptions", kind="number", value="5"),
        )
        blocks.append(Form(id="seed", action="/ui/seed", button="Fill it with a company", fields=fields))
    return tuple(blocks)


# --- faults, limits, drifts ---------------------------------------------------------------------------------------


def faults(control: Control) -> SitePage:
    """Return the page of faults."""
    planned = control.faults()
    now_us = control.live.clock.now_us()
    fields = (
        Field(name="kind", label="Kind", kind="select", value="error_after",
              options=tuple((kind.key, f"{kind.key} ({kind.place.value})") for kind in _KINDS)),
        Field(name="system", label="System", kind="select", options=ANY_SYSTEM),
        Field(name="operation", label="Operation", note="or topic of a message; empty: every one"),
        Field(name="txn", label="Transaction", note="empty: every one"),
        Field(name="share_percent", label="Share in percent", value="100"),
        Field(name="nth", label="Only the nth call", kind="number", note="of each transaction"),
        Field(name="in_seconds", label="Begins in seconds", kind="number"),
        Field(name="for_seconds", label="Lasts seconds", kind="number", note="empty: until it is taken off"),
        Field(name="seconds", label="Seconds of its own", kind="number", note="delay, Retry-After, pause"),
        Field(name="count", label="Count of its own", kind="number", note="copies of a message"),
        Field(name="factor", label="Factor", note="of a brownout"),
    )  # fmt: skip
    on: list[Block] = [_planned(planned, now_us)]
    if planned:
        on.append(Form(id="clear", action="/ui/faults/clear", button="Take all off"))
    catalogue = Table(
        caption="What can go wrong", columns=columns("Kind", "Strikes", "What happens"),
        rows=tuple(cells(kind.key, _PLACES[kind.place], kind.summary) for kind in _KINDS),
    )  # fmt: skip
    add = Form(id="fault", action="/ui/faults/add", button="Put it on", fields=fields)
    return site(
        "Faults", "/ui/faults", Section("on", "On", tuple(on)), Section("add", "Put one on", (add,)),
        Section("kinds", "Kinds", (catalogue,)),
        lede="The first fault of the plan that fits a request strikes. Chance is drawn from the seed.",
    )  # fmt: skip


_PLACES = {
    Place.NETWORK: "on the way in",
    Place.BEFORE: "before the commit",
    Place.AFTER: "after the commit",
    Place.WEBHOOK: "messages",
}


def _planned(planned: list[PlannedFault], now_us: int) -> Table:
    titles = columns("Kind", "System", "Operation", "When", "Share", "#Struck", "")
    return Table(caption="Faults that are on", columns=titles, empty="None: everything works.", rows=tuple(
        cells(
            each.fault.kind, each.fault.system or "all", each.fault.operation or "all", _window(each.fault, now_us),
            _share(each.fault), words.count(each.struck),
            Cell("Take off", action=f"/ui/faults/{each.index}/remove", label=f"Take off {each.fault.kind}"),
        )
        for each in planned
    ))  # fmt: skip


def _window(fault: Fault, now_us: int) -> str:
    if not (fault.start_us or fault.end_us):
        return "always"
    if fault.end_us <= now_us:
        return "over"
    since = at(fault.start_us) if fault.start_us > now_us else "now"
    return f"{since} until {at(fault.end_us)}" if fault.end_us < 2**60 else f"from {since}"


def _share(fault: Fault) -> str:
    if fault.nth:
        return f"call {fault.nth} only"
    share = words.share(fault.share_ppm, 1_000_000)
    return f"{share}, {fault.txn}" if fault.txn else share


def limits(policies: Mapping[str, LimitPolicy]) -> SitePage:
    """Return the page of limits."""
    sections = []
    for name, policy in policies.items():
        fields = tuple(
            Field(name=field, label=label, kind="number", value=str(getattr(policy, field)))
            for field, label in (
                ("requests", "Requests in a window"), ("window_seconds", "Window in seconds"),
                ("concurrent", "Requests at once"), ("retry_after_seconds", "Retry-After in seconds"),
            )
        )  # fmt: skip
        form = Form(id=f"limit-{name}", action=f"/ui/limits/{name}", button=f"Change {name}", fields=fields)
        sections.append(Section(name, name, (form,)))
    return site("Limits", "/ui/limits", *sections, lede="What each system tolerates; 0 is no limit.")


def drifts(rows: list[DriftRow]) -> SitePage:
    """Return the page of drifts."""
    fields = tuple(
        Field(name="names", kind="checkbox", value=row.name, label=f"{row.name} ({row.system})", checked=row.on,
              note=f"{words.sentence(row.summary)} Breaks {row.breaks}. Since: {row.since}.")
        for row in rows
    )  # fmt: skip
    form = Form(id="drifts", action="/ui/drifts", button="Let these be on, and no others", fields=fields)
    lede = "What vendors release and administrators change: rehearse it before it happens."
    return site("Drifts", "/ui/drifts", Section("switches", "Switches", (form,)), lede=lede)


# --- time --------------------------------------------------------------------------------------------

_STRIDES = (("1 minute", 60), ("1 hour", 3_600), ("1 day", 86_400), ("30 days", 2_592_000))


def clock(reading: Reading) -> SitePage:
    """Return the page of the clock."""
    shown = Figures((
        Figure(label="Time of the world", value=words.instant_with_year(reading.now_us), note=running(reading),
               tone="warn" if reading.frozen else "good"),
        Figure(label="Ahead of the wall clock", value=words.duration(reading.offset_us)),
    ))  # fmt: skip
    strides = tuple(
        Form(id=f"advance-{seconds}", action="/ui/clock", button=f"Advance {text}", narrow=True,
             fields=(Field(name="advance_seconds", kind="hidden", value=str(seconds)),))
        for text, seconds in _STRIDES
    )  # fmt: skip
    by = Field(name="advance_seconds", label="Seconds", kind="number", value="600")
    speed = Field(name="speed", label="World seconds in a second", kind="number", value=f"{reading.speed:g}")
    stop = Form(id="freeze", action="/ui/clock", button="Freeze",
                fields=(Field(name="freeze", kind="hidden", value="true"),))  # fmt: skip
    return site(
        "Clock", "/ui/clock", Section("now", "Now", (shown,)),
        Section("advance", "Advance", (
            Text("All that is due on the way happens in order, each thing at its own instant."), *strides,
            Form(id="stride", action="/ui/clock", button="Advance", fields=(by,)),
        )),
        Section("run", "Stop and run", (
            stop, Form(id="pace", action="/ui/clock", button="Run", fields=(speed,)),
        )),
        follows=True,
    )  # fmt: skip
