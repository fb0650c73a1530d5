"""Whether a pact is possible under an OpenAPI document: compared on paper, without a running provider.

The provider's side must be true by its own means (it verifies its service against the document). What PactFlow's
comparison does, and two things it does not: a field that the consumer reads must be promised (required, never null),
and every documented value of a list must be one that the consumer's matcher takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from contracts.compatibility import forms
from contracts.compatibility.documents import Document, Node, steps
from contracts.compatibility.inlining import errors, first_error, fits
from contracts.compatibility.operations import Operation, media
from contracts.compatibility.pacts import Interaction, Pact, ways
from contracts.compatibility.routing import Known
from contracts.compatibility.shapes import Shape, shape_of
from contracts.findings import Finding, Place, Rule, Severity

_ROWS: tuple[tuple[str, Severity, str], ...] = (
    ("pact.operation.unknown", "error", "A pact calls an operation that the document does not have"),
    ("pact.parameter.missing", "error", "A pact leaves out a required parameter"),
    ("pact.parameter.invalid", "error", "A pact sends a parameter that its schema refuses"),
    ("pact.parameter.unknown", "warning", "A pact sends a query parameter that is not documented"),
    ("pact.request.media-type", "error", "A pact sends a media type that is not documented"),
    ("pact.request.body", "error", "A pact sends a body that its schema refuses"),
    ("pact.request.body-missing", "error", "A pact leaves out a required body"),
    ("pact.response.status", "error", "A pact expects a status that is not documented"),
    ("pact.response.undocumented", "warning", "A pact reads a body that is not documented"),
    ("pact.response.body", "error", "A pact expects a body that its schema refuses"),
    ("pact.response.not-promised", "warning", "A pact reads a value that may be absent or null"),
    ("pact.response.value-not-taken", "warning", "A pact's matcher refuses a documented value"),
)
RULES: Mapping[str, Rule] = MappingProxyType(
    {name: Rule(id=name, sentence=f"{said}.", severity=severity) for name, severity, said in _ROWS}
)
_PLAIN = re.compile(r"\[\*\]|\.[A-Za-z_]\w*", re.ASCII)
_SHOWN_MAX = 200
_WAYS_MAX = 4
Said = tuple[str, str, str]
"""A rule, where in the interaction (a pointer below it), and what was wrong."""


def compare(pact: Pact, document: Document) -> list[Finding]:
    """Return what in a pact is not possible under its provider's document; pending interactions only warn."""
    known = Known(document)
    found = []
    for interaction in pact.interactions:
        for rule, pointer, message in _interaction(interaction, known):
            severity = RULES[rule].severity
            found.append(
                Finding(
                    rule=rule,
                    severity="warning" if interaction.pending and severity == "error" else severity,
                    message=f"{pact.consumer}, {interaction.description!r}: {message[:_SHOWN_MAX]}",
                    subject=f"{pact.consumer} -> {pact.provider}: {interaction.description}",
                    place=_place(interaction, pointer),
                    detail=f"{pointer} {message[:_SHOWN_MAX]}",
                )
            )
    return found


def _place(interaction: Interaction, pointer: str) -> Place:
    return interaction.node.document.place(interaction.node.pointer + pointer)


def _interaction(interaction: Interaction, known: Known) -> Iterator[Said]:
    operation = known.operation_of(interaction.method, interaction.path)
    if operation is None:
        there = known.methods_of(interaction.path)
        hint = f"; {', '.join(there)} is" if there else ""
        yield "pact.operation.unknown", "/request", f"{interaction.method} {interaction.path} is not documented{hint}"
        return
    yield from _parameters(interaction, operation)
    yield from _request(interaction, operation)
    yield from _reply(interaction, operation)


def _parameters(interaction: Interaction, operation: Operation) -> Iterator[Said]:
    sent = {"query": interaction.query, "header": interaction.headers}
    for (where, name), node in operation.parameters.items():
        if where not in sent:
            continue
        value = sent[where].get(name)
        if value is None:
            if node.value.get("required") is True:
                yield "pact.parameter.missing", "/request", f"the {where} parameter {name} is required"
            continue
        schema = node.get("schema")
        if schema is not None and (problem := first_error(schema, forms.typed(value, shape_of(schema)))):
            yield "pact.parameter.invalid", f"/request/{where}", f"{where} {name}={value!r}: {problem[1]}"
    for name in interaction.query:
        if not _is_documented(name, operation):
            yield "pact.parameter.unknown", "/request/query", f"the query parameter {name} is not documented"


def _is_documented(name: str, operation: Operation) -> bool:
    """Tell whether a query parameter is: by its name, as a member of an object, or as one of those that are free."""
    if {("query", name), ("query", name.partition("[")[0])} & operation.parameters.keys():
        return True
    return any(where == "query" and _is_free(node) for (where, _), node in operation.parameters.items())


def _is_free(parameter: Node) -> bool:
    """Tell whether a parameter stands for others of any name: a mapping whose members are sent one by one."""
    schema = parameter.get("schema")
    if schema is None or parameter.value.get("style", "form") != "form" or parameter.value.get("explode") is False:
        return False
    shape = shape_of(schema)
    return shape.types == frozenset({"object"}) and shape.additional is not False


