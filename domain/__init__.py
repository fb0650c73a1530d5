"""The words everybody shares, pure: money, calendar, proration, tax, revenue, ledger, charts, events and histories."""
