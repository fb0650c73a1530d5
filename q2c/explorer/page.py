"""The page of the explorer: its knobs as a form, and the place for answers; templates lie with all others in `web`."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from q2c.explorer.explorer import LOOK, Explorer
from web.blocks import Section
from web.embedding import static_text
from web.shell import environment


def page_of(explorer: Explorer) -> str:
    """Return the page as HTML."""
    return environment().get_template("explorer.html").render(
        start=explorer.start,
        knobs=explorer.knobs,
        replications=explorer.replications,
        look=min(LOOK, explorer.replications),
        style=Markup(static_text("style.css") + static_text("explorer.css")),
    )  # fmt: skip


def fragment(sections: Sequence[Section]) -> str:
    """Return the parts of the page that are drawn anew as HTML."""
    return environment().get_template("explored.html").render(sections=sections)
