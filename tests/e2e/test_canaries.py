"""Secrets reach the app that they are for, and nothing else that anybody keeps or sends."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql

from palatine.postgres import places, process, server
from palatine.trouble import Trouble
from tests.e2e import images
from tests.e2e.canaries import ODD, Canary, canary, forms, found
from tests.e2e.installing import Up

NAME = "canaries"
Place = tuple[str, bytes]


class Walked:
    """An app that has had a deploy with config, a config change and two deploys that failed."""

    def __init__(self, up: Up, scratch: Path) -> None:
        self.up, self.answers, self.queue = up, list[Place](), _queue_of_all_ecs_events(up)
        self.plain, self.odd, self.later = canary("plain"), canary("odd", ODD, ODD), canary("later")
        self.refused = canary("refused", ODD)
        up.api.post("/apps", {"name": NAME})
        self._set(PLAIN=self.plain.value, ODD=self.odd.value)
        self._deploy(images.telling(scratch, "telling", up.at.registry))
        self._set(LATER=self.later.value)
        up.api.succeeded(up.api.newest_operation(NAME))
        self._fail(f"{up.at.registry}/hello:never")
        self._fail(images.crashing(scratch, "crashing-canaries", up.at.registry))
        up.api.succeeded(up.api.newest_operation(NAME))

    @property
    def canaries(self) -> list[Canary]:
        token = Canary("token", self.up.token.removeprefix("palatine_"), self.up.token)
        return [self.plain, self.odd, self.later, self.refused, token]

    def _set(self, **config: str) -> None:
        self.up.api.patch(f"/apps/{NAME}/config-vars", config)

    def _deploy(self, image: str) -> None:
        for line in self.up.api.deploy(NAME, image):
            self.answers.append((f"stream of {image}", line.encode()))

    def _fail(self, image: str) -> None:
        with pytest.raises(Trouble) as ended:
            self._deploy(image)
        self.answers.append((f"end of {image}", str(ended.value).encode()))


@pytest.fixture(scope="module")
def walked(shared: Up, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    return Walked(shared, tmp_path_factory.mktemp("images"))


def test_the_app_has_what_it_was_given_and_nothing_of_the_platform(walked: Walked) -> None:
    _, answer = walked.up.app(NAME).ask()

    told = answer["greeting"]
    assert told["PLAIN"] == walked.plain.value
    assert told["ODD"] == walked.odd.value
    assert told["LATER"] == walked.later.value
    assert [name for name in told if "TOKEN" in name or "DATABASE" in name] == []


def test_the_search_finds_a_secret_in_every_form() -> None:
    one = canary("one", ODD, ODD)
    written = [json.dumps(one.value), json.dumps(one.value, ensure_ascii=False), repr(one.value)]
    written += [urllib.parse.quote(one.value), urllib.parse.quote_plus(one.value)]
    shapes = [*(each.encode() for each in written), *forms(one.value)]

    missed = [shape for shape in shapes if not found([one], [("there", shape)])]

    assert missed == []


def test_no_template_task_definition_or_event_of_aws_has_a_secret(walked: Walked) -> None:
    assert found(walked.canaries, _in_aws(walked)) == []


def test_no_list_stream_or_error_of_the_api_has_a_secret(walked: Walked) -> None:
    """The config vars themselves are shown to who may see them."""
    kinds = ("", "/operations", "/events", "/releases", "/formation", "/dynos")
    lists = [
        (kind, json.dumps(walked.up.api.get(f"/apps/{NAME}{kind}")).encode()) for kind in kinds
    ]
    errors = list(_errors(walked))

    assert len(errors) == 8
    assert found(walked.canaries, [*walked.answers, *lists, *errors]) == []


def test_no_table_has_a_secret(walked: Walked) -> None:
    tables = list(_tables(walked.up))

    assert len(tables) > 15
    assert all(rows for where, rows in tables if where in {"table config_vars", "table operations"})
    assert found(walked.canaries, tables) == []


def test_no_file_of_the_home_has_a_secret(walked: Walked) -> None:
    """Logs (at level debug), PostgreSQL's own files, what the local AWS keeps."""
    files = list(_files(walked.up))

    assert any(where.endswith("logs/palatine.log") for where, _ in files)
    assert b" DEBUG " in dict(files)[f"file {walked.up.home}/logs/palatine.log"]
    assert found(walked.canaries, files) == []


