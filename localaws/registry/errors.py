"""Refusals in the registry's own form: a code of the OCI distribution specification."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

VERSION = {"Docker-Distribution-API-Version": "registry/2.0"}


class RegistryError(Exception):
    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        error = {"code": self.code, "message": self.message, "detail": None}
        return JSONResponse({"errors": [error]}, self.status, VERSION | self.headers)


def blob_unknown(digest: str) -> RegistryError:
    return RegistryError(404, "BLOB_UNKNOWN", f"blob {digest} is not known to the repository")


def manifest_unknown(reference: str) -> RegistryError:
    return RegistryError(404, "MANIFEST_UNKNOWN", f"manifest {reference} is not known")


def name_unknown(name: str) -> RegistryError:
    return RegistryError(404, "NAME_UNKNOWN", f"repository {name} is not known to the registry")


def upload_unknown(upload: str) -> RegistryError:
    return RegistryError(404, "BLOB_UPLOAD_UNKNOWN", f"upload {upload} is not known")


def digest_invalid(given: str) -> RegistryError:
    return RegistryError(400, "DIGEST_INVALID", f"'{given}' is not the digest of what was sent")
