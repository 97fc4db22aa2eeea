"""A real mail server and a real webhook on loopback, which keep what they get and can refuse."""

import json
import shutil
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "voice", "right horse battery"
OPENSSL = shutil.which("openssl")


@dataclass
class PostOffice:
    """Answers `refusals` first, one a letter, then takes what comes."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusals: deque[str] = field(default_factory=deque)
    logins: list[bool] = field(default_factory=list)

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.refusals and self.refusals[0].startswith("rcpt "):
            return self.refusals.popleft().removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        if self.refusals and self.refusals[0] == "hang up":
            self.refusals.popleft()
            server.transport.abort()
            return "250 never read"
        if self.refusals:
            return self.refusals.popleft()
        return "250 taken"

    def authenticate(self, server, session, envelope, mechanism, data):
        is_known = isinstance(data, LoginPassword) and (
            (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        )
        self.logins.append(is_known)
        return AuthResult(success=is_known, handled=is_known)


class _AnyPort(Controller):
    """Lets the system choose the port; the base class would ask port 0 whether it is there."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def post_office(certificate: Path | None = None) -> Iterator[PostOffice]:
    """A mail server; with a certificate it wants STARTTLS and a login."""
    office = PostOffice()
    more = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        more = {
            "tls_context": context, "require_starttls": True, "auth_required": True,
            "authenticator": office.authenticate,
        }  # fmt: skip
    controller = _AnyPort(office, hostname="127.0.0.1", port=0, **more)
    controller.start()
    try:
        office.port = controller.port
        yield office
    finally:
        controller.stop()


def make_certificate(folder: Path) -> Path:
    """Key and certificate of a server called localhost, in one file."""
    path = folder / "server.pem"
    made = subprocess.run(
        [
            OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", "-", "-out", "-",
        ],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    path.write_bytes(made)
    return path


@dataclass
class ChatRoom:
    """What a webhook got; answers `statuses` first, then 200."""

    url: str = ""
    bodies: list[dict[str, object]] = field(default_factory=list)
    statuses: deque[int] = field(default_factory=deque)


@contextmanager
def chat_room() -> Iterator[ChatRoom]:
    """A webhook on loopback."""
    room = ChatRoom()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            room.bodies.append(json.loads(body))
            self.send_response(room.statuses.popleft() if room.statuses else 200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    room.url = f"http://127.0.0.1:{server.server_port}/services/T0/B0/secret"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield room
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
