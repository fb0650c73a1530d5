"""Each example starts by itself and is judged for what it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from q2c.examples import EXAMPLES, HOME
from tests.examples.playing import CALM, SHORT, play

LOST_REPLIES = (
    "  - {kind: reset_after, system: erp, operation: create_order, nth: 1}\n"
    "  - {kind: lost_reply, system: payment, operation: create_payment_intent, nth: 1}\n"
)


LONG = pytest.mark.skipif(
    not os.environ.get("Q2C_EXAMPLES"),
    reason="installs a workflow library, takes minutes; Q2C_EXAMPLES=1 plays it",
)


@pytest.mark.parametrize("name", ["reference", "asyncio-httpx", pytest.param("dbos", marks=LONG)])
def test_an_order_goes_through_whole(tmp_path: Path, name: str) -> None:
    judged = play(name, CALM, tmp_path)
    assert judged.broken == {}, judged.stories
    assert judged.figures["Signed and booked in the quarter"] == "2 of 2"
    assert judged.money_minor["cash"] == judged.money_minor["captured"] == judged.money_minor["invoiced"] > 0


@pytest.mark.skipif(shutil.which("npm") is None, reason="NOTHING WAS PROVED: npm is not installed")
def test_the_naive_one_doubles_what_it_got_no_answer_to(tmp_path: Path) -> None:
    judged = play("naive-node", LOST_REPLIES, tmp_path, SHORT)
    assert judged.status == "broken"
    assert {"S1", "S4"} <= judged.broken.keys()
    assert judged.money_minor["captured"] > judged.money_minor["invoiced"]
    assert any("became 2 orders" in story for story in judged.stories)


def test_every_example_is_a_folder_with_a_target_and_says_what_it_installs() -> None:
    found = {path.parent.name for path in HOME.glob("*/target.yaml")}
    assert found == set(EXAMPLES)
    assert {each.name for each in EXAMPLES.values() if not each.installs} == {"reference", "asyncio-httpx"}
