"""The site: pages of a server, in the same look as reports, with a menu, forms and a little program of ours.

The policy of a page goes with it as a header (`policy()`): it loads nothing from anywhere, sends its forms only to
where it came from, and runs its own program only.
"""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from web.blocks import Section
from web.embedding import hash_for_policy, static_text
from web.forms import Form
from web.shell import environment

SCRIPT = "site.js"


class SitePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a site. `menu` is (text, address); `here` the address that is open.

    `follows` lets it be kept fresh; with `refresh_seconds` it is, unless the person switches it off. `news` is a
    sentence about now: when it changes, a screen reader hears it, politely. `person` is who is signed in, and `corner`
    the form that signs them out.
    """

    title: str
    kind: str
    lede: str = ""
    menu: tuple[tuple[str, str], ...]
    here: str
    sections: tuple[Section, ...]
    notice: str = ""
    tone: str = "good"
    footer: str = ""
    follows: bool = False
    refresh_seconds: int = 0
    news: str = ""
    person: str = ""
    corner: Form | None = None


def render_site(page: SitePage) -> str:
    """Return a page of a site as HTML."""
    return environment().get_template("site.html").render(
        page=page,
        style=Markup(static_text("style.css")),
        script=Markup(static_text(SCRIPT)),
    )  # fmt: skip


def policy() -> str:
    """Return the content security policy of a site's pages."""
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors 'none'; script-src {hash_for_policy(static_text(SCRIPT))}"
    )
