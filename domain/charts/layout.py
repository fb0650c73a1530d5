"""A layered layout of a chart: which row a state stands in, where its ports are, how the edges run.

States stand in rows from top to bottom. A transition that goes down the rows leaves its source below and
enters its target above; one that goes up is drawn along the same way with the arrow at its upper end. Edges
that cross rows run through thin posts, and those with the same trigger and target share them. Every edge that
starts below a state has a slot as wide as its label, so labels never overlap. Units are SVG pixels. Sums are
`fsum`, which gives the same bits on every Python (`sum` of floats changed in 3.12).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import fsum

import msgspec

from domain.charts.chart import Chart, Transition

BOX_HEIGHT = 34.0
LABEL_HEIGHT = 22.0
CURVE_HEIGHT = 58.0
ROW_HEIGHT = BOX_HEIGHT + LABEL_HEIGHT + CURVE_HEIGHT
GAP = 22.0
POST_WIDTH = 12.0
MARGIN = 24.0
SWEEPS = 12
RELAXATIONS = 24


class Node(msgspec.Struct, frozen=True):
    """A state, or a post (no name) that a long edge runs through."""

    key: str
    name: str
    row: int


class Port(msgspec.Struct, frozen=True):
    """The place where edges meet a node, above or below it; `label` is written beside a port below."""

    node: str
    key: str
    label: str = ""
    arrow: bool = False
    upward: bool = False


class Link(msgspec.Struct, frozen=True):
    """One stretch of an edge, from a port below the upper node to a port above the lower one.

    `level` stretches join two ports below states of one row.
    """

    upper: Port
    lower: Port
    upward: bool = False
    level: bool = False


class Layout(msgspec.Struct, frozen=True):
    """Where everything stands: the left edge and width of each node, the x of each port."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    left: Mapping[str, float]
    width: Mapping[str, float]
    port_x: Mapping[Port, float]
    size: tuple[float, float]


def layout(chart: Chart) -> Layout:
    """Lay a chart out; the same table gives the same layout."""
    nodes, links = _graph(chart)
    rows = _order(nodes, links)
    width = {node.key: _width(node, links) for node in nodes}
    left = min(
        (_settle(rows, links, width, by_states) for by_states in (False, True)),
        key=lambda places: max(places[key] + width[key] for key in places),
    )
    port_x = _ports(nodes, links, left, width)
    right = max(left[node.key] + width[node.key] for node in nodes)
    height = MARGIN * 2 + len(rows) * ROW_HEIGHT
    return Layout(tuple(nodes), tuple(links), left, width, port_x, (right + MARGIN, height))


def ranks(chart: Chart) -> dict[str, int]:
    """Return the row of each state: one below the state that first leads to it, in the order of the table.

    A state without exits stands below all states that lead to it.
    """
    row = dict.fromkeys(chart.initial, 0)
    for _ in chart.states:
        for step in chart.transitions:
            if step.source in row:
                row.setdefault(step.target, row[step.source] + 1)
    for state in chart.states:
        if not chart.exits[state]:
            row[state] = 1 + max(row[step.source] for step in chart.transitions if step.target == state)
    return row


def label_width(text: str) -> float:
    """Return the room that a label takes in the small type of the picture."""
    return 6.3 * len(text) + 14.0


def row_top(row: int) -> float:
    """Return the y of the upper edge of the boxes of a row."""
    return MARGIN + LABEL_HEIGHT + row * ROW_HEIGHT


def _graph(chart: Chart) -> tuple[list[Node], list[Link]]:
    row = ranks(chart)
    nodes = {state: Node(state, state, row[state]) for state in chart.states}
    links: dict[Link, None] = {}
    for step in chart.transitions:
        if row[step.source] == row[step.target]:
            ends = Port(step.source, step.trigger, step.trigger), Port(step.target, "level", arrow=True)
            links[Link(*ends, level=True)] = None
            continue
        chain = _chain(step, row)
        nodes.update((node.key, node) for node in chain)
        links.update(dict.fromkeys(_stretches(step, chain)))
    return list(nodes.values()), list(links)


def _chain(step: Transition, row: Mapping[str, int]) -> list[Node]:
    upward = row[step.target] < row[step.source]
    first, last = (step.target, step.source) if upward else (step.source, step.target)
    between = range(row[first] + 1, row[last])
    bundle = f"{step.target}/{step.trigger}/{'up' if upward else 'down'}"
    posts = [Node(f"{bundle}/{level}", "", level) for level in between]
    return [Node(first, first, row[first]), *posts, Node(last, last, row[last])]


def _stretches(step: Transition, chain: Sequence[Node]) -> Iterable[Link]:
    upward = chain[0].name == step.target
    for upper, lower in pairwise(chain):
        below = Port(upper.key, "post")
        above = Port(lower.key, "post")
        if upper is chain[0]:
            key = f"{step.trigger}/{'up' if upward else 'down'}"
            below = Port(upper.key, key, step.trigger, arrow=upward, upward=upward)
        if lower is chain[-1]:
            key = f"{step.target}/{step.trigger}" if upward else step.trigger
            above = Port(lower.key, key, arrow=not upward, upward=upward)
        yield Link(below, above, upward=upward)


