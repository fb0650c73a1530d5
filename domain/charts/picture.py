"""Pictures of the charts, generated from their tables: `python -m domain.charts.picture docs/charts`.

`README.md` holds every chart as a Mermaid block and as a table; beside it lies one SVG per chart. A test keeps
the committed files equal to what the tables give.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from domain.charts import CHARTS
from domain.charts.chart import Chart
from domain.charts.svg import svg

_INTRODUCTION = """# State charts

Generated from the tables in `domain/charts/` by `python -m domain.charts.picture docs/charts`; do not edit.
A transition that is not listed is illegal and answers 409 with the code `CONFLICT.STATE`. States marked T end
a life; those marked T* may be left again by the listed rows only.
"""


def mermaid(chart: Chart) -> str:
    """Write a chart as a Mermaid state diagram.

    >>> from domain.charts import CREDIT
    >>> print(mermaid(CREDIT).splitlines()[1])
        [*] --> clear
    """
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in chart.initial]
    lines += [f"    {row.source} --> {row.target} : {row.trigger}" for row in chart.transitions]
    lines += [f"    {state} --> [*]" for state in chart.states if state in chart.terminal]
    return "\n".join(lines) + "\n"


def table(chart: Chart) -> str:
    """Write a chart as a Markdown table with the marks T and T*."""
    lines = ["| From | To | Trigger | Guard | Event |", "|---|---|---|---|---|"]
    for row in chart.transitions:
        target = row.target + mark(chart, row.target)
        event = f"`{row.event}`" if row.event else ""
        cells = (row.source, target, f"`{row.trigger}`", row.guard.replace("|", "\\|"), event)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def mark(chart: Chart, state: str) -> str:
    """Return ` (T)` for a state that ends a life, ` (T*)` when it may be reopened, else nothing."""
    if state in chart.reopenable:
        return " (T*)"
    return " (T)" if state in chart.terminal else ""


def page(charts: Iterable[Chart]) -> str:
    """Write the page of all charts."""
    return "\n".join([_INTRODUCTION, *(_section(chart) for chart in charts)])


def _section(chart: Chart) -> str:
    parts = [
        f"## {chart.name}\n",
        f"![State chart of {chart.name}]({chart.name}.svg)\n",
        f"```mermaid\n{mermaid(chart)}```\n",
        table(chart),
    ]
    if chart.notes:
        parts.append("Read into the source text:\n")
        parts.append("".join(f"- {note}\n" for note in chart.notes))
    return "\n".join(parts)


def pictures(charts: Mapping[str, Chart]) -> dict[str, str]:
    """Return the text of every generated file by its name."""
    drawn = {f"{name}.svg": svg(chart) for name, chart in charts.items()}
    return {"README.md": page(charts.values()), **drawn}


def main(arguments: list[str]) -> int:
    """Write all pictures into a folder; return 2 when it is not named."""
    if len(arguments) != 1:
        print("usage: python -m domain.charts.picture FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pictures(CHARTS).items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    print(f"{folder}: {len(CHARTS)} charts")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
