"""The cookies by which a client stays with a target, and with a target group."""

from __future__ import annotations

import hashlib
import time
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie

import h11

from localaws.elbv2.conditions import Seen
from localaws.elbv2.headers import Header
from localaws.elbv2.model import Forward, Target, TargetGroup

LB, CORS, APP, GROUP = "AWSALB", "AWSALBCORS", "AWSALBAPP-0", "AWSALBTG"


def cookies(seen: Seen) -> dict[str, str]:
    found = SimpleCookie()
    for name, value in seen.headers:
        if name == "cookie":
            try:
                found.load(value)
            except CookieError:
                continue
    return {name: morsel.value for name, morsel in found.items()}


def group(forward: Forward, given: dict[str, str]) -> str | None:
    """The group's ARN that a client stays with."""
    if forward.sticky_seconds is None:
        return None
    arns = (arn for arn, weight in forward.groups if weight)
    return next((arn for arn in arns if given.get(GROUP) == _mark(arn)), None)


def target(group: TargetGroup, targets: list[Target], given: dict[str, str]) -> Target | None:
    """The target that a client stays with, if it can still be sent to."""
    if (name := _cookie(group)) is None:
        return None
    mark = given.get(name)
    return next((one for one in targets if _target_mark(group, one) == mark), None)


def set_cookies(
    forward: Forward, group: TargetGroup, target: Target, response: h11.Response
) -> list[Header]:
    """Anew with every answer, as an ALB does; an application's only with the application's own."""
    made = list[Header]()
    if forward.sticky_seconds is not None:
        made.append(_set(GROUP, _mark(group.arn), forward.sticky_seconds))
    name = _cookie(group)
    seconds = int(group.attributes[f"{_kind(group)}.duration_seconds"])
    if name == LB:
        made += [_set(one, _target_mark(group, target), seconds) for one in (LB, CORS)]
    elif name == APP and _sets(response, group.attributes["stickiness.app_cookie.cookie_name"]):
        made.append(_set(APP, _target_mark(group, target), seconds))
    return made


def _cookie(group: TargetGroup) -> str | None:
    if group.attributes["stickiness.enabled"] != "true":
        return None
    return LB if group.attributes["stickiness.type"] == "lb_cookie" else APP


def _kind(group: TargetGroup) -> str:
    return f"stickiness.{group.attributes['stickiness.type']}"


def _sets(response: h11.Response, name: str) -> bool:
    begin = f"{name}=".encode()
    return any(key == b"set-cookie" and value.startswith(begin) for key, value in response.headers)


def _set(name: str, value: str, seconds: int) -> Header:
    until = formatdate(time.time() + seconds, usegmt=True)  # a browser's time, not AWS's
    more = "; SameSite=None; Secure" if name == CORS else ""
    return b"Set-Cookie", f"{name}={value}; Expires={until}; Path=/{more}".encode()


def _target_mark(group: TargetGroup, target: Target) -> str:
    return _mark(f"{group.arn} {target.id} {target.port}")


def _mark(text: str) -> str:
    """Says nothing to whoever reads it."""
    return hashlib.sha256(text.encode()).hexdigest()
