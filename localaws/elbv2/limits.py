"""The quotas of an application load balancer that bind a platform with many apps.

AWS's words where they are on record: kubernetes/kubernetes#86441 of targets,
kubernetes-sigs/aws-load-balancer-controller#1856 of rules.
"""

from __future__ import annotations

from collections.abc import Collection

from localaws.elbv2.model import Action, Forward, TargetGroup
from localaws.elbv2.store import Store, groups_of, rules_of
from localaws.wire import AwsError

# of a load balancer
RULES = 100  # default rules not counted
GROUPS = 100
TARGETS = 1_000
LISTENERS = 50
CERTIFICATES = 25  # default certificates not counted
# of a target group
TARGETS_OF_A_GROUP = 1_000
# of a region
BALANCERS = 50
GROUPS_OF_A_REGION = 3_000


def check_balancers(store: Store) -> None:
    if len(store.state.load_balancers) >= BALANCERS:
        raise AwsError(
            "TooManyLoadBalancers", "The maximum number of load balancers has been reached"
        )


def check_region(store: Store) -> None:
    if len(store.state.groups) >= GROUPS_OF_A_REGION:
        raise AwsError(
            "TooManyTargetGroups",
            f"The maximum number of target groups '{GROUPS_OF_A_REGION}' has been reached",
        )


def check_listeners(store: Store, load_balancer_arn: str) -> None:
    if len(store.listeners_of(load_balancer_arn)) >= LISTENERS:
        raise _reached("TooManyListeners", "listeners", load_balancer_arn)


def check_rules(store: Store, load_balancer_arn: str) -> None:
    if sum(len(listener.rules) for listener in store.listeners_of(load_balancer_arn)) >= RULES:
        raise _reached("TooManyRules", "rules", load_balancer_arn)


def check_certificates(store: Store, load_balancer_arn: str, added: Collection[str]) -> None:
    listeners = store.listeners_of(load_balancer_arn)
    present = {arn for listener in listeners for arn in listener.certificates[1:]}
    if len(present | set(added)) > CERTIFICATES:
        raise _reached("TooManyCertificates", "certificates", load_balancer_arn)


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
    present = _groups(store, load_balancer_arn) | wanted
    if len(present) > GROUPS:
        raise _reached(
            "TooManyUniqueTargetGroupsPerLoadBalancer", "target groups", load_balancer_arn
        )
    _check_targets(load_balancer_arn, sum(len(store.group(arn).targets) for arn in present))


def check_targets(store: Store, group: TargetGroup, wanted: Collection[tuple[str, int]]) -> None:
    """Of the group, and of every load balancer that it serves."""
    added = len(set(wanted) - group.targets.keys())
    if len(group.targets) + added > TARGETS_OF_A_GROUP:
        raise AwsError(
            "TooManyTargets",
            f"The maximum number of targets per target group '{TARGETS_OF_A_GROUP}' has been "
            f"reached on target group '{group.arn}'",
        )
    for balancer in store.users(group.arn):
        present = sum(len(store.group(arn).targets) for arn in _groups(store, balancer))
        _check_targets(balancer, present + added)


def _check_targets(load_balancer_arn: str, count: int) -> None:
    if count > TARGETS:
        raise AwsError(
            "TooManyTargets",
            f"The maximum number of targets per load balancer '{TARGETS}' has been reached on "
            f"load balancer '{load_balancer_arn}'",
        )


def _groups(store: Store, load_balancer_arn: str) -> set[str]:
    listeners = store.listeners_of(load_balancer_arn)
    return {arn for listener in listeners for arn in groups_of(rules_of(listener))}


def _reached(code: str, what: str, load_balancer_arn: str) -> AwsError:
    sentence = f"The maximum number of {what} on load balancer {load_balancer_arn} has been reached"
    return AwsError(code, sentence)
