"""PostgreSQL under our own supervision: the binaries of a wheel, a server of ours.

`places` says what is where, `cluster` makes a data directory, `server` starts, adopts and stops.
"""
