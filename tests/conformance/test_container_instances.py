"""ECS container instances: registered, shown, drained, deregistered, lost."""

from __future__ import annotations

from tests.conformance.eventing import Eventing, Json
from tests.conformance.hosting import Hosting, attributes, left
from tests.conformance.ledger import fact
from tests.conformance.refusing import refusal
from tests.conformance.waiting import until

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
CONFIG = GUIDE + "ecs-agent-config.html"


@fact(
    "An instance registers in the cluster that its user data names, with the attributes, the "
    "reserved memory and the reserved ports given there.",
    CONFIG + " " + GUIDE + "bootstrap_container_instance.html",
)
def test_an_instance_registers_by_its_user_data(hosting: Hosting) -> None:
    config = {
        "INSTANCE_ATTRIBUTES": {"stack": "blue", "rack": "r 1"},
        "RESERVED_MEMORY": 256,
        "RESERVED_PORTS": [22, 8080],
        "RESERVED_PORTS_UDP": [53],
    }

    [instance] = hosting.host(1, **config)

    assert (instance["status"], instance["agentConnected"]) == ("ACTIVE", True)
    assert [instance["ec2InstanceId"]] == hosting.group.instances()
    assert attributes(instance).items() >= {"stack": "blue", "rack": "r 1"}.items()
    assert left(instance, "CPU", "registeredResources") == 2048
    assert 0 < left(instance, "MEMORY", "registeredResources") <= 1024 - 256
    assert left(instance, "PORTS", "registeredResources") == {"22", "8080"}
    assert left(instance, "PORTS_UDP", "registeredResources") == {"53"}
    cluster = hosting.ecs.describe_clusters(clusters=[hosting.name])["clusters"][0]
    assert cluster["registeredContainerInstancesCount"] == 1


@fact(
    "ECS gives an instance attributes of its machine: zone, type, image, operating system, "
    "network; and one without a value for each capability of its agent.",
    GUIDE + "task-placement-constraints.html https://github.com/aws/amazon-ecs-agent",
)
def test_an_instance_has_attributes_of_its_machine(hosting: Hosting) -> None:
    [instance] = hosting.host(1)

    found = hosting.ec2.describe_instances(InstanceIds=[instance["ec2InstanceId"]])
    machine = found["Reservations"][0]["Instances"][0]
    shown = attributes(instance)
    assert shown["ecs.availability-zone"] == machine["Placement"]["AvailabilityZone"]
    assert shown["ecs.instance-type"] == machine["InstanceType"]
    assert shown["ecs.ami-id"] == machine["ImageId"]
    assert shown["ecs.subnet-id"] == machine["SubnetId"]
    assert shown["ecs.vpc-id"] == machine["VpcId"]
    assert (shown["ecs.os-type"], shown["ecs.cpu-architecture"]) == ("linux", "x86_64")
    assert shown["com.amazonaws.ecs.capability.logging-driver.awslogs"] is None


@fact(
    "What a task takes is missing from its instance's remaining resources while it lives; the "
    "registered ones stay, and with each such change the version grows.",
    API + "API_ContainerInstance.html",
)
def test_a_task_takes_of_what_is_left(hosting: Hosting) -> None:
    [before] = hosting.host(1)
    arn = before["containerInstanceArn"]

    ports = [{"containerPort": 80, "hostPort": 18_080}]
    task = hosting.run(arn, cpu=100, memory=200, portMappings=ports)
    during = hosting.instance(arn)
    hosting.ecs.stop_task(cluster=hosting.name, task=task)
    hosting.stopped(task)
    after = until(lambda: (one := hosting.instance(arn)) and one["runningTasksCount"] == 0 and one)

    assert left(before, "CPU") - left(during, "CPU") == 100
    assert left(before, "MEMORY") - left(during, "MEMORY") == 200
    assert left(during, "PORTS") - left(before, "PORTS") == {"18080"}
    assert during["runningTasksCount"] == 1
    assert during["registeredResources"] == before["registeredResources"]
    assert after["remainingResources"] == before["remainingResources"]
    assert before["version"] < during["version"] < after["version"]


