"""The reference integration as a whole: a small rehearsal, the same with changed answers, the same with messages twice.

Orders of members, new members, other spellings of instants and numbers, and second deliveries must make no difference
to what is booked, billed, paid and delivered in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from contracts.findings import Finding, Place, Progress, Tally
from contracts.responses.collecting import small
from contracts.responses.drafts import drafted, finished
from contracts.responses.mutators import BY_NAME, Mutator, changed
from contracts.responses.oracles import difference
from contracts.responses.reference import MANNERS
from contracts.responses.shapes import Shape, learned
from contracts.responses.suite import RULES
from domain.history import Changed, Record
from domain.http import Reply, Request
from integration.drivers.simpy_driver import Result
from integration.effects import Call
from integration.process import Integration
from simulator.rehearsal import Rehearsal

State = Mapping[str, object]
"""The last state of every document: system, kind and id to status and content."""
CASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "members": ("unknown_field", "key_order", "absent_to_null", "null_to_absent"),
        "spellings": ("tz_offset", "trailing_zeros", "ascii", "indented", "charset", "other_2xx"),
        "delivered_twice": (),
    }
)
"""What is changed in every answer of a run at once; nothing is in the one in which messages come twice."""
TWICE = "delivered_twice"
_RULES = {TWICE: "RESP-06"}


class _Kept:
    """The recorder: keeps the last state of every document."""

    def __init__(self) -> None:
        self.state: dict[str, object] = {}

    def add(self, record: Record) -> None:
        """Hear of one record."""
        if isinstance(record, Changed):
            self.state[f"{record.system} {record.kind} {record.id}"] = (record.status, str(record.document))


class _Changing(Rehearsal):
    """A rehearsal whose answers are changed before the integration reads them."""

    mutators: tuple[Mutator, ...] = ()

    def _send(self, request: Request, call: Call, done: Callable[[Result], None]) -> None:
        super()._send(request, call, lambda result: done(self._read(call, result)))

    def _read(self, call: Call, result: Result) -> Result:
        if not isinstance(result, Reply) or result.status >= 300 or call.system not in MANNERS:
            return result
        manner = MANNERS[call.system]
        possible = tuple(mutator for mutator in self.mutators if mutator.name not in manner.never)
        draft = drafted(result)
        found = changed(
            draft, possible, _shape(call.system) if draft.raw is not None else learned([draft.tree], manner)
        )
        return result if found is None else finished(found)


@cache
def _shape(system: str) -> Shape:
    return learned([], MANNERS[system])


class _Twice:
    """The door of the integration: whatever comes in comes in again at once."""

    def __init__(self, inner: Integration) -> None:
        self._inner = inner

    def receive(self, request: Request) -> Reply | None:
        """Take a message in, and take it in once more."""
        reply = self._inner.receive(request)
        self._inner.receive(request)
        return reply


def outcome(mutators: tuple[str, ...] = (), is_twice: bool = False) -> State:
    """Return the business state in which a small rehearsal ends, with changed answers or with messages twice."""
    kept = _Kept()
    rehearsal = _Changing(small(), kept)
    rehearsal.mutators = tuple(BY_NAME[name] for name in mutators)
    if is_twice:
        rehearsal.network.intake = _Twice(rehearsal.integration)
    rehearsal.run(steps=1)
    return kept.state


@cache
def _plain() -> State:
    """Return the business state of the plain run: the same each time, so that it is rehearsed once."""
    return outcome()


class Rehearsed:
    """The suite: every case against the plain run."""

    name = "responses of the reference integration, rehearsed"

    def __init__(self, cases: Mapping[str, tuple[str, ...]] = CASES) -> None:
        self._cases = cases

    def run(self, progress: Progress) -> Tally:
        """Rehearse each case."""
        before, findings, passed = _plain(), [], []
        for number, (case, mutators) in enumerate(self._cases.items(), 1):
            after = outcome(mutators, case == TWICE)
            progress(number, len(self._cases))
            if after == before:
                passed.append(case)
            else:
                findings.append(_finding(case, difference(before, after)))
        could_not = "" if before else "nothing happened in the rehearsal; nothing could be compared."
        checked = len(self._cases) if before else 0
        return Tally(
            suite=self.name, checked=checked, findings=tuple(findings), passed=tuple(passed), could_not_run=could_not
        )


def _finding(case: str, told: str) -> Finding:
    rule = RULES[_RULES.get(case, "RESP-01")]
    return Finding(
        rule=rule.id, severity="error", subject=f"rehearsal {case}", detail=case,
        message=f"{case}: it ends in another business state: {told}. {rule.sentence.capitalize()}.",
        place=Place("contracts/responses/rehearsed.py", 1),
    )  # fmt: skip
