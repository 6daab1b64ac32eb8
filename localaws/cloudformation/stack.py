"""A stack: what it was asked to be, what exists of it, what happened to it. Plain state."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from localaws.cloudformation import schema
from localaws.cloudformation.resource import Resource
from localaws.cloudformation.template import Template

if TYPE_CHECKING:
    from localaws.cloudformation.change_set import ChangeSet

STACK = "AWS::CloudFormation::Stack"
UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_FAILED",
}

Shown = dict[str, Any]


@dataclass(frozen=True)
class Revision:
    """What one operation asks for."""

    template: Template
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    resolved: Mapping[str, str] = field(default_factory=dict)  # parameters of SSM's, references

    def value(self, parameter: str) -> str:
        return self.resolved.get(parameter, self.parameters[parameter])


@dataclass(frozen=True)
class Change:
    """One resource, before and after; either may be missing."""

    before: Resource | None
    after: Resource | None

    @property
    def made(self) -> Resource | None:
        """The new physical resource, if there is one already."""
        there = self.after is not None and bool(self.after.physical_id)
        return self.after if there and (self.before is None or self.replaced) else None

    @property
    def logical_id(self) -> str:
        return (self.before or self.after).logical_id  # type: ignore[union-attr]

    @property
    def replaced(self) -> bool:
        return (
            self.before is not None
            and self.after is not None
            and self.before.physical_id != self.after.physical_id
            and not schema.of(self.before.type).deleted_first
        )


@dataclass
class Undo:
    """What leads back to the last good state: kept until there is a new one."""

    previous: Revision | None  # None: back to nothing
    changes: list[Change] = field(default_factory=list)  # in the order they were begun
    skipped: set[str] = field(default_factory=set)  # logical ids that a rollback leaves alone
    failed: Revision | None = None  # from which it leads back
    unwanted: list[Resource] = field(default_factory=list)  # to be deleted in the end
    stuck: set[str] = field(default_factory=set)  # logical ids that could not be taken back

    def there(self) -> list[Resource]:
        """What may exist besides the stack's resources: both sides of every change."""
        sides = [side for change in self.changes for side in (change.before, change.after)]
        return [one for one in (*sides, *self.unwanted) if one and one.physical_id]

    def note(self, change: Change, *, replaces: bool = False) -> None:
        """One change a resource: after failed updates it still leads back to before the first."""
        for index, earlier in enumerate(self.changes):
            if earlier.logical_id == change.logical_id:
                if replaces and earlier.replaced and earlier.after:
                    self.unwanted.append(earlier.after)  # between the two that count
                self.changes[index] = Change(earlier.before, change.after)
                return
        self.changes.append(change)


@dataclass
class Doing:
    """How the operation that runs was asked for."""

    on_failure: str = "ROLLBACK"  # DELETE, DO_NOTHING
    express: bool = False
    retained: list[str] = field(default_factory=list)
    forced: bool = False  # a deletion that retains what cannot be deleted
    timeout_minutes: int | None = None
    since: datetime | None = None
    cancelled: bool = False  # by CancelUpdateStack
    retains_only_older: bool = False  # RetainExceptOnCreate: a rollback deletes what it finds new


@dataclass(slots=True)
class Event:
    number: int
    at: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    token: str
    properties: str | None  # JSON; one string for all events of a step

    def __reduce__(self) -> tuple[Any, ...]:
        """A third of what pickle would make of it: there are twenty of a small stack."""
        return Event, _parts(self)

    @property
    def id(self) -> str:
        return f"{self.logical_id}-{self.status}-{uuid.UUID(int=self.number)}"


_parts = attrgetter(*(one.name for one in fields(Event)))


@dataclass
class Stack:
    id: str
    name: str
    revision: Revision
    created_at: datetime
    disable_rollback: bool = False
    on_failure: str = ""  # as CreateStack was told, in these words
    capabilities: list[str] = field(default_factory=list)
    role_arn: str = ""
    timeout_minutes: int | None = None
    protected: bool = False  # from deletion
    status: str = ""
    reason: str = ""
    token: str = ""  # of the operation that runs, or ran last
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    change_set: str = ""  # the ARN of the one it was made or changed by last
    deployment: dict[str, Any] = field(default_factory=dict)  # the DeploymentConfig given last
    doing: Doing | None = None
    undo: Undo | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    exported: dict[str, str] = field(default_factory=dict)  # export names, by output
    resources: dict[str, Resource] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)  # oldest first
    states: dict[str, Event] = field(default_factory=dict)  # the last of each logical id
    calls: dict[str, tuple[str, Shown]] = field(default_factory=dict)  # by client token
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)  # by name

    @property
    def busy(self) -> bool:
        return self.status.endswith("IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def way_back(self) -> Undo:
        if self.undo is None:
            self.undo = Undo(None)
        return self.undo

    def begun(self, logical_id: str) -> Change | None:
        """The change of a resource in the middle of which everything stopped, if it did."""
        state = self.states.get(logical_id)
        if state is None or state.status not in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
            return None
        changes = self.undo.changes if self.undo else []
        return next((one for one in changes if one.logical_id == logical_id), None)

    def enter(self, at: datetime, status: str, reason: str = "") -> None:
        """A new status of the stack itself."""
        self.status, self.reason = status, reason
        self._record(at, self.name, self.id, STACK, status, reason, None)

    def record(self, at: datetime, resource: Resource, status: str, reason: str = "") -> None:
        """A new status of a resource; one that another has replaced no longer speaks for it."""
        logical_id, physical_id = resource.logical_id, resource.physical_id
        event = self._record(
            at, logical_id, physical_id, resource.type, status, reason, resource.properties_text
        )
        current = self.resources.get(logical_id)
        if (
            current is None
            or current.physical_id == physical_id
            or not status.startswith("DELETE_")
        ):
            self.states[logical_id] = event

    def _record(
        self,
        at: datetime,
        logical_id: str,
        physical_id: str,
        kind: str,
        status: str,
        reason: str,
        properties: str | None,
    ) -> Event:
        event = Event(
            number=uuid.uuid4().int,
            at=at,
            logical_id=logical_id,
            physical_id=physical_id,
            type=kind,
            status=sys.intern(status),
            reason=reason,
            token=self.token,
            properties=properties,
        )
        self.events.append(event)
        return event
