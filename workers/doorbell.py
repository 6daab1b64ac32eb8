"""Celery: the doorbell and the threads. What it carries is a message's number, nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import Celery

THREADS = 8
RING = "palatine.ring"
PROBE = "palatine.probe"


def make(broker_url: str, answer: Callable[[int], None]) -> Celery:
    """A Celery app whose one task calls `answer` with an outbox message's id.

    Losing a ring is harmless, so nothing of Celery's own redelivery is used: no late
    acknowledgement, no results, no retries.
    """
    celery = Celery("palatine", broker=broker_url, set_as_current=True)
    celery.set_default()  # a worker in a thread runs nothing, silently, unless it is the default
    celery.conf.update(
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport(broker_url),
        task_default_queue="palatine",
        task_ignore_result=True,
        task_acks_late=False,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_redirect_stdouts=False,
    )
    celery.task(name=RING)(answer)
    return celery


def worker_options() -> dict[str, Any]:
    """Threads: the work waits for AWS. Workers need not know of each other."""
    return {
        "pool_cls": "threads",
        "concurrency": THREADS,
        "without_gossip": True,
        "without_mingle": True,
        "without_heartbeat": True,
        "quiet": True,
    }


def _transport(broker_url: str) -> dict[str, Any]:
    # without it the in-memory broker is looked at once a second
    return {"polling_interval": 0.01} if broker_url.startswith("memory:") else {}
