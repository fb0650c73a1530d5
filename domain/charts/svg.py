"""A chart as a self-contained SVG picture that a screen reader can read, made from its table only."""

from collections.abc import Iterable
from html import escape

from domain.charts.chart import Chart
from domain.charts.layout import (
    BOX_HEIGHT,
    CURVE_HEIGHT,
    LABEL_HEIGHT,
    MARGIN,
    Layout,
    Link,
    Node,
    Port,
    layout,
    row_top,
)

TITLE_HEIGHT = 34.0
LEGEND_HEIGHT = 30.0
LEGEND = "double frame: a life ends here (dashed: may be reopened) · dashed arrow: back up"
WIDTH_MIN = 620.0

_STYLE = (
    "text{font-family:'DejaVu Sans',Verdana,sans-serif;fill:#1b2733}"
    ".name{font-size:13px;text-anchor:middle}.label{font-size:11px;fill:#33475b}"
    ".head{font-size:15px;font-weight:bold}.note{font-size:11px;fill:#5a6b7b}"
    ".box{fill:#f3f7fb;stroke:#2f5d8a;stroke-width:1.5}.start{fill:#dcebf8}.end{fill:#f6f1e6;stroke:#7a5c1e}"
    ".inner{fill:none;stroke:#7a5c1e;stroke-width:1}.again{stroke-dasharray:4 3}"
    ".edge{fill:none;stroke:#4a5b6c;stroke-width:1.3}.back{stroke:#9a3b6b;stroke-dasharray:5 3}"
    ".tip{fill:#4a5b6c}.tip.back{fill:#9a3b6b;stroke:none}.halo{stroke:#fff;stroke-width:4;fill:none}"
)


def svg(chart: Chart) -> str:
    """Draw a chart; the same table gives the same text."""
    plan = layout(chart)
    width = max(plan.size[0], WIDTH_MIN)
    height = plan.size[1] + TITLE_HEIGHT + LEGEND_HEIGHT - CURVE_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">',
        f'<title id="title">State chart: {escape(chart.name)}</title>',
        f'<desc id="desc">{escape(describe(chart))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
        f'<text class="head" x="{MARGIN:.0f}" y="28">{escape(chart.name)}</text>',
        f'<g transform="translate({(width - plan.size[0]) / 2:.1f} {TITLE_HEIGHT:.0f})">',
        *(_curve(plan, link) for link in plan.links),
        *(_post(plan, node) for node in plan.nodes if not node.name),
        *_tips(plan),
        *(_box(chart, plan, node) for node in plan.nodes if node.name),
        *_labels(plan),
        "</g>",
        f'<text class="note" x="{MARGIN:.0f}" y="{height - 12:.0f}">{LEGEND}</text>',
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def describe(chart: Chart) -> str:
    """Say the chart in words: where it starts, every transition, where it ends."""
    steps = "; ".join(f"{row.source} to {row.target} by {row.trigger}" for row in chart.transitions)
    ends = ", ".join(state for state in chart.states if state in chart.terminal) or "no state"
    return f"Starts in {' or '.join(chart.initial)}. Transitions: {steps}. Ends in {ends}."


def _rows(plan: Layout) -> dict[str, int]:
    return {node.key: node.row for node in plan.nodes}


def _bottom(plan: Layout, port: Port) -> float:
    return row_top(_rows(plan)[port.node]) + BOX_HEIGHT


def _curve(plan: Layout, link: Link) -> str:
    x1, x2 = plan.port_x[link.upper], plan.port_x[link.lower]
    start = _bottom(plan, link.upper)
    bend = start + LABEL_HEIGHT
    if link.level:
        deep = bend + 14 + 13 * _turn(plan, link)
        path = f"M{x1} {start}V{bend}C{x1} {deep} {x2} {deep} {x2} {bend}V{start + 8}"
    else:
        end = bend + CURVE_HEIGHT
        half = CURVE_HEIGHT * 0.55
        head = start + 8 if link.upper.arrow else start
        tail = end - 8 if link.lower.arrow else end
        path = f"M{x1} {head}V{bend}C{x1} {bend + half} {x2} {end - half} {x2} {tail}"
    return f'<path class="edge{" back" if link.upward else ""}" d="{path}"/>'


def _turn(plan: Layout, link: Link) -> int:
    """Count the level edges of the row before this one, so that each swings a little lower."""
    rows = _rows(plan)
    row = rows[link.upper.node]
    return [other for other in plan.links if other.level and rows[other.upper.node] == row].index(link)


def _post(plan: Layout, node: Node) -> str:
    link = next(link for link in plan.links if link.upper.node == node.key)
    top = row_top(node.row)
    style = "edge back" if link.upward else "edge"
    return f'<path class="{style}" d="M{plan.port_x[link.upper]} {top}V{top + BOX_HEIGHT}"/>'


def _tips(plan: Layout) -> Iterable[str]:
    for port, x in plan.port_x.items():
        if not port.arrow:
            continue
        top = row_top(_rows(plan)[port.node])
        below = any(port == link.upper or (link.level and port == link.lower) for link in plan.links)
        y, reach = (top + BOX_HEIGHT, 9) if below else (top, -9)
        style = "tip back" if port.upward else "tip"
        yield f'<path class="{style}" d="M{x} {y}l-4.5 {reach}h9z"/>'


def _box(chart: Chart, plan: Layout, node: Node) -> str:
    x, y, width = plan.left[node.key], row_top(node.row), plan.width[node.key]
    ends = node.name in chart.terminal
    style = "box end" if ends else "box start" if node.name in chart.initial else "box"
    parts = [f'<rect class="{style}" x="{x}" y="{y}" width="{width:.1f}" height="{BOX_HEIGHT}" rx="9"/>']
    if ends:
        again = " again" if node.name in chart.reopenable else ""
        parts.append(
            f'<rect class="inner{again}" x="{x + 3:.1f}" y="{y + 3}" width="{width - 6:.1f}" '
            f'height="{BOX_HEIGHT - 6}" rx="6"/>'
        )
    if node.name in chart.initial:
        middle = x + 16
        parts.append(f'<circle cx="{middle:.1f}" cy="{y - 20}" r="5" fill="#1b2733"/>')
        parts.append(f'<path class="edge" d="M{middle:.1f} {y - 15}v9"/>')
        parts.append(f'<path class="tip" d="M{middle:.1f} {y}l-4.5 -9h9z"/>')
    parts.append(f'<text class="name" x="{x + width / 2:.1f}" y="{y + 22}">{escape(node.name)}</text>')
    return "".join(parts)


def _labels(plan: Layout) -> Iterable[str]:
    for port, x in plan.port_x.items():
        if port.label:
            y = _bottom(plan, port) + 15
            yield f'<text class="label" x="{x + 6:.1f}" y="{y}">{escape(port.label)}</text>'
