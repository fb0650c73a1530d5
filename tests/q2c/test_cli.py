from __future__ import annotations

import sys

import pytest

from q2c import cli


def _asked(monkeypatch: pytest.MonkeyPatch, missing: str, *arguments: str) -> SystemExit | BaseException:
    """Run `q2c` as a person does, on a machine without a package."""
    for name in [name for name in sys.modules if name == missing or name.startswith((f"{missing}.", "contracts.conf"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "q2c.commands.conformance", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr(sys, "argv", ["q2c", *arguments])
    with pytest.raises(BaseException) as ended:
        cli.main()
    return ended.value


def test_a_package_that_an_extra_brings_is_named_with_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = _asked(monkeypatch, "h11", "conformance", "client", "none.yaml")
    assert isinstance(ended, SystemExit)
    assert ended.code == 5
    assert "h11 is not installed; this command needs: pip install 'q2c-harness[verify]'" in capsys.readouterr().err


def test_every_extra_that_is_named_exists() -> None:
    import tomllib
    from pathlib import Path

    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert set(cli.EXTRAS.values()) <= tomllib.loads(text)["project"]["optional-dependencies"].keys()
