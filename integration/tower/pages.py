"""The tower's pages over HTTP: who may see them, which view each is, and what their forms do.

A page works without its program; forms post to an action here, which sends the browser back with a sentence about what
came of it. Whoever is not signed in is asked to, and then brought to where they wanted to go.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from integration.observability import telemetry_of
from integration.service.access import Access
from integration.service.node import Node, Stopped
from integration.tower import case_page, exceptions_page, frame, overview, story, story_page, systems_page
from integration.tower.frame import ROOT
from integration.tower.queue import Filter
from integration.tower.sessions import COOKIE, LIFE_US, Sessions, Visitor, is_form_of
from integration.tower.tower import NotAllowed, Tower, correction_of, sentence_of
from web import words
from web.site import SitePage, policy, render_site

_LOG = logging.getLogger("q2c.integration")
View = Callable[[Request, Visitor], Awaitable[SitePage | Response]]
FORM_BYTES_MAX = 65_536
_HEADERS = {
    "content-security-policy": policy(),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
}
_DONE = {
    "take": "The case is yours.",
    "hand_over": "The case is handed over.",
    "wait": "The clock of the case stands still.",
    "resume": "The clock of the case goes on.",
    "comment": "Your remark is in the audit trail.",
    "re_drive": "The flow goes on.",
    "discard": "You asked to discard the flow; somebody else has to agree.",
    "approve_discard": "The flow is discarded.",
    "refuse_discard": "The flow is not discarded.",
}


def application(node: Node, access: Access) -> Starlette:
    """Return the tower of a node as an application, to be mounted at /tower."""
    pages = Pages(Tower(node, telemetry_of(node).observed), Sessions(access))
    views = {
        "/": pages.overview, "/exceptions": pages.exceptions, "/letters": pages.letters,
        "/cases/{case:path}": pages.case, "/transactions": pages.search,
        "/transactions/{txn:path}": pages.story, "/money": pages.money,
        "/peers": pages.peers, "/backlog": pages.backlog,
    }  # fmt: skip
    actions = {"/act": pages.act, "/bulk": pages.bulk, "/sign-out": pages.sign_out}
    routes = [
        Route("/sign-in", pages.ask_who, methods=["GET"]),
        Route("/sign-in", pages.sign_in, methods=["POST"]),
        *(Route(path, pages.seen(view), methods=["GET"]) for path, view in views.items()),
        *(Route(path, pages.done(action), methods=["POST"]) for path, action in actions.items()),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _missing})


class Pages:
    """Every page and every action."""

    def __init__(self, tower: Tower, sessions: Sessions) -> None:
        self._tower, self._sessions = tower, sessions

    # --- who asks ---------------------------------------------------------------------------------------------------

    def seen(self, view: View) -> Callable[[Request], Awaitable[Response]]:
        """Return a handler that shows a page to whoever is signed in."""

        async def show(request: Request) -> Response:
            visitor = self._visitor(request)
            if visitor is None:
                return RedirectResponse(f"{ROOT}/sign-in?next={quote(_here(request), safe='')}", 303, _HEADERS)
            try:
                await self._tower.catch_up()
                shown = await view(request, visitor)
                news = self._news()
            except KeyError as missing:
                return _html(frame.wrong(sentence_of(missing), visitor), 404)
            except Exception:
                _LOG.exception("the tower cannot show %s", request.url.path)
                return _html(frame.wrong("The journal cannot be read now; try again in a moment.", visitor), 503)
            if isinstance(shown, Response):
                return shown
            if request.headers.get("sec-fetch-dest") != "empty":  # a refresh is not the page that a form leads to
                shown = msgspec.structs.replace(shown, notice=self._sessions.heard(_name(request)))
            return _html(frame.worn(shown, visitor, news))

        return show

    def done(self, action: View) -> Callable[[Request], Awaitable[Response]]:
        """Return a handler for a form: its origin is this site, and it carries the secret of the person's session."""

        async def do(request: Request) -> Response:
            visitor = self._visitor(request)
            if visitor is None:
                return RedirectResponse(f"{ROOT}/sign-in", 303, _HEADERS)
            request.state.said = await _said(request)
            if _is_foreign(request) or not is_form_of(visitor, request.state.said.get("form_secret", "")):
                return _html(frame.wrong("The form is not from this page, or from an earlier session.", visitor), 403)
            try:
                shown = await action(request, visitor)
            except NotAllowed as no:
                return _html(frame.wrong(str(no), visitor, _back(request)), 403)
            except KeyError as missing:
                return _html(frame.wrong(sentence_of(missing), visitor, _back(request)), 404)
            except ValueError as no:
                return _html(frame.wrong(str(no), visitor, _back(request)), 409)
            except (Stopped, TimeoutError) as trouble:
                late = "the process that has this flow did not answer; look at the case again before you repeat it"
                return _html(frame.unsure(words.sentence(str(trouble) or late), visitor, _back(request)), 503)
            except Exception:
                _LOG.exception("the tower cannot do %s", request.url.path)
                broken = "The journal cannot be written now, or we made a mistake; look again before you repeat it."
                return _html(frame.unsure(broken, visitor, _back(request)), 503)
            assert isinstance(shown, Response), "an action sends the browser somewhere"
            return shown

        return do

    def _visitor(self, request: Request) -> Visitor | None:
        return self._sessions.visitor(_name(request), self._tower.node.now_us())

    def _news(self) -> str:
        standings = [peer.standing for peer in self._tower.peers()]
        tower = self._tower
        return overview.news(tower.cases(), standings, tower.alerts(), tower.node.now_us())

    async def ask_who(self, request: Request) -> Response:
        """Ask for a token."""
        return _html(frame.sign_in(_own_path(request.query_params.get("next", ""))))

    async def sign_in(self, request: Request) -> Response:
        """Begin a session with a token."""
        said = await _said(request)
        if _is_foreign(request):
            return _html(frame.sign_in("", "The form is not from this page."), 403)
        name = self._sessions.sign_in(said.get("token", ""), self._tower.node.now_us())
        if not name:
            problem = "Nobody has this token, or it may not look at the tower."
            return _html(frame.sign_in(_own_path(said.get("next", "")), problem), 401)
        found = RedirectResponse(_own_path(said.get("next", "")) or f"{ROOT}/", 303, _HEADERS)
        found.set_cookie(
            COOKIE, name, max_age=LIFE_US // 1_000_000, httponly=True, samesite="lax", path=ROOT,
            secure="https" in (request.url.scheme, request.headers.get("x-forwarded-proto", "")),
        )  # fmt: skip
        return found

    async def sign_out(self, request: Request, _visitor: Visitor) -> Response:
        """End the session."""
        self._sessions.sign_out(_name(request))
        found = RedirectResponse(f"{ROOT}/sign-in", 303, _HEADERS)
        found.delete_cookie(COOKIE, path=ROOT)
        return found

    # --- pages ------------------------------------------------------------------------------------------------------

    async def overview(self, _request: Request, _visitor: Visitor) -> SitePage:
        """Show how it is."""
        tower = self._tower
        standings = [peer.standing for peer in tower.peers()]
        alerts = tower.alerts()
        return overview.overview(tower.board, tower.cases(), standings, alerts, tower.node.now_us(), self._trouble())

    def _trouble(self) -> list[str]:
        is_behind = self._tower.behind or self._tower.alerts_behind
        behind = ["figures and alerts are still being folded from the event log"] if is_behind else []
        return [*self._tower.node.readiness(), *behind]

    async def exceptions(self, request: Request, visitor: Visitor) -> SitePage:
        """Show the queue."""
        return self._queue(request, visitor, "")

    async def letters(self, request: Request, visitor: Visitor) -> SitePage:
        """Show the dead letters."""
        return self._queue(request, visitor, "yes")

    def _queue(self, request: Request, visitor: Visitor, letters: str) -> SitePage:
        tower = self._tower
        given = {name: value for name, value in request.query_params.items() if value}
        wanted = filter_of({**given, "letters": letters})
        return exceptions_page.page(tower.cases(), wanted, visitor, tower.node.now_us(), tower.node.settings)

    async def case(self, request: Request, visitor: Visitor) -> SitePage:
        """Show one case."""
        reader, case_id = self._tower.node.reader, request.path_params["case"]
        case = reader.case(case_id)
        if case is None:
            raise KeyError(f"No case has the id {case_id}.")
        flow = reader.flow(case.flow)
        trail = reader.trail(flow.number) if flow is not None else []
        arguments = msgspec.msgpack.decode(flow.arguments) if flow is not None else None
        return case_page.page(case, flow, trail, arguments, visitor, self._tower.node.now_us())

    async def search(self, request: Request, _visitor: Visitor) -> SitePage | Response:
        """Look for a transaction; one that is found is shown at once."""
        asked = request.query_params.get("find", "").strip()
        txn = story.found_txn(self._tower.node.reader, asked)
        if txn:
            return RedirectResponse(frame.txn_href(txn), 303, _HEADERS)
        return story_page.search(self._tower.board, asked, self._tower.node.now_us())

    async def story(self, request: Request, _visitor: Visitor) -> SitePage:
        """Tell the story of a transaction."""
        txn = request.path_params["txn"]
        told = story.told_from(self._tower.node.reader, txn)
        if not told.flows:
            raise KeyError(f"Nothing is known of transaction {txn}.")
        return story_page.page(told, self._tower.node.now_us())

    async def money(self, _request: Request, _visitor: Visitor) -> SitePage:
        """Show money as each system told it."""
        self._tower.alerts()  # brings what the last close of a day found
        return systems_page.money(self._tower.board.books, self._tower.at_close)

    async def peers(self, _request: Request, _visitor: Visitor) -> SitePage:
        """Show the systems of record."""
        tower, peers = self._tower, self._tower.peers()
        standings = [peer.standing for peer in peers]
        addresses = {peer.standing.system: peer.address for peer in peers}
        return systems_page.peers(
            standings, addresses, tower.calls.tallies, tower.node.settings.limits, tower.node.reader.workers(),
            tower.node.now_us(),
        )  # fmt: skip

    async def backlog(self, _request: Request, _visitor: Visitor) -> SitePage:
        """Show what waits inside."""
        return systems_page.backlog(self._tower.node.reader.counts(), self._tower.board, self._tower.behind)

    # --- actions ----------------------------------------------------------------------------------------------------

    async def act(self, request: Request, visitor: Visitor) -> Response:
        """Act on one case."""
        said: dict[str, str] = request.state.said
        action, case_id = said.get("action", ""), said.get("case", "")
        arguments: dict[str, Any] = {name: said.get(name, "") for name in ("note", "to", "from", "decision")}
        await self._tower.act(
            visitor, action, case=case_id, version=_whole(said.get("version", "")), correction=correction_of(said),
            **arguments,
        )  # fmt: skip
        self._sessions.say(_name(request), _DONE[action])
        return RedirectResponse(frame.case_href(case_id), 303, _HEADERS)

    async def bulk(self, request: Request, visitor: Visitor) -> Response:
        """Act on all cases that fit a filter."""
        said: dict[str, str] = request.state.said
        action = said.get("action", "")
        if action not in ("re_drive", "cancel", "take", "discard"):
            raise ValueError(f"many cases at once cannot be {action!r}")
        fields = {name: value for name, value in said.items() if name in Filter.__struct_fields__ and value}
        wanted = filter_of(fields)
        told = await self._tower.bulk(visitor, action, wanted, said.get("note", ""))
        self._sessions.say(_name(request), told)
        return RedirectResponse(f"{ROOT}/{'letters' if wanted.letters else 'exceptions'}", 303, _HEADERS)


