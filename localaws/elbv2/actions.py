"""A rule's actions: AWS's shape in, a value the router can follow, AWS's shape out."""

from __future__ import annotations

from typing import Any

from localaws.elbv2 import redirects
from localaws.elbv2.model import Action, FixedResponse, Forward, Redirect
from localaws.elbv2.store import Store
from localaws.elbv2.unmodelled import unmodelled
from localaws.wire import AwsError

CONTENT_TYPES = (
    "text/plain",
    "text/css",
    "text/html",
    "application/javascript",
    "application/json",
)
LONGEST_BODY = 1024
MOST_GROUPS = 5
LONGEST_STICKY = 604_800  # seconds: a week


def read(actions: list[dict[str, Any]], store: Store) -> Action:
    for action in actions:
        if action["Type"] not in ("forward", "fixed-response", "redirect"):
            raise unmodelled(f"The action {action['Type']}")
    if len(actions) != 1:
        raise AwsError(
            "InvalidLoadBalancerAction",
            "A rule must have exactly one action of type forward, fixed-response or redirect",
        )
    action = actions[0]
    match action["Type"]:
        case "forward":
            return _forward(action, store)
        case "redirect":
            return redirects.read(action.get("RedirectConfig"))
    return _fixed_response(action.get("FixedResponseConfig"))


def render(action: Action) -> list[dict[str, Any]]:
    match action:
        case FixedResponse():
            config = {
                "StatusCode": str(action.status),
                "ContentType": action.content_type,
                "MessageBody": action.body,
            }
            return [{"Type": "fixed-response", "Order": 1, "FixedResponseConfig": config}]
        case Redirect():
            return [{"Type": "redirect", "Order": 1, "RedirectConfig": redirects.render(action)}]
    return [_rendered_forward(action)]


def _rendered_forward(action: Forward) -> dict[str, Any]:
    sticky: dict[str, Any] = {"Enabled": action.sticky_seconds is not None}
    if action.sticky_seconds is not None:
        sticky["DurationSeconds"] = action.sticky_seconds
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in action.groups]
    rendered: dict[str, Any] = {
        "Type": "forward",
        "Order": 1,
        "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky},
    }
    if len(action.groups) == 1:
        rendered["TargetGroupArn"] = action.groups[0][0]
    return rendered


def _forward(action: dict[str, Any], store: Store) -> Forward:
    config = action.get("ForwardConfig", {})
    tuples = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn")}]
    groups = tuple((entry["TargetGroupArn"], entry.get("Weight", 1)) for entry in tuples)
    if not all(arn for arn, _ in groups):
        raise AwsError("ValidationError", "A target group ARN must be specified")
    if action.get("TargetGroupArn", groups[0][0]) != groups[0][0]:
        raise AwsError(
            "ValidationError", "TargetGroupArn and ForwardConfig name different target groups"
        )
    if len(groups) > MOST_GROUPS or len({arn for arn, _ in groups}) != len(groups):
        raise AwsError("ValidationError", "A forward names one to five different target groups")
    for arn, weight in groups:
        store.group(arn)
        if not 0 <= weight <= 999:
            raise AwsError("ValidationError", f"Weight '{weight}' must be between 0 and 999")
    return Forward(groups, _sticky(config.get("TargetGroupStickinessConfig", {})))


def _sticky(config: dict[str, Any]) -> int | None:
    if not config.get("Enabled"):
        return None
    seconds: int | None = config.get("DurationSeconds")
    if seconds is None or not 1 <= seconds <= LONGEST_STICKY:
        raise AwsError(
            "ValidationError",
            f"Target group stickiness duration must be between 1 and {LONGEST_STICKY} seconds",
        )
    return seconds


def _fixed_response(config: dict[str, Any] | None) -> FixedResponse:
    if config is None:
        raise AwsError("ValidationError", "A fixed-response action needs a FixedResponseConfig")
    status, content_type = config["StatusCode"], config.get("ContentType", "text/plain")
    if not (len(status) == 3 and status.isdecimal() and status[0] in "245"):
        raise AwsError("ValidationError", f"Status code '{status}' is not 2XX, 4XX or 5XX")
    if content_type not in CONTENT_TYPES:
        raise AwsError("ValidationError", f"Content type '{content_type}' is not supported")
    if len(body := config.get("MessageBody", "")) > LONGEST_BODY:
        raise AwsError(
            "ValidationError", f"The message body cannot be longer than {LONGEST_BODY} characters"
        )
    return FixedResponse(int(status), content_type, body)
