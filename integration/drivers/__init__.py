"""Drivers perform effects: `simpy_driver` in virtual time. Each provides a Host, all else is shared."""
