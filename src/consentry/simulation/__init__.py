"""Port Halden, the fictional city: for the demo, tests and load."""
