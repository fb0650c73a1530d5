"""How wide the output is where nobody looks, and what a command says that is stopped while it is loaded."""

from __future__ import annotations

import pytest

from q2c import cli, exits
from q2c.consoles import PIPED_COLUMNS, standard_output


@pytest.mark.parametrize(("said", "width"), [(None, PIPED_COLUMNS), ("", PIPED_COLUMNS), ("70", 70)])
def test_a_pipe_gets_lines_as_wide_as_those_of_the_documentation_unless_columns_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str | None, width: int
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if said is not None:
        monkeypatch.setenv("COLUMNS", said)
    standard_output().print("x" * 300)
    assert max(map(len, capsys.readouterr().out.splitlines())) == width


def test_a_command_that_is_stopped_while_it_is_loaded_says_that_it_did_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    monkeypatch.setattr("sys.argv", ["q2c", "whatif", "quarter_end"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, capsys.readouterr().err) == (exits.INTERRUPTED, "stopped before anything was done\n")
