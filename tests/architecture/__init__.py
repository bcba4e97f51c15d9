"""What the code may look like, and what it must never hold."""
