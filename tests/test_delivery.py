"""The report leaves the house: once to each, on the record, and whatever goes wrong is seen."""

import re
from functools import cache
from pathlib import Path

import dagster as dg
import pytest
from post_office import OPENSSL, PASSWORD, USER, chat_room, make_certificate, post_office
from pydantic import ValidationError
from report_tables import WEEK, settings, tables
from typer.testing import CliRunner

from assets import delivery
from assets.command_line import app
from assets.definitions import definitions_of
from assets.home import Home
from connectors.webhook import WebhookClient, message, safe_line
from models.delivery import Delivery, DeliverySettings
from models.errors import ConfigurationError, DeliveryError
from models.report import WeeklyReport
from models.settings import read_settings
from voc_pipeline.report import build_report, report_json
from voc_pipeline.warehouse import deliveries

CCO, VP = "cco@harbour.example", "vp.billing@harbour.example"
SETTINGS = """
[company]
id = "harbour"
name = "Harbour & Hale"
start_week = "2026-W01"
end_week = "2026-W46"
is_simulated = true

[[functions]]
id = "billing"
name = "Billing"

[[sources]]
id = "reviews"
kind = "files"
channel = "review"
paths = ["reviews.csv"]
columns.occurred_at = ["date"]
columns.verbatim = ["text"]

[delivery]
recipients = ["cco@harbour.example"]
function_recipients.billing = ["vp.billing@harbour.example"]
sender = "voice@harbour.example"
smtp_host = "127.0.0.1"
smtp_security = "none"
"""


@cache
def value() -> WeeklyReport:
    return build_report(tables(), week=WEEK, settings=settings())


@pytest.fixture
def house(tmp_path):
    """Makes a home with one report and the given lines of settings."""

    def make(port: int, more: str = "", changed: tuple[str, str] = ("", "")) -> Home:
        folder = tmp_path / "reports" / "2026-W46"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(report_json(value()), encoding="utf-8")
        (folder / "report.pdf").write_bytes(b"%PDF-1.7 as printed")
        text = SETTINGS.replace(*changed) if changed[0] else SETTINGS
        (tmp_path / "settings.toml").write_text(f"{text}smtp_port = {port}\n{more}", "utf-8")
        return Home(tmp_path)

    return make


def send(home: Home, **more) -> list[Delivery]:
    waits: list[float] = []
    found = list(delivery.deliver(home, WEEK, sleep=waits.append, **more))
    assert all(wait in delivery.WAITS_SECONDS for wait in waits)
    return found


def book(home: Home) -> dict[str, tuple[str, int, int]]:
    with home.warehouse() as warehouse:
        return {
            line.recipient: (line.state, line.attempt_count, line.sent_count)
            for line in deliveries.deliveries_of(warehouse, WEEK)
        }