def _in_aws(walked: Walked) -> Iterator[Place]:
    up = walked.up
    yield from _stacks(up.aws("cloudformation"))
    yield from _ecs(up.aws("ecs"))
    yield from _logs(up.aws("logs"))
    yield "secrets", _bytes(up.aws("secretsmanager").list_secrets()["SecretList"])
    messages = list(_messages(up.aws("sqs"), walked.queue))
    assert len(messages) > 20
    yield from messages


def _stacks(cloudformation: Any) -> Iterator[Place]:  # noqa: ANN401 - boto3's clients have no types
    stacks = cloudformation.describe_stacks()["Stacks"]
    assert stacks
    for stack in stacks:
        name = stack["StackName"]
        yield f"stack {name}", _bytes(stack)
        yield f"template {name}", _bytes(cloudformation.get_template(StackName=name))
        yield f"stack events {name}", _bytes(cloudformation.describe_stack_events(StackName=name))


def _ecs(ecs: Any) -> Iterator[Place]:  # noqa: ANN401 - as above
    cluster = "palatine"
    definitions = ecs.list_task_definitions()["taskDefinitionArns"]
    services = ecs.list_services(cluster=cluster)["serviceArns"]
    tasks = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
    ]
    assert definitions
    assert services
    assert tasks
    for arn in definitions:
        yield arn, _bytes(ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"]))
    for arn in services:
        described = ecs.describe_services(cluster=cluster, services=[arn], include=["TAGS"])
        yield arn, _bytes(described["services"])
        deployments = ecs.list_service_deployments(cluster=cluster, service=arn)
        yield f"deployments of {arn}", _bytes(deployments["serviceDeployments"])
    yield "tasks", _bytes(ecs.describe_tasks(cluster=cluster, tasks=tasks[:100], include=["TAGS"]))


def _logs(logs: Any) -> Iterator[Place]:  # noqa: ANN401 - as above
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        yield f"log group {name}", _bytes(logs.filter_log_events(logGroupName=name)["events"])


def _queue_of_all_ecs_events(up: Up) -> str:
    """The platform empties its own."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    open_to_all = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    made = up.aws("sqs").create_queue(QueueName="canaries", Attributes=open_to_all)
    queue: str = made["QueueUrl"]
    events = up.aws("events")
    events.put_rule(Name="canaries", EventPattern=json.dumps({"source": ["aws.ecs"]}))
    arn = "arn:aws:sqs:us-east-1:123456789012:canaries"
    events.put_targets(Rule="canaries", Targets=[{"Id": "queue", "Arn": arn}])
    return queue


def _messages(sqs: Any, queue: str) -> Iterator[Place]:  # noqa: ANN401 - as above
    for _ in range(500):
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        if not received.get("Messages"):
            return
        for message in received["Messages"]:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            yield "message", message["Body"].encode()


def _errors(walked: Walked) -> Iterator[Place]:
    """Bodies that hold a secret and are refused, and a token that is wrong."""
    secret = walked.refused.value
    bodies: list[Any] = [
        {"not a name": secret},
        {"KEY": {"nested": secret}},
        {"KEY": [secret]},
        {"KEY": 1, "OTHER": secret},
        [secret],
        {"NUL": f"{secret}\0"},
    ]
    contents = [json.dumps(body).encode() for body in bodies] + [f'{{"KEY": "{secret}'.encode()]
    for content in contents:
        yield from _error(walked.up, content, walked.up.token)
    yield from _error(walked.up, b"{}", walked.refused.core)


def _error(up: Up, content: bytes, token: str) -> Iterator[Place]:
    answer = httpx2.patch(
        f"{up.at.api_url}/apps/{NAME}/config-vars",
        content=content,
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert 400 <= answer.status_code < 500, content
    yield (
        f"error {answer.status_code} for {content!r}",
        answer.content + _bytes(dict(answer.headers)),
    )


def _tables(up: Up) -> Iterator[Place]:
    """Every row of every table, as JSON: binary columns, then, in hexadecimal digits."""
    where = places.of(up.home)
    running = process.live(where.data)
    assert running
    with psycopg.connect(server.Server(where, running.pid, running.sockets).url) as db:
        names = db.execute("select tablename from pg_tables where schemaname = 'public'")
        for (name,) in names.fetchall():
            whole = sql.SQL("select row_to_json(t)::text from {} t").format(sql.Identifier(name))
            rows = db.execute(whole).fetchall()
            yield f"table {name}", "\n".join(row for (row,) in rows).encode()


def _files(up: Up) -> Iterator[Place]:
    for top in (up.folder, (up.home / "postgres").resolve()):
        for path in top.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield f"file {path}", path.read_bytes()


def _bytes(answer: object) -> bytes:
    return json.dumps(answer, default=str, ensure_ascii=False).encode()
