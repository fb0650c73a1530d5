"""`python -m q2c` is the command `q2c`."""

from q2c.cli import main

main()
