"""The conformance tests as they run where the account is only an address: nothing of the local
AWS's own is at hand, and all that they stand on is made by CloudFormation."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conformance.ledger import SEEN
from tests.localaws.conftest import LocalAws
from tests.localaws.containing import push_image

ROOT = Path(__file__).parents[2]
SOME = (
    "tests/conformance/test_clusters.py",
    "tests/conformance/test_app_stack.py::test_an_apps_stack_comes_and_goes",
    "tests/conformance/test_auto_scaling_groups.py::test_a_group_launches_what_it_wants",
    "tests/conformance/test_command_line.py::test_a_listing_from_the_command_line[sqs list-queues]",
    "tests/conformance/test_ecs_events.py::test_a_task_tells_its_state",
)


def test_the_road_to_a_real_account_leads_to_any(aws: LocalAws, tmp_path: Path) -> None:
    stack, seen = f"c{tmp_path.name}"[:60].replace("_", "-"), SEEN.read_bytes()
    environment = os.environ | {
        "PALATINE_CONFORMANCE": "aws",
        "PALATINE_CONFORMANCE_STACK": stack,
        "PALATINE_CONFORMANCE_IMAGE": push_image(aws.port),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "NO_PROXY": "127.0.0.1",
    }

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SOME]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=300)

    assert done.returncode == 0, done.stdout.decode()[-4000:]
    assert SEEN.read_bytes() == seen  # what answered was not AWS
    stacks = aws.client("cloudformation").list_stacks()["StackSummaries"]
    left = [one for one in stacks if one["StackName"] == stack]
    assert [one["StackStatus"] for one in left] == ["DELETE_COMPLETE"]
