from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from app.domain.formation import SIZES
from app.stacks.task_definition import ProcessImage, fingerprint, render
from tests.stacks import golden

WEB = ProcessImage(
    family="pal-0123456789ab-web",
    app_id="01234567-89ab-cdef-0123-456789abcdef",
    process_type="web",
    release_version=3,
    image=f"127.0.0.1:4566/hello@sha256:{'a' * 64}",
    command="python web.py --port $PORT",
    size=SIZES["1X"],
    config_names=("SECRET_KEY", "DATABASE_URL"),
    config_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:palatine/pal/config-AbCdEf",
    config_version_id="11111111-2222-3333-4444-555555555555",
    log_group="/palatine/pal-0123456789ab",
    region="us-east-1",
    execution_role_arn="arn:aws:iam::123456789012:role/palatine-execution",
    task_role_arn="arn:aws:iam::123456789012:role/palatine-task",
)
WORKER = replace(WEB, family="pal-0123456789ab-worker", process_type="worker", config_names=())


@pytest.mark.parametrize("process", [WEB, WORKER], ids=lambda p: p.process_type)
def test_it_is_as_it_was(process: ProcessImage) -> None:
    golden.check(f"task-definition-{process.process_type}", render(process))


def test_config_vars_are_there_by_reference_only() -> None:
    [container] = render(WEB)["containerDefinitions"]

    assert container["secrets"] == [
        {"name": name, "valueFrom": f"{WEB.config_arn}:{name}::{WEB.config_version_id}"}
        for name in ("DATABASE_URL", "SECRET_KEY")
    ]
    assert not {v["name"] for v in container["environment"]} & {"DATABASE_URL", "SECRET_KEY"}


def test_only_web_has_a_port() -> None:
    [web], [worker] = (render(p)["containerDefinitions"] for p in (WEB, WORKER))

    assert web["portMappings"] == [{"containerPort": 8080, "hostPort": 0, "protocol": "tcp"}]
    assert "portMappings" not in worker
    assert "PORT" not in {v["name"] for v in worker["environment"]}


@pytest.mark.parametrize(
    "command",
    ["python web.py", "./server -p $PORT", 'echo "$(date)"', "$SHELL -c true"],
)
def test_a_simple_command_takes_the_shells_place(command: str) -> None:
    shown = shell(command)

    assert shown == (command if "(" in command else f"exec {command}")


@pytest.mark.parametrize(
    "command",
    [
        "cd app && ./server",
        "PORT=1 ./server",
        "a; b",
        "a | b",
        "(a)",
        "exec ./server",
        "export A=1",
        "if true; then a; fi",
        ". ./env",
        "{ a; }",
        "eval $CMD",
    ],
)
def test_a_compound_command_keeps_its_shell(command: str) -> None:
    assert shell(command) == command


def test_a_command_of_strange_blanks_breaks_nothing() -> None:
    assert shell("\u3000") == "exec \u3000"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo one", "one"),
        ("A=2 sh -c 'echo $A'", "2"),
        ("cd / && pwd", "/"),
        ("echo 'a b' | tr a c", "c b"),
        ("{ echo 3; }", "3"),
        ("eval echo 4", "4"),
        ("echo $$", None),
    ],
)
def test_a_shell_runs_it(command: str, said: str | None) -> None:
    [container] = render(replace(WEB, command=command))["containerDefinitions"]

    ran = subprocess.run(
        [*container["entryPoint"], *container["command"]],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )

    assert said is None or ran.stdout.strip() == said


@pytest.mark.parametrize(
    "change",
    [
        {"release_version": 4},
        {"image": f"127.0.0.1:4566/hello@sha256:{'b' * 64}"},
        {"command": "python other.py"},
        {"size": SIZES["2X"]},
        {"config_version_id": "other"},
        {"config_names": ("SECRET_KEY",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_differs_has_another_fingerprint(change: dict[str, object]) -> None:
    changed = replace(WEB, **change)  # type: ignore[arg-type]

    assert fingerprint(render(changed)) != fingerprint(render(WEB))


def test_the_order_of_config_vars_makes_no_difference() -> None:
    turned = replace(WEB, config_names=WEB.config_names[::-1])

    assert fingerprint(render(turned)) == fingerprint(render(WEB))


def shell(command: str) -> str:
    [container] = json.loads(json.dumps(render(replace(WEB, command=command))))[
        "containerDefinitions"
    ]
    assert container["entryPoint"] == ["/bin/sh", "-c"]
    [said] = container["command"]
    return str(said)
