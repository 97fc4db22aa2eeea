"""Names from an endpoint: masked words out, one line back; a bad answer changes nothing."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from assets.naming import namer_of
from connectors.naming import NamingClient
from models.errors import FatalSourceError, RetriableSourceError, SourceError
from models.settings import NamingSettings
from voc_pipeline.issues.curation import DECISION_SCHEMA
from voc_pipeline.warehouse import open_warehouse

NO_DECISIONS = pl.DataFrame(schema=DECISION_SCHEMA)
ISSUES = pl.DataFrame(
    {
        "issue_id": ["ISS-0001", "ISS-0002", "ISS-0003"],
        "label": ["Hold for someone", "Refund has not", "Old"],
        "terms": [["hold", "wait"], ["refund", "waiting"], ["old"]],
        "state": ["active", "dormant", "merged"],
        "member_count": [4, 3, 0],
    }
)
QUOTES = pl.DataFrame(
    {
        "issue_id": ["ISS-0001", "ISS-0001"],
        "quote_rank": [2, 1],
        "quote": ["I, [NAME], waited", "an hour on hold"],
    }
)


class Endpoint:
    """A real server that answers with the texts or bytes it is given, the last one for ever."""

    def __init__(self, *answers: str | bytes, status: int = 200) -> None:
        self.answers, self.status = list(answers), status
        self.asked: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []

    def body(self) -> bytes:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, bytes):
            return answer
        return json.dumps({"choices": [{"message": {"content": answer}}]}).encode()


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[NamingSettings]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            endpoint.asked.append(json.loads(self.rfile.read(length)))
            endpoint.headers.append({"path": self.path, **dict(self.headers)})
            body = endpoint.body()
            self.send_response(endpoint.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

        def handle(self):
            try:
                super().handle()
            except ConnectionError:  # the client hung up on an answer that was too long
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        yield NamingSettings(url=url, model="small", timeout_seconds=5)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def named(settings, folder, said, decisions=NO_DECISIONS, issues=ISSUES):
    with (
        open_warehouse(folder, {"company.id": "acme"}) as warehouse,
        namer_of(settings, warehouse, said.append) as namer,
    ):
        return namer.named(issues, QUOTES, decisions)


def test_names_replace_labels_and_nothing_else_and_are_asked_for_once(tmp_path, monkeypatch):
    monkeypatch.setenv("VOC_NAMING_KEY", "secret-key")
    endpoint = Endpoint('"long waits on the phone."', "Refund is late")
    said: list[str] = []
    with serving(endpoint) as settings:
        found = named(settings, tmp_path, said)
        assert found["label"].to_list() == ["Long waits on the phone", "Refund is late", "Old"]
        assert found.drop("label").equals(ISSUES.drop("label"))
        assert len(endpoint.asked) == 2
        assert named(settings, tmp_path, said).equals(found)
        assert len(endpoint.asked) == 2
    assert named(settings, tmp_path, said).equals(found)
    assert said == []
    told = json.loads(endpoint.asked[0]["messages"][1]["content"])
    assert told["quotes"] == ["an hour on hold", "I, [NAME], waited"]
    assert set(told) == {"label", "words", "quotes"}
    assert endpoint.headers[0]["Authorization"] == "Bearer secret-key"
    assert endpoint.headers[0]["path"] == "/v1/chat/completions"


def test_off_by_default_nothing_is_sent(tmp_path):
    assert NamingSettings().url is None
    assert named(NamingSettings(), tmp_path, []).equals(ISSUES)


def test_a_person_s_name_stays_and_is_not_asked_for(tmp_path):
    renamed = pl.DataFrame(
        [{"action": "rename", "issue_id": "ISS-0001", "value": "Ours"}], schema=DECISION_SCHEMA
    )
    endpoint = Endpoint("Refund is late")
    with serving(endpoint) as settings:
        found = named(settings, tmp_path, [], renamed)
    assert found["label"].to_list() == ["Hold for someone", "Refund is late", "Old"]
    assert len(endpoint.asked) == 1


def test_two_issues_never_get_one_name(tmp_path):
    with serving(Endpoint("The same name")) as settings:
        found = named(settings, tmp_path, [])
    assert found["label"].to_list() == ["The same name", "Refund has not", "Old"]


HOSTILE = {
    "HTML": b"<html><body>maintenance</body></html>",
    "a megabyte": b'{"choices": "' + b"x" * 1_000_000 + b'"}',
    "empty": b"",
    "an empty name": "",
    "no choices": b"{}",
    "another shape": b'{"choices": [{"message": {"content": ["a", {}]}}]}',
    "deep": b"[" * 100_000,
    "markup": "<script>alert(1)</script>",
    "a formula": "=HYPERLINK(1)",
    "a long tale": "word " * 100,
    "two lines": "A name\nand why it is good",
    "control characters": "A\u0007name",
    "direction": "A \u202ename",
    "no letters": "123 !!",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_answer_leaves_the_own_names_with_one_warning(case, tmp_path):
    endpoint, said = Endpoint(HOSTILE[case]), []
    with serving(endpoint) as settings:
        assert named(settings, tmp_path, said).equals(ISSUES)
    assert len(endpoint.asked) == 1
    assert len(said) == 1
    assert said[0].startswith("warning: naming:")
    assert "hold" not in said[0]


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, RetriableSourceError), (429, RetriableSourceError), (401, FatalSourceError),
     (302, FatalSourceError)],
)  # fmt: skip
def test_errors_by_remedy(status, error):
    with (
        serving(Endpoint("x", status=status)) as settings,
        NamingClient(settings, None) as client,
        pytest.raises(error, match="naming"),
    ):
        client.name("Late", ["late"], [])


def test_an_endpoint_that_is_not_there_is_a_warning(tmp_path):
    said: list[str] = []
    with serving(Endpoint("x")) as settings:
        pass
    assert named(settings, tmp_path, said).equals(ISSUES)
    assert len(said) == 1
    with NamingClient(settings, None) as client, pytest.raises(SourceError):
        client.name("Late", ["late"], [])


def test_an_address_that_others_can_read_is_refused():
    with pytest.raises(ValueError, match="https"):
        NamingSettings(url="http://example.com/v1")
