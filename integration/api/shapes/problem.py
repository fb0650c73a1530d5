"""The problem document (RFC 9457) as a shape."""

from __future__ import annotations

from pydantic import Field

from integration.api.shapes.base import View


class FieldErrorDocument(View):
    """What is wrong with one part of a request."""

    field: str = Field(description="A JSON pointer into the body (/lines/0/sku), or the name of a parameter or header.")
    place: str = Field(description="Where it is: body, path, query or header.")
    message: str


class ProblemDocument(View):
    """Why a request was refused, and what it would take."""

    type: str = Field(description="A stable URI reference; it leads to a page on the problem.")
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="The place in the error taxonomy: CLASS.SUBCLASS.")
    retryable: bool = Field(description="Whether the same request may succeed later without anybody's doing.")
    trace_id: str
    errors: tuple[FieldErrorDocument, ...] = ()
