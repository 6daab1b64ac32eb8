"""What the agent answers containers: metadata, and protection that tasks ask for themselves."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from localaws.ecs.tasks import environment
from tests.localaws.living import Json, World, tell

ROLE = "arn:aws:iam::123456789012:role/task"
CHECK = {"command": ["CMD", "true"]}


async def ask(world: World, variable: str, path: str, method: str = "GET", body: str = "") -> Json:
    """As a container of the last task does; with the answer's status."""
    url = urlsplit(world.driver.launched[-1][0].environment[variable] + path)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = f"{method} {url.path} HTTP/1.1\r\nHost: agent\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(f"{head}{body}".encode())
    status, _, rest = (await reader.read()).partition(b"\r\n")
    writer.close()
    answered = json.loads(rest.partition(b"\r\n\r\n")[2])
    return {"status": int(status.split()[1]), "answer": answered}


async def protection(world: World, method: str = "GET", body: str = "") -> Json:
    return await ask(world, "ECS_AGENT_URI", "/task-protection/v1/state", method, body)


async def serving(world: World, **more: object) -> str:
    """The ARN of the only task of a service, which has a role."""
    world.register({"image": "main"}, taskRoleArn=ROLE)
    service = {"serviceName": "web", "taskDefinition": "it", "desiredCount": 1}
    world.call("CreateService", cluster="c", **service, **more)
    await world.until(lambda: [one["lastStatus"] for one in world.tasks()] == ["RUNNING"])
    return str(world.tasks()[0]["taskArn"])


def test_a_task_protects_itself_for_a_while() -> None:
    async def story(world: World) -> None:
        arn = await serving(world)
        none = {"ExpirationDate": None, "ProtectionEnabled": False, "TaskArn": arn}
        assert await protection(world) == {"status": 200, "answer": {"protection": none}}

        wish = '{"ProtectionEnabled": true, "ExpiresInMinutes": 60}'
        put = await protection(world, "PUT", wish)

        shown = world.call("GetTaskProtection", cluster="c", tasks=[arn])["protectedTasks"][0]
        until = f"{shown['expirationDate']:%Y-%m-%dT%H:%M:%SZ}"
        assert put["answer"]["protection"] == {
            "ExpirationDate": until,
            "ProtectionEnabled": True,
            "TaskArn": arn,
        }
        assert await protection(world) == put
        await world.clock.advance(3601)
        assert (await protection(world))["answer"]["protection"] == none

    tell(story)


def test_protection_lasts_two_hours_unless_it_is_told_or_taken_back() -> None:
    async def story(world: World) -> None:
        arn = await serving(world)

        await protection(world, "PUT", '{"protectionEnabled": true}')
        shown = world.call("GetTaskProtection", cluster="c", tasks=[arn])["protectedTasks"][0]
        taken = await protection(world, "PUT", '{"ProtectionEnabled": false}')

        assert (shown["expirationDate"] - world.clock.now()).total_seconds() == 7200
        assert taken["answer"]["protection"]["ProtectionEnabled"] is False

    tell(story)


# aws/amazon-ecs-agent, ecs-agent/tmds/handlers/taskprotection/v1/handlers/handlers_test.go
UNREADABLE = "UpdateTaskProtection: failed to decode request"
INCOMPLETE = "Invalid request: does not contain 'ProtectionEnabled' field"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("no JSON", UNREADABLE),
        ('{"ProtectionEnabled": "yes"}', UNREADABLE),
        ('{"ProtectionEnabled": true, "ExpiresInMinutes": 1.5}', UNREADABLE),
        ('{"ProtectionEnabled": true, "Other": 1}', UNREADABLE),
        ('{"ExpiresInMinutes": 5}', INCOMPLETE),
        (
            '{"ProtectionEnabled": true, "ExpiresInMinutes": 2881}',
            "expiresInMinutes must be between 1 and 2880.",
        ),
    ],
)
def test_what_cannot_be_asked(body: str, message: str) -> None:
    async def story(world: World) -> None:
        await serving(world)

        refused = await protection(world, "PUT", body)

        assert refused["status"] == 400
        error = refused["answer"]["error"]
        assert (error["Code"], error["Message"]) == ("InvalidParameterException", message)
        assert ("Arn" in error) is (message != UNREADABLE)

    tell(story)


def test_who_cannot_be_protected() -> None:
    async def story(world: World) -> None:
        world.register({"image": "main"}, taskRoleArn=ROLE)
        alone = world.call("RunTask", cluster="c", taskDefinition="it")["tasks"][0]["taskArn"]
        await world.running(alone)
        assert (await protection(world))["answer"] == {
            "failure": {"Arn": alone, "Detail": None, "Reason": "TASK_NOT_VALID"}
        }

        roleless = world.run()
        await world.running(roleless)
        refused = await protection(world)

        assert refused["status"] == 403
        assert refused["answer"]["error"] == {
            "Arn": roleless,
            "Code": "AccessDeniedException",
            "Message": "Invalid Request: no task IAM role credentials available for task",
        }

    tell(story)


def test_a_task_that_is_over_is_not_known() -> None:
    async def story(world: World) -> None:
        arn = await serving(world)
        world.call("DeleteService", cluster="c", service="web", force=True)
        await world.stopped(arn)

        refused = await protection(world)

        assert refused["status"] == 404
        assert refused["answer"]["error"] == {
            "Code": "ResourceNotFoundException",
            "Message": "Failed to find a task for the request",
        }

    tell(story)


def test_metadata_tell_how_it_went_with_the_containers() -> None:
    async def story(world: World) -> None:
        world.script("init", exits_after=3, exit_code=4)
        await world.running(
            world.run(
                {"image": "init", "essential": False},
                {"image": "main", "healthCheck": CHECK},
                tags=[{"key": "team", "value": "a"}],
                overrides={"cpu": "512"},
            )
        )
        await world.clock.advance(31)

        whole = (await ask(world, "ECS_CONTAINER_METADATA_URI_V4", "/task"))["answer"]
        tagged = (await ask(world, "ECS_CONTAINER_METADATA_URI_V4", "/taskWithTags"))["answer"]
        stats = await ask(world, "ECS_CONTAINER_METADATA_URI_V4", "/stats")

        init, main = whole["Containers"]
        assert (init["KnownStatus"], init["ExitCode"]) == ("STOPPED", 4)
        assert init["FinishedAt"] > init["StartedAt"]
        assert (main["KnownStatus"], main["Health"]) == ("RUNNING", {"status": "HEALTHY"})
        assert whole["Limits"] == {"CPU": 0.5}
        assert "TaskTags" not in whole
        assert (tagged["TaskTags"], tagged["ContainerInstanceTags"]) == ({"team": "a"}, {})
        assert stats == {"status": 501, "answer": "stats is not modelled by the local AWS"}

    tell(story)


def test_an_environment_file() -> None:
    text = '#A=1\nB= two \n C=3\nD="4"\nE=\n=F\nG\nH=a=b\r\nB=again\n'

    assert environment.read(text) == {"B": "again", " C": "3", "D": '"4"', "H": "a=b"}
