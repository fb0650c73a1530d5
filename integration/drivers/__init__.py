"""Drivers perform effects: `simpy_driver` in virtual time, `asyncio_driver` live. Each provides a Host."""
