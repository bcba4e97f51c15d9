"""Who is who, and how it is proved."""
