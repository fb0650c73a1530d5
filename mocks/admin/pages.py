"""The admin page: what the API can do, for a person with a browser. It works without a program and without a network.

Each page is made of blocks by `views`; each form posts to an action here, which tells the control what to do and sends
the browser back to the page with a sentence about what came of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mocks.admin import evidence, frame, views
from mocks.admin.control import Control, as_fault
from mocks.admin.guard import COOKIE, require_allowed
from mocks.admin.shapes import Clock, Company, Search, Wrong
from mocks.kernel.limits import LimitPolicy
from web.site import SitePage, policy, render_site

Action = Callable[[Request], Awaitable[SitePage | Response]]
_SAID_CHARACTERS = 300


class Pages:
    """The pages and the actions of their forms."""

    def __init__(self, control: Control, token: str) -> None:
        self._control, self._token = control, token
        self._headers = {
            "content-security-policy": policy(),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cache-control": "no-store",
        }

    def rows(self) -> Iterator[tuple[str, str, Action]]:
        """Yield (method, path, action) for every page and every form."""
        for path, show in (
            ("", self._overview), ("journal", self._journal), ("journal/{number}", self._request),
            ("documents", self._kinds), ("documents/{system}/{kind}", self._documents),
            ("documents/{system}/{kind}/{key:path}", self._document), ("faults", self._faults),
            ("drifts", self._drifts), ("limits", self._limits), ("clock", self._clock),
            ("deliveries", self._deliveries),
        ):  # fmt: skip
            yield "GET", f"/ui/{path}", show
        yield "GET", "/ui/login", self._login
        for path, act in (
            ("login", self._log_in), ("reset", self._reset), ("seed", self._seed), ("journal/clear", self._forget),
            ("faults/add", self._add_fault), ("faults/clear", self._clear_faults),
            ("faults/{index:int}/remove", self._remove_fault), ("drifts", self._drift),
            ("limits/{system}", self._limit), ("clock", self._move),
            ("deliveries/{number:int}/redeliver", self._redeliver),
        ):  # fmt: skip
            yield "POST", f"/ui/{path}", act

    def guarded(self, action: Action) -> Callable[[Request], Awaitable[Response]]:
        """Return a handler for an action; what cannot be done becomes a page that says why."""
        if action in (self._login, self._log_in):
            return partial(self._logging_in, action)

        async def guard(request: Request) -> Response:
            try:
                require_allowed(request, self._token)
                shown = await action(request)
            except Wrong as wrong:
                if wrong.status == 401:
                    return RedirectResponse("/ui/login", 303)
                return self._html(frame.wrong(str(wrong)), wrong.status)
            return self._html(shown, 200) if isinstance(shown, SitePage) else shown

        return guard

    async def _logging_in(self, action: Action, request: Request) -> Response:
        """Answer the two requests that need no token yet; a foreign origin may not send them either."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
            return self._html(frame.wrong("this page does not answer to pages of other origins"), 403)
        shown = await action(request)
        return self._html(shown, 200) if isinstance(shown, SitePage) else shown

    def _html(self, page: SitePage, status: int) -> Response:
        return HTMLResponse(render_site(page), status, self._headers)

    # --- pages ------------------------------------------------------------------------------------------------------

    async def _overview(self, request: Request) -> SitePage:
        return _noticed(views.overview(self._control), request)

    async def _journal(self, request: Request) -> SitePage:
        given = {name: value for name, value in request.query_params.items() if value and name != "said"}
        try:
            search: Search = msgspec.convert(given, Search, strict=False)
        except msgspec.ValidationError as wrong:
            raise Wrong(f"the filter is not understood: {wrong}") from wrong
        return _noticed(evidence.journal(self._control, search), request)

    async def _request(self, request: Request) -> SitePage:
        return evidence.request(self._control.requests.detail(request.path_params["number"]))

    async def _kinds(self, _request: Request) -> SitePage:
        return evidence.kinds(self._control)

    async def _documents(self, request: Request) -> SitePage:
        where, said = request.path_params, request.query_params
        wanted = {name: said.get(name, "") for name in ("status", "txn", "text")}
        return evidence.documents(self._control.documents(where["system"], where["kind"], **wanted), wanted)

    async def _document(self, request: Request) -> SitePage:
        where = request.path_params
        return evidence.document(self._control.document(where["system"], where["kind"], where["key"]))

    async def _faults(self, request: Request) -> SitePage:
        return _noticed(views.faults(self._control), request)

    async def _drifts(self, request: Request) -> SitePage:
        return _noticed(views.drifts(self._control.drifts()), request)

    async def _limits(self, request: Request) -> SitePage:
        return _noticed(views.limits(self._control.limits()), request)

    async def _clock(self, request: Request) -> SitePage:
        return _noticed(views.clock(self._control.live.clock.reading()), request)

    async def _deliveries(self, request: Request) -> SitePage:
        system = request.query_params.get("system", "")
        return _noticed(evidence.deliveries(self._control.deliveries(system), system), request)

    async def _login(self, _request: Request) -> SitePage:
        return frame.login()

    # --- actions ----------------------------------------------------------------------------------------------------

    async def _log_in(self, request: Request) -> Response:
        found = RedirectResponse("/ui/", 303)
        token = (await said(request)).get("token", "")
        found.set_cookie(COOKIE, quote(token, safe=""), httponly=True, samesite="strict", path="/")
        return found

    async def _reset(self, request: Request) -> Response:
        text = (await said(request)).get("seed", "")
        seed = self._control.reset(_whole(text, "seed") if text else None)
        return _back("", f"The world is empty again; its seed is {seed}.")

    async def _seed(self, request: Request) -> Response:
        given = await said(request)
        company = Company(
            given.get("scenario", "quarter_end"), _whole(given.get("subscriptions", "5"), "subscriptions")
        )
        return _back("", f"{self._control.seed(company)} acts filled the world.")

    async def _forget(self, _request: Request) -> Response:
        return _back("journal", f"{self._control.requests.clear()} requests are forgotten.")

    async def _add_fault(self, request: Request) -> Response:
        given: dict[str, Any] = {name: text for name, text in (await said(request)).items() if text}
        percent = given.pop("share_percent", "")
        if percent:
            given["share_ppm"] = _ppm(percent)
        self._control.add_fault(as_fault(given))
        return _back("faults", f"{given.get('kind', '')} is on.")

    async def _remove_fault(self, request: Request) -> Response:
        self._control.remove_fault(request.path_params["index"])
        return _back("faults", "The fault is off.")

    async def _clear_faults(self, _request: Request) -> Response:
        self._control.plan(())
        return _back("faults", "All faults are off.")

    async def _drift(self, request: Request) -> Response:
        names = (await _said_often(request)).get("names", [])
        self._control.drift(names)
        return _back("drifts", f"{len(names)} drifts are on." if names else "No drift is on.")

    async def _limit(self, request: Request) -> Response:
        given = {name: text for name, text in (await said(request)).items() if text}
        system = request.path_params["system"]
        try:
            policy_ = msgspec.convert(given, LimitPolicy, strict=False)
        except msgspec.ValidationError as wrong:
            raise Wrong(f"the limits are not understood: {wrong}") from wrong
        self._control.limit({system: policy_})
        return _back("limits", f"{system} has other limits now.")

    async def _move(self, request: Request) -> Response:
        given = {name: text for name, text in (await said(request)).items() if text}
        try:
            wish = msgspec.convert(given, Clock, strict=False)
        except msgspec.ValidationError as wrong:
            raise Wrong(f"the wish is not understood: {wrong}") from wrong
        await self._control.move(wish)
        return _back("clock", "Done.")

    async def _redeliver(self, request: Request) -> Response:
        number = self._control.redeliver(request.path_params["number"])
        return _back("deliveries", f"What attempt {number} carried is on its way again.")


