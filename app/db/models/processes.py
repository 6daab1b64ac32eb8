from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Identified, Model


class Service(Model):
    """An ECS service as it was last seen. Written by the reconciler alone."""

    __tablename__ = "services"

    app_id: Mapped[UUID] = mapped_column(
        ForeignKey("apps.id", ondelete="CASCADE"), primary_key=True
    )
    process_type: Mapped[str] = mapped_column(primary_key=True)
    arn: Mapped[str]
    status: Mapped[str]
    task_definition_arn: Mapped[str]
    deployment_id: Mapped[str]
    rollout_state: Mapped[str]
    desired: Mapped[int]
    running: Mapped[int]
    pending: Mapped[int]
    observed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Dyno(Identified, Model):
    """One process: one ECS task, as it was last seen. `version` is the task's own counter."""

    __tablename__ = "dynos"
    __table_args__ = (
        UniqueConstraint("task_arn"),
        Index("ix_dynos_living", "app_id", postgresql_where=text("stopped_at IS NULL")),
    )

    app_id: Mapped[UUID] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"))
    name: Mapped[str]
    process_type: Mapped[str]
    task_arn: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    release_version: Mapped[int | None]
    command: Mapped[str] = mapped_column(server_default="")
    size: Mapped[str] = mapped_column(server_default="")
    instance: Mapped[str] = mapped_column(server_default="")
    started_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stop_code: Mapped[str] = mapped_column(server_default="")
    stopped_reason: Mapped[str] = mapped_column(server_default="")
    exit_code: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
