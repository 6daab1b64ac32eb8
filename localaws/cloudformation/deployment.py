"""How an operation is to be carried out: STANDARD or EXPRESS, taken back where it fails or not.

As the user guide says in "Deploy AWS CloudFormation stacks faster with express mode" and "Choose
how to handle failures when provisioning resources"; refusals as users were told them.
"""

from __future__ import annotations

from typing import Any

from localaws.cloudformation.stack import Stack
from localaws.wire import AwsError

Params = dict[str, Any]

FAILED = ("CREATE_FAILED", "UPDATE_FAILED")  # and left so, for there is no rollback


def config(params: Params) -> dict[str, Any]:
    return dict(params.get("DeploymentConfig", {}))


def express(config: dict[str, Any]) -> bool:
    return config.get("Mode") == "EXPRESS"


def check(params: Params) -> None:
    """Rollback is said in one place."""
    said = sorted(params.keys() & {"DisableRollback", "OnFailure", "OnStackFailure"})
    if len(said) > 1:
        sentence = "Either DisableRollback or OnFailure can be specified, not both."
        raise AwsError("ValidationError", sentence)
    if said and "DeploymentConfig" in params:
        sentence = f"{said[0]} cannot be specified together with DeploymentConfig."
        raise AwsError("ValidationError", sentence)


def keeps_what_failed(params: Params) -> bool:
    """Without rollback, which EXPRESS does not have unless it is asked for."""
    given = config(params)
    return bool(params.get("DisableRollback", given.get("DisableRollback", express(given))))


def check_mode(stack: Stack, given: dict[str, Any]) -> None:
    """What failed in EXPRESS goes on in it (aws/aws-cdk-cli#1739)."""
    if _stuck(stack) and not express(given):
        raise AwsError(
            "ValidationError",
            f"This stack is in a {stack.status} state from a previous operation that used EXPRESS "
            "deployment mode with disable-rollback. Follow-up operations must use the same "
            "DeploymentConfig (mode=EXPRESS) until the stack reaches a *_COMPLETE state.",
        )


def check_going_on(stack: Stack, *, keeps: bool) -> None:
    """What failed without rollback is not updated with it (aws/aws-cdk-cli#1973)."""
    if stack.status in FAILED and not keeps:
        raise AwsError(
            "ValidationError",
            f"This stack is currently in a non-terminal [{stack.status}] state. To update the "
            "stack from this state, please use the disable-rollback parameter with update-stack "
            "API. To rollback to the last known good state, use the rollback-stack API",
        )


def check_rollback(stack: Stack) -> None:
    if _stuck(stack):
        raise AwsError(
            "ValidationError",
            "RollbackStack is not supported for stacks that were last updated using EXPRESS "
            "deployment mode and are in a failed state",
        )


def _stuck(stack: Stack) -> bool:
    return stack.status in FAILED and express(stack.deployment)
