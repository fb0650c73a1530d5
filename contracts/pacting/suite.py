"""The suite of `q2c verify` that asks a provider whether it holds its pacts: the mocks, or any other by address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from contracts.compatibility.documents import Unusable
from contracts.findings import Finding, Place, Progress, Rule, Tally
from contracts.pacting.verification import CouldNotRun, Provider, Verified, verify

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(id="pact.broken", sentence="A provider answers as the pact says.", why="Its consumer reads that reply."),
        Rule(
            id="pact.state-failed", sentence="A provider can be brought into the state of an interaction.",
            why="What was asked in another state proves nothing.",
        ),
        Rule(
            id="pact.not-verified", sentence="Every interaction of a pact is verified.",
            why="Pact passes when a name is wrong or a filter matches nothing (pact-ruby#411).",
        ),
        Rule(
            id="pact.pending", severity="warning", sentence="What is pending may fail, and is told apart.",
            why="It is agreed on and not built yet. It does not break anybody, and it is not deployable.",
        ),
    )
}  # fmt: skip


class PactsOfProvider:
    """The suite for one provider: the files it is verified against, and how."""

    def __init__(self, provider: Provider, files: Sequence[Path]) -> None:
        self.name = f"pacts of {provider.name}"
        self._provider, self._files = provider, tuple(files)

    def run(self, progress: Progress) -> Tally:
        """Verify; an address where nobody answers is said, not a broken contract."""
        return tallied(self.name, lambda: verify(self._provider, self._files), progress)


class PactsOfMocks:
    """The suite for the mocks: each served on loopback and verified against its own pacts, messages included."""

    def __init__(self, files: Sequence[Path], only: Sequence[str] = ()) -> None:
        self.name = "pacts of the mocks"
        self._files, self._only = tuple(files), tuple(only)

    def run(self, progress: Progress) -> Tally:
        """Verify all pacts whose provider is one of the mocks or the integration's own events."""
        from contracts.pacting.of_mocks import of_mocks

        return tallied(self.name, lambda: of_mocks(self._files, self._only, progress), progress)


def tallied(name: str, work: Callable[[], list[Verified]], progress: Progress) -> Tally:
    """Return the tally of a verification; what could not be done is a sentence in it."""
    try:
        verified = work()
    except (Unusable, CouldNotRun) as refusal:
        return Tally(suite=name, checked=0, could_not_run=str(refusal))
    progress(len(verified), len(verified))
    findings = tuple(_finding(each) for each in verified if not each.held)
    passed = tuple(f"{each.provider}: {each.description} ({', '.join(each.states)})" for each in verified if each.held)
    return Tally(suite=name, checked=len(verified), findings=findings, passed=passed)


def _finding(each: Verified) -> Finding:
    rule = "pact.broken"
    if each.cause:
        rule = "pact.state-failed" if "state" in each.cause else "pact.not-verified"
    if each.pending:
        rule = "pact.pending"
    said = (
        each.cause or "; ".join(each.mismatches[:3]) or "the verifier of Pact says that it does not hold, and no more"
    )
    more = f" (and {len(each.mismatches) - 3} more)" if len(each.mismatches) > 3 else ""
    return Finding(
        rule=rule, severity=RULES[rule].severity, subject=f"{each.provider}: {each.description}",
        message=f"{each.consumer} expects, in {_named(each.states)}: {said}{more}",
        place=Place(each.file, pointer=each.pointer), evidence=each.mismatches[:20],
        detail=",".join(each.states),
    )  # fmt: skip


def _named(states: tuple[str, ...]) -> str:
    return f"the state {', '.join(states)}" if states else "any state"


__all__ = ["RULES", "PactsOfMocks", "PactsOfProvider", "tallied"]
