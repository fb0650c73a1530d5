"""Changes of how an answer travels, and answers that are none."""

from __future__ import annotations

import msgspec

from contracts.responses.documents import Number, Style
from contracts.responses.drafts import Draft
from contracts.responses.shapes import Shape

_PAGE = b"<!DOCTYPE html><html><head><title>502</title></head><body><h1>Something went wrong</h1></body></html>\n"
_PAST = "Wed, 21 Oct 2015 07:28:00 GMT"


def ascii_only(draft: Draft, _shape: Shape) -> Draft | None:
    """Escape all that is not ASCII."""
    has = draft.raw is None and not draft.body.isascii()
    return draft.but(style=_styled(draft, is_ascii=True)) if has else None


def indented(draft: Draft, _shape: Shape) -> Draft | None:
    """Write the body over many lines."""
    return draft.but(style=_styled(draft, indent=True)) if draft.raw is None else None


def _styled(draft: Draft, **changes: bool) -> Style:
    return msgspec.structs.replace(draft.style, **changes)


def charset(draft: Draft, _shape: Shape) -> Draft | None:
    """Name the charset, or write its name in the other case."""
    media = draft.media()
    if "json" not in media.lower() or draft.raw is not None:
        return None
    return draft.with_header("content-type", media.partition(";")[0] + ';charset="UTF-8"')


def media_case(draft: Draft, _shape: Shape) -> Draft | None:
    """Write the content type in capitals."""
    media = draft.media()
    return draft.with_header("content-type", media.upper()) if media and media != media.upper() else None


def header_case(draft: Draft, _shape: Shape) -> Draft | None:
    """Write names of headers as old servers do; clients hand them on in lower case."""
    return draft.but(headers={name.upper(): said for name, said in draft.headers.items()}) if draft.headers else None


def gzipped(draft: Draft, _shape: Shape) -> Draft | None:
    """Pack the body."""
    return draft.but(is_packed=True) if draft.body else None


def chunked(draft: Draft, _shape: Shape) -> Draft | None:
    """Send the body in chunks, without its length."""
    return draft.but(wire="chunked") if draft.body else None


def date_skew(draft: Draft, _shape: Shape) -> Draft | None:
    """Answer with a clock that is years behind."""
    return draft.with_header("date", _PAST)


def other_success(draft: Draft, _shape: Shape) -> Draft | None:
    """Answer 201 for 200 and the other way round."""
    return draft.but(status={200: 201, 201: 200}[draft.status]) if draft.status in (200, 201) else None


def marked(draft: Draft, _shape: Shape) -> Draft | None:
    """Begin the body with a byte order mark; RFC 8259 8.1 lets parsers refuse it."""
    return draft.but(style=_styled(draft, has_mark=True)) if draft.raw is None else None


def doubled(draft: Draft, _shape: Shape) -> Draft | None:
    """Write a member of every object twice; RFC 8259 4 leaves open what becomes of it, most take the last."""
    return draft.but(style=_styled(draft, doubled=True)) if draft.raw is None and draft.tree else None


def truncated(draft: Draft, _shape: Shape) -> Draft | None:
    """Cut the body in the middle, as a connection that breaks does."""
    return draft.but(wire="cut") if len(draft.body) > 1 else None


def reset(draft: Draft, _shape: Shape) -> Draft | None:
    """Reset the connection after the request was taken."""
    return draft.but(wire="reset")


def _instead(draft: Draft, status: int, raw: bytes, **headers: str) -> Draft:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return draft.but(status=status, headers={**draft.headers, **told}, raw=raw)


def html_page(draft: Draft, _shape: Shape) -> Draft | None:
    """Answer as a proxy that hides an error behind a page."""
    return _instead(draft, 200, _PAGE, content_type="text/html; charset=utf-8") if draft.body else None


def no_content(draft: Draft, _shape: Shape) -> Draft | None:
    """Answer that there is nothing to say."""
    return draft.but(status=204, raw=b"") if draft.body else None


def accepted(draft: Draft, _shape: Shape) -> Draft | None:
    """Answer that the request waits its turn; there is no resource in the body."""
    if not draft.body:
        return None
    location = {"location": "/q2c/pending/1"}
    return draft.but(
        status=202, headers={**draft.headers, **location}, tree={"pending": True, "attempt": Number("1")}, raw=None
    )


def redirect(draft: Draft, _shape: Shape) -> Draft | None:
    """Answer that it is somewhere else."""
    return _instead(draft, 302, b"", location="/q2c/elsewhere") if draft.status < 300 else None


def too_many(draft: Draft, _shape: Shape) -> Draft | None:
    """Refuse for a moment; the body looks like an empty page of whatever was asked for."""
    empty = [] if isinstance(draft.tree, list) else _emptied(draft)
    return draft.but(status=429, headers={**draft.headers, "retry-after": "1"}, tree=empty, raw=None)


def _emptied(draft: Draft) -> object:
    if not isinstance(draft.tree, dict):
        return {}
    return {name: [] if isinstance(value, list) else value for name, value in draft.tree.items()}


def unavailable(draft: Draft, _shape: Shape) -> Draft | None:
    """Refuse for a moment, in words of a proxy, with a date in Retry-After."""
    return _instead(draft, 503, b"upstream connect error", retry_after=_PAST, content_type="text/plain")
