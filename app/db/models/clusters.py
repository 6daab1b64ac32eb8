from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Identified, Model


class Cluster(Identified, Model):
    __tablename__ = "clusters"

    name: Mapped[str] = mapped_column(unique=True)
    region: Mapped[str]


class Listener(Identified, Model):
    """A listener of a load balancer in a cluster's pool."""

    __tablename__ = "listeners"

    cluster_id: Mapped[UUID] = mapped_column(ForeignKey("clusters.id", ondelete="CASCADE"))
    arn: Mapped[str] = mapped_column(unique=True)


class Allocation(Identified, Model):
    """One rule's place on a listener. An ALB takes 100 rules and 100 target groups, no more."""

    __tablename__ = "allocations"
    __table_args__ = (
        UniqueConstraint("listener_id", "priority"),
        UniqueConstraint("app_id", "process_type"),
    )

    app_id: Mapped[UUID] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"))
    process_type: Mapped[str]
    listener_id: Mapped[UUID] = mapped_column(ForeignKey("listeners.id"))
    priority: Mapped[int]
