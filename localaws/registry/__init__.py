"""A container registry: the OCI distribution API over a folder."""
