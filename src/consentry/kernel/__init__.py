"""Words shared by every feature. Pure: nothing here reads a clock, a file, a socket or a table."""
