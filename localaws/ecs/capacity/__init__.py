"""Capacity providers: the Auto Scaling groups behind a cluster, and which tasks go to which."""
