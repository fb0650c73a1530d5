"""What the findings about published middlewares mean, in our words; the evidence beside them comes from the run."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A published package: its version, its module, what it needs besides, and what its own findings mean."""

    name: str
    version: str
    module: str
    about: str
    besides: tuple[str, ...] = ()
    meanings: Mapping[str, str] = {}


PAGE = """# Published idempotency middlewares, judged

Made by `python -m benchmarks.middlewares --write`, which can be done again. Three packages from the Python Package
Index, each in an environment of its own around the same small shop, set up as its own description says with its store
in memory, tried by `q2c conformance server --profile ietf-07`. They are good work: each makes an ordinary repetition
safe. What follows is what is left to you when you use one.
"""

MEANINGS = {
    "I01": (
        "A request without a key is done as if nothing were the matter. The draft says that an operation which needs "
        "a key refuses with 400; these packages leave the choice to the caller. Fair as a default; refuse it yourself "
        "where money moves."
    ),
    "I06": (
        "The same JSON with its members in another order is taken for another request, as the fingerprint is of bytes. "
        "A caller that stores the intent and not the bytes, or two versions of one caller during a deployment, get 422 "
        "for an honest repetition. The draft leaves the fingerprint open; compare what the JSON means."
    ),
    "I09": (
        "The key of one caller answers another one: the second reads the first one's order. By default there is one "
        "pot of keys. A middleware cannot know what tells callers apart, so it has to be told; whoever does not read "
        "that far leaks."
    ),
    "I15": (
        "The order was made, the answer was a 503, and the repetition made it again. Failures are not kept, and the "
        "middleware cannot know that the work was done: it stands outside of its transaction. Only a key that is "
        "written in the transaction of the effect closes this gap."
    ),
    "I16": (
        "A request that was refused as invalid uses the key up: corrected, it is refused for good. A choice of design "
        "(Stripe keeps no validation failure, others do); a caller that corrects and repeats has to make a new key, "
        "and has to know it."
    ),
    "I17": (
        "The caller hung up while the first request was under way, and from then on every repetition is told 409: the "
        "note that it is under way is never taken back. It needs a server or a timeout that cancels requests, as the "
        "shop does; uvicorn alone lets them go on. This is the one that pages people at night."
    ),
    "I22": (
        "Refusals are `application/json` with a `detail`, not problem details (RFC 9457): a program that speaks to "
        "several services needs a special case."
    ),
}

PUBLISHED = (
    Published(
        name="asgi-idempotency-header", version="0.2.0", module="idempotency_header_middleware", besides=("redis<5",),
        about="The oldest of the three. It keeps the first answer of a key and nothing about the request.",
        meanings={
            "I07": (
                "The key came again with two items instead of one, and was answered 201 with the first order. The "
                "caller believes that two are on their way. Nothing of the request is compared."
            ),
            "I10": (
                "The key of an order was used for an invoice, and answered with the order: the invoice was never made. "
                "Neither path nor method are part of what is kept."
            ),
            "I14": (
                "A 503 that came before anything was done is kept and given back. Stripe's first API does that and "
                "says so; where callers repeat after failures, the order can never be made under its key. (For the "
                "same reason it does keep I15.)"
            ),
        },
    ),
    Published(
        name="fastapi-idempotency", version="0.1.1", module="fastapi_idempotency",
        about="It compares requests, refuses other payloads, and frees a key whose request was cancelled.",
        meanings={
            "I17": (
                "The caller hung up in the moment between the order and the note of its answer: the key was freed, and "
                "the repetition ordered again. Freeing it is right before the work and wrong after it, and who stands "
                "outside of the transaction cannot know which. It depends on the instant: some runs do not meet it."
            ),
        },
    ),
    Published(
        name="fastapi-idempotency-key", version="0.1.1", module="fastapi_idempotency_key",
        about="It compares requests and refuses other payloads.",
        meanings={
            "I17": (
                "The caller hung up, and every repetition is told 409 from then on, for as long as keys live: a day. "
                "Its source frees the key on `Exception`, and a cancelled task raises `CancelledError`, which is none. "
                "Freeing it in `finally`, or on `BaseException`, mends it. We had the same fault in a draft of ours."
            ),
        },
    ),
)  # fmt: skip

DESIGN = """## What follows for a design

A middleware in front of an application can keep I14 or I15, but not both: after a failure it either repeats the work,
which may be done already, or gives the failure back, which may be for nothing. The note of the key belongs into the
transaction that has the effect. That is how the reference integration does it: the memory of a key is a flow in its
journal, written with its first step (`integration/api/idempotency.py`).

Versions move on; run it again before you quote it. Promises that the shop cannot show (expiry, restarts, PUT and
DELETE) were skipped, and are not counted.
"""
