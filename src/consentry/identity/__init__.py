"""People, the parties they act for, their sessions, and the keys of edges and integrations."""