def voc(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def test_each_gets_page_one_in_both_forms_with_the_print_and_their_own_issues(house):
    with post_office() as office:
        home = house(office.port)
        assert [line.state for line in send(home)] == ["sent", "sent"]
    assert office.recipients == [CCO, VP]
    for letter, to in zip(office.letters, office.recipients, strict=True):
        assert letter["To"] == to
        assert letter["From"] == "voice@harbour.example"
        assert letter["Subject"].startswith("2026-W46: Two problems have jumped")
        assert letter["Auto-Submitted"] == "auto-generated"
        (print_,) = letter.iter_attachments()
        assert print_.get_filename() == "2026-W46.pdf"
        assert print_.get_content() == b"%PDF-1.7 as printed"
        plain = letter.get_body(("plain",)).get_content()
        html = letter.get_body(("html",)).get_content()
        for body in (plain, html):
            assert "Charged twice for one order" in body
            assert ("Refund not received after 10 days" in body) == (to == VP)
    assert office.letters[0]["Message-ID"] != office.letters[1]["Message-ID"]


def test_nothing_is_sent_unless_told_and_never_twice_unless_asked(house):
    with post_office() as office:
        home = str(house(office.port).path)
        shown = voc("deliver", "--week", "2026-W46", "--home", home)
        assert shown.exit_code == 0
        assert CCO in shown.output
        assert "Nothing was sent" in shown.output
        assert office.letters == []
        for _ in range(2):
            done = voc("deliver", "--week", "2026-W46", "--home", home, "--send")
            assert done.exit_code == 0
            assert len(office.letters) == 2
        voc("deliver", "--week", "2026-W46", "--home", home, "--send", "--again")
        assert len(office.letters) == 4
    assert book(Home(Path(home)))[CCO] == ("sent", 2, 2)
    ids = [letter["Message-ID"] for letter in office.letters]
    assert len(set(ids)) == 4


def test_a_busy_server_is_tried_again_and_a_refusal_is_kept_and_shown(house):
    with post_office() as office:
        home = house(office.port)
        office.refusals.extend(["451 busy", "451 busy", "250 ok", "rcpt 550 no such person"])
        lines = send(home)
        assert [line.state for line in lines] == ["sent", "failed"]
        assert [line.attempt_count for line in lines] == [3, 1]
        assert "refuses the recipient: 550" in lines[1].message
        assert "refuses the recipient" in "\n".join(_status_lines(home))
        assert [line.recipient for line in send(home)] == [VP]
    assert book(home) == {CCO: ("sent", 3, 1), VP: ("sent", 2, 1)}


def _status_lines(home: Home) -> list[str]:
    from assets.commands.delivery import delivery_lines

    return delivery_lines(home, WEEK)


def test_a_lost_connection_after_the_letter_is_not_taken_for_a_failure(house):
    with post_office() as office:
        home = house(office.port, changed=("function_recipients", "# function_recipients"))
        office.refusals.append("hang up")
        (line,) = send(home)
        assert line.state == "sending"
        assert "may have arrived" in line.message
        assert send(home) == []
        assert len(office.letters) == 1
        assert [one.state for one in send(home, again=True)] == ["sent"]


def test_a_run_killed_while_it_sends_leaves_a_line_and_does_not_repeat(house, monkeypatch):
    class Killed(BaseException):
        pass

    def dies(*arguments):
        raise Killed

    with post_office() as office:
        home = house(office.port)
        monkeypatch.setattr(delivery.MailClient, "send", dies)
        with pytest.raises(Killed):
            send(home)
        assert book(home) == {CCO: ("sending", 1, 0)}
        monkeypatch.undo()
        assert [line.recipient for line in send(home)] == [VP]
        assert office.recipients == [VP]


def test_no_server_fails_three_times_and_the_report_stays(house):
    with post_office() as office:
        closed = office.port
    home = house(closed)
    before = sorted(path.name for path in (home.reports / "2026-W46").iterdir())
    lines = send(home)
    assert {line.state for line in lines} == {"failed"}
    assert {line.attempt_count for line in lines} == {3}
    assert "Check smtp_host" in lines[0].message
    assert sorted(path.name for path in (home.reports / "2026-W46").iterdir()) == before
    done = voc("deliver", "--week", "2026-W46", "--home", str(home.path))
    assert "failed" in done.output


@pytest.mark.skipif(OPENSSL is None, reason="no openssl to make a certificate with")
def test_starttls_and_login_are_spoken_and_their_faults_named(house, tmp_path, monkeypatch):
    certificate = make_certificate(tmp_path)
    secured = ('smtp_security = "none"', 'smtp_user_variable = "U"\nsmtp_password_variable = "P"')
    trusted = 'smtp_certificate = "server.pem"\n'
    monkeypatch.setenv("U", USER)
    with post_office(certificate) as office:
        home = house(office.port, changed=secured)
        monkeypatch.setenv("P", PASSWORD)
        assert "certificate is not trusted" in send(home)[0].message
        home = house(office.port, trusted, secured)
        monkeypatch.setenv("P", "wrong horse")
        refused = send(home)[0]
        assert refused.state == "failed"
        assert "535" in refused.message
        assert "horse" not in refused.message
        monkeypatch.setenv("P", "")
        assert "environment variable P is empty" in send(home)[0].message
        monkeypatch.setenv("P", PASSWORD)
        assert [line.state for line in send(home)] == ["sent", "sent"]
    assert office.logins[-1]
    with post_office() as office:  # a server without TLS is not spoken to in clear
        home = house(office.port, changed=secured)
        assert "offers no starttls" in send(home, again=True)[0].message
        assert office.letters == []


def test_the_webhook_gets_plain_words_once(house, monkeypatch):
    with chat_room() as room, post_office() as office:
        monkeypatch.setenv("HOOK", room.url)
        home = house(office.port, 'webhook_url_variable = "HOOK"\n')
        room.statuses.extend([429, 503])
        lines = send(home)
        assert [line.state for line in lines] == ["sent"] * 3
        assert lines[-1].attempt_count == 3
        assert send(home) == []
    said = room.bodies[-1]
    assert "Two problems have jumped above their usual range" in said["text"]
    assert "Charged twice for one order" in said["text"]
    assert said["parse"] == "none"
    assert said["unfurl_links"] is False


def test_a_webhook_that_is_gone_is_named_without_its_secret(house, monkeypatch):
    with chat_room() as room, post_office() as office:
        monkeypatch.setenv("HOOK", room.url)
        home = house(office.port, 'webhook_url_variable = "HOOK"\n')
        room.statuses.append(404)
        failed = send(home)[-1]
        assert failed.state == "failed"
        assert "HTTP 404" in failed.message
        assert "secret" not in failed.message
    refused = send(home)[-1]
    assert "ConnectError" in refused.message
    assert "secret" not in refused.message
    with pytest.raises(ConfigurationError, match="HOOK holds no https"):
        WebhookClient("HOOK", {"HOOK": "http://chat.example/x"})


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("<!channel> <@U123> see <https://evil.example|here>", "&lt;!channel&gt; &lt;(at)U123&gt;"),
        ("@here @everyone look", "(at)here (at)everyone look"),
        ("*bold* _it_ `code` ~gone~ [a](b)", "bold it code gone a (b)"),
        ("go to www.evil.example/x?y now", "go to (link) now"),
        ("javascript:alert(1) and mailto:a@b.example", "(link) and (link)"),
        ("# title", "title"),
        ("> quoted", "quoted"),
        ("buy at evil.example", "buy at evil .example"),
        ("version 8.2.0 rose 3.0\N{MULTIPLICATION SIGN} & more", None),
    ],
)
def test_a_chat_finds_no_markup_no_link_and_nobody_to_call(line, shown):
    safe = safe_line(line)
    if shown is None:
        assert safe == line.replace("&", "&amp;")
    else:
        assert safe.startswith(shown)
    assert not re.search(r"[<>*_`~\[\]@]|://|www\.", safe)
    assert len(message([line] * 100)["text"].split("\n")) <= 40


