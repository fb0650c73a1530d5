"""Answers that are hard to read say the same, or what was true a while ago; our own reader takes them right."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.faults import Fault
from domain.http import Reply, Request
from integration.outcomes import Answer
from integration.systems.wire import UnexpectedReply, read
from mocks.kernel.operations import Call, Operation
from mocks.kernel.spoilt import Replica, garbled, with_odd_numbers
from tests.simulator.conftest import TASK, Wire, read_task

JSON = {"content-type": "application/json"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


class Named(msgspec.Struct):
    name: str


@given(VALUES)
@settings(max_examples=100)
def test_odd_numbers_are_the_same_numbers(value: object) -> None:
    odd = with_odd_numbers(Reply(200, JSON, msgspec.json.encode(value)))
    assert msgspec.json.decode(odd.body) == value


@pytest.mark.parametrize(
    ("body", "odd"),
    [(b'{"a":1200}', b'{"a":12e2}'), (b"[7,-0,0,10,1.5]", b"[7.0,-0.0,0.0,10.0,1.5]"), (b'"12"', b'"12"')],
)
def test_whole_numbers_get_a_point_or_an_exponent(body: bytes, odd: bytes) -> None:
    assert with_odd_numbers(Reply(200, JSON, body)).body == odd
    assert with_odd_numbers(Reply(200, {"content-type": "text/xml"}, body)).body == body


@pytest.mark.parametrize("body", [b'{"name":"Acme"}', b"", b"7"])
def test_a_garbled_answer_is_no_text_and_is_said_to_be_none_of_the_contract(body: bytes) -> None:
    answer = garbled(Reply(200, JSON, body))
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()
    with pytest.raises(UnexpectedReply):
        read(Answer(status=200, body=answer.body), msgspec.json.Decoder(Named))


# --- replicas -------------------------------------------------------------------------------------------------------


def _watched(*faults: Fault) -> tuple[list[str], list[str]]:
    """Return what a caller saw who asked for a task each twenty seconds until it was done, and the faults it met."""
    wire = Wire(*faults)
    wire.act("fulfilment", "set_duration", id=TASK, seconds=30)
    wire.ask()
    for turn in range(8):
        wire.call(read_task(), at=5.0 + 20.0 * turn)
    wire.run(300.0)
    replies = [answer for _, answer in wire.answers[1:] if isinstance(answer, Reply)]
    return [msgspec.json.decode(reply.body)["status"] for reply in replies], wire.fired


def _lag(seconds: float) -> Fault:
    return Fault(kind="stale_read", operation="get_task", seconds=seconds)


def test_a_lagging_replica_shows_what_was_true_at_the_last_look() -> None:
    plain, _ = _watched()
    seen, fired = _watched(_lag(30.0))
    changes = [at for at in range(1, len(plain)) if plain[at] != plain[at - 1]]
    assert changes
    assert seen == [plain[at - 1] if at in changes else plain[at] for at in range(len(plain))]
    assert fired == ["stale_read"] * len(changes)


def test_a_replica_that_lags_less_than_the_time_between_two_looks_shows_what_all_know() -> None:
    plain, _ = _watched()
    assert _watched(_lag(15.0)) == (plain, [])


def test_a_replica_forgets_the_questions_that_nobody_asked_within_its_lag() -> None:
    replica, sizes = Replica(30_000_000), list[int]()
    operation = Operation("get_task", "GET", "", lambda _model, _call: Reply(200))
    for second in range(300):
        request = Request("fulfilment", "GET", f"/tasks/{second // 2}", {}, b"")
        call = Call(request, operation, {}, second * 1_000_000, f"r{second}")
        replica.seen(call, Reply(200, JSON, b"%d" % second))
        assert (replica.earlier(call) is not None) == bool(second % 2)
        sizes.append(len(replica))
    assert max(sizes[100:]) == max(sizes[50:100]) < 50
