"""The reference network q2c-net in the hands of several engines; each plays it and tells calls and CPU seconds."""
