"""What every API operation has at hand, and how it finds what it was asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from localaws.ecs import names
from localaws.ecs.capacity.attaching import Attaching
from localaws.ecs.instances.booting import Booting
from localaws.ecs.instances.fleet import Fleet
from localaws.ecs.model import Cluster, Instance, Service, State, TaskDefinition
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.ecs.refusals import invalid as invalid
from localaws.ecs.refusals import refuse_unmodelled as refuse_unmodelled
from localaws.ecs.services.rollouts import Rollouts
from localaws.ecs.tasks.lives import Lives
from localaws.ecs.tasks.starting import Starting
from localaws.wire import AwsError

Params = dict[str, Any]
Result = dict[str, Any]
MOST_TOKENS = 10_000


class Wake(Protocol):
    def __call__(self, service: Service | None = None) -> None:
        """The scheduler looks at what has changed: a service; None: the instances."""
        ...


@dataclass(frozen=True)
class Desk:
    world: World
    state: State
    lives: Lives
    starting: Starting
    rollouts: Rollouts
    notices: Notices
    wake: Wake
    fleet: Fleet
    booting: Booting
    attaching: Attaching

    def cluster(self, params: Params) -> Cluster:
        found = self.state.clusters.get(names.short(params.get("cluster", "default")))
        if found is None:
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        if found.status == "INACTIVE":
            raise AwsError("ClusterNotFoundException", "The referenced cluster was inactive.")
        return found

    def service(self, cluster: Cluster, name: str) -> Service:
        found = self.state.services.get((cluster.name, names.short(name)))
        if found is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        return found

    def definition(self, name: str, missing: str) -> TaskDefinition:
        """By ARN, `family:revision`, or the family's newest that is active."""
        family, revision = names.revision(name)
        for one in reversed(self.state.definitions.get(family, ())):
            if one.revision == revision or (revision is None and one.active):
                return one
        raise AwsError("ClientException", missing)

    def instance(self, cluster: Cluster, name: str) -> Instance | None:
        return _named(self.state.instances.values(), cluster, name)

    def former_instance(self, cluster: Cluster, name: str) -> Instance | None:
        """One that was deregistered."""
        return _named(self.fleet.deregistered(), cluster, name)

    def remember(self, operation: str, token: str, asked: Params, made: list[str]) -> None:
        """What a client token stands for; the oldest are forgotten, as AWS does after a day."""
        self.state.tokens[operation, token] = (asked, made)
        if len(self.state.tokens) > MOST_TOKENS:
            del self.state.tokens[next(iter(self.state.tokens))]

    def tags(self, arn: str) -> list[dict[str, str]]:
        kept = self.state.tags.get(arn, {})
        return [{"key": key, "value": value} for key, value in kept.items()]

    def tag(self, arn: str, tags: Iterable[Mapping[str, str]]) -> None:
        added = {one["key"]: one.get("value", "") for one in tags}
        if added:
            self.state.tags[arn] = self.state.tags.get(arn, {}) | added


def _named(instances: Iterable[Instance], cluster: Cluster, name: str) -> Instance | None:
    for one in instances:
        if one.cluster == cluster.name and one.id == names.short(name):
            return one
    return None


def page(names_: Sequence[object], params: Params, key: str, size: int) -> Result:
    """One page of a listing under `key`; tokens are offsets."""
    try:
        start = int(params.get("nextToken") or 0)
    except ValueError:
        raise invalid("Invalid token") from None
    end = start + min(params.get("maxResults") or size, 100)
    more = {"nextToken": str(end)} if end < len(names_) else {}
    return {key: names_[start:end], **more}
