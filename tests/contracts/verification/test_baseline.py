from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.findings import Finding, Tally
from contracts.verification import baseline
from tests.contracts.verification.examples import BROKEN, COMPATIBILITY, HOSTILE

UNTIL = date(2026, 12, 31)
ACCEPTED = baseline.Accepted(fingerprint=BROKEN.fingerprint, reason="the partner moves in March", until=UNTIL)


def test_an_accepted_finding_no_longer_breaks_until_its_last_day() -> None:
    found = baseline.sort([COMPATIBILITY], [ACCEPTED], UNTIL)
    assert [finding for finding, _ in found.accepted] == [BROKEN]
    assert BROKEN not in found.tallies[0].findings
    assert found.tallies[0].outcome == "holds"


def test_an_accepted_finding_breaks_again_the_day_after() -> None:
    found = baseline.sort([COMPATIBILITY], [ACCEPTED], date(2027, 1, 1))
    assert [finding for finding, _ in found.expired] == [BROKEN]
    assert found.tallies[0].outcome == "broken"


def test_an_entry_that_meets_nothing_is_stale() -> None:
    found = baseline.sort([Tally(suite="x", checked=1)], [ACCEPTED], UNTIL)
    assert found.stale == (ACCEPTED,)


@given(st.text(min_size=1).filter(lambda text: text.strip() != ""), st.text())
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, reason: str, by: str) -> None:
    finding = Finding(rule="R", severity="error", message="m", subject=HOSTILE)
    path = tmp_path_factory.mktemp("baseline") / "accepted.toml"
    path.write_bytes(baseline.written([finding], reason, by, UNTIL, [ACCEPTED]).encode())
    entries = {entry.fingerprint: entry for entry in baseline.read(path)}
    assert entries[finding.fingerprint].reason == reason
    assert entries[finding.fingerprint].by == by
    assert entries[ACCEPTED.fingerprint].until == UNTIL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema_version = 2", "schema_version is 2; this release reads 1"),
        ("nonsense", "The file is TOML"),
        ('schema_version = 1\n[[accepted]]\nfingerprint = "a"\nreason = "b"', "until"),
        ('schema_version = 1\n[[accepted]]\nfingerprint = "a"\nreason = " "\nuntil = 2027-01-01', "has no reason"),
        ('schema_version = 1\n[[accepted]]\nfingerprint = "a"\nreason = "b"\nuntil = 2027-01-01\nwho = "c"', "who"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "accepted.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(baseline.Unusable, match=r"accepted\.toml") as refused:
        baseline.read(path)
    assert said in str(refused.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(baseline.Unusable, match="cannot be read"):
        baseline.read(tmp_path / "none.toml")
