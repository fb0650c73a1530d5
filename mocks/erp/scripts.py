"""What the account's own scripts send out: this vendor has no webhooks, but a user event script can post.

A script posts once, signed with a secret of the account, and does not try again: whoever misses the message finds the
change by SuiteQL.
"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.http import Request
from mocks.erp.customers import CustomerRecord
from mocks.kernel.codec import encode_json
from mocks.kernel.desk import Desk, Message
from mocks.kernel.signatures import timestamped

CREDIT_CHANGED = "customer.credit_changed"


def credit_changed(desk: Desk, record: CustomerRecord) -> None:
    """Tell that the credit status of a customer is another one."""
    content = {"account": record.account, "status": record.status, "changed_us": record.modified_us}
    desk.post(CREDIT_CHANGED, content)


def deliver(erp: Any, message: Message, now_us: int) -> Request:
    """Return the request a script makes."""
    body = encode_json({"id": message.id, "type": message.topic, **message.content})
    request = Request("integration", "POST", erp.quirks.script_target, {"content-type": "application/json"}, body)
    return seal(erp, message, request, now_us)


def seal(erp: Any, _message: Message, request: Request, now_us: int) -> Request:
    """Return a request of a script signed now over the body it has."""
    signature = timestamped(erp.quirks.script_secret, request.body, now_us // 1_000_000)
    return msgspec.structs.replace(request, headers={**request.headers, "x-script-signature": signature})
