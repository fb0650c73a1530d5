"""The oracle: all public cases, further ones, changed numbers, and clear words for what is not understood."""

import copy
import json
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.oracle import evaluate, evaluate_file

HERE = Path(__file__).parent
PUBLIC = json.loads((HERE / "public_cases.json").read_text())["cases"]
FURTHER = json.loads((HERE / "cases.json").read_text())["cases"]
BY_ID = {case["id"]: case for case in PUBLIC}
FEW = settings(max_examples=60)
Path_ = tuple[str | int, ...]


@pytest.mark.parametrize("case", [*PUBLIC, *FURTHER], ids=lambda case: case["id"])
def test_a_case_computes_what_it_expects(case: dict[str, Any]) -> None:
    result = evaluate(case)
    assert result.understood, result.problem
    assert result.equal, [row for row in result.rows if not row.equal]


def test_a_file_of_cases_reports_a_total() -> None:
    report = evaluate_file(HERE / "public_cases.json")
    assert (report.problem, report.exit_status, report.equal_count) == (None, 0, len(PUBLIC))


def test_the_id_and_the_expected_values_play_no_part() -> None:
    for case in (*PUBLIC, *FURTHER):
        other = {**case, "id": "ZZ", "expected": _blurred(case["expected"])}
        result = evaluate(other)
        assert result.understood, result.problem
        truth = evaluate(case)
        if not _has_ratio(case["expected"]):
            assert [row.computed for row in result.rows] == [row.computed for row in truth.rows], case["id"]
        assert not result.equal


