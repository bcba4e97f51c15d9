"""Consentry: an open, self-hosted, consent-first real-time incident centre."""

__version__ = "0.1.0"
