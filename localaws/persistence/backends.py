"""moto's backends: which of them were used, and each as bytes.

One backend is one service in one region; its name is its class, the account and the region.
"""

from __future__ import annotations

import importlib
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend

from localaws.persistence import pickling

Backend = Any  # moto tells no types
_used = set[str]()


def watch() -> None:
    """From now on `used` knows which backends are asked for."""
    accounts: Any = AccountSpecificBackend
    plain = accounts.__getitem__

    def noted(account: Any, region: str) -> Backend:  # noqa: ANN401
        found = plain(account, region)
        _used.add(_name(found))
        return found

    accounts.__getitem__ = noted


def used() -> set[str]:
    """Since this was asked last."""
    found = set(_used)
    _used.clear()
    return found


def dump(name: str) -> bytes:
    return pickling.dumps(vars(_find(name)), _reference)


def load(name: str, written: bytes) -> None:
    """What the backend makes of itself when it is new is replaced."""
    _find(name).__dict__ = pickling.loads(written, _resolve)


def _name(backend: Backend) -> str:
    kind = type(backend)
    return f"{kind.__module__}:{kind.__name__}:{backend.account_id}:{backend.region_name}"


def _find(name: str) -> Backend:
    module, kind, account, region = name.split(":")
    return _all_of(module, kind)[account][region]


def _all_of(module: str, kind: str) -> Any:  # noqa: ANN401
    """Of one service, by account and region."""
    names = vars(importlib.import_module(module))
    every = [it for it in names.values() if isinstance(it, BackendDict)]
    return next(it for it in every if it.backend is names[kind])


def _reference(thing: object) -> object:
    """Backends refer to each other: in the bytes of one, others are names."""
    match thing:
        case BaseBackend():
            return _name(thing)
        case AccountSpecificBackend():
            return f"{thing.backend.__module__}:{thing.backend.__name__}:{thing.account_id}"
        case BackendDict():
            return f"{thing.backend.__module__}:{thing.backend.__name__}"
    return None


def _resolve(reference: str) -> Any:  # noqa: ANN401
    module, kind, *where = reference.split(":")
    found = _all_of(module, kind)
    for one in where:
        found = found[one]
    return found
