"""Resource types of load balancing: what a balancer is told, its listeners, their certificates"""

from __future__ import annotations

import json

import pytest

from tests.conformance.conftest import Aws
from tests.conformance.ledger import fact
from tests.conformance.lives import Life, Step, live
from tests.conformance.stacking import Json, Stacking, body

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
ELBV2 = REFERENCE + "aws-resource-elasticloadbalancingv2-"


def _in_vpc(kind: str, **properties: object) -> Json:
    return {"Type": f"AWS::EC2::{kind}", "Properties": {"VpcId": {"Ref": "Vpc"}, **properties}}


def _subnet(number: int) -> Json:
    zone = {"Fn::Select": [number, {"Fn::GetAZs": ""}]}
    return _in_vpc("Subnet", CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=zone)


NETWORK: Json = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
    "SubnetA": _subnet(0),
    "SubnetB": _subnet(1),
    "SubnetC": _subnet(2),
    "First": _in_vpc("SecurityGroup", GroupDescription="first"),
    "Second": _in_vpc("SecurityGroup", GroupDescription="second"),
}


def _balancer(**more: object) -> Json:
    subnets = [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}]
    return {"Scheme": "internal", "Subnets": subnets, "SecurityGroups": [_group("First")], **more}


def _group(name: str) -> Json:
    return {"Fn::GetAtt": [name, "GroupId"]}


def _told(**attributes: str) -> list[Json]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()]


def balancer(aws: Aws, id_: str) -> Json:
    elbv2, ec2 = aws.client("elbv2"), aws.client("ec2")
    one = elbv2.describe_load_balancers(LoadBalancerArns=[id_])["LoadBalancers"][0]
    told = elbv2.describe_load_balancer_attributes(LoadBalancerArn=id_)["Attributes"]
    groups = ec2.describe_security_groups(GroupIds=one["SecurityGroups"])["SecurityGroups"]
    return {
        "scheme": one["Scheme"],
        "zones": len(one["AvailabilityZones"]),
        "groups": sorted(group["Description"] for group in groups),
        "idle": next(it["Value"] for it in told if it["Key"] == "idle_timeout.timeout_seconds"),
    }


def listener(aws: Aws, id_: str) -> Json:
    one = aws.client("elbv2").describe_listeners(ListenerArns=[id_])["Listeners"][0]
    action = one["DefaultActions"][0]
    return {
        "protocol": one["Protocol"],
        "policy": one.get("SslPolicy"),
        "proves": _domains(aws, one.get("Certificates", [])),
        "to": action.get("RedirectConfig", {}).get("StatusCode"),
        "answers": action.get("FixedResponseConfig", {}).get("StatusCode"),
    }


def rule(aws: Aws, id_: str) -> Json:
    elbv2 = aws.client("elbv2")
    (one,) = elbv2.describe_rules(RuleArns=[id_])["Rules"]
    (action,) = one["Actions"]
    return {
        "priority": one["Priority"],
        "when": sorted(condition["Field"] for condition in one["Conditions"]),
        "does": action["Type"],
        "weights": [
            group["Weight"] for group in action.get("ForwardConfig", {}).get("TargetGroups", [])
        ],
        "to": action.get("RedirectConfig", {}).get("Host"),
    }


def _domains(aws: Aws, certificates: list[Json]) -> list[str]:
    acm = aws.client("acm")
    found = [acm.describe_certificate(CertificateArn=one["CertificateArn"]) for one in certificates]
    return sorted(one["Certificate"]["DomainName"] for one in found)


def _certificate(name: str) -> Json:
    properties = {"DomainName": name, "ValidationMethod": "DNS"}
    return {"Type": "AWS::CertificateManager::Certificate", "Properties": properties}


BALANCED: Json = {
    **NETWORK,
    "Balancer": {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": _balancer(),
    },
    "Default": _certificate("one.example.com"),
    "More": _certificate("two.example.com"),
    "Other": _certificate("three.example.com"),
}


def _listener(port: int, protocol: str, action: Json, **more: object) -> Json:
    return {
        "LoadBalancerArn": {"Ref": "Balancer"},
        "Port": port,
        "Protocol": protocol,
        "DefaultActions": [action],
        **more,
    }


def _secure(certificate: str, status: str = "503", **more: object) -> Json:
    proof = [{"CertificateArn": {"Ref": certificate}}]
    return _listener(443, "HTTPS", _fixed(status), Certificates=proof, **more)


def _fixed(status: str) -> Json:
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status}}


def _redirect(status: str) -> Json:
    to = {"Protocol": "HTTPS", "Port": "443", "StatusCode": status}
    return {"Type": "redirect", "RedirectConfig": to}


