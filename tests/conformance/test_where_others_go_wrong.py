"""Where moto and others go wrong, and AWS does not

Each defect that was found in them (moto 5.2.5 and ministack 1.5.33, tried and read), and the test
that shows it absent here. Tests named with a module are in `tests/localaws/`.

CloudFormation
  stack operations are over before the call returns    test_a_stack_is_made_behind_the_call
  unknown types and properties are dropped             test_cloudformation_refusals:
                                                       test_what_would_be_dropped_is_refused_by_name
  properties are lost on the way                       test_the_network, test_services,
                                                       test_an_apps_stack_comes_and_goes
  a changed Ref target is no change                    test_cloudformation:
                                         test_a_create_only_change_replaces_and_cascades_through_ref
  an update forgets resources, which are never deleted test_removals_come_last
  an unchanged template is UPDATE_COMPLETE             test_no_updates_are_to_be_performed
  change sets have no Replacement and no Details       test_details_and_replacement
  an update removes first, and follows no order        test_removals_come_last,
                                                       test_dependencies_order_the_work
  events are the stack's alone, without a token        test_events_carry_the_token
  a failed creation is raised and leaves its parts     test_a_failed_creation_leaves_nothing
  a failed update leaves half of it                    test_a_rollback_restores_parameters
  a ClientRequestToken is ignored                      test_a_token_repeated_does_nothing
  capabilities are ignored                             test_capabilities_are_asked_for
  the limit of 51,200 bytes is ignored                 test_limits
  a service is not waited for                test_a_service_is_stable_when_its_resource_is_complete
  a deleted stack leaves services, groups and logs     test_an_apps_stack_comes_and_goes
  a deletion that fails leaves no stack                test_cloudformation_failures:
                                       test_a_deletion_that_fails_says_why_and_can_be_repeated

ECS
  a service has no tasks, or a constant number         test_a_service_is_kept_whole_and_runs
  its client token is discarded                        test_a_service_token_makes_one_service
  its configuration is discarded                       test_a_service_is_kept_whole_and_runs
  a second service of a name overwrites the first      test_a_namesake_is_refused
  an update leaves the deployments untouched           test_an_update_rolls_out
  a task definition is kept as it was spelled          test_a_service_names_its_definition_in_full
  there are no service events                          test_an_update_rolls_out,
                                                       test_a_service_says_why_it_places_nothing
  RunTask without room is a crash                      test_why_a_task_does_not_fit
  a task is RUNNING at once                            test_a_task_takes_its_time
  only the first container of a task is there          test_every_container_of_a_task_is_there
  host port 0 is a fixed port                          test_host_port_0_is_any_port
  describing a task moves it on                        test_looking_at_a_task_changes_nothing
  ListTasks ignores the service                        test_tasks_are_listed_by_their_service
  draining is a flag                                   test_ecs:
                                       test_a_draining_instance_is_left_before_its_tasks_stop
  strategies and constraints are ignored               test_ecs_placement
  service deployments are not there                    test_a_stopped_rollout_goes_back
  the circuit breaker is absent                        test_a_rollout_that_fails_is_rolled_back
  task protection is a crash                           test_how_long_protection_lasts,
                                                       test_a_protected_task_is_not_scaled_in
  what is not written is a crash                       test_bus:
                                                       test_an_operation_that_is_not_there_is_refused
  a missing cluster is made                            test_a_missing_cluster_is_not_made
  a missing task definition is accepted                test_a_missing_task_definition_is_refused
  there are no events of ECS                           test_ecs_events
  DescribeCapacityProviders without names is a crash   test_all_providers_are_described
  capacity providers of a stack are dropped            test_a_cluster_with_its_providers

Others
  targets are keyed by id alone, and healthy at once   test_two_ports_of_one_target_are_two_targets
  Application Auto Scaling does not see services       test_a_target_as_described
  EventBridge wants internal shapes, stumbles on null  test_an_event_keeps_its_nulls
  event patterns know six keys                         test_arrays_and_or, test_operators
  network interfaces outlive their instances           test_an_instance_takes_its_interface_along
  and their NAT gateways                               test_a_nat_gateway_takes_its_interface_along
  a bucket's policy denies to all, whatever its        test_what_a_bucket_denies_to_some
    principals and conditions are
  Amazon's parameters are listed among one's own       test_parameters_are_ones_own
  they listen on every address of the machine          test_main:
                                                       test_nobody_else_can_reach_it
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws, Place
from tests.conformance.eventing import Eventing
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.serving import Served
from tests.conformance.tasking import Tasking
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/"


@fact(
    "A template with named roles needs CAPABILITY_NAMED_IAM.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html",
)
def test_capabilities_are_asked_for(aws: Aws, name: str) -> None:
    document = {"Version": "2012-10-17", "Statement": []}
    properties = {"RoleName": name, "AssumeRolePolicyDocument": document}
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}

    code, message = refusal(
        aws.client("cloudformation").create_stack,
        StackName=name,
        TemplateBody=json.dumps(template),
    )

    assert code == "InsufficientCapabilitiesException"
    assert "CAPABILITY_NAMED_IAM" in message


@fact(
    "A service keeps its settings as they were given, and runs as many tasks as it wants.",
    f"{API}API_CreateService.html",
)
def test_a_service_is_kept_whole_and_runs(served: Served) -> None:
    rollout = {"minimumHealthyPercent": 50, "maximumPercent": 150}
    placement = {
        "placementStrategy": [{"type": "spread", "field": "instanceId"}],
        "placementConstraints": [
            {"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}
        ],
    }
    served.create(2, deploymentConfiguration=rollout, **placement)

    service = served.steady()

    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert service["deploymentConfiguration"].items() >= rollout.items()
    assert service.items() >= placement.items()


@fact(
    "CreateService with a client token that was used already answers with the same service.",
    f"{API}API_CreateService.html {API}ECS_Idempotency.html",
)
def test_a_service_token_makes_one_service(served: Served) -> None:
    asked = {
        "cluster": served.cluster,
        "serviceName": served.name,
        "taskDefinition": served.register(),
        "desiredCount": 1,
        "clientToken": served.name,
    }

    first = served.ecs.create_service(**asked)["service"]
    second = served.ecs.create_service(**asked)["service"]

    assert second["serviceArn"] == first["serviceArn"]
    assert [one["id"] for one in second["deployments"]] == [
        one["id"] for one in first["deployments"]
    ]


@fact(
    "A task definition that is asked for by family and revision is named by its ARN.",
    f"{API}API_Service.html",
)
def test_a_service_names_its_definition_in_full(served: Served) -> None:
    served.create(0)
    arn = served.register("exec sleep 3601")

    updated = served.update(taskDefinition=f"{served.name}:2")

    assert updated["taskDefinition"] == arn
    assert served.described()["deployments"][0]["taskDefinition"] == arn


@fact(
    "A service whose task fits nowhere says so among its events.",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html",
)
def test_a_service_says_why_it_places_nothing(served: Served) -> None:
    served.ecs.create_service(
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=served.register(memory=100_000),
        desiredCount=1,
    )

    service = served.until(lambda one: one["events"])

    sentence = (
        f"(service {served.name}) was unable to place a task because no container instance met all "
        "of its requirements. The closest matching (container-instance "
    )
    assert service["events"][0]["message"].startswith(sentence)
    assert "has insufficient memory available" in service["events"][0]["message"]


@fact("A second service of the same name is refused.", f"{API}API_CreateService.html")
def test_a_namesake_is_refused(served: Served) -> None:
    served.create(1)

    code, _ = refusal(
        served.ecs.create_service,
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=served.register(),
        desiredCount=3,
    )

    assert code == "InvalidParameterException"
    assert served.described()["desiredCount"] == 1


@fact(
    "A new task definition is a new primary deployment, which is told in events until it is "
    "steady.",
    f"{API}API_UpdateService.html",
)
def test_an_update_rolls_out(served: Served) -> None:
    first = served.create(1)["deployments"][0]["id"]
    served.steady()

    updated = served.update(taskDefinition=served.register("exec sleep 3601"))
    service = served.steady()

    primary = next(one for one in updated["deployments"] if one["status"] == "PRIMARY")
    assert primary["id"] != first
    assert [one["id"] for one in service["deployments"]] == [primary["id"]]
    said = [event["message"] for event in service["events"]]
    assert any("has started 1 tasks" in message for message in said)
    assert any("has reached a steady state" in message for message in said)


@fact(
    "A task that was just run is PROVISIONING or PENDING, and RUNNING some time after.",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html",
)
def test_a_task_takes_its_time(tasking: Tasking) -> None:
    task = tasking.run_one()

    assert task["lastStatus"] in ("PROVISIONING", "PENDING")
    assert tasking.running(task)["startedAt"] > task["createdAt"]


@fact("A task has all containers of its definition.", f"{API}API_Task.html")
def test_every_container_of_a_task_is_there(tasking: Tasking) -> None:
    task = tasking.run_one(
        tasking.container(), tasking.container() | {"name": "second", "essential": False}
    )

    running = tasking.running(task)

    assert {one["name"] for one in running["containers"]} == {"main", "second"}


@fact(
    "A container without a host port, or with 0, gets one of its own: more tasks fit than there "
    "are instances.",
    f"{API}API_PortMapping.html",
)
def test_host_port_0_is_any_port(tasking: Tasking) -> None:
    mapping = {"containerPort": 8080, "hostPort": 0}
    definition = tasking.register(tasking.container(portMappings=[mapping]))
    tasks = tasking.run(definition, count=5)["tasks"]

    ports = set[tuple[str, int]]()
    for task in tasks:
        running = tasking.running(task)
        binding = running["containers"][0]["networkBindings"][0]
        ports.add((running["containerInstanceArn"], binding["hostPort"]))

    assert len(ports) == 5


@fact("Describing a task changes nothing of it.", f"{API}API_DescribeTasks.html")
def test_looking_at_a_task_changes_nothing(tasking: Tasking) -> None:
    task = tasking.run_one()
    before = tasking.running(task)

    seen = [tasking.describe(task) for _ in range(20)]

    assert {one["lastStatus"] for one in seen} == {"RUNNING"}
    assert {one["version"] for one in seen} == {before["version"]}


@fact("Tasks are listed by the service that they belong to.", f"{API}API_ListTasks.html")
def test_tasks_are_listed_by_their_service(served: Served, tasking: Tasking) -> None:
    alone = tasking.run_one()
    served.create(2)
    served.steady()

    listed = served.tasks()

    assert len(listed) == 2
    assert {one["group"] for one in listed} == {f"service:{served.name}"}
    assert alone["taskArn"] not in {one["taskArn"] for one in listed}


@fact("A cluster that is not there is not made.", f"{API}API_CreateService.html")
def test_a_missing_cluster_is_not_made(aws: Aws, served: Served) -> None:
    code, _ = refusal(
        aws.client("ecs").create_service,
        cluster=served.name,
        serviceName=served.name,
        taskDefinition=served.register(),
        desiredCount=1,
    )

    assert code == "ClusterNotFoundException"
    described = aws.client("ecs").describe_clusters(clusters=[served.name])
    assert described["clusters"] == []
    assert described["failures"][0]["reason"] == "MISSING"


@fact("A task definition that is not there is refused.", f"{API}API_CreateService.html")
def test_a_missing_task_definition_is_refused(served: Served) -> None:
    answer = refusal(
        served.ecs.create_service,
        cluster=served.cluster,
        serviceName=served.name,
        taskDefinition=f"{served.name}:1",
        desiredCount=1,
    )

    assert answer == ("ClientException", "TaskDefinition not found.")


@fact(
    "Two ports of one address are two targets, neither healthy before it was checked.",
    f"{ELB}APIReference/API_RegisterTargets.html",
)
def test_two_ports_of_one_target_are_two_targets(aws: Aws, place: Place, name: str) -> None:
    elb = aws.client("elbv2")
    group = elb.create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId=place.vpc_id, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    targets = [{"Id": "10.0.0.10", "Port": port} for port in (8080, 8081)]

    try:
        elb.register_targets(TargetGroupArn=group, Targets=targets)
        shown = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    finally:
        elb.delete_target_group(TargetGroupArn=group)

    assert sorted(one["Target"]["Port"] for one in shown) == [8080, 8081]
    assert {one["TargetHealth"]["State"] for one in shown} == {"unused"}
    assert {one["TargetHealth"]["Reason"] for one in shown} == {"Target.NotInUse"}


@fact(
    "An event's detail comes as it was put, nulls at any depth included.",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-null-values.html",
)
def test_an_event_keeps_its_nulls(aws: Aws, name: str) -> None:
    eventing = Eventing(aws.client("events"), aws.client("sqs"), name)
    detail = {"a": None, "b": {"c": None, "d": [None, {"e": None}]}}
    try:
        eventing.listen({"source": [name]})
        eventing.put(detail)

        assert json.loads(eventing.body())["detail"] == detail
    finally:
        eventing.clean()


@fact(
    "An instance's primary network interface ends with it; what has ended may be ended again.",
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html",
)
def test_an_instance_takes_its_interface_along(aws: Aws, place: Place) -> None:
    ec2 = aws.client("ec2")
    (instance,) = ec2.run_instances(
        MinCount=1,
        MaxCount=1,
        ImageId=place.image_id,
        InstanceType="t3.micro",
        SubnetId=place.subnet_ids[0],
    )["Instances"]
    (interface,) = instance["NetworkInterfaces"]
    assert interface["Attachment"]["DeleteOnTermination"] is True

    for _ in "ab":
        ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])

    def gone() -> bool:
        by_id = [{"Name": "network-interface-id", "Values": [interface["NetworkInterfaceId"]]}]
        return ec2.describe_network_interfaces(Filters=by_id)["NetworkInterfaces"] == []

    until(gone)
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])  # which is as good as done


@fact(
    "An instance may be terminated more than once.",
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html",
)
def test_an_instance_is_terminated_twice(aws: Aws, place: Place) -> None:
    ec2 = aws.client("ec2")
    size = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
    (instance,) = ec2.run_instances(ImageId=place.image_id, SubnetId=place.subnet_ids[0], **size)[
        "Instances"
    ]
    ids = [instance["InstanceId"]]

    ec2.terminate_instances(InstanceIds=ids)
    (again,) = ec2.terminate_instances(InstanceIds=ids)["TerminatingInstances"]

    assert again["CurrentState"]["Name"] in ("shutting-down", "terminated")


@fact(
    "A NAT gateway's network interface ends with it, and its address is free again.",
    "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html",
)
def test_a_nat_gateway_takes_its_interface_along(aws: Aws, place: Place) -> None:
    ec2 = aws.client("ec2")
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=place.subnet_ids[0], AllocationId=allocation)
    gateway = made["NatGateway"]["NatGatewayId"]

    def shown() -> dict[str, Any]:
        (one,) = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
        return dict(one)

    until(lambda: shown()["State"] == "available")
    interface = shown()["NatGatewayAddresses"][0]["NetworkInterfaceId"]

    ec2.delete_nat_gateway(NatGatewayId=gateway)

    until(lambda: shown()["State"] == "deleted")
    by_id = [{"Name": "network-interface-id", "Values": [interface]}]
    assert ec2.describe_network_interfaces(Filters=by_id)["NetworkInterfaces"] == []
    (address,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert address.get("AssociationId") is None
    ec2.release_address(AllocationId=allocation)


@fact(
    "A bucket's policy denies what its statements say to whom they say, and where their conditions "
    "hold.",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
    "reference_policies_evaluation-logic_policy-eval-denyallow.html",
)
def test_what_a_bucket_denies_to_some(aws: Aws, name: str) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}
    without_tls = {"Bool": {"aws:SecureTransport": "false"}}
    statements = [
        {**denied, "Resource": f"arn:aws:s3:::{name}/*", "Condition": without_tls},
        {**denied, "Resource": f"arn:aws:s3:::{name}/closed/*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    s3.put_bucket_policy(Bucket=name, Policy=policy)
    try:
        s3.put_object(Bucket=name, Key="open/a", Body=b"a")

        with pytest.raises(ClientError) as refusal:
            s3.put_object(Bucket=name, Key="closed/a", Body=b"a")
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    finally:
        s3.delete_object(Bucket=name, Key="open/a")
        s3.delete_bucket(Bucket=name)


@fact(
    "DescribeParameters lists the account's parameters; Amazon's are had by their names.",
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html",
)
def test_parameters_are_ones_own(aws: Aws) -> None:
    ssm = aws.client("ssm")
    image = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    assert ssm.get_parameter(Name=image)["Parameter"]["Value"].startswith("ami-")

    pages = ssm.get_paginator("describe_parameters").paginate()
    names = [one["Name"] for page in pages for one in page["Parameters"]]

    assert [name for name in names if name.startswith("/aws/service")] == []
