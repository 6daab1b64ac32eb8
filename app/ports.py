"""What the API needs of others and does not import: handed in by the composition root."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from starlette.responses import Response


class Streams(Protocol):
    """Answers that go on for as long as there is something to tell."""

    def events(self, app_id: UUID, *, after: int | None, operation_id: UUID | None) -> Response:
        """Server-sent events: those after `after`; None: those that happen from now on."""
        ...

    def operation(self, app_id: UUID, operation_id: UUID) -> Response:
        """What happens to an operation until it ends, as Docker's jsonmessage lines."""
        ...
