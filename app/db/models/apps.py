from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Identified, Model


class App(Identified, Model):
    """An app and the counters under its row lock: nothing of one app is numbered without it.

    `desired_release_id` is what should run, `current_release_id` what last succeeded.
    `generation` counts what was asked; `observed_generation` what ECS has shown to be so.
    """

    __tablename__ = "apps"
    __table_args__ = (
        Index(
            "uq_apps_name_living",
            "name",
            unique=True,
            postgresql_where=text("destroyed_at IS NULL"),
        ),
    )

    name: Mapped[str]
    cluster_id: Mapped[UUID] = mapped_column(ForeignKey("clusters.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    generation: Mapped[int] = mapped_column(server_default="0")
    observed_generation: Mapped[int] = mapped_column(server_default="0")
    config_version: Mapped[int] = mapped_column(server_default="0")
    release_version: Mapped[int] = mapped_column(server_default="0")
    operation_number: Mapped[int] = mapped_column(server_default="0")
    desired_release_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("releases.id", use_alter=True)
    )
    current_release_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("releases.id", use_alter=True)
    )
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    released_at: Mapped[datetime | None]
    destroyed_at: Mapped[
        datetime | None
    ]  # asked for; what it had in AWS is gone when its operation ends


class PhysicalName(Model):
    """A name that something of an app bears in AWS. Derived from the app's id: rename-proof."""

    __tablename__ = "physical_names"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    app_id: Mapped[UUID] = mapped_column(
        ForeignKey("apps.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    process_type: Mapped[str] = mapped_column(primary_key=True, server_default="")
    name: Mapped[str]


class ConfigVar(Model):
    """One config var as it was set in one version of the app's config; no ciphertext: unset.

    The config of version v is, name by name, the newest row that is not newer than v.
    """

    __tablename__ = "config_vars"

    app_id: Mapped[UUID] = mapped_column(
        ForeignKey("apps.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    ciphertext: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
