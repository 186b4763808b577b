"""Downloads from a server on loopback that cuts, stalls, redirects, lies and changes its files."""

from __future__ import annotations

import email.utils
import random
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.downloads import _locks as locks
from borderreach.geo.downloads._downloads import download, file_md5
from borderreach.geo.errors import DataFileError, OutputError

from ... import chance
from .file_server import FileServer, busy, cut, md5_of, send, serve

CONTENT = random.Random(3).randbytes(300_000)
OTHER = random.Random(4).randbytes(280_000)


@pytest.fixture
def server():
    with FileServer(file=CONTENT) as running:
        yield running


@pytest.fixture
def waits():
    """Seconds that would have been waited."""
    return []


@pytest.fixture
def get(server, tmp_path, waits):
    def call(**options):
        return download(f"{server.url}/file", tmp_path / "file", wait=waits.append, **options)

    return call


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_with_a_receipt(get, server, tmp_path, waits):
    receipt = get()
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert names(tmp_path) == ["file"]
    assert (receipt.md5, receipt.size) == (md5_of(CONTENT), len(CONTENT))
    assert receipt.url == f"{server.url}/file"
    assert receipt.modified == "2019-05-09"
    assert waits == []
    assert get() is None  # it has the published md5: only that was asked for
    assert server.asked == [None]


def test_a_cut_connection_is_resumed(get, server, tmp_path, waits):
    server.faults = [cut(150_000)]
    get()
    assert (tmp_path / "file").read_bytes() == CONTENT
    first, second = server.asked
    assert first is None
    assert 150_000 - 2**14 <= second <= 150_000  # only the rest
    assert server.seen[-1].if_range == f'"{md5_of(CONTENT)}"'
    assert waits == [1]


def test_a_later_call_goes_on(get, server, tmp_path):
    server.faults = [cut(100_000), *[busy(503)] * 3]
    with pytest.raises(DataFileError, match=r"503.*tried 4 times.*bytes are kept"):
        get(attempts=4)
    assert names(tmp_path) == ["file.part", "file.part.json"]
    have = (tmp_path / "file.part").stat().st_size
    get()
    assert server.asked[-1] == have > 0
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert names(tmp_path) == ["file"]


def test_a_part_of_another_file_is_dropped(get, server, tmp_path):
    server.faults = [cut(100_000), *[busy(503)] * 3]
    with pytest.raises(DataFileError):
        get()
    server.files["/file"] = OTHER  # and its md5
    get()
    assert server.asked[-1] is None
    assert (tmp_path / "file").read_bytes() == OTHER


def test_a_file_that_changes_meanwhile_starts_anew(get, server, tmp_path):
    def change(server, request, content):
        serve(server, request, content, most=100_000)
        server.files["/file"] = OTHER

    server.faults = [change]
    receipt = get()
    assert server.starts[1] > 0  # asked for the rest, if it's still the same file ...
    assert server.seen[-2].if_range == f'"{md5_of(CONTENT)}"'
    assert (tmp_path / "file").read_bytes() == OTHER  # ... and got the new one
    assert receipt.md5 == md5_of(OTHER)


@pytest.mark.parametrize("mark", ["", 'W/"weak"'])
def test_two_files_put_together_are_not_taken(get, server, tmp_path, mark):
    """Without marks of the file, only the md5 tells that the rest belongs to another."""

    def half(server, request, content):
        marks = {"ETag": mark} if mark else {}
        request.send_response(200)
        for name, value in {"Content-Length": str(len(content)), **marks}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content[:100_000])
        server.files["/file"] = OTHER

    server.faults = [half]
    get()
    assert [one.if_range for one in server.seen] == [None] * len(server.seen)
    assert server.starts[1] > 0
    assert server.asked[2] is None
    assert (tmp_path / "file").read_bytes() == OTHER


