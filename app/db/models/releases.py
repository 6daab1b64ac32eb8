from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.models.base import Identified, Model
from app.db.models.people import Account


class Slug(Identified, Model):
    """What was deployed: an image, pinned, and its process types (type → command)."""

    __tablename__ = "slugs"

    app_id: Mapped[UUID] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"))
    image: Mapped[str]  # as it was asked for
    pinned_image: Mapped[str]  # registry/repository@sha256:…
    process_types: Mapped[dict[str, str]] = mapped_column(JSONB)


class Release(Identified, Model):
    """Immutable but for its status; a trigger of the database holds it to that."""

    __tablename__ = "releases"
    __table_args__ = (UniqueConstraint("app_id", "version"),)

    app_id: Mapped[UUID] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"))
    version: Mapped[int]
    slug_id: Mapped[UUID] = mapped_column(ForeignKey("slugs.id"))
    slug: Mapped[Slug] = relationship(lazy="raise")
    config_version: Mapped[int]
    description: Mapped[str]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    actor: Mapped[Account | None] = relationship(lazy="raise")
    status: Mapped[str] = mapped_column(server_default="pending")  # succeeded | failed | expired


class Formation(Identified, Model):
    """How many dynos of a process type, and how large.

    `asserted`: an unfinished operation asks for the quantity. Otherwise the count in ECS is
    left alone, whoever set it.
    """

    __tablename__ = "formations"
    __table_args__ = (UniqueConstraint("app_id", "process_type"),)

    app_id: Mapped[UUID] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"))
    process_type: Mapped[str]
    quantity: Mapped[int]
    size: Mapped[str]
    asserted: Mapped[bool] = mapped_column(server_default="false")


class TaskDefinition(Identified, Model):
    """A task definition that ECS has shown to us, by the hash of its content."""

    __tablename__ = "task_definitions"
    __table_args__ = (UniqueConstraint("app_id", "process_type", "content_hash"),)

    app_id: Mapped[UUID] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"))
    process_type: Mapped[str]
    release_version: Mapped[int]
    command: Mapped[str]
    size: Mapped[str]
    content_hash: Mapped[str]
    arn: Mapped[str] = mapped_column(unique=True)
