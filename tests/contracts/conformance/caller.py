"""A small caller: charges once for an intent, right by default and wrong in any of the known ways.

    caller.py FOLDER UNIQUE [FAULT]

It keeps its keys in FOLDER, talks to the peer at $Q2C_PEER and ends with 0 when the charge is made.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import os
import random
import sys
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

ATTEMPTS = 5
PAUSE_SECONDS = 0.1  # far longer than what a busy machine adds
EQUAL_PAUSE_SECONDS = 0.3  # so long that what it adds does not make equal pauses look different


class Caller:
    """One run of the program."""

    def __init__(self, folder: Path, unique: str, fault: str) -> None:
        self.file, self.fault = folder / f"{unique}.key", fault
        self.body = {"amount": 2900, "currency": "usd"}
        self.key = self._key(unique)

    def _key(self, unique: str) -> str:
        if self.fault == "constant_key":
            return "pay"
        if self.fault == "key_of_body":
            return hashlib.sha256(json.dumps(self.body).encode()).hexdigest()
        if self.file.exists():
            return self.file.read_text()
        key = os.urandom(8).hex()
        if self.fault not in ("key_not_stored", "key_stored_after"):
            self.file.write_text(key)
        return key

    def act(self) -> bool:
        for attempt in itertools.count(1):
            status, after = self._send(attempt)
            if 200 <= status < 300:
                if self.fault == "key_stored_after":
                    self.file.write_text(self.key)
                return True
            if not self._repeats(status) or (attempt >= self._attempts_max()):
                return self.fault == "swallows_failures"
            if status == 409 and self.fault == "new_key_on_409":
                self.key = os.urandom(8).hex()
            time.sleep(self._pause(attempt, after))
        raise AssertionError

    def _attempts_max(self) -> int:
        return 10_000 if self.fault == "never_ends" else 40 if self.fault == "hammers" else ATTEMPTS

    def _repeats(self, status: int) -> bool:
        if status == 0:
            return self.fault != "no_repetition_of_drops"
        if self.fault == "repeats_refusals" and 400 <= status < 500:
            return True
        if status == 409:
            return self.fault != "gives_up_on_409"
        if status == 429:
            return self.fault != "no_repetition_of_429"
        return status >= 500 and not (status == 503 and self.fault == "no_repetition_of_503")

    def _pause(self, attempt: int, after: str) -> float:
        if self.fault == "hammers":
            return 0.0
        if after.isdecimal() and self.fault != "ignores_seconds":
            return float(after)
        if after and not after.isdecimal() and self.fault != "ignores_dates":
            return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
        if self.fault in ("no_jitter", "fixed_pauses"):
            return EQUAL_PAUSE_SECONDS * (2**attempt if self.fault == "no_jitter" else 1)
        ceiling = PAUSE_SECONDS * 2**attempt
        return random.uniform(ceiling / 4, ceiling)

    def _send(self, attempt: int) -> tuple[int, str]:
        if self.fault == "new_key_per_attempt":
            self.key = os.urandom(8).hex()
        headers = {"Content-Type": "application/json"}
        if self.fault != "no_key":
            headers["Idempotency-Key"] = self.key
        body = {**self.body, "attempt": attempt} if self.fault == "body_changes" else self.body
        peer = urlsplit(os.environ["Q2C_PEER"])
        connection = http.client.HTTPConnection(peer.hostname or "", peer.port, timeout=10)
        try:
            connection.request("POST", "/v1/charges", json.dumps(body), headers)
            reply = connection.getresponse()
            return reply.status, reply.getheader("Retry-After") or ""
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()


if __name__ == "__main__":
    sys.exit(0 if Caller(Path(sys.argv[1]), sys.argv[2], *sys.argv[3:] or [""]).act() else 1)
