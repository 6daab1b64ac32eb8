import pytest

from localaws.ecs.instances.query_language import Candidate, Incomprehensible, parse

ONE = Candidate(
    attributes={
        "ecs.instance-type": "t2.small",
        "ecs.availability-zone": "us-east-1a",
        "stack": "prod",
        "color": "dark blue",
        "ecs.capability.task-eni": None,
    },
    groups=frozenset({"service:web", "family:db"}),
    facts=lambda: {
        "agentConnected": "true",
        "agentVersion": "1.99.0",
        "ec2InstanceId": "i-abcd1234",
        "registeredAt": "2026-02-18T10:00:00+00:00",
        "runningTasksCount": "12",
    },
)


@pytest.mark.parametrize(
    "expression",
    [
        "attribute:ecs.instance-type == t2.small",
        "attribute:ecs.instance-type equals t2.small",
        "attribute:ecs.instance-type==t2.small",
        "attribute:ecs.instance-type != m5.large",
        "attribute:ecs.instance-type =~ t2.*",
        "attribute:ecs.instance-type =~ (t2|m5).(small|large)",
        "attribute:ecs.instance-type =~ t2.* and attribute:stack == prod",
        "(attribute:ecs.instance-type =~ t2.*) && attribute:stack == prod",
        "attribute:ecs.instance-type !~ m5.*",
        "attribute:ecs.availability-zone in [us-east-1a, us-east-1b]",
        "attribute:ecs.availability-zone not_in ['us-east-1c']",
        "attribute:ecs.availability-zone !in [us-east-1c]",
        "attribute:stack exists",
        "attribute:ecs.capability.task-eni exists",
        "attribute:other !exists",
        "attribute:other not_exists",
        "attribute:color == 'dark blue'",
        "agentConnected == true",
        "agentVersion >= 1.9.0",
        "agentVersion greater_than 1.100.0 or agentVersion < 1.100.0",
        "ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']",
        "registeredAt >= 2026-02-18",
        "registeredAt < 2026-02-19",
        "runningTasksCount > 2",
        "task:group == service:web",
        "not(task:group == service:other)",
        "!(task:group == service:other)",
        "not task:group == service:other and attribute:stack == prod",
        "attribute:stack == test or attribute:stack == prod and runningTasksCount <= 12",
        "(attribute:stack == prod or attribute:stack == test) and runningTasksCount <= 12",
    ],
)
def test_what_is_true_of_an_instance(expression: str) -> None:
    assert parse(expression)(ONE)


@pytest.mark.parametrize(
    "expression",
    [
        "attribute:ecs.instance-type == T2.small",
        "attribute:ecs.instance-type =~ t2",
        "attribute:other == x",
        "attribute:other =~ .*",
        "attribute:stack !exists",
        "attribute:ecs.availability-zone in [us-east-1b]",
        "runningTasksCount > 12",
        "agentVersion >= 1.100.0",
        "not(task:group == family:db)",
        "(attribute:stack == prod or attribute:stack == test) and runningTasksCount < 12",
    ],
)
def test_what_is_not_true_of_an_instance(expression: str) -> None:
    assert not parse(expression)(ONE)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "attribute:stack",
        "attribute:stack ==",
        "attribute: == x",
        "nothing == x",
        "attribute:stack == prod and",
        "(attribute:stack == prod",
        "attribute:stack == prod)",
        "attribute:stack in prod",
        "attribute:stack in [prod",
        "attribute:stack =~ (prod",
        "attribute:stack == 'prod",
    ],
)
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(Incomprehensible):
        parse(expression)