def _request(interaction: Interaction, operation: Operation) -> Iterator[Said]:
    body = operation.body()
    if interaction.body is None:
        if body is not None and body.value.get("required") is True:
            yield "pact.request.body-missing", "/request", "a body is required"
        return
    if body is None and not interaction.body:
        return  # an empty object, or no text: there is nothing that could be misunderstood
    schema = _schema(media(body), interaction.body_type)
    if schema is None:
        yield "pact.request.media-type", "/request/body", f"{interaction.body_type or 'a body'} is not documented"
        return
    sent = interaction.body
    if interaction.body_type == forms.MEDIA_TYPE and isinstance(sent, str):
        sent = forms.value_of(sent, schema)
    for way, problem in errors(schema, sent):
        yield "pact.request.body", "/request/body", f"{way}: {problem}"


def _reply(interaction: Interaction, operation: Operation) -> Iterator[Said]:
    replies, status = operation.replies(), str(interaction.status)
    reply = replies.get(status) or replies.get(f"{status[0]}XX") or replies.get("default")
    if reply is None:
        documented = ", ".join(sorted(replies)) or "none"
        yield "pact.response.status", "/response/status", f"{status} is not documented; documented: {documented}"
        return
    if interaction.reply_body is None:
        return
    schema = _schema(media(reply), interaction.reply_type)
    if schema is None:
        yield "pact.response.undocumented", "/response/body", f"the body of {status} is not documented"
        return
    yield from _reads(interaction, schema)


def _schema(documented: Mapping[str, Node], declared: str) -> Node | None:
    for name in (declared, f"{declared.partition('/')[0]}/*", "*/*"):
        if name in documented:
            return documented[name]
    if declared in ("", "application/json") or declared.endswith("+json"):
        return next((node for name, node in documented.items() if name.endswith("json")), None)
    return None


def _reads(interaction: Interaction, schema: Node) -> Iterator[Said]:
    """Compare what a consumer reads; its example may be a part of a reply, but may not make anything up."""
    refused = set()
    for way, value in [("", interaction.reply_body), *ways(interaction.reply_body)]:
        for problem in _own_problems(way, value, schema):
            refused.add(way)
            yield "pact.response.body", "/response/body", problem
    unpromised = []
    for way in sorted({way for way, _ in ways(interaction.reply_body)} - refused):
        found = _at(schema, way)
        if found is None or any(way.startswith(f"{other}/") for other in refused):
            continue
        shape, promised = found
        if not promised:
            unpromised.append(way)
        yield from _values_not_taken(interaction, way, shape)
    if unpromised:
        more = f" and {len(unpromised) - _WAYS_MAX} more" if len(unpromised) > _WAYS_MAX else ""
        yield (
            "pact.response.not-promised",
            "/response/body",
            f"may be absent or null: {', '.join(unpromised[:_WAYS_MAX])}{more}",
        )


def _own_problems(way: str, value: Any, schema: Node) -> Iterator[str]:
    found = _at(schema, way)
    if found is None:
        yield f"{way} is not documented"
        return
    shape = found[0]
    if shape.any_of or shape.one_of:
        if not any(not list(_own_problems("", value, branch)) for branch in (*shape.any_of, *shape.one_of)):
            yield f"{way or '/'} suits none of the documented alternatives"
        return
    if isinstance(value, dict | list):
        wanted = "object" if isinstance(value, dict) else "array"
        if shape.types is not None and wanted not in shape.types:
            yield f"{way or '/'} is an {wanted}, documented as {' or '.join(sorted(shape.types))}"
    elif problem := first_error(shape.node, value):
        yield f"{way or '/'}: {problem[1]}"


def _at(schema: Node, way: str) -> tuple[Shape, bool] | None:
    """Return the shape that a way leads to and whether it is always there; None when it is not documented."""
    shape, promised = shape_of(schema), True
    for name in steps(way):
        inner, always = _step(shape, name)
        if inner is None:
            return None
        shape, promised = shape_of(inner), promised and always
        promised = promised and not (shape.nullable and shape.types is not None)
    return shape, promised


def _step(shape: Shape, name: str) -> tuple[Node | None, bool]:
    if name == "*" and (shape.items is not None or (shape.types or frozenset()) & {"array"}):
        return shape.items or Node(shape.node.document, shape.node.pointer, {}), True
    if name in shape.properties:
        return shape.properties[name], name in shape.required
    for pattern, node in shape.pattern_properties.items():
        if fits(pattern, name):
            return node, False
    for branch in (*shape.any_of, *shape.one_of):
        inner, _ = _step(shape_of(branch), name)
        if inner is not None:
            return inner, False
    if isinstance(shape.additional, Node):
        return shape.additional, False
    open_ended = not shape.properties and shape.additional is True and not shape.any_of and not shape.one_of
    return (Node(shape.node.document, shape.node.pointer, {}), False) if open_ended else (None, False)


def _paths(way: str) -> tuple[str, str]:
    """Return the JSONPaths of a way: names after a dot, or in brackets as names with signs in them are written."""
    names = steps(way)
    dotted = ["[*]" if name == "*" else f".{name}" for name in names]
    bracketed = [step if _PLAIN.fullmatch(step) else f"['{name}']" for step, name in zip(dotted, names, strict=True)]
    return "$" + "".join(dotted), "$" + "".join(bracketed)


def _values_not_taken(interaction: Interaction, way: str, shape: Shape) -> Iterator[Said]:
    told = next((interaction.rules[path] for path in _paths(way) if path in interaction.rules), None)
    matchers = told.get("matchers", []) if isinstance(told, Mapping) else []
    for matcher in matchers:
        if matcher.get("match") != "regex" or way in interaction.handles_unknown:
            continue
        for value in shape.enum or ():
            if not fits(str(matcher.get("regex", "")), str(value)):
                message = f"{way} may be {value!r}, which {matcher['regex']!r} does not take"
                yield "pact.response.value-not-taken", "/response/matchingRules", message
