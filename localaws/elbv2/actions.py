"""A rule's actions: AWS's shape in, a value the router can follow, AWS's shape out."""

from __future__ import annotations

from typing import Any

from localaws.elbv2.model import Action, FixedResponse, Forward
from localaws.elbv2.store import Store
from localaws.wire import AwsError

CONTENT_TYPES = (
    "text/plain",
    "text/css",
    "text/html",
    "application/javascript",
    "application/json",
)


def read(actions: list[dict[str, Any]], store: Store) -> Action:
    if len(actions) != 1:
        raise AwsError("ValidationError", "A rule must have exactly one forward or fixed-response")
    action = actions[0]
    match action["Type"]:
        case "forward":
            return _forward(action, store)
        case "fixed-response":
            return _fixed_response(action.get("FixedResponseConfig"))
        case other:
            raise AwsError(
                "InvalidLoadBalancerAction",
                f"The local AWS carries out 'forward' and 'fixed-response', not '{other}'",
            )


def render(action: Action) -> list[dict[str, Any]]:
    if isinstance(action, FixedResponse):
        config = {
            "StatusCode": str(action.status),
            "ContentType": action.content_type,
            "MessageBody": action.body,
        }
        return [{"Type": "fixed-response", "Order": 1, "FixedResponseConfig": config}]
    rendered: dict[str, Any] = {
        "Type": "forward",
        "Order": 1,
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": arn, "Weight": weight} for arn, weight in action.groups
            ],
            "TargetGroupStickinessConfig": {"Enabled": False},
        },
    }
    if len(action.groups) == 1:
        rendered["TargetGroupArn"] = action.groups[0][0]
    return [rendered]


def _forward(action: dict[str, Any], store: Store) -> Forward:
    config = action.get("ForwardConfig", {})
    if config.get("TargetGroupStickinessConfig", {}).get("Enabled"):
        raise AwsError(
            "InvalidConfigurationRequest", "The local AWS has no stickiness between target groups"
        )
    tuples = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn")}]
    groups = tuple((entry["TargetGroupArn"], entry.get("Weight", 1)) for entry in tuples)
    if not all(arn for arn, _ in groups):
        raise AwsError("ValidationError", "A target group ARN must be specified")
    if action.get("TargetGroupArn", groups[0][0]) != groups[0][0]:
        raise AwsError(
            "ValidationError", "TargetGroupArn and ForwardConfig name different target groups"
        )
    if len(groups) > 5 or len({arn for arn, _ in groups}) != len(groups):
        raise AwsError("ValidationError", "A forward names one to five different target groups")
    for arn, weight in groups:
        store.group(arn)
        if not 0 <= weight <= 999:
            raise AwsError("ValidationError", f"Weight '{weight}' must be between 0 and 999")
    return Forward(groups)


def _fixed_response(config: dict[str, Any] | None) -> FixedResponse:
    if config is None:
        raise AwsError("ValidationError", "A fixed-response action needs a FixedResponseConfig")
    status, content_type = config["StatusCode"], config.get("ContentType", "text/plain")
    if not (len(status) == 3 and status.isdecimal() and status[0] in "245"):
        raise AwsError("ValidationError", f"Status code '{status}' is not 2XX, 4XX or 5XX")
    if content_type not in CONTENT_TYPES:
        raise AwsError("ValidationError", f"Content type '{content_type}' is not supported")
    return FixedResponse(int(status), content_type, config.get("MessageBody", ""))
