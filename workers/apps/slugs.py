"""Find out what a deploy's image holds: its digest and process types."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from app.domain.errors import DomainError
from app.domain.image import Image
from app.gateways.registry import RegistryError
from app.services import deploys
from app.services.deploys import Unresolved
from workers.context import Again, Context, Hold


def resolve_slug(context: Context, key: str, hold: Hold) -> Again | None:
    """One look at the registry; its answer is the operation's release, or its failure."""
    operation_id = UUID(key)
    with context.sessions.begin() as session:
        asked = deploys.unresolved(session, operation_id)
    if asked is None:
        return None
    try:
        _record(context, operation_id, hold, context.registry.resolve(asked.reference))
    except RegistryError as error:
        if error.retryable and not _overdue(context, asked):
            return Again(timedelta(seconds=max(1.0, context.pace.poll)))
        _fail(context, operation_id, hold, str(error))
    except DomainError as error:
        _fail(context, operation_id, hold, str(error))
    return None


def _record(context: Context, operation_id: UUID, hold: Hold, image: Image) -> None:
    with context.sessions.begin() as session:
        hold.guard(session)
        deploys.resolved(
            session,
            operation_id,
            pinned_image=str(image.pinned),
            process_types=image.process_types,
        )


def _fail(context: Context, operation_id: UUID, hold: Hold, why: str) -> None:
    with context.sessions.begin() as session:
        hold.guard(session)
        deploys.unresolvable(session, operation_id, why)


def _overdue(context: Context, asked: Unresolved) -> bool:
    return asked.waited > timedelta(seconds=context.pace.resolve_deadline)