@fact(
    "versionInfo tells the agent's version and hash, and Docker's as `DockerVersion: …`.",
    GUIDE + "ecs_container_instance_events.html",
)
def test_an_instance_tells_its_versions(hosting: Hosting) -> None:
    [instance] = hosting.host(1)

    told = instance["versionInfo"]
    assert told["agentVersion"].startswith("1.")
    assert told["agentHash"]
    assert told["dockerVersion"].startswith("DockerVersion: ")


@fact(
    "Tags of an instance, its agent's own and those of its EC2 instance where it is told to hand "
    "them on, are shown to who includes TAGS.",
    CONFIG + " " + API + "API_DescribeContainerInstances.html",
)
def test_tags_are_shown_on_request(hosting: Hosting) -> None:
    own = {"CONTAINER_INSTANCE_TAGS": {"team": "a"}}
    [instance] = hosting.host(1, **own, CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM="ec2_instance")

    [shown] = hosting.instances("TAGS")
    assert {"key": "team", "value": "a"} in shown["tags"]
    assert not [one for one in shown["tags"] if one["key"].startswith("aws:")]
    assert instance["tags"] == []


@fact(
    "The health of an instance is shown to who includes CONTAINER_INSTANCE_HEALTH.",
    API + "API_DescribeContainerInstances.html " + API + "API_InstanceHealthCheckResult.html",
)
def test_health_is_shown_on_request(hosting: Hosting) -> None:
    [instance] = hosting.host(1)

    def healthy() -> Json | None:
        [shown] = hosting.instances("CONTAINER_INSTANCE_HEALTH")
        return shown["healthStatus"] if shown["healthStatus"]["overallStatus"] == "OK" else None

    status = until(healthy)
    assert status
    [runtime] = [one for one in status["details"] if one["type"] == "CONTAINER_RUNTIME"]
    assert runtime["status"] == "OK"
    assert runtime["lastUpdated"] >= runtime["lastStatusChange"]
    assert "healthStatus" not in instance


@fact(
    "Instances are listed by a filter in the cluster query language, and by their status.",
    API + "API_ListContainerInstances.html " + GUIDE + "cluster-query-language.html",
)
def test_instances_are_listed_by_filter_and_status(hosting: Hosting) -> None:
    one, other = sorted(each["containerInstanceArn"] for each in hosting.host(2))
    put = {"name": "rack", "value": "r1", "targetId": one}
    hosting.ecs.put_attributes(cluster=hosting.name, attributes=[put])
    hosting.set_state(other, "DRAINING")

    def listed(**which: str) -> list[str]:
        found = hosting.ecs.list_container_instances(cluster=hosting.name, **which)
        return sorted(found["containerInstanceArns"])

    assert listed() == [one, other]
    assert listed(status="ACTIVE") == [one]
    assert listed(status="DRAINING") == [other]
    assert listed(filter="attribute:rack == r1") == [one]
    assert listed(filter="attribute:rack == r1", status="DRAINING") == []
    assert listed(filter="runningTasksCount == 0") == [one, other]
    asked = {"cluster": hosting.name, "filter": "attribute:rack is r1"}
    code, _ = refusal(hosting.ecs.list_container_instances, **asked)
    assert code == "InvalidParameterException"


@fact(
    "A listing comes in pages of maxResults; nextToken is asked for the next.",
    API + "API_ListContainerInstances.html",
)
def test_instances_are_listed_by_pages(hosting: Hosting) -> None:
    all_ = {one["containerInstanceArn"] for one in hosting.host(2)}
    asked: Json = {"cluster": hosting.name, "maxResults": 1}

    first = hosting.ecs.list_container_instances(**asked)
    second = hosting.ecs.list_container_instances(**asked, nextToken=first["nextToken"])

    pages = [one["containerInstanceArns"] for one in (first, second)]
    assert [len(one) for one in pages] == [1, 1]
    assert {*pages[0], *pages[1]} == all_
    assert not second.get("nextToken")


