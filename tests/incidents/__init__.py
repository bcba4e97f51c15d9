"""The working room, from its rules to its routes."""
