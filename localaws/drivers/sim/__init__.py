"""The `sim` driver: containers without processes, which do what their scripts say."""
