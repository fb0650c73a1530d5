"""The store of answers by idempotency key: what is kept, for how long, and how much at most."""

from __future__ import annotations

import pytest

from domain.http import Reply
from mocks.kernel import idempotency
from mocks.kernel.idempotency import IdempotencyPolicy, KeyStore

SECOND_US = 1_000_000
POLICY = IdempotencyPolicy(header="idempotency-key", retention_seconds=100)


def test_an_answer_is_found_until_its_retention_is_over() -> None:
    store = KeyStore(POLICY)
    store.keep("k", "f", Reply(200), 0)
    assert store.find("k", 100 * SECOND_US - 1) == ("f", Reply(200))
    assert store.find("k", 100 * SECOND_US) is None


def test_a_forgotten_key_starts_anew() -> None:
    store = KeyStore(POLICY)
    store.keep("k", "f", Reply(200), 0)
    assert store.find("k", 150 * SECOND_US) is None
    store.keep("k", "g", Reply(201), 150 * SECOND_US)
    assert store.find("k", 160 * SECOND_US) == ("g", Reply(201))


@pytest.mark.parametrize(
    ("status", "keeps_refusals", "keeps_server_errors", "is_kept"),
    [(200, False, False, True), (402, False, False, True), (400, False, True, False), (400, True, False, True),
     (500, False, True, True), (500, True, False, False)],
)  # fmt: skip
def test_what_is_kept_is_the_vendors_policy(
    status: int, keeps_refusals: bool, keeps_server_errors: bool, is_kept: bool
) -> None:
    policy = IdempotencyPolicy(header="k", keeps_refusals=keeps_refusals, keeps_server_errors=keeps_server_errors)
    store = KeyStore(policy)
    store.keep("k", "f", Reply(status), 0)
    assert (store.find("k", 1) is not None) is is_kept


def test_old_answers_go_although_nobody_asks_for_them() -> None:
    store = KeyStore(POLICY)
    for second in range(10_000):
        store.keep(f"k{second}", "f", Reply(200), second * SECOND_US)
        assert store.find(f"k{max(second - 99, 0)}", second * SECOND_US) is not None
    assert len(store) <= 200


def test_a_flood_of_keys_within_the_retention_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "KEYS_MAX", 100)
    store = KeyStore(POLICY)
    for number in range(1_000):
        store.keep(f"k{number}", "f", Reply(200), 0)
    assert len(store) <= 200
    assert store.find("k999", 0) is not None
