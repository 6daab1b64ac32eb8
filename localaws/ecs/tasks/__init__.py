"""Tasks: defined, started, lived and shown."""
