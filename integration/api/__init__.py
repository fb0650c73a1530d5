"""The interface of the integration: process APIs that take things in, an experience side that tells, and documents.

    application     application(node, access): all of it, mounted at /api/v1 by integration/service/app.py
    frame           trace context, sizes, media types, an answer whatever happens
    doors           how an operation is added: never without a scope; House: what stands behind the doors
    problems        every refusal (RFC 9457), with its stable type
    idempotency     Idempotency-Key; its memory is a flow
    process         quote validation while the caller waits; orders, amendments, renewals, cancellations, pauses
    receivables     refunds, write-offs, disputes, promises, closing and reopening of periods
    casework        the exception queue;  stewardship: the cross-reference;  operations: the state of the service
    experience      one transaction (story, waiting, deadlines), one account (accounts)
    events          pages and a stream of canonical events
    tokens          client credentials;  budget: how much each caller may ask;  conditions: ETags;  paging: cursors
    document        OpenAPI 3.1;  asynchronous: AsyncAPI 3

Experience never asks a system of record: it reads the journal.
"""

from integration.api.application import application

__all__ = ["application"]
