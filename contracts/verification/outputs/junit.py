"""JUnit XML: a suite is a testsuite; what passed, failed and was skipped are its testcases.

There is no standard, only a schema that CI servers share: failures for broken rules, errors for what could not run.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contracts.findings import Finding, Tally

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(tallies: tuple[Tally, ...], name: str = "q2c verify") -> str:
    """Return the tallies as a JUnit document; `name` is the command that made them."""
    root = Element("testsuites", name=name)
    for tally in tallies:
        _suite(root, tally)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, tally: Tally) -> None:
    failures = [finding for finding in tally.findings if finding.severity == "error"]
    remarks = [finding for finding in tally.findings if finding.severity != "error"]
    unable = tally.could_not_run or ("nothing was checked" if tally.outcome == "unknown" else "")
    cases = len(tally.passed) + len(tally.findings) + len(tally.skipped) + bool(unable)
    suite = SubElement(
        root, "testsuite", name=_clean(tally.suite), tests=str(cases), failures=str(len(failures)),
        errors=str(int(bool(unable))), skipped=str(len(tally.skipped)), time=f"{tally.seconds:.3f}",
    )  # fmt: skip
    for name in tally.passed:
        _case(suite, tally, name)
    for finding in failures:
        case = _case(suite, tally, f"{finding.rule} {finding.subject}")
        failure = SubElement(case, "failure", type=_clean(finding.rule), message=_clean(finding.message))
        failure.text = _clean(_story(finding))
    for finding in remarks:
        case = _case(suite, tally, f"{finding.rule} {finding.subject}")
        SubElement(case, "system-out").text = _clean(f"{finding.severity}: {_story(finding)}")
    for name, reason in tally.skipped:
        SubElement(_case(suite, tally, name), "skipped", message=_clean(reason))
    if unable:
        SubElement(_case(suite, tally, "the suite itself"), "error", message=_clean(unable))


def _case(suite: Element, tally: Tally, name: str) -> Element:
    return SubElement(suite, "testcase", classname=f"q2c.{_clean(tally.suite)}", name=_clean(name))


def _story(finding: Finding) -> str:
    where = [f"at {finding.place}"] if finding.place else []
    return "\n".join([finding.message, *where, *finding.evidence, f"fingerprint {finding.fingerprint}"])


def _clean(text: str) -> str:
    """Return text without the characters that XML cannot hold at all, whatever a server sent us."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