@fact(
    "An instance that is not there is a failure, MISSING.",
    API + "API_DescribeContainerInstances.html " + GUIDE + "api_failures_messages.html",
)
def test_an_unknown_instance_is_a_failure(hosting: Hosting) -> None:
    unknown = "0123456789abcdef0123456789abcdef"
    asked: Json = {"cluster": hosting.name, "containerInstances": [unknown]}

    described = hosting.ecs.describe_container_instances(**asked)
    updated = hosting.ecs.update_container_instances_state(**asked, status="DRAINING")

    for answer in (described, updated):
        assert answer["containerInstances"] == []
        [failure] = answer["failures"]
        assert failure["reason"] == "MISSING"
        assert failure["arn"].endswith(unknown)


@fact(
    "DRAINING: a service with a minimum of 100 % gets its new task elsewhere before the old one "
    "is stopped; a task of no service stays.",
    API + "API_UpdateContainerInstancesState.html " + GUIDE + "container-instance-draining.html",
)
def test_a_draining_instance_is_left_by_services_only(hosting: Hosting) -> None:
    hosting.host(2)
    hosting.served.create(2)
    hosting.served.steady()
    old = hosting.served.tasks()[0]
    leaving = old["containerInstanceArn"]
    alone = hosting.run(leaving)

    answer = hosting.set_state(leaving, "DRAINING")
    assert [one["status"] for one in answer["containerInstances"]] == ["DRAINING"]
    assert answer["failures"] == []
    until(
        lambda: (
            len(tasks := hosting.served.tasks()) == 2
            and all(one["containerInstanceArn"] != leaving for one in tasks)
        ),
        60,
    )

    assert hosting.task(alone)["lastStatus"] == "RUNNING"
    new = next(one for one in hosting.served.tasks() if one["createdAt"] > old["createdAt"])
    stopped = hosting.task(old["taskArn"])
    assert stopped["stoppingAt"] > new["startedAt"]
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"


@fact(
    "With a maximum of 100 % the draining task is stopped first, where the minimum allows it.",
    API + "API_UpdateContainerInstancesState.html",
)
def test_a_draining_task_goes_first_where_no_more_may_run(hosting: Hosting) -> None:
    hosting.host(2)
    percents = {"minimumHealthyPercent": 0, "maximumPercent": 100}
    hosting.served.create(1, deploymentConfiguration=percents)
    hosting.served.steady()
    [old] = hosting.served.tasks()

    hosting.set_state(old["containerInstanceArn"], "DRAINING")
    [new] = until(
        lambda: [
            one
            for one in hosting.served.tasks()
            if one["taskArn"] != old["taskArn"] and one["lastStatus"] == "RUNNING"
        ],
        60,
    )

    assert new["createdAt"] >= hosting.task(old["taskArn"])["stoppingAt"]
    assert new["containerInstanceArn"] != old["containerInstanceArn"]


@fact(
    "Nothing is placed on a DRAINING instance; once it is ACTIVE again it takes tasks.",
    API + "API_UpdateContainerInstancesState.html",
)
def test_an_instance_takes_tasks_again(hosting: Hosting) -> None:
    [instance] = hosting.host(1)
    arn = instance["containerInstanceArn"]
    asked = {"cluster": hosting.name, "taskDefinition": hosting.served.register()}

    hosting.set_state(arn, "DRAINING")
    code, _ = refusal(hosting.ecs.run_task, **asked)
    hosting.set_state(arn, "ACTIVE")

    ran = hosting.ecs.run_task(**asked)
    assert code == "InvalidParameterException"
    assert [one["containerInstanceArn"] for one in ran["tasks"]] == [arn]


@fact(
    "No other status than ACTIVE and DRAINING can be set.",
    API + "API_UpdateContainerInstancesState.html",
)
def test_no_other_status_can_be_set(hosting: Hosting) -> None:
    asked = {"cluster": hosting.name, "containerInstances": ["x"], "status": "DEREGISTERING"}

    code, _ = refusal(hosting.ecs.update_container_instances_state, **asked)

    assert code == "InvalidParameterException"