def _rule(priority: int, action: Json, listener: str = "Listener", **when: Json) -> Json:
    conditions = [{"Field": _FIELDS[name], name: config} for name, config in when.items()]
    return {
        "ListenerArn": {"Ref": listener},
        "Priority": priority,
        "Conditions": conditions,
        "Actions": [action],
    }


_FIELDS = {
    "HostHeaderConfig": "host-header",
    "HttpHeaderConfig": "http-header",
    "HttpRequestMethodConfig": "http-request-method",
    "QueryStringConfig": "query-string",
    "SourceIpConfig": "source-ip",
}
_HOST = {"Values": ["a.example.com"]}
_TARGETS = _in_vpc("SecurityGroup") | {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"}
_TARGETS["Properties"] |= {"Port": 80, "Protocol": "HTTP"}
RULED: Json = {
    **BALANCED,
    "Blue": _TARGETS,
    "Green": _TARGETS,
    **{
        name: {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": _listener(port, "HTTP", _fixed("404")),
        }
        for name, port in {"Listener": 80, "Another": 8080}.items()
    },
}


def _weighted(blue: int, green: int) -> Json:
    groups = [
        {"TargetGroupArn": {"Ref": name}, "Weight": weight}
        for name, weight in {"Blue": blue, "Green": green}.items()
    ]
    sticky = {"Enabled": True, "DurationSeconds": 60}
    forward = {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}
    return {"Type": "forward", "ForwardConfig": forward}


TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"
LIVES = [
    Life(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        balancer,
        Step(_balancer(), {"zones": 2, "groups": ["first"], "idle": "60"}),
        Step(
            _balancer(
                LoadBalancerAttributes=_told(idle_timeout__timeout_seconds="120"),
                SecurityGroups=[_group("First"), _group("Second")],
                Subnets=[{"Ref": f"Subnet{letter}"} for letter in "ABC"],
            ),
            {"zones": 3, "groups": ["first", "second"], "idle": "120", "scheme": "internal"},
        ),
        Step(
            _balancer(Name={"Fn::Sub": "${AWS::StackName}-b"}),
            {"zones": 2, "groups": ["first"], "idle": "60"},
        ),
        beside=NETWORK,
        attributes={"DNSName": "internal-", "LoadBalancerFullName": "app/"},
    ),
    Life(
        "AWS::ElasticLoadBalancingV2::Listener",
        listener,
        Step(_listener(80, "HTTP", _redirect("HTTP_301")), {"to": "HTTP_301"}),
        Step(_listener(80, "HTTP", _redirect("HTTP_302")), {"to": "HTTP_302", "proves": []}),
        beside=BALANCED,
        attributes={"ListenerArn": "arn:aws:elasticloadbalancing:"},
    ),
    Life(
        "AWS::ElasticLoadBalancingV2::Listener",
        listener,
        Step(
            _secure("Default", SslPolicy=TLS),
            {"protocol": "HTTPS", "proves": ["one.example.com"], "policy": TLS, "answers": "503"},
        ),
        Step(_secure("More", "404"), {"proves": ["two.example.com"], "answers": "404"}),
        beside=BALANCED,
    ),
    Life(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        rule,
        Step(
            _rule(1, _weighted(9, 1), HostHeaderConfig=_HOST),
            {"priority": "1", "when": ["host-header"], "does": "forward", "weights": [9, 1]},
        ),
        Step(
            _rule(
                2,
                {"Type": "redirect", "RedirectConfig": {"Host": "b", "StatusCode": "HTTP_302"}},
                HttpHeaderConfig={"HttpHeaderName": "x-beta", "Values": ["yes"]},
                HttpRequestMethodConfig={"Values": ["GET"]},
                QueryStringConfig={"Values": [{"Key": "v", "Value": "2"}]},
                SourceIpConfig={"Values": ["192.0.2.0/24"]},
            ),
            {
                "priority": "2",
                "when": ["http-header", "http-request-method", "query-string", "source-ip"],
                "does": "redirect",
                "to": "b",
            },
        ),
        Step(
            _rule(2, _fixed("410"), "Another", HostHeaderConfig=_HOST),
            {"when": ["host-header"], "does": "fixed-response"},
        ),
        beside=RULED,
        attributes={"RuleArn": "arn:aws:elasticloadbalancing:"},
    ),
]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.type)
@fact(
    "Attributes, security groups and subnets of a load balancer change in place, its name and "
    "scheme replace it; what a listener does and what it proves change in place, and a rule's "
    "priority, conditions and actions; another listener makes another rule.",
    f"{ELBV2}loadbalancer.html {ELBV2}listener.html {ELBV2}listenerrule.html",
)
def test_what_balances(life: Life, aws: Aws, stacking: Stacking) -> None:
    live(life, aws, stacking)


