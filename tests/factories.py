"""Rows to start a test from. Each makes what it needs and is not given; flushed, not committed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import (
    Account,
    App,
    Cluster,
    Dyno,
    Event,
    Formation,
    Operation,
    Release,
    Service,
    Slug,
    Token,
)

COMMANDS = {"web": "python web.py", "worker": "python worker.py"}
_numbers = count(1)
Row = TypeVar("Row")


def make_account(session: Session, email: str | None = None) -> Account:
    return _saved(session, Account(email=email or f"ann{next(_numbers)}@example.com"))


def make_token(session: Session, account: Account, secret: str = "sesame") -> str:
    """A token the account may use; the secret itself is returned."""
    digest = hashlib.sha256(secret.encode()).digest()
    _saved(session, Token(account_id=account.id, hash=digest))
    return secret


def make_cluster(session: Session, name: str = "palatine", region: str = "us-east-1") -> Cluster:
    known = session.scalar(select(Cluster).where(Cluster.name == name))
    return known or _saved(session, Cluster(name=name, region=region))


def make_app(
    session: Session,
    name: str | None = None,
    *,
    owner: Account | None = None,
    cluster: Cluster | None = None,
    with_release: bool = False,
    formation: Mapping[str, int] | None = None,
    **columns: object,
) -> App:
    """An app; `with_release` or a formation: with v1 that runs web and worker, succeeded."""
    app = App(
        name=name or f"acme{next(_numbers)}",
        owner_id=(owner or make_account(session)).id,
        cluster_id=(cluster or make_cluster(session)).id,
        **columns,
    )
    _saved(session, app)
    if with_release or formation is not None:
        make_release(session, app, status="succeeded", current=True)
        for process_type, quantity in (formation or {"web": 1, "worker": 0}).items():
            make_formation(session, app, process_type, quantity)
    return app


def make_release(
    session: Session,
    app: App,
    *,
    process_types: Mapping[str, str] = COMMANDS,
    actor: Account | None = None,
    status: str = "pending",
    current: bool = False,
    description: str = "Deploy acme/hello:v1",
    config_version: int | None = None,
) -> Release:
    """The app's next release, desired at once; `current`: as if ECS had shown it to run."""
    slug = Slug(
        app_id=app.id,
        image="acme/hello:v1",
        pinned_image=f"docker.io/acme/hello@sha256:{'0' * 64}",
        process_types=dict(process_types),
    )
    _saved(session, slug)
    app.release_version = (app.release_version or 0) + 1
    release = Release(
        app_id=app.id,
        version=app.release_version,
        slug_id=slug.id,
        config_version=(app.config_version or 0) if config_version is None else config_version,
        description=description,
        actor_id=(actor.id if actor else app.owner_id),
        status=status,
    )
    _saved(session, release)
    app.desired_release_id = release.id
    if current:
        app.current_release_id = release.id
    session.flush()
    return release


def make_formation(
    session: Session, app: App, process_type: str, quantity: int = 1, size: str = "1X"
) -> Formation:
    row = Formation(app_id=app.id, process_type=process_type, quantity=quantity, size=size)
    return _saved(session, row)


def make_operation(
    session: Session, app: App, *, kind: str = "deploy", status: str = "pending", **columns: object
) -> Operation:
    app.operation_number = (app.operation_number or 0) + 1
    columns.setdefault("summary", f"{kind.capitalize()} something")
    columns.setdefault("actor_id", app.owner_id)
    row = Operation(app_id=app.id, number=app.operation_number, kind=kind, status=status, **columns)
    return _saved(session, row)


def make_event(
    session: Session,
    app: App,
    *,
    operation: Operation | None = None,
    kind: str = "operation",
    message: str = "Something happened.",
    **columns: object,
) -> Event:
    operation_id: UUID | None = operation.id if operation else None
    row = Event(app_id=app.id, operation_id=operation_id, kind=kind, message=message, **columns)
    return _saved(session, row)


def make_service(
    session: Session, app: App, process_type: str = "web", *, running: int = 1, desired: int = 1
) -> Service:
    row = Service(
        app_id=app.id,
        process_type=process_type,
        arn=f"arn:aws:ecs:us-east-1:123456789012:service/palatine/{app.name}-{process_type}",
        status="ACTIVE",
        task_definition_arn=f"arn:aws:ecs:us-east-1:123456789012:task-definition/{app.name}:1",
        deployment_id="ecs-svc/1",
        rollout_state="COMPLETED",
        desired=desired,
        running=running,
        pending=desired - running,
    )
    return _saved(session, row)


def make_dyno(
    session: Session,
    app: App,
    process_type: str = "web",
    *,
    state: str = "up",
    release_version: int | None = 1,
    stopped_at: datetime | None = None,
) -> Dyno:
    task = uuid4().hex
    row = Dyno(
        app_id=app.id,
        name=f"{process_type}.{task[:8]}",
        process_type=process_type,
        task_arn=f"arn:aws:ecs:us-east-1:123456789012:task/palatine/{task}",
        version=1,
        state=state,
        release_version=release_version,
        command=COMMANDS.get(process_type, ""),
        size="1X",
        stopped_at=stopped_at,
    )
    return _saved(session, row)


def _saved(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
