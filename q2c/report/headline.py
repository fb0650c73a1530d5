"""The headline: the verdict in one sentence that a controller understands, and the few numbers that matter."""

from __future__ import annotations

from contracts.checks.registry import BY_ID
from contracts.checks.under_way import advice
from contracts.checks.verdict import BROKEN, HOLDS, Result
from q2c.report.gathered import Gathered
from q2c.report.names import level, system
from web.blocks import Figure
from web.words import NOTHING, count, counted, duration, instant, listed

_NAMED_MAX = 4
_DUPLICATES = ("S1", "S2", "S3", "S4", "S5")
_UNDER_WAY = {
    "L2": ("accepted quote", "accepted quotes"),
    "L1": ("document", "documents"),
    "L3": ("invoice status for sales", "invoice statuses for sales"),
}
"""What each rule counts that was still under way; what S9 counts are some of the same quotes and documents."""
TONES = {"holds": "good", "broken": "bad", "unknown": "warn"}
WORDS = {"holds": "HOLDS", "broken": "BROKEN", "unknown": "UNKNOWN"}


def answer(gathered: Gathered) -> str:
    """Return the verdict in one sentence."""
    verdict = gathered.verdict
    lifecycles = counted(gathered.run.lifecycles, "lifecycle")
    if verdict.broken_safety:
        undone = (
            f"; besides, work was left undone ({listed(verdict.broken_liveness)})" if verdict.broken_liveness else ""
        )
        return f"Do not go live like this: over {lifecycles}, {_broken(gathered, verdict.broken_safety)}{undone}."
    if verdict.broken_liveness:
        return (
            f"Nothing was doubled, lost or misstated over {lifecycles}, but work was left undone; "
            f"{_broken(gathered, verdict.broken_liveness)}."
        )
    held = counted(sum(result.status == HOLDS for result in verdict.results), "rule")
    if verdict.status != HOLDS:
        return f"Nothing was broken over {lifecycles}, but {_unproved(gathered)}."
    kept = f"{_upper(held)} kept over {lifecycles}; nothing was lost, doubled or misstated."
    caveats = _caveats(gathered)
    return f"{_upper(listed(caveats))}. {kept}" if caveats else kept


def word(gathered: Gathered) -> str:
    """Return the verdict in a word; what holds and is still no plain go says so at once."""
    status = gathered.verdict.status
    return f"{WORDS[status]}, BUT" if status == HOLDS and _caveats(gathered) else WORDS[status]


def tone(gathered: Gathered) -> str:
    """Return how the verdict looks: green is only what needs no second look."""
    status = gathered.verdict.status
    return "warn" if status == HOLDS and _caveats(gathered) else TONES[status]


def _unproved(gathered: Gathered) -> str:
    """Say what was not proved: what a replay left on its way, and what to do about it, before all else."""
    unknown = [gathered.verdict.result(check) for check in gathered.verdict.unknown]
    cut = [result for result in unknown if result.under_way]
    rest = [f"{result.check} ({BY_ID[result.check].title})" for result in unknown if result not in cut]
    if not cut:
        return f"not everything was proved: {listed(rest[:_NAMED_MAX]) or 'no check was run'}"
    left = {result.check: result.under_way for result in cut}
    named = [counted(left[check], *nouns) for check, nouns in _UNDER_WAY.items() if check in left]
    named = named or [counted(max(left.values()), "document")]
    besides = f". Besides, not proved: {listed(rest[:_NAMED_MAX])}" if rest else ""
    return (
        f"the run ended with {listed(named)} still on the way, so this is no go yet: {advice(gathered.facts)}{besides}"
    )


def _caveats(gathered: Gathered) -> list[str]:
    """Say what a rule cannot break but a quarter-end can: signed in time, booked in the next quarter; slow service."""
    found = gathered.cut_off
    parts = [f"{counted(found.late, 'order')} slipped into the next quarter"] if found.late else []
    if found.held_over:
        parts.append(f"{counted(found.held_over, 'order')} stayed on credit hold past the cut-off")
    missed = list(dict.fromkeys(level(result) for result in gathered.slas if result.status == "missed"))
    if missed:
        parts.append(f"{counted(len(missed), 'service level is', 'service levels are')} missed: {listed(missed)}")
    return parts


