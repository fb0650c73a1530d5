"""Expectations: plays what a scenario's assertions ask for, and says of each whether it holds, by which figure."""