async def said(request: Request) -> dict[str, str]:
    """Return the fields of a form; a repeated one keeps its last value."""
    return {name: values[-1].strip() for name, values in (await _said_often(request)).items()}


async def _said_often(request: Request) -> Mapping[str, list[str]]:
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return parse_qs(body, max_num_fields=200)
    except ValueError as wrong:
        raise Wrong(f"the form is not understood: {wrong}") from wrong


def _back(page: str, sentence: str) -> Response:
    return RedirectResponse(f"/ui/{page}?said={quote(sentence[:_SAID_CHARACTERS])}", 303)


def _noticed(page: SitePage, request: Request) -> SitePage:
    notice = request.query_params.get("said", "")[:_SAID_CHARACTERS]
    return msgspec.structs.replace(page, notice=notice) if notice else page


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise Wrong(f"{name} is a whole number, not {text[:40]!r}")
    return int(text)


def _ppm(percent: str) -> int:
    whole, _, rest = percent.partition(".")
    if not (f"{whole}{rest}".isascii() and f"{whole}{rest}".isdecimal() and len(rest) <= 4 and len(whole) <= 3):
        raise Wrong(f"a share is a percentage with at most four decimals, not {percent[:40]!r}")
    return int(whole or "0") * 10_000 + int(f"{rest:0<4}")
