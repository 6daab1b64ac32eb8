"""Why an image could not be resolved: one class a cause, each with a sentence for the user.

RegistryError
├── RegistryUnreachable   no answer, or none of use, now (worth another try)
├── ImageNotFound         the registry answers, and has no such image
├── AccessDenied          the registry wants other credentials
├── MalformedImage        what it sent is not an image we can read
├── ImageTooLarge         reading on would pass a limit
├── MalformedProcfile     found, and refused by its grammar
└── NothingToRun          neither a Procfile nor a CMD

No message holds a credential, a token, or a link the registry signed.
"""

from __future__ import annotations

from typing import ClassVar

from app.domain.errors import DomainError


class RegistryError(DomainError):
    retryable: ClassVar[bool] = False


class RegistryUnreachable(RegistryError):
    retryable = True


class ImageNotFound(RegistryError): ...


class AccessDenied(RegistryError): ...


class MalformedImage(RegistryError): ...


class ImageTooLarge(RegistryError): ...


class MalformedProcfile(RegistryError): ...


class NothingToRun(RegistryError): ...
