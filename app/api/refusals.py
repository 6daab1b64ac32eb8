"""What the HTTP edge itself says no with, in the words of Heroku's error ids."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException


class Refusal(HTTPException):
    """An answer that no domain rule gives: a status, an error id, a sentence.

    FastAPI lets an HTTPException through wherever it is raised, while it reads a body included.
    """

    def __init__(
        self, status: int, id: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.id = id


class CommitFailed(Exception):
    """The request was carried out, and then its transaction could not be saved."""
