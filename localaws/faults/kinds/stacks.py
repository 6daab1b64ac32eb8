"""What goes wrong in CloudFormation."""

from localaws.faults.fault import Declared, Kind

KINDS = {
    Kind.STACK: Declared(
        "A step of a stack operation takes longer, or fails. `resource` is a logical id; `during` "
        "is create, update, delete or rollback.",
        ("stack", "resource", "during"),
        {"seconds": 0.0, "fails": True, "reason": "Internal Failure"},
    ),
}
