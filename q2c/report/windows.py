"""Windows: the outages, brownouts and maintenance of a plan, as windows of time that a chart can shade."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.faults import Fault
from domain.history import Context
from q2c.report.names import summary, system
from web.words import between

OUTAGES = frozenset({"refused", "black_hole"})


class Window(msgspec.Struct, frozen=True):
    """A system in trouble from `start_us` to `end_us`; `is_outage` when it could not be reached at all."""

    kind: str
    system: str
    start_us: int
    end_us: int
    text: str

    @property
    def is_outage(self) -> bool:
        """Whether nothing got through."""
        return self.kind in OUTAGES

    @property
    def takes_nothing(self) -> bool:
        """Whether no work got done: an outage or maintenance."""
        return self.is_outage or self.kind == "maintenance"


def windows(context: Context) -> tuple[Window, ...]:
    """Return the windows of a plan in order of time; faults that last as long as the run's first phase are none."""
    found = {
        (fault.start_us, fault.end_us, fault.system, fault.kind): fault
        for fault in context.faults
        if fault.end_us and fault.end_us - fault.start_us < context.heal_us - context.at_us
    }
    return tuple(
        Window(kind, name, start_us, end_us, f"{_said(fault)}, {between(start_us, end_us)}")
        for (start_us, end_us, name, kind), fault in sorted(found.items(), key=lambda each: each[0])
    )


def troubles(windows: Iterable[Window]) -> list[Window]:
    """Return the windows with those that overlap made one where a system takes nothing: it is back after the last."""
    found: list[Window] = []
    open_at: dict[str, int] = {}
    for window in windows:
        place = open_at.get(window.system)
        if window.takes_nothing and place is not None and window.start_us <= found[place].end_us:
            found[place] = _one(found[place], window)
            continue
        if window.takes_nothing:
            open_at[window.system] = len(found)
        found.append(window)
    return found


def _one(first: Window, then: Window) -> Window:
    kind = first.kind if first.is_outage else then.kind
    end_us, text = max(first.end_us, then.end_us), f"{first.text}; {then.text}"
    return Window(kind, first.system, first.start_us, end_us, text)


def _said(fault: Fault) -> str:
    name = system(fault.system)
    if fault.kind in OUTAGES and fault.share_ppm == 1_000_000:
        return f"{name} is down"
    if fault.kind == "maintenance":
        return f"{name} is in maintenance"
    if fault.kind == "brownout":
        slower = f"{fault.factor:g} times slower" if fault.factor != 1 else "in trouble"
        return f"{name} is {slower}, {fault.share_ppm / 10_000:g} % of calls fail"
    return f"{name}: {summary(fault)}"
