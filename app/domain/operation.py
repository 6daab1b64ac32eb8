"""The life of an operation (one thing that somebody asked for), as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.domain.errors import Conflict


class OperationKind(StrEnum):
    DEPLOY = "deploy"
    CONFIG = "config"
    ROLLBACK = "rollback"
    RESTORE = "restore"  # the platform's own: what ran last is put back
    SCALE = "scale"
    RESTART = "restart"
    RENAME = "rename"
    DESTROY = "destroy"


class OperationStatus(StrEnum):
    PENDING = "pending"
    APPLYING = "applying"
    ROLLING = "rolling"
    SETTLING = "settling"
    ROLLING_BACK = "rolling_back"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"


_S = OperationStatus
_CUT_SHORT = frozenset({_S.FAILED, _S.TIMED_OUT, _S.SUPERSEDED, _S.CANCELLED})

# We look now and then, so a status may be skipped; none is ever taken back.
TRANSITIONS: Mapping[OperationStatus, frozenset[OperationStatus]] = {
    _S.PENDING: frozenset({_S.APPLYING, _S.ROLLING, _S.SETTLING, _S.SUCCEEDED}) | _CUT_SHORT,
    _S.APPLYING: frozenset({_S.ROLLING, _S.SETTLING, _S.SUCCEEDED, _S.ROLLING_BACK}) | _CUT_SHORT,
    _S.ROLLING: frozenset({_S.SETTLING, _S.SUCCEEDED, _S.ROLLING_BACK}) | _CUT_SHORT,
    _S.SETTLING: frozenset({_S.SUCCEEDED, _S.ROLLING_BACK}) | _CUT_SHORT,
    _S.ROLLING_BACK: frozenset({_S.ROLLED_BACK, _S.ROLLBACK_FAILED}),
    **{
        ended: frozenset()
        for ended in (_S.SUCCEEDED, *sorted(_CUT_SHORT), _S.ROLLED_BACK, _S.ROLLBACK_FAILED)
    },
}
TERMINAL = frozenset(status for status, onward in TRANSITIONS.items() if not onward)

# These move the app's desired release; the newest of them is the one that counts.
RELEASING = frozenset(
    {OperationKind.DEPLOY, OperationKind.CONFIG, OperationKind.ROLLBACK, OperationKind.RESTORE}
)


def is_terminal(status: OperationStatus) -> bool:
    return status in TERMINAL


def check_transition(current: OperationStatus, new: OperationStatus) -> None:
    if new not in TRANSITIONS[current]:
        raise Conflict(f"An operation that is {current} cannot become {new}.")


def overtakes(
    new: OperationKind, new_types: frozenset[str], old: OperationKind, old_types: frozenset[str]
) -> bool:
    """Whether a newer operation makes an older, unfinished one pointless.

    Types are the process types each one names: a scale of web leaves a scale of worker alone,
    a restart of web one of web and worker.
    """
    if new is OperationKind.DESTROY:
        return True
    if new in RELEASING and old in RELEASING:
        return True
    if new is OperationKind.RENAME:
        return old is OperationKind.RENAME
    if new is OperationKind.RESTART:
        return new is old and old_types <= new_types
    return new is old and bool(new_types & old_types)
