"""What the account's own scripts send out: this vendor has no webhooks, but a user event script can post.

A script posts once, signed with a secret of the account, and does not try again: whoever misses the message finds the
change by SuiteQL.
"""

from __future__ import annotations

from typing import Any

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
    signature = timestamped(erp.quirks.script_secret, body, now_us // 1_000_000)
    headers = {"content-type": "application/json", "x-script-signature": signature}
    return Request("integration", "POST", erp.quirks.script_target, headers, body)
