"""What the crash tests stand on: one PostgreSQL, one local AWS, and installations on them.

Each installation has a database, a listener and a queue of its own, as if it were alone: several
work side by side, and a worker of one takes nothing from another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
from sqlalchemy import Engine, create_engine, make_url, text

from app.db import crypto, migrations
from app.db import engine as database
from app.db.crypto import Cipher
from app.db.models import Account
from app.services import clusters
from localaws import image
from palatine import aws, home
from palatine.aws import LocalAws
from palatine.demo import sample
from palatine.postgres import places, server
from palatine.stopping import Stopping
from tests.factories import make_account

FIRST, SECOND = "hello:v1", "hello:v2"
_QUICK = {
    "poll_seconds": 0.3,
    "lease_seconds": 6,  # long enough that only the killed lose theirs, on a busy machine too
    "settle_seconds": 0.5,
    "drain_seconds": 0,
    "consistency_seconds": 1,
    "health_check_interval_seconds": 5,
    "health_check_timeout_seconds": 2,
}
_NOTHING_HERE = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


@dataclass(frozen=True)
class Installation:
    settings: Mapping[str, Any]
    registry: str  # host and port
    engine: Engine
    cipher: Cipher
    admin: Account
    amazon: Amazon

    @property
    def sessions(self) -> database.Sessions:
        return database.sessions(self.engine)

    def listen_for(self, app_id: UUID) -> None:
        """Have ECS's events about this app, and no other's, brought to the queue."""
        events = self.amazon.client("events")
        queue = str(self.settings["queue_url"]).rsplit("/", 1)[-1]
        group = {"group": [{"prefix": f"service:pal-{app_id.hex[:12]}"}]}
        pattern = {"source": ["aws.ecs"], "detail": group}
        rule = f"{queue}-{app_id.hex[:12]}"
        events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        events.put_targets(
            Rule=rule, Targets=[{"Id": "queue", "Arn": self.amazon.arn("sqs", queue)}]
        )


class Amazon:
    """The local AWS, as the test itself asks it."""

    def __init__(self, url: str, seed: Mapping[str, Any]) -> None:
        self.url = url
        self.seed = seed
        session = boto3.Session("local", "local", region_name=seed["region"])
        names = ("ecs", "cloudformation", "secretsmanager", "elbv2", "sqs", "events")
        self._clients = {name: session.client(name, endpoint_url=url) for name in names}

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no types
        return self._clients[service]

    def arn(self, service: str, name: str) -> str:
        return f"arn:aws:{service}:{self.seed['region']}:123456789012:{name}"


@contextmanager
def standing(folder: Path, count: int) -> Iterator[list[Installation]]:
    """So many installations, with the sample app's two images in the registry."""
    folder.chmod(0o711)  # as root PostgreSQL is somebody else, who must pass through
    where = home.prepare(folder / "home")
    with _postgres(where) as url, _local_aws(where) as local:
        amazon = Amazon(local.url, local.seed())
        _push_images(folder, local.url)
        # nobody drains the queue that the local AWS has made for `palatine up`
        amazon.client("events").remove_targets(Rule=f"{amazon.seed['cluster']}-ecs", Ids=["queue"])
        made = [_installation(number, where, url, amazon) for number in range(count)]
        try:
            yield made
        finally:
            for installation in made:
                installation.engine.dispose()


@contextmanager
def _postgres(where: Path) -> Iterator[str]:
    try:
        with server.running(places.of(where), Stopping()) as running:
            made = create_engine(running.url, isolation_level="AUTOCOMMIT")
            with made.connect() as connection:
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
                connection.execute(text("SELECT pg_reload_conf()"))
            made.dispose()
            yield running.url
    finally:
        places.forget(where)


@contextmanager
def _local_aws(where: Path) -> Iterator[LocalAws]:
    log = home.log(where, "localaws")
    local = aws.start(where / "localaws", port=0, router_port=0, log=log, stopping=Stopping())
    try:
        yield local
    finally:
        local.stop()


def _push_images(folder: Path, url: str) -> None:
    registry = url.removeprefix("http://")
    image.push_directory(sample.folder(), FIRST, registry)
    image.push_directory(sample.second_version(folder), SECOND, registry)


def _installation(number: int, where: Path, url: str, amazon: Amazon) -> Installation:
    settings = _QUICK | {
        "home": str(where),
        "database_url": _database(url, f"installation_{number}"),
        "broker_url": "memory://",
        "aws_endpoint_url": amazon.url,
        "aws_region": amazon.seed["region"],
        "cluster": amazon.seed["cluster"],
        "vpc_id": amazon.seed["vpc_id"],
        "listener_arn": _listener(amazon, 8100 + number),
        "execution_role_arn": amazon.seed["execution_role_arn"],
        "task_role_arn": amazon.seed["task_role_arn"],
        "queue_url": _queue(amazon, f"events-{number}"),
    }
    engine = database.connect(settings["database_url"], pool_size=1)
    migrations.upgrade(engine)
    with database.sessions(engine).begin() as session:
        clusters.ensure(
            session,
            settings["cluster"],
            region=settings["aws_region"],
            listener_arn=settings["listener_arn"],
        )
        admin = make_account(session)
    registry = amazon.url.removeprefix("http://")
    cipher = Cipher(crypto.load_key(where / "secret.key"))
    return Installation(settings, registry, engine, cipher, admin, amazon)


def _queue(amazon: Amazon, name: str) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    open_to_all = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    made = amazon.client("sqs").create_queue(QueueName=name, Attributes=open_to_all)
    return str(made["QueueUrl"])


def _database(url: str, name: str) -> str:
    made = create_engine(url, isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    made.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _listener(amazon: Amazon, port: int) -> str:
    made = amazon.client("elbv2").create_listener(
        LoadBalancerArn=amazon.seed["load_balancer_arn"],
        Protocol="HTTP",
        Port=port,
        DefaultActions=[_NOTHING_HERE],
    )
    return str(made["Listeners"][0]["ListenerArn"])
