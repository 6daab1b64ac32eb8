"""ECS clusters."""

import pytest
from botocore.exceptions import ClientError

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"


@fact(
    "A deleted cluster is INACTIVE, and may still be described for a while.",
    API + "API_DeleteCluster.html",
)
def test_a_deleted_cluster_is_inactive(aws: Aws, name: str) -> None:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName=name)

    ecs.delete_cluster(cluster=name)

    described = ecs.describe_clusters(clusters=[name])
    assert [one["status"] for one in described["clusters"]] in (["INACTIVE"], [])


@fact("A cluster that is not there: ClusterNotFoundException.", API + "API_DeleteCluster.html")
def test_an_unknown_cluster_is_refused(aws: Aws, name: str) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("ecs").list_services(cluster=name)

    assert refused.value.response["Error"]["Code"] == "ClusterNotFoundException"


@fact(
    "The settings of a cluster are changed one by one, and shown where they are asked for.",
    API + "API_UpdateClusterSettings.html",
)
def test_settings_are_changed(aws: Aws, name: str) -> None:
    ecs = aws.client("ecs")
    settings = [{"name": "containerInsights", "value": "enabled"}]
    ecs.create_cluster(clusterName=name)

    updated = ecs.update_cluster_settings(cluster=name, settings=settings)["cluster"]

    shown = ecs.describe_clusters(clusters=[name], include=["SETTINGS"])["clusters"][0]
    ecs.delete_cluster(cluster=name)
    assert (updated["settings"], shown["settings"]) == (settings, settings)
