"""The real-time centre's working rooms: open, assign, follow, close."""
