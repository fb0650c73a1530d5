"""The commands of `q2c`, one module each."""