@fact(
    "An instance with tasks is not deregistered but by force.",
    API + "API_DeregisterContainerInstance.html aws/amazon-ecs-agent#125",
)
def test_an_instance_with_tasks_is_not_deregistered(hosting: Hosting) -> None:
    [instance] = hosting.host(1)
    hosting.run(instance["containerInstanceArn"])
    asked = {"cluster": hosting.name, "containerInstance": instance["containerInstanceArn"]}

    code, _ = refusal(hosting.ecs.deregister_container_instance, **asked)

    assert code == "InvalidParameterException"
    assert hosting.instance(instance["containerInstanceArn"])["status"] == "ACTIVE"


@fact(
    "Deregistered by force, an instance is INACTIVE and not listed; its tasks are STOPPED as ECS "
    "knows them, and its services start others elsewhere. Its EC2 instance runs on.",
    API
    + "API_DeregisterContainerInstance.html "
    + GUIDE
    + "stopped-task-errors.html aws/amazon-ecs-agent#125",
)
def test_an_instance_is_deregistered_by_force(hosting: Hosting) -> None:
    hosting.host(2)
    hosting.served.create(1)
    hosting.served.steady()
    [old] = hosting.served.tasks()
    arn = old["containerInstanceArn"]
    ec2_id = hosting.instance(arn)["ec2InstanceId"]

    answer = hosting.ecs.deregister_container_instance(
        cluster=hosting.name, containerInstance=arn, force=True
    )["containerInstance"]
    assert (answer["status"], answer["agentConnected"]) == ("INACTIVE", False)

    stopped = hosting.stopped(old["taskArn"])
    assert stopped["stoppedReason"] == "Container instance deregistration forced by user"
    assert "exitCode" not in stopped["containers"][0]
    listed = hosting.ecs.list_container_instances(cluster=hosting.name)
    assert arn not in listed["containerInstanceArns"]
    [new] = until(lambda: hosting.served.tasks())
    assert new["containerInstanceArn"] != arn
    assert hosting.group.states([ec2_id]) == {"running"}


@fact(
    "A deregistered instance is described as INACTIVE for a while; StartTask finds it INACTIVE.",
    API + "API_ContainerInstance.html " + GUIDE + "api_failures_messages.html",
)
def test_a_deregistered_instance_is_inactive(hosting: Hosting) -> None:
    [instance] = hosting.host(1)
    arn = instance["containerInstanceArn"]
    definition = hosting.served.register()
    hosting.ecs.deregister_container_instance(cluster=hosting.name, containerInstance=arn)

    [shown] = hosting.ecs.describe_container_instances(
        cluster=hosting.name, containerInstances=[arn]
    )["containerInstances"]
    started = hosting.ecs.start_task(
        cluster=hosting.name, taskDefinition=definition, containerInstances=[arn]
    )

    assert (shown["status"], shown["agentConnected"]) == ("INACTIVE", False)
    assert [one["reason"] for one in started["failures"]] == ["INACTIVE"]
    assert hosting.instances() == []


@fact(
    "A terminated instance is deregistered by itself; its tasks stop with TerminationNotice, and "
    "its services start others.",
    API
    + "API_DeregisterContainerInstance.html "
    + GUIDE
    + "stopped-task-errors.html "
    + API
    + "API_Task.html",
)
def test_a_terminated_instance_is_deregistered(hosting: Hosting) -> None:
    hosting.host(2)
    hosting.served.create(1)
    hosting.served.steady()
    [old] = hosting.served.tasks()
    lost = hosting.instance(old["containerInstanceArn"])

    hosting.ec2.terminate_instances(InstanceIds=[lost["ec2InstanceId"]])

    hosting.until(
        lambda all_: (
            lost["containerInstanceArn"] not in [one["containerInstanceArn"] for one in all_]
        ),
        60,
    )
    stopped = hosting.stopped(old["taskArn"])
    assert stopped["stopCode"] == "TerminationNotice"
    assert stopped["stoppedReason"] == f"Host EC2 (instance {lost['ec2InstanceId']}) terminated."
    hosting.served.steady()
    assert hosting.served.tasks()[0]["taskArn"] != old["taskArn"]


