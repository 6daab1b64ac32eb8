"""Pickles of what pickle alone refuses, as moto's backends have it: locks, lambdas, keys.

Other backends of moto are referred to by name, so that each is kept once, and by itself.
"""

from __future__ import annotations

import io
import marshal
import pickle
import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any

Named = Callable[[Any], object]  # what stands for an object that is kept elsewhere, or None
Found = Callable[[Any], Any]  # and the object, by what stands for it

_LOCKS = {type(threading.RLock()): threading.RLock, type(threading.Lock()): threading.Lock}


def dumps(thing: object, named: Named) -> bytes:
    out = io.BytesIO()
    _Pickler(out, named).dump(thing)
    return out.getvalue()


def loads(written: bytes, found: Found) -> Any:  # noqa: ANN401 (whatever was written)
    return _Unpickler(io.BytesIO(written), found).load()


class _Pickler(pickle.Pickler):
    def __init__(self, out: io.BytesIO, named: Named) -> None:
        super().__init__(out, pickle.HIGHEST_PROTOCOL)
        self._named = named

    def persistent_id(self, thing: object) -> object:
        return self._named(thing)

    def reducer_override(self, thing: Any) -> Any:  # noqa: ANN401 (pickle's own types)
        if type(thing) in _LOCKS:
            return _LOCKS[type(thing)], ()
        if isinstance(thing, FunctionType) and "<" in thing.__qualname__:
            return _of_function(thing)
        if isinstance(thing, CellType):
            return _cell, (thing.cell_contents,)
        if isinstance(thing, weakref.WeakValueDictionary):
            return weakref.WeakValueDictionary, (dict(thing),)
        if isinstance(thing, defaultdict) and type(thing) is not defaultdict:
            made = _default_dict, (type(thing), thing.default_factory)
            return *made, vars(thing), None, iter(thing.items())
        if type(thing).__module__.startswith("cryptography."):
            return _of_secret(thing)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, written: io.BytesIO, found: Found) -> None:
        super().__init__(written)
        self._found = found

    def persistent_load(self, name: object) -> Any:  # noqa: ANN401 (whatever it names)
        return self._found(name)


def _of_function(thing: FunctionType) -> tuple[Any, ...]:
    """A lambda, or what a function made: no import finds it."""
    code = marshal.dumps(thing.__code__)
    return _function, (thing.__module__, code, thing.__defaults__, thing.__closure__)


def _function(
    module: str, code: bytes, defaults: tuple[Any, ...] | None, closure: tuple[CellType, ...] | None
) -> FunctionType:
    __import__(module)
    loaded: CodeType = marshal.loads(code)  # noqa: S302 (as trusted as the pickle around it)
    return FunctionType(loaded, vars(sys.modules[module]), None, defaults, closure)


def _cell(contents: object) -> CellType:
    return CellType(contents)


def _default_dict(kind: type[defaultdict[Any, Any]], factory: Callable[[], Any] | None) -> Any:  # noqa: ANN401
    """A kind of moto's, whose __init__ wants what its attributes have."""
    made = kind.__new__(kind)
    made.default_factory = factory
    return made


def _of_secret(thing: Any) -> Any:  # noqa: ANN401 (cryptography loads late)
    from cryptography.hazmat.primitives import serialization as s  # noqa: PLC0415

    if hasattr(thing, "private_bytes"):
        plain = s.NoEncryption()
        return _private_key, (thing.private_bytes(s.Encoding.DER, s.PrivateFormat.PKCS8, plain),)
    if hasattr(thing, "public_bytes") and hasattr(thing, "issuer"):
        return _certificate, (thing.public_bytes(s.Encoding.DER),)
    return NotImplemented


def _private_key(written: bytes) -> Any:  # noqa: ANN401
    from cryptography.hazmat.primitives import serialization as s  # noqa: PLC0415

    return s.load_der_private_key(written, None)


def _certificate(written: bytes) -> Any:  # noqa: ANN401
    from cryptography import x509  # noqa: PLC0415

    return x509.load_der_x509_certificate(written)
