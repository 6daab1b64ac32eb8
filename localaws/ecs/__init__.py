"""Elastic Container Service on one machine: the API, the scheduler, the lives of tasks."""
