"""What owners have allowed, who asked for what and why, and what was decided."""
