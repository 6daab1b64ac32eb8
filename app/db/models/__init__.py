from app.db.models.apps import App, ConfigVar, PhysicalName
from app.db.models.base import Model
from app.db.models.clusters import Allocation, Cluster, Listener
from app.db.models.operations import Event, Operation, Step
from app.db.models.outbox import OutboxMessage
from app.db.models.people import Account, Token
from app.db.models.processes import Dyno, Service
from app.db.models.releases import Formation, Release, Slug, TaskDefinition

__all__ = [
    "Account",
    "Allocation",
    "App",
    "Cluster",
    "ConfigVar",
    "Dyno",
    "Event",
    "Formation",
    "Listener",
    "Model",
    "Operation",
    "OutboxMessage",
    "PhysicalName",
    "Release",
    "Service",
    "Slug",
    "Step",
    "TaskDefinition",
    "Token",
]
