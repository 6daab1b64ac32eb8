"""The quotas of an application load balancer that bind a platform with many apps."""

from __future__ import annotations

from localaws.elbv2.model import Action, Forward
from localaws.elbv2.store import Store, groups_of, rules_of
from localaws.wire import AwsError

RULES = 100  # a load balancer, default rules not counted
GROUPS = 100  # a load balancer


def check_rules(store: Store, load_balancer_arn: str) -> None:
    if sum(len(listener.rules) for listener in store.listeners_of(load_balancer_arn)) >= RULES:
        raise AwsError(
            "TooManyRules",
            f"The maximum number of rules has been reached for '{load_balancer_arn}'",
        )


def check_groups(store: Store, load_balancer_arn: str, action: Action) -> None:
    """A group serves one load balancer; a load balancer has room for so many groups."""
    if not isinstance(action, Forward):
        return
    wanted = {arn for arn, _ in action.groups}
    if elsewhere := sorted(arn for arn in wanted if store.users(arn) - {load_balancer_arn}):
        raise AwsError(
            "TargetGroupAssociationLimit",
            "The following target groups cannot be associated with more than one load balancer: "
            + ", ".join(elsewhere),
        )
    present: set[str] = set()
    for listener in store.listeners_of(load_balancer_arn):
        present |= groups_of(rules_of(listener))
    if len(present | wanted) > GROUPS:
        raise AwsError(
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            f"The maximum number of target groups has been reached for '{load_balancer_arn}'",
        )
