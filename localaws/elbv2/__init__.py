"""Elastic Load Balancing v2: the API, real health checks, and a router for real traffic."""
