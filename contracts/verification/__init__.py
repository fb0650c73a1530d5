"""Verification: runs suites side by side, sets aside what a team has accepted, and writes what others can read."""
