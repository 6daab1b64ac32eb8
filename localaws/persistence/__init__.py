"""What survives a restart: the state of every service, in a folder of the home."""
