"""Services: described and listed."""

from __future__ import annotations

from localaws.ecs.desk import Desk, Params, Result, invalid, page
from localaws.ecs.names import short
from localaws.ecs.services import shape as service_shape

MOST_DESCRIBED = 10
PAGE = 10


def describe(desk: Desk, params: Params) -> Result:
    cluster, wanted = desk.cluster(params), params["services"]
    if not wanted:
        raise invalid("Services cannot be empty.")
    if len(wanted) > MOST_DESCRIBED:
        raise invalid(f"Services cannot have more than {MOST_DESCRIBED} elements.")
    with_tags = "TAGS" in params.get("include", ())
    found, failures = [], []
    for name in wanted:
        if service := desk.state.services.get((cluster.name, short(name))):
            found.append(service_shape.describe(desk, service, with_tags=with_tags))
        else:
            arn = desk.world.arn("ecs", f"service/{cluster.name}/{short(name)}")
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"services": found, "failures": failures}


def list_(desk: Desk, params: Params) -> Result:
    cluster = desk.cluster(params)
    launch, strategy = params.get("launchType", "EC2"), params.get("schedulingStrategy", "REPLICA")
    found = [
        one.arn
        for one in desk.state.services.values()
        if one.cluster == cluster.name and one.status != "INACTIVE"
    ]
    modelled = (launch, strategy) == ("EC2", "REPLICA")
    return page(found if modelled else [], params, "serviceArns", PAGE)


OPERATIONS = {"DescribeServices": describe, "ListServices": list_}
