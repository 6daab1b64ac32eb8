"""ARNs and identifiers as ECS makes them, and the short names inside of them."""

from __future__ import annotations

import random
import string
import uuid

DIGITS = 19
RANDOM = random.SystemRandom()


def task_id() -> str:
    return uuid.uuid4().hex


def deployment_id() -> str:
    return f"ecs-svc/{number()}"


def number() -> str:
    """19 digits, the first of them not 0."""
    return str(RANDOM.randrange(10 ** (DIGITS - 1), 9 * 10 ** (DIGITS - 1)))


def service_deployment_id() -> str:
    return "".join(RANDOM.choices(string.ascii_letters + string.digits + "_-", k=21))


def short(name_or_arn: str) -> str:
    """The last part: a service's name, a task's id, `family:revision`."""
    return name_or_arn.rpartition("/")[2]


def revision(name: str) -> tuple[str, int | None]:
    """(`web`, 3) of `web:3`, its ARN too; (`web`, None) of `web`."""
    family, _, number = short(name).partition(":")
    return family, int(number) if number.isdigit() else None