def test_without_etag_the_date_marks_the_file(get, server, tmp_path):
    server.etags = False
    server.faults = [cut(100_000)]
    get()
    assert server.seen[-1].if_range is not None
    assert server.seen[-1].if_range.endswith("GMT")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_without_parts(get, server, tmp_path):
    server.ranges = False
    server.faults = [cut(100_000)]
    get()
    assert server.starts[1] > 0
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_another_part_than_asked_for(get, server, tmp_path):
    def wrong(_, request, content):
        send(request, 206, content[5:], Content_Range=f"bytes 5-{len(content) - 1}/{len(content)}")

    server.faults = [cut(100_000), wrong]
    get()
    assert server.asked[2] is None
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_part_that_was_all(get, server, tmp_path):
    """The last byte had come when the process died."""
    server.faults = [cut(100_000), *[busy(503)] * 3]
    with pytest.raises(DataFileError):
        get()
    (tmp_path / "file.part").write_bytes(CONTENT)
    get()
    assert server.asked[-1] == len(CONTENT)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_part_longer_than_the_file(get, server, tmp_path):
    server.faults = [cut(100_000), *[busy(503)] * 3]
    with pytest.raises(DataFileError):
        get()
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    get()
    assert server.asked[-2:] == [len(CONTENT) + 4, None]
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("note", ["", "[1]", "{}", '{"md5": 3}', "\x00"])
def test_a_part_with_a_damaged_note_is_dropped(get, server, tmp_path, note):
    (tmp_path / "file.part").write_bytes(b"anything")
    (tmp_path / "file.part.json").write_text(note)
    get()
    assert server.asked == [None]
    assert (tmp_path / "file").read_bytes() == CONTENT


class TestBusy:
    @pytest.mark.parametrize("status", [429, 503])
    def test_it_waits_as_long_as_the_server_asks(self, get, server, tmp_path, waits, status):
        server.faults = [busy(status, "7"), busy(status, "0")]
        get()
        assert waits == [7, 0]
        assert (tmp_path / "file").read_bytes() == CONTENT

    def test_until_a_time(self, get, server, waits):
        server.faults = [busy(429, email.utils.formatdate(time.time() + 100, usegmt=True))]
        get()
        assert waits[0] == pytest.approx(100, abs=20)

    def test_a_time_that_has_passed_or_is_none(self, get, server, waits):
        server.faults = [busy(503, "Thu, 09 May 2019 20:21:02 GMT"), busy(503, "soon")]
        get()
        assert waits == [0, 2]

    def test_else_longer_each_time_and_then_no_more(self, get, server, tmp_path, waits):
        server.faults = [busy(502)] * 9
        with pytest.raises(DataFileError, match=r"502.*tried 5 times"):
            get(attempts=5)
        assert waits == [1, 2, 4, 8]
        assert names(tmp_path) == []

    def test_not_for_an_hour(self, get, server, waits):
        server.faults = [busy(429, "3600")]
        with pytest.raises(DataFileError, match=r"429.*left alone for 3,600 seconds"):
            get()
        assert waits == []

    def test_also_for_the_md5(self, get, server, tmp_path, waits):
        server.md5_faults = [busy(429, "3"), busy(503)]
        get()
        assert waits == [3, 2]
        assert (tmp_path / "file").read_bytes() == CONTENT


class TestDamage:
    def test_a_wrong_md5(self, get, server, tmp_path):
        server.md5["/file"] = b"0" * 32 + b"  file\n"
        with pytest.raises(DataFileError, match=rf"damaged: 300,000 bytes .* publishes {'0' * 32}"):
            get()
        assert names(tmp_path) == []
        assert server.asked == [None]  # the same again would be as wrong

    def test_a_file_shorter_than_the_published_one(self, get, server, tmp_path):
        server.md5["/file"] = md5_of(CONTENT).encode()
        server.files["/file"] = CONTENT[:200_000]
        with pytest.raises(DataFileError, match="damaged: 200,000 bytes"):
            get()
        assert names(tmp_path) == []

    def test_a_length_that_is_never_reached(self, get, server, tmp_path):
        def lie(server, request, content):
            start = server.seen[-1].start or 0
            headers = {"Content_Range": f"bytes {start}-299999/300000"} if start else {}
            request.send_response(206 if start else 200)
            for name, value in {"Content_Length": str(300_000 - start), **headers}.items():
                request.send_header(name.replace("_", "-"), value)
            request.end_headers()
            request.wfile.write(content[start:])

        server.files["/file"] = CONTENT[:200_000]
        server.faults = [lie] * 9
        with pytest.raises(DataFileError, match=r"cut.*tried 4 times"):
            get()
        assert "file" not in names(tmp_path)

    def test_a_damaged_file_stays_until_the_new_one_is_whole(self, get, server, tmp_path):
        (tmp_path / "file").write_bytes(b"old")
        server.md5["/file"] = b"0" * 32
        with pytest.raises(DataFileError):
            get()
        assert (tmp_path / "file").read_bytes() == b"old"
        del server.md5["/file"]
        get()
        assert (tmp_path / "file").read_bytes() == CONTENT

    @pytest.mark.parametrize("page", [b"<html>Please log in", b"", b"\xff" * 5000])
    def test_no_md5_where_one_should_be(self, get, server, tmp_path, page):
        server.md5["/file"] = page
        with pytest.raises(DataFileError, match=r"should hold an md5.*login page"):
            get()
        assert names(tmp_path) == []