def _blurred(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _blurred(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_blurred(inner) for inner in value]
    return -987654321


def _has_ratio(value: Any) -> bool:
    """Ratios are printed at the digits that the expected value shows."""
    text = json.dumps(value)
    return "/" in text or any(len(part.split('"')[0].split(",")[0]) > 3 for part in text.split(".")[1:])


def _set(case: dict[str, Any], path: Path_, value: Any) -> None:
    place: Any = case
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value


CHANGED: list[tuple[str, list[tuple[Path_, Any]], dict[str, Any]]] = [
    ("P01", [(("inputs", "price"), "30"), (("inputs", "to"), "2023-05-20")], {"amount": "5.00", "ratio": "5/30"}),
    (
        "P03",
        [(("inputs", "rows"), [{"from": "2023-04-23", "to": "2023-05-15"}])],
        {"fixed30": ["0.733333333"], "actual": ["0.733333333"]},
    ),
    (
        "P05",
        [(("inputs", "change_date"), "2012-05-31")],
        {"credit": "-8.06", "charge": "2202.69", "net": "2194.63"},
    ),
    ("P08", [(("inputs", "new_price"), "92")], {"credit": "-19.32", "charge": "81.00", "next_full": "92"}),
    (
        "P11",
        [(("inputs", "rows"), [{"period": "quarter", "bcd": 1, "start": "2011-02-01", "end": "2011-05-11"}])],
        {"cycles": ["1 + 10/92"], "decimal": ["1.108695652"]},
    ),
    (
        "P12",
        [(("inputs", "to_inclusive"), "2024-05-20")],
        {"amount_minor": 1000, "days": 1, "period_days": 91},
    ),
    (
        "P14",
        [(("inputs", "rows"), [{"at": "2023-06-19T03:00:00Z", "tz": "America/Denver"}])],
        {"amount_minor": [100]},
    ),
    (
        "P16",
        [(("inputs", "usage_fee_minor"), 1000)],
        {"credit_note_total": 3000, "final_invoice": {"net": 1000, "tax": 200, "credit_applied": 1200, "total": 0}},
    ),
    ("P18", [(("inputs", "tax_rate"), "10")], {"net_minor": 194, "tax_minor": 19, "total_minor": 213}),
    (
        "P19",
        [(("inputs", "rows"), [{"amount": "31", "currency": "KWD", "to": "2026-01-01T06:00:00Z"}])],
        {"amounts": ["0.250"]},
    ),
    (
        "P21",
        [(("inputs", "change"), "2024-01-17")],
        {"old_part": "5.16", "new_part": "9.68", "next_period": "20"},
    ),
    ("P22", [(("inputs", "elapsed_fraction"), "0.25")], {"credit": "-7.50", "charge": "15", "net": "7.50"}),
    (
        "P24",
        [(("inputs", "rows"), [{"kind": "upgrade", "old": "31", "new": "62"}])],
        {"credit": ["-17"], "charge": ["34"], "net": ["17"]},
    ),
    (
        "P25",
        [(("inputs", "rows"), [{"change": "2025-01-21", "credits": [3000], "charges": [6001]}])],
        {"net_minor": [1000]},
    ),
    (
        "P27",
        [(("inputs", "rows"), [["2021-02-20", "2021-02-28"]])],
        {"actual": ["9/28"], "act_30": ["9/30"], "strict_30_360": ["11/30"]},
    ),
    (
        "P30",
        [(("inputs", "rows", 0, "days"), 73), (("inputs", "rows", 1, "months"), 6)],
        {"multiplier": ["0.2000", "0.5000"], "ceil_months": 13},
    ),
    (
        "Z02",
        [(("inputs", "points"), ["2023-04-01T03:59:00Z", "2023-04-01T04:00:00Z"])],
        {"march": 1, "april": 1},
    ),
    (
        "T01",
        [(("inputs", "lines"), ["10", "10"])],
        {"line_level": "1.80", "document_level": "1.80", "line_taxes": ["0.90", "0.90"]},
    ),
    (
        "T02",
        [(("inputs", "gross"), "119"), (("inputs", "rate"), "19")],
        {"net_first": {"net": "100", "tax": "19"}, "tax_first": {"net": "100", "tax": "19"}},
    ),
    (
        "T04",
        [(("inputs", "exclusive"), ["100"]), (("inputs", "inclusive"), ["119"])],
        {"exclusive_tax": ["19"], "inclusive_net": ["100"], "inclusive_tax": ["19"]},
    ),
    ("T06", [(("inputs", "base"), "100")], {"taxes": ["-20", "4", "22.88"], "total": "106.88"}),
    ("T08", [(("inputs", "amount"), "100")], {"per_jurisdiction": "8.25", "combined": "8.25"}),
    (
        "T09",
        [(("inputs", "coupon_minor"), 2000)],
        {"coupon_share": [1000, 500, 300, 200], "tax_minor": [900, 0, 540, 360], "net": 18000, "total": 19800},
    ),
    (
        "T11",
        [(("inputs", "rows"), [{"price_minor": 10000, "used_days": 1, "period_days": 3, "rate": "10"}])],
        {"net": [6667], "tax": [667], "total": [7334]},
    ),
    ("M01", [(("inputs", "rows"), [["4.5", "HALF_EVEN"], ["-4.5", "UP"]])], {"result": [4, -5]}),
    ("M02", [(("inputs", "rows"), [[-5, [7, 3]], [7, [1, 1]]])], {"result": [[-4, -1], [4, 3]]}),
    ("U01", [(("inputs", "rows"), [{"pre": 4, "qty": 2}])], {"total": ["50"]}),
    ("U03", [(("inputs", "qty"), [20, 21])], {"total": ["155", "163"]}),
    (
        "R01",
        [(("inputs", "end_inclusive"), "2019-02-08")],
        {"postings": [["2019-01-31", "73.33"], ["2019-02-08", "26.67"]]},
    ),
    ("R03", [(("inputs", "periods"), ["Aug", "Sep", "Oct"])], {"per_period": ["133.33", "133.33", "133.34"]}),
    (
        "R04",
        [(("inputs", "received_base"), "4600")],
        {"ar_credit": "5000", "bank_debit": "4600", "fx_loss_debit": "0", "fx_gain_credit": "100"},
    ),
    ("Y01", [(("inputs", "captured"), "249.95")], {"balance": ["0", "249.95", "0"]}),
    ("Y03", [(("inputs", "children"), ["1", "2", "3.50"])], {"parent_total": "6.50", "draft_balance": "0"}),
]


@pytest.mark.parametrize(
    ("case_id", "edits", "expected"), CHANGED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_changed_inputs_change_the_answer(
    case_id: str, edits: list[tuple[Path_, Any]], expected: dict[str, Any]
) -> None:
    case = copy.deepcopy(BY_ID[case_id])
    for path, value in edits:
        _set(case, path, value)
    case["expected"] = expected
    result = evaluate(case)
    assert result.understood, result.problem
    assert result.equal, [row for row in result.rows if not row.equal]


def test_every_public_case_has_a_changed_twin() -> None:
    assert {case_id for case_id, _, _ in CHANGED} == set(BY_ID)


MONEY = st.decimals(min_value=0, max_value=10**7, places=2)


@FEW
@given(MONEY, st.integers(1, 29), st.sampled_from(["HALF_UP", "HALF_EVEN"]))
def test_a_stub_agrees_with_plain_decimal_arithmetic(price: Decimal, days: int, mode: str) -> None:
    rounding = ROUND_HALF_UP if mode == "HALF_UP" else ROUND_HALF_EVEN
    cents = (price * 100 * days / Decimal(30)).quantize(Decimal(1), rounding)
    case = {
        "id": "made",
        "family": "proration",
        "policy": {"day_count": "ACT_ACT", "interval": "half_open", "rounding": mode},
        "inputs": {"price": str(price), "period": ["2026-04-01", "2026-05-01"], "from": "2026-04-01"},
        "expected": {"amount": str(cents / 100)},
    }
    inputs: Any = case["inputs"]
    inputs["to"] = f"2026-04-{days + 1:02d}"
    assert evaluate(case).equal


@FEW
@given(st.integers(0, 10**9), st.decimals(min_value=0, max_value=100, places=2))
def test_tax_agrees_with_plain_decimal_arithmetic(net: int, rate: Decimal) -> None:
    tax = int((Decimal(net) * rate / 100).quantize(Decimal(1), ROUND_HALF_UP))
    case = {
        "id": "made",
        "family": "tax",
        "policy": {},
        "inputs": {"net_minor": net, "rate": str(rate)},
        "expected": {"tax_minor": tax, "total_minor": net + tax},
    }
    assert evaluate(case).equal


def _broken(edit: Callable[[dict[str, Any]], object], case_id: str = "P01") -> str:
    case = copy.deepcopy(BY_ID[case_id])
    edit(case)
    result = evaluate(case)
    assert not result.understood, result.rows
    assert result.problem is not None
    return result.problem


@pytest.mark.parametrize(
    ("case_id", "path", "value", "words"),
    [
        ("P01", ("policy", "day_count"), "LUNAR", "LUNAR"),
        ("P01", ("policy", "moon"), "full", "moon"),
        ("P01", ("policy", "rounding"), "HALF_ODDLY", "HALF_ODDLY"),
        ("P01", ("policy",), "ACT_ACT", "policy"),
        ("P01", ("policy", "n"), 0, "'n'"),
        ("P01", ("family",), "astrology", "astrology"),
        ("P01", ("inputs",), None, "inputs"),
        ("P01", ("expected",), {}, "expected"),
        ("P01", ("inputs", "price"), "twelve", "twelve"),
        ("P01", ("inputs", "price"), 1e400, "price"),
        ("P01", ("inputs", "price"), "9" * 5000, "price"),
        ("P01", ("inputs", "price"), True, "price"),
        ("P01", ("inputs", "currency"), "XQQ", "XQQ"),
        ("P01", ("inputs", "from"), "2023-02-30", "2023-02-30"),
        ("P01", ("inputs", "to"), "2023-05-01", "before its start"),
        ("P01", ("inputs", "to"), 20230523, "20230523"),
        ("P01", ("expected", "colour"), "blue", "colour"),
        ("P14", ("inputs", "rows", 0, "tz"), "Mars/Olympus", "Mars/Olympus"),
        ("M01", ("inputs", "rows", 0, 1), "SIDEWAYS", "SIDEWAYS"),
        ("M02", ("inputs", "rows", 0, 1), [-1, 2], "cannot split"),
        ("U01", ("inputs", "tiers"), "cheap", "cheap"),
        ("U01", ("inputs", "tiers"), [[5, "1", "0"], [3, "1", "0"]], "must rise"),
        ("Y01", ("inputs", "sequence"), ["capture", "vanish"], "vanish"),
        ("R01", ("inputs", "amount"), None, "computes"),
    ],
)
def test_what_is_not_understood_is_named(case_id: str, path: Path_, value: Any, words: str) -> None:
    assert words in _broken(lambda case: _set(case, path, value), case_id)


@pytest.mark.parametrize("content", [7, None, "text", [], {}, {"id": 5}])
def test_a_case_that_is_no_case_is_told(content: Any) -> None:
    result = evaluate(content)
    assert not result.understood
    assert result.problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "no cases"),
        ('{"cases": {}}', "no cases"),
        ("[" * 100_000, "not JSON"),
        ("7", "no cases"),
    ],
)
def test_a_bad_file_has_exit_status_two(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text)
    report = evaluate_file(path)
    assert report.exit_status == 2
    assert words in str(report.problem)


