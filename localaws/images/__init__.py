"""Making an image out of a folder, and pushing it."""