def test_an_unescaped_line_would_fail_that_check():
    assert re.search(r"[<>*_`~\[\]@]|://|www\.", "<!channel> https://evil.example")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"recipients": ["a@b.example"]}, "smtp_host and sender"),
        ({"recipients": ["a@b.example\nBcc: x@y.example"]}, "pattern"),
        ({"recipients": ["Name <a@b.example>"]}, "pattern"),
        ({"smtp_user_variable": "U"}, "go together"),
    ],
)
def test_wrong_settings_are_refused(wrong, told):
    with pytest.raises(ValidationError, match=told):
        DeliverySettings.model_validate(wrong)


def test_a_function_that_is_not_there_is_refused(house):
    home = house(25, changed=("function_recipients.billing", "function_recipients.biling"))
    with pytest.raises(ConfigurationError, match="names the function 'biling'"):
        read_settings(home.path)


def test_one_person_in_two_lists_gets_one_letter():
    found = DeliverySettings(
        recipients=(CCO, VP), function_recipients={"billing": (VP,), "digital": (VP,)},
        sender=CCO, smtp_host="x",
    ).addressees  # fmt: skip
    assert [(one.recipient, one.function_ids) for one in found] == [
        (CCO, ()),
        (VP, ("billing", "digital")),
    ]


def test_a_week_without_a_report_and_a_home_without_readers_are_refused(house):
    home = house(25)
    with pytest.raises(ConfigurationError, match="has no report to send"):
        list(delivery.deliver(home, WEEK.replace(month=1, day=5)))
    head = SETTINGS.partition("[delivery]")[0]
    (home.path / "settings.toml").write_text(head, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="nobody is named"):
        list(delivery.deliver(Home(home.path), WEEK))


def test_a_failed_delivery_ends_the_command_with_a_fault(house):
    with post_office() as office:
        home = house(office.port)
        office.refusals.extend(["rcpt 550 gone", "rcpt 550 gone"])
        done = voc("deliver", "--week", "2026-W46", "--home", str(home.path), "--send")
    assert isinstance(done.exception, DeliveryError)
    assert "2 not delivered" in str(done.exception)


# ------------------------------------------------------------------------------------ Dagster


def automatic(house, port: int) -> Home:
    return house(port, "automatic = true\n")


def sensed(home: Home, week: str) -> dg.RunRequest | dg.SkipReason:
    """What the sensor says after a weekly run of one week."""
    definitions = definitions_of(home)
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(
            definitions.resolve_job_def("weekly"), tags={"dagster/partition": week}
        )
        event = instance.report_engine_event("done", run)
        context = dg.build_run_status_sensor_context(
            sensor_name="report_is_there", dagster_event=event, dagster_instance=instance,
            dagster_run=run,
        )  # fmt: skip
        return definitions.resolve_sensor_def("report_is_there")(context)


def test_the_report_of_the_week_just_closed_is_sent_by_itself_and_no_other(house):
    home = automatic(house, 25)
    found = sensed(home, "2026-11-09")
    assert isinstance(found, dg.RunRequest)
    assert found.run_key == "deliver 2026-11-09"
    assert isinstance(sensed(home, "2026-11-02"), dg.SkipReason)
    plain = definitions_of(house(25))
    assert "deliver" not in {job.name for job in plain.jobs}


def test_a_delivery_that_fails_is_a_failed_run_in_sight(house):
    with post_office() as office:
        home = automatic(house, office.port)
        office.refusals.append("rcpt 550 gone")
        job = definitions_of(home).resolve_job_def("deliver")
        config = {"ops": {"send_report": {"config": {"week": "2026-11-09"}}}}
        done = job.execute_in_process(run_config=config, raise_on_error=False)
        assert not done.success
        (event,) = [one for one in done.all_events if one.is_step_failure]
        assert "cco@harbour.example: mail server 127.0.0.1 refuses the recipient: 550" in (
            event.step_failure_data.user_failure_data.description
        )
        assert office.recipients == [VP]
        again = job.execute_in_process(run_config=config, raise_on_error=False)
        assert again.success
        assert office.recipients == [VP, CCO]
