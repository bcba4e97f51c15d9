"""The registry of cameras, and the circle that finds them."""
