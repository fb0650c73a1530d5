"""Somebody else's asyncio integration in virtual time: its event loop, HTTP clients, webhooks, clock and lives."""