@fact(
    "A stopped EC2 instance stays in its cluster, its agent disconnected and its tasks STOPPED; "
    "started again, it is the same container instance.",
    GUIDE + "ecs_container_instance_events.html " + GUIDE + "stopped-task-errors.html",
)
def test_a_stopped_instance_comes_back(hosting: Hosting) -> None:
    [instance] = hosting.host(1)
    arn, ec2_id = instance["containerInstanceArn"], instance["ec2InstanceId"]
    task = hosting.run(arn)
    hosting.group.call("suspend_processes", ScalingProcesses=["HealthCheck"])

    hosting.ec2.stop_instances(InstanceIds=[ec2_id])
    hosting.until(lambda all_: [one["agentConnected"] for one in all_] == [False], 60)
    stopped = hosting.stopped(task)
    until(lambda: hosting.group.states([ec2_id]) == {"stopped"}, 60)
    hosting.ec2.start_instances(InstanceIds=[ec2_id])
    [back] = hosting.until(lambda all_: [one["agentConnected"] for one in all_] == [True], 60)

    assert stopped["stoppedReason"] == f"Host EC2 (instance {ec2_id}) stopped."
    assert back["containerInstanceArn"] == arn


@fact(
    "An instance that was stopped when it was terminated is not deregistered by itself.",
    API + "API_DeregisterContainerInstance.html",
)
def test_a_stopped_instance_is_not_deregistered(hosting: Hosting) -> None:
    [instance] = hosting.host(1)
    ec2_id = instance["ec2InstanceId"]
    hosting.group.call("suspend_processes", ScalingProcesses=["HealthCheck", "Launch"])
    hosting.ec2.stop_instances(InstanceIds=[ec2_id])
    until(lambda: hosting.group.states([ec2_id]) == {"stopped"}, 60)

    hosting.ec2.terminate_instances(InstanceIds=[ec2_id])
    until(lambda: hosting.group.states([ec2_id]) == {"terminated"}, 60)

    [left_behind] = hosting.instances()
    assert left_behind["containerInstanceArn"] == instance["containerInstanceArn"]
    assert (left_behind["status"], left_behind["agentConnected"]) == ("ACTIVE", False)


@fact(
    "Each change of an instance is an event with the instance as it then is, under a version that "
    "grows: a task that comes, DRAINING, ACTIVE, deregistered.",
    GUIDE + "ecs_container_instance_events.html " + GUIDE + "ecs_cwet_handling.html",
)
def test_an_instance_tells_each_change(hosting: Hosting, eventing: Eventing) -> None:
    cluster = f"container-instance/{hosting.name}/"
    eventing.listen(
        {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Container Instance State Change"],
            "resources": [{"wildcard": f"*{cluster}*"}],
        }
    )

    def event(**such: object) -> Json:
        found = eventing.event(lambda one: such.items() <= one["detail"].items())
        return dict(found["detail"])

    def cpu_left(detail: Json) -> int:
        return int(left(detail, "CPU"))

    [instance] = hosting.host(1)
    arn = instance["containerInstanceArn"]
    registered = event(status="ACTIVE", agentConnected=True)
    hosting.run(arn, cpu=100)
    placed = eventing.event(lambda one: cpu_left(one["detail"]) == cpu_left(registered) - 100)
    hosting.set_state(arn, "DRAINING")
    draining = event(status="DRAINING")
    hosting.ecs.deregister_container_instance(
        cluster=hosting.name, containerInstance=arn, force=True
    )
    gone = event(status="INACTIVE", agentConnected=False)

    assert placed["resources"] == [arn]
    versions = [one["version"] for one in (registered, placed["detail"], draining, gone)]
    assert versions == sorted(set(versions))
    assert registered.keys() >= {
        "agentConnected",
        "attributes",
        "clusterArn",
        "containerInstanceArn",
        "ec2InstanceId",
        "registeredResources",
        "remainingResources",
        "status",
        "updatedAt",
        "version",
        "versionInfo",
    }