# --- requests -------------------------------------------------------------------------------------------------------


def filter_of(given: dict[str, str]) -> Filter:
    """Return a filter from what an address or a form says; what is not understood is left out."""
    known = {name: value for name, value in given.items() if name in Filter.__struct_fields__}
    for name in ("hours", "page"):
        if name in known:
            known[name] = str(_whole(known[name]) or 0)
    return msgspec.convert(known, Filter, strict=False)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


async def _said(request: Request) -> dict[str, str]:
    """Return the fields of a form; a repeated one keeps its last value."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > FORM_BYTES_MAX:
            raise HTTPException(413, "the form is too large")
        parts.append(part)
    try:
        fields = parse_qs(b"".join(parts).decode("utf-8", "replace"), max_num_fields=100)
    except ValueError as wrong:
        raise HTTPException(400, "the form has too many fields") from wrong
    return {name: values[-1].strip() for name, values in fields.items()}


def _is_foreign(request: Request) -> bool:
    """Tell whether a form comes from a page of another origin."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()


def _name(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _here(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _own_path(path: str) -> str:
    """Return a path of the tower, or nothing: nobody is sent elsewhere after signing in."""
    is_ours = path.startswith(f"{ROOT}/") and "\\" not in path and path.isprintable()
    return path if is_ours else ""


def _back(request: Request) -> str:
    case_id = request.state.said.get("case", "")
    return frame.case_href(case_id) if case_id else ""


def _html(page: SitePage, status: int = 200) -> Response:
    return HTMLResponse(render_site(page), status, _HEADERS)


async def _missing(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _html(frame.wrong(f"{error.detail}.", None), error.status_code)
