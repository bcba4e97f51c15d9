"""The outside world, shared by all features. Technology only, no domain."""
