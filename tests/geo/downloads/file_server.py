"""A server on loopback that hands out files as Geofabrik's does, and misbehaves on request."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

MODIFIED = "Thu, 09 May 2019 20:21:02 GMT"


def md5_of(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class Asked(NamedTuple):
    """A request: its path, and from which byte on."""

    path: str
    start: int | None
    if_range: str | None


Fault = Callable[["FileServer", Any, bytes], None]


class FileServer:
    """Files by path, each with its ``.md5``; `faults` are what happens to the next requests for files.

    Attributes
    ----------
    files : dict
        Contents by path.
    md5 : dict
        Overrides what is published beside a file.
    redirects : dict
        Where a path leads to.
    seen : list of Asked
    ranges, etags : bool
        Whether parts are served; whether files carry an ETag.
    """

    def __init__(self, **files: bytes) -> None:
        self.files = {f"/{name}": content for name, content in files.items()}
        self.md5: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.faults: list[Fault | None] = []
        self.md5_faults: list[Fault] = []
        self.seen: list[Asked] = []
        self.ranges = True
        self.etags = True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def asked(self) -> list[int | None]:
        """From which byte on files were asked for; None: from the start."""
        return [one.start for one in self.seen if not one.path.endswith(".md5")]

    @property
    def starts(self) -> list[int]:
        """The same, with 0 for the start."""
        return [start or 0 for start in self.asked]

    def answer(self, request: Any) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = None if wanted is None else int(wanted[1])
        self.seen.append(Asked(request.path, start, request.headers.get("If-Range")))
        if request.path in self.redirects:
            send(request, 302, b"", Location=self.redirects[request.path])
            return
        name = request.path.removesuffix(".md5")
        content = self.files.get(name)
        if content is None:
            send(request, 404, b"no such file")
        elif request.path.endswith(".md5"):
            line = f"{md5_of(content)}  {name[1:]}\n".encode()
            if self.md5_faults:
                self.md5_faults.pop(0)(self, request, line)
            else:
                send(request, 200, self.md5.get(name, line))
        else:
            fault = self.faults.pop(0) if self.faults else None
            (fault or serve)(self, request, content)


def send(request: Any, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def serve(server: FileServer, request: Any, content: bytes, *, most: int | None = None) -> None:
    """Answer as a good server does; with `most`, cut the connection after so many bytes."""
    etag = f'"{md5_of(content)}"'
    marks = {"Last_Modified": MODIFIED, **({"ETag": etag} if server.etags else {})}
    start = server.seen[-1].start
    condition = request.headers.get("If-Range")
    status, body = 200, content
    if server.ranges and start is not None and condition in {None, *marks.values()}:
        if start >= len(content):
            send(request, 416, b"", Content_Range=f"bytes */{len(content)}")
            return
        status, body = 206, content[start:]
        marks["Content_Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    request.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **marks}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body[:most])


def cut(most: int) -> Fault:
    """Cut the connection after so many bytes."""
    return lambda server, request, content: serve(server, request, content, most=most)


def busy(status: int, retry_after: str | None = None) -> Fault:
    """Ask to come back later."""
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    return lambda _, request, __: send(request, status, b"busy", **headers)