def test_missing_and_binary_files_have_exit_status_two(tmp_path: Path) -> None:
    assert "cannot be read" in str(evaluate_file(tmp_path / "none.json").problem)
    path = tmp_path / "binary.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in str(evaluate_file(path).problem)


def test_exit_status_tells_a_difference_from_a_riddle(tmp_path: Path) -> None:
    wrong = copy.deepcopy(BY_ID["P01"])
    wrong["expected"]["amount"] = "5.33"
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"cases": [BY_ID["P05"], wrong]}))
    report = evaluate_file(path)
    assert (report.exit_status, report.equal_count) == (1, 1)
    path.write_text(json.dumps([wrong, {**wrong, "policy": {"day_count": "LUNAR"}}]))
    assert evaluate_file(path).exit_status == 2


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300)
@given(st.sampled_from([*PUBLIC, *FURTHER]), st.data(), JUNK)
def test_no_junk_in_the_inputs_raises(case: dict[str, Any], data: st.DataObject, junk: Any) -> None:
    broken = copy.deepcopy(case)
    part = data.draw(st.sampled_from(["inputs", "policy", "expected"]))
    keys = sorted(broken.get(part) or {"x": 1})
    _set(broken, (part, data.draw(st.sampled_from(keys))), junk)
    result = evaluate(broken)
    assert result.understood == (result.problem is None)