@fact(
    "A listener certificate is one that a listener has besides its default: another one takes its "
    "place, and the default stays, also when it is gone.",
    ELBV2 + "listenercertificate.html",
)
def test_a_listeners_other_certificates(aws: Aws, stacking: Stacking) -> None:
    def template(certificate: str | None) -> Json:
        secure = {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": _secure("Default")}
        more = {
            "ListenerArn": {"Ref": "Listener"},
            "Certificates": [{"CertificateArn": {"Ref": certificate}}],
        }
        kind = "AWS::ElasticLoadBalancingV2::ListenerCertificate"
        added = {"Certified": {"Type": kind, "Properties": more}} if certificate else {}
        return {**BALANCED, "Listener": secure, **added}

    def proves() -> list[str]:
        arn = stacking.physical_ids()["Listener"]
        found = aws.client("elbv2").describe_listener_certificates(ListenerArn=arn)
        return _domains(aws, found["Certificates"])

    assert stacking.create(body(template("More"))) == "CREATE_COMPLETE", stacking.reasons()
    assert proves() == ["one.example.com", "two.example.com"]
    certified = stacking.physical_ids()["Certified"]

    assert stacking.update(body(template("Other"))) == "UPDATE_COMPLETE", stacking.reasons()
    assert proves() == ["one.example.com", "three.example.com"]
    assert stacking.physical_ids()["Certified"] == certified

    assert stacking.update(body(template(None))) == "UPDATE_COMPLETE", stacking.reasons()
    assert proves() == ["one.example.com"]


def _tagged(aws: Aws, arn: str) -> Json:
    (found,) = aws.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return {tag["Key"]: tag["Value"] for tag in found["Tags"] if not tag["Key"].startswith("aws:")}


@fact(
    "A target group's health check and tags, a listener's weights and tags, a rule's and a "
    "balancer's tags change in place.",
    f"{ELBV2}targetgroup.html {ELBV2}listener.html {ELBV2}listenerrule.html",
)
def test_what_changes_in_place(aws: Aws, stacking: Stacking) -> None:
    elbv2 = aws.client("elbv2")

    def template(owner: str, path: str, weight: int) -> str:
        owned = [{"Key": "owner", "Value": owner}]
        resources = json.loads(json.dumps({**NETWORK, **BALANCED, "Blue": _TARGETS}))
        resources["Balancer"]["Properties"] |= {"Tags": owned, "Type": "application"}
        resources["Blue"]["Properties"] |= {
            "Name": {"Fn::Sub": "${AWS::StackName}-blue"},
            "ProtocolVersion": "HTTP1",
            "HealthCheckEnabled": True,
            "HealthCheckPath": path,
            "HealthCheckPort": "8080",
            "HealthCheckProtocol": "HTTP",
            "Tags": owned,
        }
        groups = [{"TargetGroupArn": {"Ref": "Blue"}, "Weight": weight}]
        forward = {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}
        listening = _listener(80, "HTTP", forward, Tags=owned)
        ruled = _rule(1, _fixed("410")) | {"Tags": owned}
        ruled["Conditions"] = [{"Field": "path-pattern", "Values": [path]}]
        kind = "AWS::ElasticLoadBalancingV2::"
        resources["Listener"] = {"Type": f"{kind}Listener", "Properties": listening}
        resources["Rule"] = {"Type": f"{kind}ListenerRule", "Properties": ruled}
        return body(resources)

    def shown() -> Json:
        ids = stacking.physical_ids()
        (group,) = elbv2.describe_target_groups(TargetGroupArns=[ids["Blue"]])["TargetGroups"]
        (listener,) = elbv2.describe_listeners(ListenerArns=[ids["Listener"]])["Listeners"]
        (rule,) = elbv2.describe_rules(RuleArns=[ids["Rule"]])["Rules"]
        forward = listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        return {
            "named": group["TargetGroupName"] == f"{stacking.name}-blue",
            "checks": (group["HealthCheckPath"], group["HealthCheckPort"]),
            "weights": [one["Weight"] for one in forward],
            "when": rule["Conditions"][0]["Values"],
            "owners": [
                _tagged(aws, ids[name])["owner"]
                for name in ("Balancer", "Listener", "Rule", "Blue")
            ],
        }

    assert stacking.create(template("ann", "/a", 1)) == "CREATE_COMPLETE", stacking.reasons()
    created = stacking.physical_ids()
    assert shown() == {
        "named": True,
        "checks": ("/a", "8080"),
        "weights": [1],
        "when": ["/a"],
        "owners": ["ann"] * 4,
    }

    assert stacking.update(template("bob", "/b", 5)) == "UPDATE_COMPLETE", stacking.reasons()
    assert stacking.physical_ids() == created
    assert shown() == {
        "named": True,
        "checks": ("/b", "8080"),
        "weights": [5],
        "when": ["/b"],
        "owners": ["bob"] * 4,
    }
