"""The admin side of a live world: what a person or a test does with it from outside, on a port of its own."""
