"""Nothing that came with the data can break out of where it was put."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from web.embedding import chart_library, hash_for_policy, json_for_script


@settings(max_examples=100)
@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))
def test_any_text_survives_a_script_tag_and_cannot_leave_it(value: object) -> None:
    embedded = str(json_for_script(value))
    assert json.loads(embedded) == value
    assert not set(embedded) & set("<>&\u2028\u2029")


def test_a_closing_tag_in_a_name_becomes_an_escape() -> None:
    assert str(json_for_script("</script>")) == '"\\u003c/script\\u003e"'


def test_the_library_of_the_charts_comes_whole_from_its_wheel() -> None:
    assert "MIT license" in chart_library()[:400]
    assert len(chart_library()) > 1_000_000


def test_a_script_is_allowed_by_its_sha_256() -> None:
    assert hash_for_policy("alert(1)") == "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
