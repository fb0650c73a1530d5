"""The taxonomy answers who, whether and when for every code, and refuses codes it does not have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import HOUR_US
from domain.errors import ERROR_CLASSES, ErrorCode, due_at, http_status, is_poison, is_retryable, owner_of, problem

CODES = [f"{row.name}.{kind.name}" for row in ERROR_CLASSES.values() for kind in row.subclasses]


def test_the_taxonomy_has_eleven_classes_and_their_subclasses() -> None:
    sizes = {name: len(row.subclasses) for name, row in ERROR_CLASSES.items()}
    assert sizes == {
        "VALIDATION": 6,
        "DATA_QUALITY": 9,
        "DEPENDENCY": 6,
        "CONFLICT": 6,
        "POLICY": 5,
        "AUTH": 3,
        "PAYMENT": 6,
        "TAX": 4,
        "CONTRACT": 3,
        "INTEGRITY": 4,
        "INTERNAL": 2,
    }
    assert len(set(CODES)) == len(CODES)


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("VALIDATION", (400, 422)),
        ("DEPENDENCY", (429, 503, 504)),
        ("POLICY", (403, 409)),
        ("AUTH", (401, 403)),
        ("PAYMENT", (402,)),
        ("INTEGRITY", (500,)),
    ],
)
def test_a_class_answers_with_the_statuses_of_the_text(name: str, statuses: tuple[int, ...]) -> None:
    assert ERROR_CLASSES[name].http_statuses == statuses


@given(code=st.sampled_from(CODES), detail=st.text("ABC-_.0", max_size=8).filter(lambda word: word != "."))
def test_a_code_survives_parsing(code: str, detail: str) -> None:
    text = f"{code}.{detail}" if detail else code
    assert str(ErrorCode.parse(text)) == text


@pytest.mark.parametrize("code", ["", "OOPS.BUG", "CONFLICT", "CONFLICT.HAMSTER", "CONFLICT.STATE.", "conflict.state"])
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"CONFLICT"):
        ErrorCode.parse(code)


def test_a_retry_helps_only_where_time_or_a_reread_heals() -> None:
    retryable = {code for code in CODES if is_retryable(code)}
    assert retryable == {
        *(f"DEPENDENCY.{kind.name}" for kind in ERROR_CLASSES["DEPENDENCY"].subclasses),
        "CONFLICT.VERSION",
        "CONFLICT.ORDERING",
        "AUTH.TOKEN_EXPIRED",
        "PAYMENT.SOFT_DECLINE",
        "INTERNAL.BUG",
        "INTERNAL.CONFIG",
    }


def test_a_command_that_timed_out_is_looked_up_before_it_is_sent_again() -> None:
    assert ERROR_CLASSES["DEPENDENCY"].subclass("TIMEOUT").retry == "query_first"


def test_data_quality_is_due_sooner_at_quarter_end() -> None:
    assert due_at("DATA_QUALITY.MAPPING_MISSING", 5, quarter_end=False) == 5 + 24 * HOUR_US
    assert due_at("DATA_QUALITY.MAPPING_MISSING", 5, quarter_end=True) == 5 + 4 * HOUR_US
    assert due_at("INTEGRITY.UNBALANCED_ENTRY", 5, quarter_end=True) == 5


@given(code=st.sampled_from(CODES), at_us=st.integers(0, 4 * 10**15))
def test_quarter_end_never_gives_more_time(code: str, at_us: int) -> None:
    assert at_us <= due_at(code, at_us, quarter_end=True) <= due_at(code, at_us, quarter_end=False)


def test_an_owner_follows_the_subclass_where_the_text_names_several() -> None:
    assert owner_of("POLICY.CREDIT_HOLD") == "credit"
    assert owner_of("POLICY.DISCOUNT_EXCEEDED") == "deal desk"
    assert owner_of("POLICY.EXPORT") == "legal"
    assert owner_of("DATA_QUALITY.TAX_ID_INVALID.DE") == "data steward"


def test_a_dependency_never_makes_a_message_poison() -> None:
    assert not is_poison("DEPENDENCY.UNAVAILABLE", 50)
    assert is_poison("INTERNAL.BUG", 3)
    assert not is_poison("INTERNAL.BUG", 2)


def test_a_problem_body_has_every_member_of_the_contract() -> None:
    body = problem("VALIDATION.MISSING_FIELD.po", "po_number is missing", "TX-1", ["po_number"])
    assert body == {
        "type": "urn:q2c:error:validation.missing_field",
        "title": "validation: missing field",
        "status": 400,
        "detail": "po_number is missing",
        "code": "VALIDATION.MISSING_FIELD.po",
        "retryable": False,
        "txnid": "TX-1",
        "fields": ["po_number"],
    }
    assert http_status("VALIDATION.MISSING_FIELD") == 400


def test_a_repeated_request_with_the_same_body_is_no_problem() -> None:
    with pytest.raises(ValueError, match="stored result"):
        problem("CONFLICT.ALREADY_DONE")
