"""Bad input for every operation of every dialect: a world with something in it, the requests it got, and their ruin."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import pickle
import re
import traceback
import types
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from domain.draws import Draws
from domain.http import Reply, Request
from mocks.kernel.operations import Operation
from mocks.kernel.service import Service
from scenarios.library import find
from scenarios.scale import scaled
from scenarios.timeline import build
from simulator.recorder import MemoryRecorder
from simulator.rehearsal import Rehearsal

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
EXAMPLES_MAX = 2  # requests of one operation that are ruined
LEAVES_MAX = 12  # fields of one body that are ruined one by one
DEEP = 5_000
HUGE = 10**400
NOW_US = 1_900_000_000_000_000

BODIES: tuple[bytes, ...] = (
    b"", b" ", b"{", b"}", b"nul", b"null", b"true", b"1", b'"x"', b"[]", b"[{}]", b"{}", b"\x00", b"\xff\xfe\xfd",
    b"{\"a\":1}garbage", b"{'a': 1}", b"\xef\xbb\xbf{}", '{"a": "é"}'.encode("utf-16"), b'{"a": "\xe9"}',
    b'{"a": "\\ud800"}', b"NaN", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": %d}' % HUGE, b'{"": ""}', b'{"a": 1, "a": 2}',
    b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"<a/>", b"<?xml version='1.0'?><!DOCTYPE a>",
    b"=", b"&", b"&&&", b"=&=", b"a", b"a=", b"=a", b"a=1&a=2", b"a[=1", b"a]=1", b"a[]=1", b"a[][]=1", b"[]=1",
    b"a[0]=1&a[b]=2", b"a=1&a[b]=2", b"a[b]=1&a=2", b"a[999999999999]=1", b"a[-1]=1", b"%", b"%zz=%zz", b"%ff=%ff",
    b"a=%00", b"a=%ED%A0%80", b"a" + b"[b]" * DEEP + b"=1", "ä=1".encode(), b"&".join([b"x=1"] * DEEP), b"x" * 300_000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, "", " ", "x", "-1", -1, 0, 1.5, 1e308, -(10**18), 10**30, True, [], {}, [[]], [None], {"x": None}, "\x00",
    "\ud7ff\U0001f600" * 40, "x" * 70_000, "2026-13-45", "0000-00-00", "9999-12-31", "2026-02-30T25:61:61Z", "1e999",
    "NaN", "Infinity", "\u0663", "%00", "'", '"', "\\", "${x}", "../..", "Q-000001", "Q-999999", "eid:", "0", "1" * 400,
    "\u00a0", "\u2028", "\r\n", "true", "null",
)  # fmt: skip
WORDS: tuple[str, ...] = (
    "", "x", "-1", "0", "1e999", "9" * 400, "%00", "%ff", "%zz", "%", "%2F", "%2E%2E", "..", ".", "'", "%27", '"',
    "%F0%9F%98%80", "\u00e9", "x" * 9_000, "eid:", "eid%3A", "null", "+", "a+b", "[", "]", "(", ")", "()", "*", ",",
    "$", "2026-13-45", "2026-01-01T00:00:00Z", "[%22x%22]", "%7B%7D", "%D9%A3",
)  # fmt: skip
HEADERS: tuple[dict[str, str | None], ...] = (
    {"content-type": None}, {"content-type": ""}, {"content-type": "text/plain"}, {"content-type": "application/xml"},
    {"content-type": FORM}, {"content-type": JSON}, {"content-type": "application/json; charset=utf-16"},
    {"content-type": "multipart/form-data"}, {"content-type": ";;;"}, {"content-type": "x" * 9_000},
    {"authorization": None}, {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Basic"},
    {"authorization": "Basic %%%"}, {"authorization": "Basic /////w=="}, {"authorization": "Basic Og=="},
    {"authorization": "Bearer \u00e9"}, {"authorization": "Basic \u00e9"}, {"authorization": "x" * 9_000},
    {"authorization": "OAuth realm=x"},
    {"authorization": "Bearer sk_live_x"}, {"idempotency-key": ""}, {"idempotency-key": "x" * 9_000},
    {"idempotency-key": "\u00e9"}, {"chargebee-idempotency-key": "x" * 9_000}, {"chargebee-idempotency-key": "\x00"},
    {"stripe-version": "x"}, {"stripe-version": "0000-00-00"}, {"stripe-version": "9999-99-99.x"}, {"accept": "x"},
    {"stripe-account": "x"}, {"if-modified-since": "x"}, {"if-match": "x"}, {"if-none-match": "*"}, {"prefer": "x=;"},
    {"prefer": "respond-async"}, {"prefer": "transient"}, {"range": "bytes=-1"}, {"x-avalara-client": ";;;;"},
    {"sforce-call-options": "=,="}, {"sforce-query-options": "batchSize=x"}, {"sforce-query-options": "batchSize=-1"},
    {"x-http-method-override": "x"}, {"content-length": "x"}, {"transfer-encoding": "x"}, {"accept-language": "\u00e9"},
    {f"x-flood-{number}": "x" * 50 for number in range(2_000)},
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "", "get", "\u00e9")
TARGETS = (
    "", "/", "//", "///", "?", "/?", "*", "x", "/x", "/%", "/%00", "/\u00e9", "/v1", "/v1/", "/v1//", "/v999/x", "/.",
    "/..", "/services", "/services/data", "/services/data/v0.0/sobjects", "/services/data/v999.0/query?q=x", "/api/v2",
    "/api/v99", "/services/rest/record/v1/x", "/services/rest/record/v1/x/", "/api/v2/x", "http://x/y",
    "/" + "x" * 9_000, "/" + "/".join(["x"] * 3_000), "/?" + "&".join(["x=1"] * 3_000),
    "/?=", "/?&&", "/?%", "/?%zz=%ff", "/?x[y][z]=1",
    "/;x=1",
)  # fmt: skip


class Grounds:
    """A world after a rehearsal of a few orders, and the requests each system got in it."""

    def __init__(self, orders: int = 3, subscriptions: int = 2) -> None:
        timeline = build(scaled(find("quarter_end"), orders=orders, subscriptions=subscriptions), 7)
        rehearsal = Rehearsal(timeline, MemoryRecorder())
        self.services: dict[str, Service] = rehearsal.world.services
        self.requests: dict[str, dict[str, list[Request]]] = {name: {} for name in self.services}
        for service in self.services.values():
            self._overhear(service)
        rehearsal.run()

    def _overhear(self, service: Service) -> None:
        opened = service.open

        def overheard(request: Request, number: str, now_us: int) -> Any:
            call = opened(request, number, now_us)
            said = self.requests[service.name].setdefault(call.operation.name, [])
            if len(said) < EXAMPLES_MAX or (len(said) < EXAMPLES_MAX + 2 and call.now_us % 7 == 0):
                said.append(request)
            return call

        service.open = overheard  # type: ignore[method-assign]

    def examples(self, system: str) -> list[tuple[str, Request]]:
        """Return (operation, request) for all operations of a system: as it was sent, or made up from the table."""
        service = self.services[system]
        found: list[tuple[str, Request]] = []
        if "open" in vars(service):
            del service.open
        heard = self.requests[system]
        headers = next(iter(heard.values()))[-1].headers
        for requests in heard.values():
            headers = requests[-1].headers if "authorization" in requests[-1].headers else headers
        for operation in service.dialect.operations:
            known = heard.get(operation.name)
            made = known[:EXAMPLES_MAX] if known else list(self._made_up(service, operation, dict(headers)))
            found.extend((operation.name, request) for request in made)
        return found

    def inputs(self, system: str) -> Iterator[tuple[str, str, Request]]:
        """Yield (operation, what was done, request) for all bad inputs of a system."""
        examples = self.examples(system)
        for operation, request in examples:
            for what, bad in ruined(request):
                yield operation, what, bad
        for target in TARGETS:
            yield "", f"target {target[:30]!r}", msgspec.structs.replace(examples[0][1], target=target)

    def _made_up(self, service: Service, operation: Operation, headers: dict[str, str]) -> Iterator[Request]:
        ids = [next(reversed(table), "x") for table in _tables(service).values() if table] or ["x"]
        chosen = sorted(
            {str(key) for key in ids if isinstance(key, str)}, key=lambda key: (_shared(operation, key), key)
        )
        for key in [*chosen[-2:], "x"]:
            path = "/" + "/".join(
                key if part.startswith("{") else part for part in operation.path.strip("/").split("/")
            )
            body = b"" if operation.method in ("GET", "DELETE") else b"{}"
            yield Request(service.name, operation.method, path, headers, body)


def _shared(operation: Operation, key: str) -> int:
    return sum(part[:3] in operation.name for part in key.lower().replace("-", "_").split("_"))


def _tables(service: Service) -> dict[str, dict[Any, Any]]:
    own = {kind: service.desk.book.table(kind) for kind in list(service.desk.book.kinds())}
    return {**own, **getattr(service.model, "tables", {})}


# --- ruin -------------------------------------------------------------------------------------------------------------


def ruined(request: Request) -> Iterator[tuple[str, Request]]:
    """Yield (what was done, request) for one good request."""
    change = msgspec.structs.replace
    for number, body in enumerate(BODIES):
        yield f"body {number}: {body[:30]!r}", change(request, body=body)
    if request.body:
        half = len(request.body) // 2
        for name, body in (("half", request.body[:half]), ("twice", request.body * 2), ("nul", request.body + b"\x00")):
            yield f"body {name}", change(request, body=body)
    for headers in HEADERS:
        merged = {name: value for name, value in {**request.headers, **headers}.items() if value is not None}
        yield f"headers {str(headers)[:60]}", change(request, headers=merged)
    for method in METHODS:
        yield f"method {method!r}", change(request, method=method)
    yield from _targets(request)
    yield from _fields(request)


def _targets(request: Request) -> Iterator[tuple[str, Request]]:
    change = msgspec.structs.replace
    path, mark, query = request.target.partition("?")
    segments = path.split("/")
    for position in range(1, len(segments)):
        for word in WORDS:
            target = "/".join([*segments[:position], word, *segments[position + 1 :]]) + mark + query
            yield f"segment {position} = {word[:20]!r}", change(request, target=target)
    pairs = [pair.partition("=")[::2] for pair in query.split("&")] if query else []
    for position, (name, _) in enumerate(pairs):
        for word in WORDS:
            rest = [f"{n}={word if i == position else v}" for i, (n, v) in enumerate(pairs)]
            yield f"query {name} = {word[:20]!r}", change(request, target=path + "?" + "&".join(rest))
    for word in (
        "limit",
        "offset",
        "page",
        "starting_after",
        "sort_by[asc]",
        "q",
        "$filter",
        "$top",
        "$include",
        "expand[]",
    ):
        for value in ("", "-1", "x", "9" * 40, "%00", "1"):
            yield (
                f"query + {word}={value[:9]}",
                change(request, target=f"{request.target}{'&' if mark else '?'}{word}={value}"),
            )


def _fields(request: Request) -> Iterator[tuple[str, Request]]:
    change = msgspec.structs.replace
    try:
        value = msgspec.json.decode(request.body) if request.body else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield from _form_fields(request)
        return
    for where in list(_leaves(value))[:LEAVES_MAX]:
        for bad in VALUES:
            yield f"field {where} = {str(bad)[:20]!r}", change(request, body=_dumped(_replaced(value, where, bad)))
        yield f"field {where} gone", change(request, body=_dumped(_replaced(value, where, msgspec.UNSET)))
    if isinstance(value, dict):
        yield "field unknown", change(request, body=_dumped({**value, "unknown_field": 1}))
        yield "field nested", change(request, body=_dumped({**value, "x": {"y": [{"z": None}]}}))


def _form_fields(request: Request) -> Iterator[tuple[str, Request]]:
    change = msgspec.structs.replace
    try:
        pairs = [pair.partition("=")[::2] for pair in request.body.decode("ascii").split("&")]
    except UnicodeDecodeError:
        return
    for position, (name, _) in enumerate(pairs[:LEAVES_MAX]):
        for word in WORDS:
            rest = "&".join([f"{n}={word if i == position else v}" for i, (n, v) in enumerate(pairs)])
            yield f"form {name} = {word[:20]!r}", change(request, body=rest.encode())
        for other in (f"{name}[]", f"{name}[x]", f"{name}[0]", f"{name}[0][x]", ""):
            rest = "&".join([f"{other if i == position else n}={v}" for i, (n, v) in enumerate(pairs)])
            yield f"form name {name} -> {other}", change(request, body=rest.encode())
        rest = "&".join([f"{n}={v}" for i, (n, v) in enumerate(pairs) if i != position])
        yield f"form {name} gone", change(request, body=rest.encode())


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from _leaves(part, (*path, key))


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    if new is msgspec.UNSET and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = _replaced(copy[path[0]], path[1:], new)
    return copy


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()  # msgspec refuses the numbers that are wanted here


# --- state ------------------------------------------------------------------------------------------------------------

_UNSEEN = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, Draws, functools.partial,
    functools._lru_cache_wrapper, re.Pattern, Service,
)  # fmt: skip


class _Pickler(pickle.Pickler):
    """Pickles documents and tables; what is code, and not state, is left out."""

    def reducer_override(self, found: Any) -> Any:
        return (str, ()) if isinstance(found, _UNSEEN) else NotImplemented


def state(service: Service) -> bytes:
    """Return the digest of all a system knows: its book, its model, its agenda and its outbox, less its counters."""
    book, desk = service.desk.book, service.desk
    model = {name: value for name, value in vars(service.model).items() if name not in _FLEETING}
    found = (
        book._tables,
        book._status,
        list(desk.agenda.planned()),
        desk.outbox,
        {k: v for k, v in model.items() if v is not desk},
    )
    sink = io.BytesIO()
    kept, desk._counters, book.now_us, book.cause = desk._counters, {}, 0, ""
    try:
        _Pickler(sink, 4).dump(found)
    finally:
        desk._counters = kept
    return hashlib.blake2b(sink.getbuffer(), digest_size=16).digest()


_FLEETING = frozenset({"key", "desk", "trusted"})  # of the request at work, and what is known of credentials


# --- trying -----------------------------------------------------------------------------------------------------------


class Problem(NamedTuple):
    """What a system must not do: raise, answer with a 5xx, or change something although it refused."""

    kind: str
    where: str
    operation: str
    what: str
    request: Request


class Trial:
    """Tries inputs on one system and remembers what it must not do; `count` and `statuses` say what was tried."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._state = state(service)
        self.count = 0
        self.statuses: Counter[int] = Counter()
        self.problems: list[Problem] = []

    def attempt(self, operation: str, what: str, request: Request) -> int:
        """Try one input and return the status of the answer (0: it raised)."""
        self.count += 1
        try:
            reply = self._service.handle(request, NOW_US + self.count * 2_000_000, f"z{self.count}").reply
            status = 400 if _is_soap_fault(reply) else reply.status
        except Exception as error:  # that it never happens is what is tested
            status, text = 0, f"raises {type(error).__name__}: {str(error)[:80]}"
            self.problems.append(Problem(text, _place(error), operation, what, request))
        self.statuses[status // 100] += 1
        if status >= 500:
            self.problems.append(Problem(f"answers with {status}", "", operation, what, request))
        state_now = state(self._service)
        if state_now != self._state and not 200 <= status < 400:
            self.problems.append(Problem(f"refuses with {status} and changes", "", operation, what, request))
        self._state = state_now
        return status


def _is_soap_fault(reply: Reply) -> bool:
    """Tell whether a reply is a refusal in SOAP, which always comes with a 500."""
    return reply.status == 500 and b"Fault>" in reply.body


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/mocks/" in frame.filename and "/tests/" not in frame.filename] or list(
        frames
    )
    return f"{ours[-1].filename.rpartition('/mocks/')[2]}:{ours[-1].lineno}"