def _order(nodes: Sequence[Node], links: Sequence[Link]) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(1 + max(node.row for node in nodes))]
    for node in nodes:
        rows[node.row].append(node.key)
    best, fewest = [list(row) for row in rows], _crossings(rows, links)
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        for row in rows if downward else reversed(rows):
            place = _places(rows)
            weight = {key: _barycentre(key, links, place, downward) for key in row}
            row.sort(key=weight.__getitem__)
        crossings = _crossings(rows, links)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _places(rows: Sequence[Sequence[str]]) -> dict[str, float]:
    return {key: (index + 0.5) / len(row) for row in rows for index, key in enumerate(row)}


def _barycentre(key: str, links: Sequence[Link], place: Mapping[str, float], downward: bool) -> float:
    if downward:
        near = [place[link.upper.node] for link in links if link.lower.node == key and not link.level]
    else:
        near = [place[link.lower.node] for link in links if link.upper.node == key and not link.level]
    return fsum(near) / len(near) if near else place[key]


def _crossings(rows: Sequence[Sequence[str]], links: Sequence[Link]) -> int:
    place = _places(rows)
    row_of = {key: index for index, row in enumerate(rows) for key in row}
    count = 0
    for index in range(len(rows)):
        ends = [
            (place[link.upper.node], place[link.lower.node])
            for link in links
            if row_of[link.upper.node] == index and not link.level
        ]
        count += sum((one[0] - two[0]) * (one[1] - two[1]) < 0 for one in ends for two in ends)
    return count // 2


def _width(node: Node, links: Sequence[Link]) -> float:
    if not node.name:
        return POST_WIDTH
    below = {port for link in links for port in _below(link) if port.node == node.key}
    above = {link.lower for link in links if link.lower.node == node.key and not link.level}
    text = 7.8 * len(node.name) + 26.0
    return max(text, fsum(label_width(port.label) for port in below), 16.0 * len(above))


def _below(link: Link) -> tuple[Port, ...]:
    return (link.upper, link.lower) if link.level else (link.upper,)


def _settle(
    rows: Sequence[Sequence[str]], links: Sequence[Link], width: Mapping[str, float], by_states: bool
) -> dict[str, float]:
    """Pull every node towards its neighbours without letting the nodes of a row overlap.

    A row as a whole follows the wishes of all its nodes, or of its states only; which of the two gives the
    narrower picture depends on the chart.
    """
    left: dict[str, float] = {}
    for row in rows:
        _pack(row, dict.fromkeys(row, 0.0), width, left, by_states)
    for turn in range(RELAXATIONS):
        for row in rows if turn % 2 == 0 else reversed(rows):
            wish = {key: _wish(key, links, left, width) for key in row}
            _pack(row, wish, width, left, by_states)
    shift = MARGIN - min(left.values())
    return {key: round(x + shift, 1) for key, x in left.items()}


def _wish(key: str, links: Sequence[Link], left: Mapping[str, float], width: Mapping[str, float]) -> float:
    near = [link.upper.node for link in links if link.lower.node == key]
    near += [link.lower.node for link in links if link.upper.node == key]
    if not near:
        return left[key]
    middle = fsum(left[other] + width[other] / 2 for other in near) / len(near)
    return middle - width[key] / 2


def _pack(
    row: Sequence[str],
    wish: Mapping[str, float],
    width: Mapping[str, float],
    left: dict[str, float],
    by_states: bool,
) -> None:
    edge = float("-inf")
    for key in row:
        left[key] = max(wish[key], edge)
        edge = left[key] + width[key] + GAP
    states = [key for key in row if not (by_states and "/" in key)] or row
    drift = fsum(wish[key] - left[key] for key in states) / len(states)
    for key in row:
        left[key] += drift


def _ports(
    nodes: Sequence[Node], links: Sequence[Link], left: Mapping[str, float], width: Mapping[str, float]
) -> dict[Port, float]:
    middle = {node.key: left[node.key] + width[node.key] / 2 for node in nodes}
    port_x: dict[Port, float] = {}
    for node in nodes:
        below = _towards(((port, link) for link in links for port in _below(link)), node.key, middle)
        above = _towards(((link.lower, link) for link in links if not link.level), node.key, middle)
        if not node.name:
            port_x.update(dict.fromkeys((*below, *above), round(middle[node.key], 1)))
            continue
        total = fsum(label_width(port.label) for port in below)
        x = left[node.key] + (width[node.key] - total) / 2 + 8
        for port in below:
            port_x[port] = round(x, 1)
            x += label_width(port.label)
        for index, port in enumerate(above):
            port_x[port] = round(left[node.key] + width[node.key] * (index + 1) / (len(above) + 1), 1)
    return port_x


def _towards(ends: Iterable[tuple[Port, Link]], node: str, middle: Mapping[str, float]) -> list[Port]:
    """Order the ports on one side of a node by where their edges lead."""
    far: dict[Port, list[float]] = {}
    for port, link in ends:
        if port.node == node:
            other = link.lower if port == link.upper else link.upper
            far.setdefault(port, []).append(middle[other.node])
    return sorted(far, key=lambda port: fsum(far[port]) / len(far[port]))
