"""Changes of answers: whatever a provider answers, each mutator changes it or leaves it, and none of them fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.responses.drafts import drafted, packed
from contracts.responses.mutators import BY_NAME, changed
from contracts.responses.shapes import Manner, learned
from domain.http import Reply

_SENTINELS = (
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+05:00", "2026-02-30T10:00:00Z",
    "2026-12-31T24:00:00Z", "2016-12-31T23:59:60Z", "2026-10-25T02:30:00.123456789+0200", "12.50", "NaN", "USD", "",
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(_SENTINELS) | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "status", "currency", "total", "name", "a/b"]), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


def answer(body: Any) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())


@pytest.mark.parametrize("name", sorted(BY_NAME))
@given(body=VALUES)
@example(body={"ends": "9999-12-31T23:59:59Z", "starts": "0001-01-01T00:00:00+05:00"})
def test_any_answer_can_be_changed_and_sent(name: str, body: Any) -> None:
    draft = drafted(answer(body))
    found = changed(draft, (BY_NAME[name],), learned([draft.tree], Manner()))
    if found is not None:
        _, sent = packed(found)
        assert isinstance(sent, bytes)


def test_an_instant_that_stands_for_never_stays_what_it_is() -> None:
    draft = drafted(answer({"ends": "9999-12-31T23:59:59Z", "starts": "2026-01-01T00:00:00Z"}))
    found = changed(draft, (BY_NAME["tz_offset"],), learned([draft.tree], Manner()))
    assert found is not None
    told = json.loads(packed(found)[1])
    assert told["ends"] == "9999-12-31T23:59:59Z"
    assert told["starts"] != "2026-01-01T00:00:00Z"
