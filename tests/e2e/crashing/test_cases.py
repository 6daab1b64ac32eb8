from __future__ import annotations

from tests.e2e.crashing import cases

RECORDED = {
    "first deploy": ["sqs.ReceiveMessage", "ecs.CreateService#1"],
    "scale": ["ecs.DescribeServices", "ecs.UpdateService#1"],
}


def test_every_call_of_every_operation_is_the_last_of_two_workers() -> None:
    lives = cases.lives_for(RECORDED)

    assert cases.missing(RECORDED, lives) == []
    assert len(lives) == 4
    assert lives[3] == {
        "first deploy": "ecs.CreateService#1:after",
        "scale": "ecs.UpdateService#1:after",
    }


def test_a_call_without_one_of_its_cases_is_told() -> None:
    lives = cases.lives_for(RECORDED)[:3]

    assert cases.missing(RECORDED, lives) == [
        "first deploy: ecs.CreateService#1:after",
        "scale: ecs.UpdateService#1:after",
    ]


def test_a_life_goes_on_through_what_a_later_case_needs() -> None:
    lives = cases.lives_for({"first deploy": ["a#1"], "second deploy": ["b#1", "c#1"]})

    assert lives[2] == {"first deploy": None, "second deploy": "c#1:before"}


def test_a_change_that_the_undisturbed_life_never_made_is_told() -> None:
    calls = {"scale": ["ecs.DescribeServices after ecs.UpdateService#1", "ecs.UpdateService#2"]}

    assert cases.unknown(calls, RECORDED) == ["scale: ecs.UpdateService#2"]
