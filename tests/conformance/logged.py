"""A log group of a test's own, and what its tasks' containers said there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.conformance.waiting import until

Client = Any  # boto3 makes its classes as it runs
Json = dict[str, Any]


@dataclass(frozen=True)
class Logged:
    logs: Client
    region: str
    name: str

    def create(self) -> None:
        self.logs.create_log_group(logGroupName=self.name)

    @property
    def configuration(self) -> Json:
        options = {"awslogs-group": self.name, "awslogs-region": self.region}
        return {
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": options | {"awslogs-stream-prefix": "said"},
            }
        }

    def stream(self, task: Json, container: str = "main") -> str:
        return f"said/{container}/{task['taskArn'].rpartition('/')[2]}"

    def events(self, task: Json, container: str = "main", count: int = 1) -> list[Json]:
        """Once there are so many."""

        def there() -> list[Json]:
            found = self.logs.filter_log_events(logGroupName=self.name)["events"]
            stream = self.stream(task, container)
            own = [one for one in found if one["logStreamName"] == stream]
            return own if len(own) >= count else []

        return until(there)

    def lines(self, task: Json, container: str = "main", count: int = 1) -> list[str]:
        return [one["message"] for one in self.events(task, container, count)]

    def clean(self) -> None:
        self.logs.delete_log_group(logGroupName=self.name)
