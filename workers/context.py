"""What every task gets, and how every task ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session, sessionmaker

from app.db import outbox
from app.db.crypto import Cipher
from app.domain.estate import Estate
from app.gateways.cloudformation import Stacks
from app.gateways.ecs import Services
from app.gateways.registry import Registry
from app.gateways.secrets import Secrets


@dataclass(frozen=True)
class Pace:
    """How often to look and how long to believe, in seconds: AWS is slow, a local one is not."""

    poll: float = 5
    settle: float = 30
    consistency: float = 5
    deadline: float = 600  # of no progress
    resolve_deadline: float = 120  # for the registry to answer


@dataclass(frozen=True)
class Context:
    sessions: sessionmaker[Session]
    cipher: Cipher
    estate: Estate
    stacks: Stacks
    services: Services
    secrets: Secrets
    registry: Registry
    pace: Pace
    validate: Callable[[str], list[str]]  # a template's body → what CloudFormation would refuse


@dataclass(frozen=True)
class Again:
    """Not finished, nothing wrong: run once more after `delay`."""

    delay: timedelta


@dataclass(frozen=True)
class Hold:
    """The work in hand: its lease, and whether it is still ours."""

    lease: outbox.Lease
    alive: Callable[[], bool]

    def check(self) -> None:
        """Before anything is changed outside: a worker that lost its lease must not act."""
        if not self.alive():
            raise outbox.LostLease(f"{self.lease.task} {self.lease.key}")

    def guard(self, session: Session) -> None:
        """In every transaction that records: nobody else can take the work before it commits."""
        outbox.guard(session, self.lease)


Task = Callable[[Context, str, Hold], Again | None]
