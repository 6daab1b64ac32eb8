"""What moto keeps of metrics: as long as CloudWatch does."""

from datetime import timedelta
from pathlib import Path

from tests.localaws.clustering import Cluster, tell


def test_a_metric_is_kept_for_fifteen_days(tmp_path: Path) -> None:
    async def story(c: Cluster) -> None:
        now = c.clock.now()
        for name, days in (("old", 20), ("old", 14), ("old", 0), ("other", 20)):
            datum = {"MetricName": name, "Value": 1, "Timestamp": now - timedelta(days=days)}
            await c.call("cloudwatch", "PutMetricData", Namespace=c.group_name, MetricData=[datum])

        async def counted(name: str) -> int:
            found = await c.call(
                "cloudwatch",
                "GetMetricStatistics",
                Namespace=c.group_name,
                MetricName=name,
                StartTime=now - timedelta(days=30),
                EndTime=now + timedelta(days=1),
                Period=86400,
                Statistics=["Sum"],
            )
            return int(sum(one["Sum"] for one in found["Datapoints"]))

        assert (await counted("old"), await counted("other")) == (2, 1)

    tell(tmp_path, story)