def _broken(gathered: Gathered, checks: tuple[str, ...]) -> str:
    named = [_times(gathered.verdict.result(check)) for check in checks[:_NAMED_MAX]]
    rest = len(checks) - len(named)
    parts = [*named, f"{rest} more"] if rest else named
    return f"{counted(len(checks), 'rule is', 'rules are')} broken: {listed(parts)}"


def _times(result: Result) -> str:
    return f"“{BY_ID[result.check].title}” {'once' if result.broken == 1 else f'{count(result.broken)} times'}"


def figures(gathered: Gathered) -> tuple[Figure, ...]:
    """Return the numbers that matter: the cut-off, duplicates, money, and when billing had caught up."""
    return _cut_off(gathered), _duplicates(gathered), _money(gathered), _caught_up(gathered)


def _cut_off(gathered: Gathered) -> Figure:
    found = gathered.cut_off
    notes = []
    if found.waiting:
        notes.append(f"{count(found.waiting)} with credit, sales or people")
    if found.held_over:
        notes.append(f"{count(found.held_over)} on credit hold until after the cut-off")
    if found.late:
        notes.append(f"{count(found.late)} booked too late, in the wrong quarter")
    if found.missing:
        notes.append(f"{count(found.missing)} not booked at all")
    tone = "bad" if found.late or found.missing else "good" if found.signed and not found.held_over else "warn"
    value = f"{count(found.booked)} of {count(found.signed)}" if found.signed else NOTHING
    return Figure(
        label="Signed and booked in the quarter", value=value, tone=tone,
        note=listed(notes) if notes else "all that was signed before the cut-off",
    )  # fmt: skip


def _duplicates(gathered: Gathered) -> Figure:
    results = _results(gathered, _DUPLICATES)
    broken = sum(result.broken for result in results)
    examined = sum(result.examined for result in results)
    return Figure(
        label="Duplicate documents", value=count(broken), tone="bad" if broken else "good",
        note=f"{count(examined)} orders, invoices, captures and tax documents examined",
    )  # fmt: skip


def _money(gathered: Gathered) -> Figure:
    results = [result for result in gathered.verdict.results if result.check.startswith("M")]
    broken = [result for result in results if result.status == BROKEN]
    currencies = {row.currency for row in gathered.money.rows if row.currency}
    if broken:
        note = listed([BY_ID[result.check].title for result in broken][:_NAMED_MAX])
    else:
        note = f"{count(sum(result.examined for result in results))} amounts compared" + (
            f" in {', '.join(sorted(currencies))}" if currencies else ""
        )
    return Figure(
        label="Money differences (faults)", value=count(sum(result.broken for result in broken)),
        tone="bad" if broken else "good", note=note,
    )  # fmt: skip


def _caught_up(gathered: Gathered) -> Figure:
    drain = gathered.worst_drain
    if drain is None:
        return _booking_time(gathered)
    label = _upper(f"{system(drain.window.system)} caught up")
    if drain.took_us is None:
        waiting = counted(drain.backlog.level(gathered.context.horizon_us), "item")
        return Figure(label=label, value="never", note=f"still waiting: {waiting}, {drain.backlog.title}", tone="bad")
    note = f"up again {instant(drain.window.end_us)}; {counted(drain.peak, 'item')} waited at most"
    return Figure(label=label, value=f"in {duration(drain.took_us)}", note=note, tone="good")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _booking_time(gathered: Gathered) -> Figure:
    costs = gathered.costs
    longest = f"{duration(costs.calm_p50_us)}" if costs.calm_orders else NOTHING
    return Figure(label="From signature to booking, median", value=longest, note="no system was down in this run")


def _results(gathered: Gathered, checks: tuple[str, ...]) -> list[Result]:
    return [result for result in gathered.verdict.results if result.check in checks]
