"""A small sender of webhooks, right by default and wrong in any of the known ways. Standard library only.

hook_sender.py PEER UNIQUE SCHEME FAULT
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import sys
import time
from urllib.parse import urlsplit

SECRET = "whsec_Zmlyc3QgZmlyc3QgZmlyc3QgZmlyc3Q="
PAUSE_SECONDS = 0.02
ATTEMPTS = 4


def deliver(peer: str, path: str, delivery: str, scheme: str, fault: str, began: int) -> tuple[int, str, str]:
    filler = "x" * 30_000 if fault == "huge_body" else ""
    body = json.dumps({"id": delivery, "type": "invoice.paid", "filler": filler}, indent=2).encode()
    signed = json.dumps(json.loads(body)).encode() if fault == "signs_other_text" else body
    secret = "whsec_b3RoZXI=" if fault == "wrong_secret" else SECRET
    at_seconds = str(began if fault == "old_timestamp" else int(time.time()))
    if scheme == "stripe":
        digest = hmac.new(secret.encode(), f"{at_seconds}.".encode() + signed, hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={at_seconds},v1={digest}"}
    else:
        key, text = base64.b64decode(secret[6:]), f"{delivery}.{at_seconds}.".encode() + signed
        signature = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        headers = {"Webhook-Id": delivery, "Webhook-Timestamp": at_seconds, "Webhook-Signature": signature}
    address = urlsplit(peer)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
    reply = connection.getresponse()
    connection.close()
    return reply.status, reply.getheader("Location") or "", reply.getheader("Retry-After") or ""


def main(peer: str, unique: str, scheme: str, fault: str) -> None:
    delivery = "evt" if fault == "one_id_for_all" else f"evt_{unique}"
    attempts = 1 if fault == "never_repeats" else 2 if fault == "repeats_once" else ATTEMPTS
    began = int(time.time())
    for attempt in range(attempts):
        name = f"{delivery}_{attempt}" if fault == "new_id_per_attempt" else delivery
        status, location, after = deliver(peer, "/hooks", name, scheme, fault, began)
        if location and fault == "follows_redirects":
            status, _, after = deliver(peer, urlsplit(location).path, name, scheme, fault, began)
        if 200 <= status < 300 or (status == 410 and fault != "goes_on_after_gone"):
            return
        told = 0.0 if fault == "ignores_retry_after" else float(after or 0)
        time.sleep(max(told, PAUSE_SECONDS * 2**attempt))


if __name__ == "__main__":
    main(*sys.argv[1:5])
