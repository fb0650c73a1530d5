"""The rules of governance: what must hold of a registry, and of whatever is told, used or written."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from contracts.findings import Finding, Place, Rule, Severity

_ROWS: tuple[tuple[str, Severity, str, str], ...] = (
    ("govern.no-owner", "error", "Every contract, event and object has an owner",
     "Nobody answers for what belongs to nobody, and nobody is asked before it changes."),
    ("govern.no-file", "error", "Every registered contract has its file", "A row without a file promises nothing."),
    ("govern.no-sunset", "error", "What is deprecated says when it ends",
     "Without a day nobody moves, and it can never be taken away."),
    ("govern.registered-twice", "error", "Nothing is registered twice", "Which of the two rows counts?"),
    ("govern.version-differs", "error", "The registry and the document name the same version",
     "People plan by the registry; programs meet the document."),
    ("govern.unregistered-contract", "error", "Every document and every pact is registered",
     "What is not registered has no owner, no version and no end."),
    ("govern.unregistered-event", "error", "Every event that is told or heard is registered",
     "An event that nobody answers for changes without anybody being told."),
    ("govern.unregistered-consumer", "warning", "Everybody who uses a contract or hears an event is named in its row",
     "They are who must be told before it changes or ends."),
    ("govern.draft-used", "warning", "A draft is not used yet", "It may change in any way on any day."),
    ("govern.deprecated-used", "warning", "What is deprecated is being left", "It ends on its sunset."),
    ("govern.past-sunset", "error", "What is deprecated is not used after its sunset",
     "It may be gone on any day."),
    ("govern.retired-used", "error", "What is retired is not used", "It is gone, or nobody looks after it."),
    ("govern.object-overlap", "error", "A canonical object is defined once, or everywhere alike",
     "Two definitions drift apart, and every reader of the one misreads the other."),
    ("govern.not-the-owner", "error", "A field is written only by its owner, or for it",
     "Two writers of one field overwrite each other, and the books follow whoever was last."),
    ("govern.unassigned-field", "warning", "Every field that is written belongs to a group",
     "Of a field that belongs to nobody nobody can tell who may write it."),
    ("govern.copy-differs", "error", "A copy says what its original said before",
     "A copy with a value of its own is a second truth."),
    ("govern.version-not-bumped", "error", "A document that changed has a new version",
     "Callers read the number to know whether they must look."),
    ("govern.incompatible", "error", "A document keeps the compatibility that its row promises",
     "What breaks its users comes as a new version beside the old one."),
)  # fmt: skip
RULES: Mapping[str, Rule] = MappingProxyType(
    {name: Rule(id=name, sentence=f"{said}.", severity=severity, why=why) for name, severity, said, why in _ROWS}
)


def broken(rule: str, subject: str, message: str, place: Place | None, detail: str = "", *said: str) -> Finding:
    """Return the finding of a rule, with the rule's severity; `said` is evidence."""
    return Finding(
        rule=rule, severity=RULES[rule].severity, subject=subject, message=message, place=place, detail=detail,
        evidence=said,
    )  # fmt: skip
