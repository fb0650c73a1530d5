"""Bands and marks are labelled so that no label lies over another."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import SECOND_US
from web.blocks import Table, columns
from web.charts import Band, Chart, Line, Mark, letter, merged

DAY_US = 86_400 * SECOND_US


def _chart(**more: object) -> Chart:
    values: dict[str, object] = {
        "id": "c", "title": "t", "summary": "s", "x_title": "x", "y_title": "y",
        "traces": (Line(name="n", start_us=0, step_us=DAY_US, values=(1,) * 10, tone="--series-1"),),
        "table": Table(caption="c", columns=columns("a"), rows=()), **more,
    }  # fmt: skip
    return Chart(**values)  # type: ignore[arg-type]


def test_bands_get_letters_in_order_of_time_and_those_outside_are_left_out() -> None:
    late, early, outside = (
        Band(5 * DAY_US, 6 * DAY_US, "late"),
        Band(DAY_US, 2 * DAY_US, "early"),
        Band(20 * DAY_US, 21 * DAY_US, "no"),
    )
    chart = _chart(bands=(late, early, outside), range_us=(0, 10 * DAY_US))
    assert chart.legend == (("A", "early"), ("B", "late"))
    labels = [(each["text"], each["x"]) for each in chart.specification["layout"]["annotations"]]
    assert labels == [("A", "1970-01-02 12:00:00"), ("B", "1970-01-06 12:00:00")]
    assert len(chart.specification["layout"]["shapes"]) == 2


def test_marks_that_are_close_share_a_label_and_keep_their_lines() -> None:
    marks = (Mark(DAY_US, "UK"), Mark(DAY_US + 3600 * SECOND_US, "DE"), Mark(8 * DAY_US, "US"))
    layout = _chart(marks=marks).specification["layout"]
    assert [each["text"] for each in layout["annotations"]] == ["UK, DE", "US"]
    assert len(layout["shapes"]) == 3


@settings(max_examples=100)
@given(st.lists(st.integers(0, 1000), max_size=30))
def test_every_label_is_said_once_and_none_touches_the_next(places: list[int]) -> None:
    found = merged([(place, f"{i:02d}") for i, place in enumerate(places)], 1000)
    said = [part for _, text in found for part in text.split(", ")]
    assert sorted(said) == [f"{i:02d}" for i in range(len(places))]
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    firsts = [min(places[int(part)] for part in text.split(", ")) for _, text in found]
    lasts = [max(places[int(part)] for part in text.split(", ")) for _, text in found]
    assert all(first - last > 20 for last, first in zip(lasts, firsts[1:], strict=False))


def test_there_is_a_letter_for_every_band() -> None:
    assert [letter(0), letter(25), letter(26), letter(52)] == ["A", "Z", "A2", "A3"]


def test_time_axes_are_utc_and_counts_start_at_nothing() -> None:
    layout = _chart().specification["layout"]
    assert layout["xaxis"]["range"] == ["1970-01-01 00:00:00", "1970-01-11 00:00:00"]
    assert layout["yaxis"]["rangemode"] == "tozero"
