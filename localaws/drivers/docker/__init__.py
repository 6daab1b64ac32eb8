"""The `docker` driver: containers of a Docker Engine, with limits, files and users of their own."""
