"""Clusters, their listeners, and each web process type's place on one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import Allocation, App, Cluster, Listener
from app.domain.errors import Conflict, NotFound

# Elastic Load Balancing quotas: 100 rules and 100 target groups a load balancer.
RULES_PER_LISTENER = 100


def ensure(session: Session, name: str, *, region: str, listener_arn: str) -> Cluster:
    """The cluster the settings name, with its listener, as rows. Safe to repeat and to race."""
    session.execute(insert(Cluster).values(name=name, region=region).on_conflict_do_nothing())
    cluster = named(session, name)
    row = insert(Listener).values(cluster_id=cluster.id, arn=listener_arn)
    session.execute(row.on_conflict_do_nothing())
    return cluster


def named(session: Session, name: str) -> Cluster:
    cluster = session.scalar(select(Cluster).where(Cluster.name == name))
    if cluster is None:
        raise NotFound("cluster", name)
    return cluster


def allocate(session: Session, app: App, process_type: str) -> Allocation:
    """The process type's (listener, priority): the one it has, or the first free one."""
    held = select(Allocation).where(
        Allocation.app_id == app.id, Allocation.process_type == process_type
    )
    if (allocation := session.scalar(held)) is not None:
        return allocation
    for listener in session.scalars(
        select(Listener)
        .where(Listener.cluster_id == app.cluster_id)
        .order_by(Listener.created_at, Listener.id)
        .with_for_update()
    ):
        if (priority := _free_priority(session, listener)) is not None:
            allocation = Allocation(
                app_id=app.id,
                process_type=process_type,
                listener_id=listener.id,
                priority=priority,
            )
            session.add(allocation)
            session.flush()  # the next allocation must see this one
            return allocation
    raise Conflict(
        "Every load balancer of this cluster is full: add one, or destroy apps that are not used."
    )


def free(session: Session, app: App) -> None:
    for allocation in session.scalars(select(Allocation).where(Allocation.app_id == app.id)):
        session.delete(allocation)


def _free_priority(session: Session, listener: Listener) -> int | None:
    rows = select(Allocation.priority).where(Allocation.listener_id == listener.id)
    taken = set(session.scalars(rows))
    return next((p for p in range(1, RULES_PER_LISTENER + 1) if p not in taken), None)
