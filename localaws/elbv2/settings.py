"""A target group's settings and attributes: AWS's defaults, AWS's limits.

What the router does not carry out may be asked for only at its default, so that nothing that is
accepted is without effect.
"""

from __future__ import annotations

import re
from typing import Any

from localaws.wire import AwsError

DEFAULTS: dict[str, Any] = {
    "ProtocolVersion": "HTTP1",
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "HealthCheckEnabled": True,
    "HealthCheckPath": "/",
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
    "Matcher": {"HttpCode": "200"},
    "TargetType": "instance",
    "IpAddressType": "ipv4",
}
NEEDED = ("Protocol", "Port", "VpcId")
ONLY: dict[str, tuple[object, ...]] = {
    "Protocol": ("HTTP",),
    "ProtocolVersion": ("HTTP1",),
    "HealthCheckProtocol": ("HTTP",),
    "HealthCheckEnabled": (True,),
    "TargetType": ("instance", "ip"),
    "IpAddressType": ("ipv4",),
}
LIMITS = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
}
CHANGEABLE = tuple(key for key in DEFAULTS if key.startswith(("Health", "Unhealthy", "Matcher")))

DELAY = "deregistration_delay.timeout_seconds"
ATTRIBUTES = {
    DELAY: "300",
    "stickiness.enabled": "false",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "slow_start.duration_seconds": "0",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}


def read(params: dict[str, Any]) -> dict[str, Any]:
    for key in NEEDED:
        if key not in params:
            raise AwsError("ValidationError", f"A {key} must be specified")
    return _checked({key: params.get(key, DEFAULTS.get(key)) for key in (*NEEDED, *DEFAULTS)})


def change(settings: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    return _checked({**settings, **{key: params[key] for key in CHANGEABLE if key in params}})


def read_attributes(attributes: list[dict[str, str]]) -> dict[str, str]:
    read = {attribute["Key"]: attribute.get("Value", "") for attribute in attributes}
    for key, value in read.items():
        if key not in ATTRIBUTES:
            raise AwsError(
                "ValidationError", f"Target group attribute key '{key}' is not recognized"
            )
        if key == DELAY:
            if not (value.isdecimal() and int(value) <= 3600):
                raise AwsError("ValidationError", f"'{key}' must be between 0 and 3600")
        elif value != ATTRIBUTES[key]:
            raise AwsError(
                "InvalidConfigurationRequest",
                f"The local AWS knows only '{ATTRIBUTES[key]}' for '{key}'",
            )
    return read


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    for key, known in ONLY.items():
        if settings[key] not in known:
            raise AwsError(
                "InvalidConfigurationRequest",
                f"The local AWS knows {' and '.join(map(str, known))} for {key}, "
                f"not '{settings[key]}'",
            )
    for key, (least, most) in LIMITS.items():
        if not least <= settings[key] <= most:
            raise AwsError("ValidationError", f"{key} must be between '{least}' and '{most}'")
    if settings["HealthCheckIntervalSeconds"] <= settings["HealthCheckTimeoutSeconds"]:
        raise AwsError("ValidationError", "Health check interval must be greater than the timeout.")
    if not settings["HealthCheckPath"].startswith("/"):
        raise AwsError(
            "ValidationError",
            f"Health check path '{settings['HealthCheckPath']}' must begin with a '/' character",
        )
    _check_port(settings["HealthCheckPort"])
    _check_codes(settings["Matcher"].get("HttpCode", ""))
    return settings


def _check_port(port: str) -> None:
    if port != "traffic-port" and not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise AwsError(
            "ValidationError", f"Health check port '{port}' must be 'traffic-port' or 1-65535"
        )


def _check_codes(codes: str) -> None:
    if not re.fullmatch(r"[2-4]\d\d(-[2-4]\d\d)?(,[2-4]\d\d(-[2-4]\d\d)?)*", codes):
        raise AwsError(
            "ValidationError", f"Health check matcher HTTP code '{codes}' must be within '200-499'"
        )
