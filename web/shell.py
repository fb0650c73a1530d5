"""The shell: turns a page of sections and blocks into one HTML file that needs nothing else, not even a network.

The file carries a content security policy that allows no request at all and only the page's own programs, by hash: a
hostile name that came with the data could not run even if it were not escaped, which it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from web.blocks import Block, Section
from web.charts import Chart
from web.embedding import chart_library, hash_for_policy, json_for_script, packed_chart_library, static_text
from web.plots import Plot


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page: its title, a sentence under it, and its sections. `kind` says what sort of page it is."""

    title: str
    kind: str
    lede: str = ""
    sections: tuple[Section, ...]
    footer: str = ""


@cache
def environment() -> Environment:
    """Return the templates of every page."""
    environment = Environment(
        loader=PackageLoader("web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["script_json"] = json_for_script
    return environment


def render(page: Page) -> str:
    """Return a page as one HTML document; equal pages give equal text. Charts bring their library along, once."""
    has_charts = bool(list(charts(page)))
    scripts = [static_text("charts.js"), static_text("unpack.js")] if has_charts else []
    return (
        environment()
        .get_template("page.html")
        .render(
            page=page,
            policy=_policy([*scripts, chart_library()] if has_charts else []),
            library=packed_chart_library() if has_charts else "",
            style=Markup(static_text("style.css")),
            scripts=[Markup(script) for script in scripts],
        )
    )


def _policy(scripts: list[str]) -> str:
    """Return a policy under which the page loads nothing and runs only these programs."""
    allowed = " ".join(hash_for_policy(script) for script in scripts) or "'none'"
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {allowed}; base-uri 'none'"


def charts(page: Page) -> Iterator[Chart | Plot]:
    """Yield the charts of a page, wherever they are; assert that their ids differ."""
    seen: set[str] = set()
    for section in page.sections:
        for chart in _charts(section.blocks):
            assert chart.id not in seen, f"two charts of one page are called {chart.id}"
            seen.add(chart.id)
            yield chart


def _charts(blocks: Iterable[Block]) -> Iterator[Chart | Plot]:
    for block in blocks:
        if isinstance(block, Chart | Plot):
            yield block
        yield from _charts(getattr(block, "blocks", ()))