class TestRedirects:
    def test_are_followed_also_with_a_part(self, server, tmp_path, waits):
        server.redirects = {"/latest": "/file", "/latest.md5": "/file.md5"}
        server.faults = [cut(100_000)]
        receipt = download(f"{server.url}/latest", tmp_path / "x", wait=waits.append)
        assert receipt is not None
        assert receipt.url == f"{server.url}/file"
        assert (tmp_path / "x").read_bytes() == CONTENT
        assert server.starts[-1] > 0

    @pytest.mark.parametrize("target", ["/loop", "ftp://127.0.0.1/file", "http://"])
    def test_that_lead_nowhere_are_an_error(self, server, tmp_path, waits, target):
        server.redirects = {"/loop": target, "/loop.md5": f"{target}.md5"}
        with pytest.raises(DataFileError, match="can't be fetched"):
            download(f"{server.url}/loop", tmp_path / "x", wait=waits.append)
        assert names(tmp_path) == []
        assert waits == []


def test_no_such_file(server, tmp_path, waits):
    with pytest.raises(DataFileError, match=r"/none\.md5: the server answers 404"):
        download(f"{server.url}/none", tmp_path / "x", wait=waits.append)
    assert waits == []


def test_no_server(tmp_path, waits):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(DataFileError, match=r"no connection \(.*tried 4 times$"):
        download(f"http://127.0.0.1:{port}/file", tmp_path / "sub" / "x", wait=waits.append)
    assert waits == [1, 2, 4]
    assert names(tmp_path) == []


def test_a_server_that_falls_silent(get, server, tmp_path):
    def stall(_, request, content):
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content[:100_000])
        request.wfile.flush()
        time.sleep(1)

    server.faults = [stall]
    get(timeout_s=0.2)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.starts[1] > 0


class TestSize:
    @pytest.mark.parametrize("length", [True, False])
    def test_large_files_are_left(self, get, server, tmp_path, length):
        def endless(_, request, content):
            request.send_response(200)
            request.end_headers()  # no length: it ends when the connection does
            request.wfile.write(content)

        server.faults = [] if length else [endless]
        with pytest.raises(DataFileError, match=r"'max_gb' allows 0\.0001"):
            get(max_bytes=100_000)
        assert names(tmp_path) == []

    def test_without_length_it_works(self, get, server, tmp_path):
        def endless(_, request, content):
            request.send_response(200)
            request.end_headers()
            request.wfile.write(content)

        server.faults = [endless]
        get()
        assert (tmp_path / "file").read_bytes() == CONTENT

    def test_a_full_disk(self, get, tmp_path, monkeypatch):
        usage = SimpleNamespace(total=10**6, used=10**6, free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(OutputError, match="0 MB free"):
            get()
        assert not (tmp_path / "file").exists()


def test_a_folder_that_cannot_be_written(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can't write"):
        download(f"{server.url}/file", tmp_path / "file" / "x")


def test_two_at_once(get, tmp_path):
    code = (
        "import runpy, sys; from pathlib import Path; lock_file = runpy.run_path(sys.argv[1])['lock_file']\n"
        "f = lock_file(Path(sys.argv[2])); print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(locks.__file__), str(tmp_path / "file.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(OutputError, match="another process is fetching"):
            get()
        other.communicate()
    get()
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_progress_is_shown_on_request(get, server, capsys):
    server.faults = [cut(150_000)]
    get(progress=True)
    assert "300k" in capsys.readouterr().err


@settings(max_examples=chance.examples(25))
@given(
    cuts=st.lists(st.integers(0, len(CONTENT)), max_size=6),
    ranges=st.booleans(),
    etags=st.booleans(),
)
def test_whatever_is_cut_the_bytes_are_the_same(server, tmp_path, cuts, ranges, etags):
    target = tmp_path / "file"
    target.unlink(missing_ok=True)
    server.ranges, server.etags = ranges, etags
    server.faults = [cut(most) for most in cuts]
    server.seen.clear()
    download(f"{server.url}/file", target, wait=lambda _: None, attempts=10)
    assert target.read_bytes() == CONTENT
    assert names(tmp_path) == ["file"]
    if ranges:
        # Whatever had arrived isn't asked for again.
        assert server.starts == sorted(server.starts)


def test_md5_of_a_file(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert file_md5(tmp_path / "x") == "900150983cd24fb0d6963f7d28e17f72"  # RFC 1321
