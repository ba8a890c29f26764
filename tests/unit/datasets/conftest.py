"""A file server laid out as NCBI's."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

INDEX = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html>
 <head>
  <title>Index of /geo/{path}</title>
 </head>
 <body>
<h1>Index of /geo/{path}</h1>
<pre>Name                   Last modified      Size  <hr><a href="/geo/">Parent Directory</a>     -
{links}<hr></pre>
<a href="https://www.hhs.gov/vulnerability-disclosure-policy/index.html">HHS Disclosure</a>
</body></html>
"""


class Site:
    """What a server answers: files by path, and faults by path."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list] = {}  # statuses to answer first, "stall", or pages
        self.asked: list[tuple[str, str]] = []
        self.url = ""

    def put(self, path: str, content: str | bytes = b"", size: str = "1.2M") -> None:
        """Add a file, and its line in the index of its folder."""
        self.files[path] = content.encode() if isinstance(content, str) else content
        self.sizes = getattr(self, "sizes", {}) | {path: size}

    def index(self, folder: str) -> bytes | None:
        inside = [path for path in self.files if path.startswith(folder)]
        if not inside:
            return None
        names = dict.fromkeys(path.removeprefix(folder).partition("/")[0] for path in inside)
        links = ""
        for name in names:
            is_file = folder + name in self.files
            shown, size = (name, self.sizes[folder + name]) if is_file else (name + "/", "-")
            links += f'<a href="{shown}">{shown}</a>   2021-11-12 10:11  {size}\n'
        return INDEX.format(path=folder, links=links).encode()


@pytest.fixture
def site():
    """An HTTP server; ``site.url`` stands for https://ftp.ncbi.nlm.nih.gov/geo."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            path = self.path.removeprefix("/geo/")
            site.asked.append((self.command, path))
            fault = site.faults[path].pop(0) if site.faults.get(path) else None
            if fault == "stall":
                time.sleep(3)
                return
            if isinstance(fault, str):
                self.answer(200, fault.encode())
            elif fault:
                self.answer(fault, b"<html><title>Sorry</title></html>")
            else:
                content = site.index(path) if path.endswith("/") else site.files.get(path)
                self.answer(404 if content is None else 200, content or b"")

        def answer(self, status, content):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}/geo"
    yield site
    server.shutdown()
    server.server_close()
