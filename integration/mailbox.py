"""Messages that wait for flows and flows that wait for messages, matched by (topic, key) in the order of arrival."""

from __future__ import annotations

from typing import Generic, TypeVar

from integration.journal.protocol import InboxRow

W = TypeVar("W")
Address = tuple[str, str]


class Mailbox(Generic[W]):
    """Two queues for each address, of which at most one is not empty: stored messages, and those who wait for one.

    They are lists: most hold one element for days, and an empty deque takes ten times as much memory.
    """

    def __init__(self) -> None:
        self._stored: dict[Address, list[InboxRow]] = {}
        self._waiting: dict[Address, list[W]] = {}

    def peek(self, address: Address) -> InboxRow | None:
        """Return the oldest message for an address."""
        stored = self._stored.get(address)
        return stored[0] if stored else None

    def store(self, row: InboxRow) -> None:
        """Keep a message until someone takes it."""
        self._stored.setdefault((row.message.topic, row.message.key), []).append(row)

    def take(self, row: InboxRow) -> None:
        """Remove the oldest message of an address, which must be this one."""
        address = (row.message.topic, row.message.key)
        taken = self._stored[address].pop(0)
        assert taken.number == row.number, "messages of one address are taken in the order of arrival"
        if not self._stored[address]:
            del self._stored[address]

    def wait(self, address: Address, waiter: W) -> None:
        """Let someone wait for the next message of an address."""
        self._waiting.setdefault(address, []).append(waiter)

    def is_awaited(self, address: Address) -> bool:
        """Tell whether someone waits at an address."""
        return address in self._waiting

    def forget(self, address: Address) -> None:
        """Drop the messages of an address: the journal, which others read too, still has them."""
        self._stored.pop(address, None)

    def drop(self, before_us: int) -> None:
        """Drop the messages that came before an instant: nobody has wanted them."""
        late = [address for address, rows in self._stored.items() if rows[0].message.received_us < before_us]
        for address in late:
            young = [row for row in self._stored.pop(address) if row.message.received_us >= before_us]
            if young:
                self._stored[address] = young

    def leave(self, address: Address, waiter: W) -> None:
        """Stop waiting."""
        waiting = self._waiting.get(address)
        if waiting and waiter in waiting:
            waiting.remove(waiter)
            if not waiting:
                del self._waiting[address]

    def next_waiter(self, address: Address) -> W | None:
        """Remove and return who has waited longest at an address."""
        waiting = self._waiting.get(address)
        if not waiting:
            return None
        waiter = waiting.pop(0)
        if not waiting:
            del self._waiting[address]
        return waiter
