"""The worker process: settings in, Celery app out."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

from celery import Celery
from kombu.exceptions import OperationalError
from sqlalchemy import Engine

from app.config import Settings
from app.db import crypto, engine
from app.db.crypto import Cipher
from app.domain.estate import Estate
from app.gateways import validation
from app.gateways.aws import Aws
from app.gateways.cloudformation import CloudFormationStacks
from app.gateways.ecs import EcsServices
from app.gateways.queue import SqsQueue
from app.gateways.registry import Registry
from app.gateways.secrets import ManagedSecrets
from workers import doorbell
from workers.clusters.observe import Observer
from workers.context import Context, Pace
from workers.queue.leases import Keeper
from workers.queue.relay import Relay
from workers.queue.run import run as run_message

_START_WITHIN = 10.0  # seconds


class Worker:
    """Everything a worker process runs beside Celery's threads, and Celery's app itself."""

    def __init__(self, settings: Settings) -> None:
        self._engine = engine.connect(settings.database_url or "", pool_size=doorbell.THREADS + 3)
        aws = Aws(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)
        self.context = context(settings, self._engine, aws)
        self.keeper = Keeper(self.context.sessions, timedelta(seconds=settings.lease_seconds))
        self.celery: Celery = doorbell.make(settings.broker_url or "", self._answer)
        self._relay = Relay(settings.database_url or "", self.context.sessions, self._ring)
        self._observer = (
            Observer(SqsQueue(aws.client("sqs"), settings.queue_url), self.context.sessions)
            if settings.queue_url
            else None
        )

    def start(self) -> None:
        self.keeper.start()
        self._relay.start()
        if self._observer:
            self._observer.start()

    def hush(self) -> None:
        """Nothing is rung for any more; what runs goes on, with its lease kept."""
        if self._observer:
            self._observer.stop()
        self._relay.stop()

    def close(self) -> None:
        """When the running tasks have ended."""
        self.keeper.stop()
        self._engine.dispose()

    def _answer(self, message_id: int) -> None:
        run_message(self.context, self.keeper, message_id)

    def _ring(self, message_id: int) -> None:
        # a broker that is away costs time, not work: the relay rings again
        with suppress(OperationalError):
            self.celery.send_task(doorbell.RING, (message_id,), retry=False)


class Embedded:
    """A worker in a thread of this process, for `palatine up`."""

    def __init__(self, settings: Settings) -> None:
        self._worker = Worker(settings)
        self._controller = self._worker.celery.WorkController(**doorbell.worker_options())
        self._thread = threading.Thread(target=self._controller.start, name="celery", daemon=True)
        self._ready = threading.Event()
        self._worker.celery.task(name=doorbell.PROBE)(self._ready.set)

    def start(self) -> None:
        """Returns when a task has really run."""
        self._thread.start()
        self._worker.start()
        self._worker.celery.send_task(doorbell.PROBE)
        if not self._ready.wait(_START_WITHIN):
            raise RuntimeError("The worker did not run its first task.")

    def stop(self) -> None:
        """Returns when the running tasks have ended.

        Celery's own thread, which only waits for messages by then, notices up to 2 s later.
        """
        self._worker.hush()
        self._controller.stop()
        self._worker.close()


def embedded(settings: Settings) -> Embedded:
    return Embedded(settings)


def run(settings: Settings) -> None:
    """`palatine worker`: until SIGTERM or Ctrl-C, which let running steps end."""
    worker = Worker(settings)
    worker.start()
    try:
        worker.celery.worker_main(
            [
                "worker",
                "--pool=threads",
                f"--concurrency={doorbell.THREADS}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
        )
    finally:
        worker.hush()
        worker.close()


def context(settings: Settings, database: Engine, aws: Aws) -> Context:
    return Context(
        sessions=engine.sessions(database),
        cipher=Cipher(crypto.load_key(settings.key_file)),
        estate=_estate(settings),
        stacks=CloudFormationStacks(aws.client("cloudformation")),
        services=EcsServices(aws.client("ecs"), settings.cluster),
        secrets=ManagedSecrets(aws.client("secretsmanager")),
        registry=Registry(),
        pace=Pace(
            poll=settings.poll_seconds,
            settle=settings.settle_seconds,
            consistency=settings.consistency_seconds,
            deadline=settings.deploy_deadline_seconds,
            resolve_deadline=settings.resolve_deadline_seconds,
        ),
        validate=validation.faults,
    )


def _estate(settings: Settings) -> Estate:
    return Estate(
        region=settings.aws_region,
        cluster=settings.cluster,
        vpc_id=settings.vpc_id,
        execution_role_arn=settings.execution_role_arn,
        task_role_arn=settings.task_role_arn,
        apps_domain=settings.apps_domain,
        drain_seconds=settings.drain_seconds,
        health_path=settings.health_check_path,
        health_interval=settings.health_check_interval_seconds,
        health_timeout=settings.health_check_timeout_seconds,
        healthy_threshold=settings.healthy_threshold,
        unhealthy_threshold=settings.unhealthy_threshold,
        grace_seconds=settings.grace_seconds,
    )
