"""The demo's start page: the city, its people, its log, and one ask watched from end to end."""
