"""What goes wrong with EC2 instances and what runs on them."""

from localaws.faults.fault import Declared, Kind

KINDS = {
    Kind.NO_CAPACITY: Declared(
        "Auto Scaling cannot launch: EC2 has no capacity of that type in that zone. It tries "
        "again every 15 seconds.",
        ("group", "zone", "instance_type"),
        {},
    ),
}
