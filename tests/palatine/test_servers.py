import psycopg
import redis

from tests.servers import postgres_server, redis_server


def test_a_real_postgresql_is_there_for_tests_that_want_one() -> None:
    with postgres_server() as url, psycopg.connect(url) as db:
        assert db.execute("select 1").fetchone() == (1,)


def test_a_real_redis_is_there_for_tests_that_want_one() -> None:
    with redis_server() as url, redis.Redis.from_url(url) as client:
        client.set("key", "value")

        assert client.get("key") == b"value"
