"""What keeps ECS from starting tasks though there is room: nothing here does by itself, but it may
be told to happen."""

from __future__ import annotations

from localaws.ecs import messages
from localaws.ecs.model import Deployment, Service
from localaws.ecs.names import revision
from localaws.ecs.needs import World
from localaws.ecs.notices import Notices
from localaws.faults.fault import Fault, Kind


class Hindrances:
    def __init__(self, world: World, notices: Notices) -> None:
        self._world, self._notices = world, notices

    def hinder(self, service: Service, deployment: Deployment) -> bool:
        """Whether any does; then it is told, and the service is no longer steady."""
        family, _ = revision(deployment.task_definition)
        facts = {"cluster": service.cluster, "service": service.name, "family": family}
        if fault := self._world.faults.first(Kind.SCHEDULER_THROTTLED, **facts):
            self._tell_throttled(service, fault)
        elif fault := self._world.faults.first(Kind.IAM_MISCONFIGURED, **facts):
            self._tell_misconfigured(service, fault)
        else:
            return False
        service.steady_since = None
        return True

    def _tell_throttled(self, service: Service, fault: Fault) -> None:
        message = messages.throttled(service.name, fault.params["on"])
        if self._notices.say_once(service, message):
            self._notices.acted(service, "ECS_OPERATION_THROTTLED", "ERROR")

    def _tell_misconfigured(self, service: Service, fault: Fault) -> None:
        role, what = str(fault.params["role"]), str(fault.params["what"])
        message = messages.misconfigured(service.name, what, role)
        if self._notices.say_once(service, message):
            reason = messages.not_assumed(role) if what == "role" else message
            name = "SERVICE_TASK_CONFIGURATION_FAILURE"
            self._notices.acted(service, name, "ERROR", reason=reason)
