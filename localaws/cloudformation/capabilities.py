"""What a template needs its caller to acknowledge: resources that can give permissions."""

from collections.abc import Collection

from localaws.cloudformation.template import Template
from localaws.wire import AwsError

IAM, NAMED = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"
NAMES = {  # the property that makes each of them a named one
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
}


def needed(template: Template) -> tuple[list[str], str]:
    """The capabilities and the reason, as ValidateTemplate answers them."""
    found = [one for one in template.resources.values() if one["Type"] in NAMES]
    if not found:
        return [], ""
    named = any(NAMES[one["Type"]] in one.get("Properties", {}) for one in found)
    types = ", ".join(sorted({one["Type"] for one in found}))
    return [NAMED if named else IAM], (f"The following resource(s) require capabilities: [{types}]")


def check(template: Template, given: Collection[str]) -> None:
    """CAPABILITY_NAMED_IAM stands for the other as well."""
    wanted, _ = needed(template)
    if wanted and not set(given) & {wanted[0], NAMED}:
        raise AwsError(
            "InsufficientCapabilitiesException",
            f"Requires capabilities : {wanted}".replace("'", ""),
        )
