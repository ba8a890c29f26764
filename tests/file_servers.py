"""Servers of a test's own that fail as real ones do: a list of acts, one for every request."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!DOCTYPE html>\n<html><head><title>Please log in</title></head></html>"


@dataclass
class Served:
    """A file of a server, and what happens to the next requests for it (later ones succeed)."""

    data: bytes
    etag: str = '"one"'
    modified: str = "Mon, 03 May 2021 10:00:00 GMT"
    acts: list[Callable] = field(default_factory=list)


class HttpServer(ThreadingHTTPServer):
    """Serves ``files`` by path; ``requests`` has path and headers of every request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Http)
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()  # ends the acts that stall
        self.url = f"http://127.0.0.1:{self.server_port}"

    def ranges(self) -> list[str]:
        """``Range`` of every request, empty where there was none."""
        return [headers.get("Range", "") for _, headers in self.requests]


class _Http(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append((self.path, dict(self.headers)))
        served = self.server.files.get(self.path)
        if served is None:
            self.send_error(404)
            return
        act = served.acts.pop(0) if served.acts else serve
        try:
            act(self, served)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_):
        pass

    def head(self, status: int, served: Served, *, length: int | None, start: int = 0, **more):
        """Send a status and headers."""
        self.send_response(status)
        if served.etag:
            self.send_header("ETag", served.etag)
        if served.modified:
            self.send_header("Last-Modified", served.modified)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if status == 206:
            total = len(served.data)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def wanted(self, served: Served) -> int:
        """First byte that is asked for, as far as ``If-Range`` allows."""
        asked = self.headers.get("Range", "")
        condition = self.headers.get("If-Range")
        if not asked or (condition and condition not in (served.etag, served.modified)):
            return 0
        return int(asked.removeprefix("bytes=").partition("-")[0])


def serve(handler: _Http, served: Served):
    """Do as a good server does."""
    start = handler.wanted(served)
    handler.head(206 if start else 200, served, length=len(served.data) - start, start=start)
    handler.wfile.write(served.data[start:])


def without_range(handler, served):
    """Ignore ranges."""
    handler.head(200, served, length=len(served.data))
    handler.wfile.write(served.data)


def cut(n: int):
    """Announce everything, send ``n`` bytes, hang up."""

    def act(handler, served):
        start = handler.wanted(served)
        handler.head(206 if start else 200, served, length=len(served.data) - start, start=start)
        handler.wfile.write(served.data[start : start + n])
        handler.close_connection = True

    return act


def stall(n: int):
    """Send ``n`` bytes, then nothing."""

    def act(handler, served):
        start = handler.wanted(served)
        handler.head(206 if start else 200, served, length=len(served.data) - start, start=start)
        handler.wfile.write(served.data[start : start + n])
        handler.wfile.flush()
        handler.server.released.wait(20)

    return act


def drip(handler, served):
    """Send a byte now and then: never silent, never done."""
    handler.head(200, served, length=len(served.data))
    handler.wfile.write(served.data[:600])
    for byte in served.data[600:]:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        if handler.server.released.wait(0.05):
            return


def slowly(handler, served):
    """Send everything in pieces of 20 kB, one every 50 ms."""
    start = handler.wanted(served)
    handler.head(206 if start else 200, served, length=len(served.data) - start, start=start)
    for place in range(start, len(served.data), 20_000):
        handler.wfile.write(served.data[place : place + 20_000])
        time.sleep(0.05)


def without_length(n: int | None = None):
    """Send (the first ``n`` bytes of) everything without saying how much it is."""

    def act(handler, served):
        handler.head(200, served, length=None)
        handler.wfile.write(served.data[:n])
        handler.close_connection = True

    return act


def status(code: int, **headers):
    """Answer with a status."""

    def act(handler, served):
        handler.head(code, served, length=0, **headers)

    return act


def page(code: int = 200, content_type: str = "text/html; charset=utf-8", body: bytes = PAGE):
    """Answer with a page."""

    def act(handler, served):
        handler.head(code, served, length=len(body), Content_Type=content_type)
        handler.wfile.write(body)

    return act


def too_long(handler, served):
    """Announce more bytes than there are, and hang up after them."""
    handler.head(200, served, length=len(served.data) + 1000)
    handler.wfile.write(served.data)
    handler.close_connection = True


def reset(handler, served):
    """Drop the connection without an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)


class FtpServer(socketserver.ThreadingTCPServer):
    """Serves ``files`` by path; acts are ``(kind, n)``: cut, stall, busy, refuse, no-rest."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Ftp)
        self.files: dict[str, bytes] = {}
        self.acts: list[tuple[str, int]] = []
        self.rests: list[int] = []
        self.modified = "20210503100000"
        self.released = threading.Event()
        self.url = f"ftp://127.0.0.1:{self.server_address[1]}"


class _Ftp(socketserver.StreamRequestHandler):
    def say(self, text: str):
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self):
        self.kind, self.n = self.server.acts.pop(0) if self.server.acts else ("serve", 0)
        self.rest, self.listener = 0, None
        if self.kind == "busy":
            self.say("421 too many users")
            return
        self.say("220 hello")
        try:
            while line := self.rfile.readline().decode().strip():
                command, _, argument = line.partition(" ")
                getattr(self, f"on_{command.lower()}", self.unknown)(argument)
        except (BrokenPipeError, ConnectionResetError):
            return

    def unknown(self, _):
        self.say("502 not implemented")

    def on_user(self, _):
        self.say("331 and the password?")

    def on_pass(self, _):
        self.say("530 not you" if self.kind == "refuse" else "230 welcome")

    def on_type(self, _):
        self.say("200 binary")

    def on_size(self, path):
        data = self.server.files.get(path)
        self.say("550 no such file" if data is None else f"213 {len(data)}")

    def on_mdtm(self, _):
        self.say(f"213 {self.server.modified}")

    def on_pasv(self, _):
        if self.listener:
            self.listener.close()
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.say(f"227 Entering Passive Mode (127,0,0,1,{port // 256},{port % 256})")

    def on_rest(self, place):
        if self.kind == "no-rest":
            self.unknown(place)
            return
        self.rest = int(place)
        self.say("350 from there")

    def on_retr(self, path):
        self.server.rests.append(self.rest)
        data = self.server.files[path][self.rest :]
        self.say("150 here it comes")
        connection, _ = self.listener.accept()
        with connection:
            connection.sendall(data[: self.n] if self.kind in ("cut", "stall") else data)
            if self.kind == "stall":
                self.server.released.wait(20)
        self.listener.close()
        self.say("426 aborted" if self.kind == "cut" else "226 done")
