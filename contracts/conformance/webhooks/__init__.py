"""Promises of who receives webhooks (W01-W16) and of who sends them (S01-S08)."""

from contracts.conformance.webhooks import acceptance, sending
from contracts.conformance.webhooks.post import RECEIVER, Post, ReceiverTarget, read_receiver_target
from contracts.conformance.webhooks.sending import SENDER, SenderTarget, Yard, read_sender_target

__all__ = [
    "RECEIVER", "SENDER", "Post", "ReceiverTarget", "SenderTarget", "Yard", "acceptance", "read_receiver_target",
    "read_sender_target", "sending",
]  # fmt: skip
