"""The API as a whole: every route, every principal, every body, however bad."""
