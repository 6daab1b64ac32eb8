"""The pure parts of task definitions: sizes as people write them, and who waits for whom."""

import pytest

from localaws.ecs.tasks import dependencies, sizes


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("256", 256),
        ("1 vCPU", 1024),
        (".5 vcpu", 512),
        ("0.25vCPU", 256),
        ("1.5", None),
        ("x", None),
    ],
)
def test_units_of_cpu(text: str, units: int | None) -> None:
    assert sizes.cpu(text) == units


@pytest.mark.parametrize(
    ("text", "mib"), [("512", 512), ("0.5GB", 512), ("3 GB", 3072), ("1 vCPU", None)]
)
def test_memory(text: str, mib: int | None) -> None:
    assert sizes.memory(text) == mib


def test_pairs_of_fargate() -> None:
    assert sizes.on_fargate(256, 2048)
    assert not sizes.on_fargate(256, 4096)
    assert not sizes.on_fargate(300, 512)


def test_whoever_is_needed_comes_first() -> None:
    containers = [
        {"name": "web", "dependsOn": [{"containerName": "proxy", "condition": "HEALTHY"}]},
        {"name": "proxy", "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]},
        {"name": "init"},
    ]

    assert dependencies.order(containers) == ["init", "proxy", "web"]
    found = {one: dependencies.dependents(one, containers) for one in ("web", "proxy", "init")}
    assert found == {"web": [], "proxy": ["web"], "init": ["proxy"]}
