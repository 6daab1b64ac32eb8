from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Allocation, App, Cluster, Listener
from app.domain.errors import Conflict
from app.services import clusters
from tests.factories import make_app, make_cluster
from tests.services.asked import at_once, reopened

Sessions = sessionmaker[Session]


@pytest.fixture
def cluster(session: Session) -> Cluster:
    return with_listeners(session, 1)


def test_a_place_once_taken_is_kept(session: Session, cluster: Cluster) -> None:
    app = make_app(session, cluster=cluster)

    place = clusters.allocate(session, app, "web")

    assert clusters.allocate(session, app, "web").id == place.id
    assert place.priority == 1


def test_the_first_free_place_is_taken(session: Session, cluster: Cluster) -> None:
    apps = [make_app(session, cluster=cluster) for _ in range(3)]
    for app in apps:
        clusters.allocate(session, app, "web")
    clusters.free(session, apps[1])
    session.flush()

    assert clusters.allocate(session, make_app(session, cluster=cluster), "web").priority == 2


def test_a_full_listener_gives_way_to_the_next_and_then_all_are_full(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = with_listeners(session, 2)
    monkeypatch.setattr(clusters, "RULES_PER_LISTENER", 2)

    places = [
        clusters.allocate(session, make_app(session, cluster=cluster), "web") for _ in range(4)
    ]

    assert len({place.listener_id for place in places}) == 2
    with pytest.raises(Conflict, match="Every load balancer of this cluster is full"):
        clusters.allocate(session, make_app(session, cluster=cluster), "web")


def test_at_once_no_two_get_the_same_place(committed_sessions: Sessions) -> None:
    with committed_sessions.begin() as session:
        cluster = with_listeners(session, 2)
        apps = [make_app(session, cluster=cluster) for _ in range(8)]

    def allocate(app: App) -> None:
        with committed_sessions.begin() as session:
            clusters.allocate(session, reopened(session, app), "web")

    errors = at_once([lambda app=app: allocate(app) for app in apps])

    assert errors == []
    with committed_sessions.begin() as session:
        places = session.execute(select(Allocation.listener_id, Allocation.priority)).all()
        assert len(set(places)) == len(places) == 8


def test_a_cluster_may_be_ensured_by_many_at_once(committed_sessions: Sessions) -> None:
    def ensure() -> None:
        with committed_sessions.begin() as session:
            clusters.ensure(session, "palatine", region="us-east-1", listener_arn="arn:one")

    assert at_once([ensure] * 4) == []
    with committed_sessions.begin() as session:
        assert len(session.scalars(select(Cluster)).all()) == 1
        assert len(session.scalars(select(Listener)).all()) == 1


def with_listeners(session: Session, number: int) -> Cluster:
    cluster = make_cluster(session)
    session.add_all(Listener(cluster_id=cluster.id, arn=f"arn:{n}") for n in range(number))
    session.flush()
    return cluster
