"""Everything the platform can say no with.

DomainError
├── NotFound      the thing named does not exist
├── Conflict      true requests that cannot both win
├── Invalid       the request can never succeed as written
└── Forbidden     the actor may not do this
"""

from __future__ import annotations


class DomainError(Exception):
    """A refusal the caller can act on. The message is shown to the user."""


class NotFound(DomainError):
    def __init__(self, kind: str, name: object) -> None:
        super().__init__(f"There is no {kind} named {name}.")
        self.kind = kind


class Conflict(DomainError): ...


class Invalid(DomainError): ...


class Forbidden(DomainError): ...
