from __future__ import annotations

from pathlib import Path

import pytest

from simulator.experiments.store import Store, read


def test_what_was_put_is_found_by_whoever_opens_the_folder_next(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for seed in (3, 2**63 - 1, 0):
        store.put("model", seed, b"x" * seed if seed < 10 else b"large")
    store.close()
    again = Store(tmp_path)
    assert dict(again.of("model")) == {3: b"xxx", 2**63 - 1: b"large", 0: b""}
    assert dict(again.of("other")) == {}


@pytest.mark.parametrize("cut", [1, 5, 17, 20])
def test_a_record_that_was_cut_off_is_left_out_and_written_again(tmp_path: Path, cut: int) -> None:
    store = Store(tmp_path)
    for seed in range(5):
        store.put("model", seed, bytes([seed]) * 9)
    store.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    again = Store(tmp_path)
    assert set(again.of("model")) == {0, 1, 2, 3}
    again.put("model", 4, b"anew")
    again.close()
    assert read(path)[4] == b"anew"
    assert len(read(path)) == 5


def test_a_damaged_record_ends_what_is_believed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for seed in range(3):
        store.put("model", seed, b"same length")
    store.close()
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    assert set(read(path)) == {0, 1}


def test_a_file_of_another_kind_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "model.replications").write_bytes(b"something else")
    store = Store(tmp_path)
    assert not store.of("model")
    store.put("model", 1, b"kept")
    store.close()
    assert read(tmp_path / "model.replications") == {1: b"kept"}
