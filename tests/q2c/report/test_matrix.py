from __future__ import annotations

from contracts.checks.coverage import Called, Cell, Coverage, Told
from contracts.checks.pairs import pairs_of
from q2c.report import matrix
from web.blocks import Table

FOUND = Coverage(
    cells=(
        Cell("erp", "read_order", "lost_reply", "first", 3),
        Cell("erp", "upsert_order", "maintenance", "first", 1),
        Cell("erp", "upsert_order", "maintenance", "retry", 2),
    ),
    states=(), reasons=(("DATA.MAPPING", 2),), plan=(),
    called=(Called("erp", "read_order", False, False, 5, 0), Called("erp", "upsert_order", True, False, 5, 0)),
    told=(Told("crm", "quote.accepted", 4),),
)  # fmt: skip
PAIRS = pairs_of(FOUND, ["lost_reply", "maintenance", "loss"])


def texts(table: Table) -> dict[str, list[str]]:
    return {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}


def test_what_was_never_hit_shows_as_zero_and_what_cannot_be_as_nothing() -> None:
    crm, erp = matrix.tables(PAIRS)
    assert texts(erp) == {"lost reply": ["3 / 0", "0 / 0"], "maintenance": ["–", "1 / 2"]}
    assert texts(crm) == {"loss": ["0"]}
    tones = {row[0].text: [cell.tone for cell in row[1:]] for row in erp.rows}
    assert tones == {"lost reply": ["warn", "warn"], "maintenance": ["", ""]}


def test_the_share_counts_only_what_could_be_hit() -> None:
    assert matrix.hit_of(PAIRS) == "3 of 7 pairs of operation and fault were hit (42.9%)."
    assert matrix.hit_of(pairs_of(FOUND, [])) == "0 of 0 pairs of operation and fault were hit."


def test_what_cannot_happen_is_listed_with_its_reason() -> None:
    (only,) = matrix.impossible(PAIRS).rows
    assert [cell.text for cell in only] == ["maintenance", "it strikes writes only", "1"]


def test_reasons_are_counted() -> None:
    assert texts(matrix.reasons(FOUND)) == {"DATA.MAPPING": ["2"]}
