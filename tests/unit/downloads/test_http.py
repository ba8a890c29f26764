"""Every fault of a server: what is downloaded in the end, what the user reads, what stays."""

import hashlib
import signal
import subprocess
import sys
import time

import pytest
from file_servers import (
    PAGE,
    Served,
    cut,
    drip,
    page,
    reset,
    serve,
    slowly,
    stall,
    status,
    too_long,
    without_length,
    without_range,
)
from multiome2vec.downloads.transfer import OVERLAP
from multiome2vec.errors import UserError
from unit.downloads.conftest import DATA, OTHER, PATH

SHA256, MD5 = hashlib.sha256(DATA).hexdigest(), hashlib.md5(DATA).hexdigest()
PARTS = {".a.tsv.gz.part", ".a.tsv.gz.part.json"}


def test_a_file_and_its_line_in_the_manifest(http, downloads):
    path = downloads.get(f"{http.url}/a.tsv.gz", size=len(DATA), sha256=SHA256, md5=MD5)
    assert path == downloads.target
    assert path.read_bytes() == DATA
    assert downloads.left() == {"a.tsv.gz"}
    assert downloads.manifest.sha256(PATH) == SHA256
    assert http.ranges() == [""]
    assert http.requests[0][1]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("act", "resumes"),
    [
        (cut(70_000), True),
        (stall(70_000), True),
        (drip, False),
        (reset, False),
        (cut(0), False),
        (status(500), False),
        (status(503), False),
        (status(429), False),
    ],
    ids=["cut", "stall", "drip", "reset", "nothing", "500", "503", "429"],
)
def test_a_fault_that_passes(http, downloads, act, resumes):
    http.files["/a.tsv.gz"].acts = [act]
    assert downloads.get(f"{http.url}/a.tsv.gz").read_bytes() == DATA
    assert len(downloads.pauses) == 1
    assert [bool(text) for text in http.ranges()] == [False, resumes]
    assert downloads.left() == {"a.tsv.gz"}


def test_a_length_that_is_wrong(http, downloads):
    http.files["/a.tsv.gz"].acts = [too_long]
    assert downloads.get(f"{http.url}/a.tsv.gz").read_bytes() == DATA
    downloads.target.unlink()
    http.files["/a.tsv.gz"].acts = [too_long] * 9
    with pytest.raises(UserError, match="the connection broke .*, 4 times"):
        downloads.get(f"{http.url}/a.tsv.gz")
    assert "a.tsv.gz" not in downloads.left()


def test_resumed_where_it_stopped_with_the_condition_that_the_file_is_the_same(http, downloads):
    http.files["/a.tsv.gz"].acts = [cut(70_000), cut(60_000)]
    downloads.get(f"{http.url}/a.tsv.gz")
    second = 70_000 - OVERLAP
    assert http.ranges() == ["", f"bytes={second}-", f"bytes={second + 60_000 - OVERLAP}-"]
    assert http.requests[1][1]["If-Range"] == '"one"'


def test_tries_count_anew_after_progress(http, downloads):
    http.files["/a.tsv.gz"].acts = [cut(60_000), status(500), status(500), cut(60_000), status(500)]
    assert downloads.get(f"{http.url}/a.tsv.gz").read_bytes() == DATA


def test_pauses_double_and_differ(http, downloads):
    http.files["/a.tsv.gz"].acts = [status(500)] * 3
    downloads.get(f"{http.url}/a.tsv.gz")
    for number, pause in enumerate(downloads.pauses):
        assert 0.5 * 2**number <= pause <= 2**number


def test_a_server_says_how_long_to_wait(http, downloads):
    http.files["/a.tsv.gz"].acts = [status(503, Retry_After="77")]
    downloads.get(f"{http.url}/a.tsv.gz")
    assert downloads.pauses == [77]


@pytest.mark.parametrize(
    ("acts", "message"),
    [
        ([status(404)], "HTTP 404"),
        ([status(403)], "the server wants a login, or does not let this machine in"),
        ([page(404)], "HTTP 404"),
        ([page()], "a web page .* came instead of the file"),
        ([page(content_type="application/gzip")], "a web page .* came instead of the file"),
        ([page(content_type="text/plain", body=b"nothing here")], "does not begin as a .gz file"),
        (
            [page(content_type="application/xml", body=b'<?xml version="1.0"?><Error></Error>')],
            "an error message of the store",
        ),
        ([page(content_type="", body=b"")], "the file is empty"),
        ([without_length(90_000)], "it is no whole gzip file"),
        ([status(200, Content_Encoding="br")], r"another encoding \(br\)"),
        ([status(500)] * 4, "HTTP 500 .*, 4 times"),
        ([reset] * 4, "4 times"),
    ],
    ids=["404", "403", "404-page", "login", "login-as-gzip", "text", "store", "empty", "no-length",
         "encoding", "500", "reset"],
)  # fmt: skip
def test_a_fault_that_stays_leaves_nothing(http, downloads, acts, message):
    http.files["/a.tsv.gz"].acts = list(acts)
    with pytest.raises(UserError, match=message) as error:
        downloads.get(f"{http.url}/a.tsv.gz")
    assert len(http.requests) == len(acts)  # no try is made that cannot help
    assert f"{http.url}/a.tsv.gz" in str(error.value)
    assert "snakemake fetch_all" in str(error.value)
    assert downloads.left() == set()
    assert downloads.manifest.sha256(PATH) == ""


def test_a_server_that_cannot_be_reached(downloads):
    with pytest.raises(UserError, match=r"no connection \(.*\), 4 times"):
        downloads.get("http://127.0.0.1:9/a.tsv.gz")
    assert downloads.left() == set()


def test_what_came_before_a_fault_that_stays_is_kept_for_the_next_run(http, downloads):
    http.files["/a.tsv.gz"].acts = [cut(70_000)] + [status(500)] * 4
    with pytest.raises(UserError, match="70.0 kB are kept: run the same command again"):
        downloads.get(f"{http.url}/a.tsv.gz")
    assert downloads.left() == PARTS
    assert downloads.get(f"{http.url}/a.tsv.gz").read_bytes() == DATA
    assert http.ranges()[-1] == f"bytes={70_000 - OVERLAP}-"
    assert downloads.left() == {"a.tsv.gz"}


@pytest.mark.parametrize("known", [{"sha256": "0" * 64}, {"md5": "0" * 32}])
def test_another_sum_than_the_published_one(http, downloads, known):
    with pytest.raises(UserError, match="its (sha256|md5) is .*, the published one 000"):
        downloads.get(f"{http.url}/a.tsv.gz", **known)
    assert downloads.left() == set()
    assert len(http.requests) == 1


def test_a_resumed_file_with_another_sum_gets_one_more_chance_in_one_go(http, downloads):
    served = http.files["/a.tsv.gz"]

    def damaged(handler, served):
        good, served.data = served.data, served.data[:100_000] + b"?" + served.data[100_001:]
        serve(handler, served)
        served.data = good

    served.acts = [cut(70_000), damaged]
    path = downloads.get(f"{http.url}/a.tsv.gz", sha256=SHA256)
    assert path.read_bytes() == DATA
    assert http.ranges()[2] == ""


def test_another_size_than_the_table_says_is_refused_before_it_is_downloaded(http, downloads):
    with pytest.raises(UserError, match=rf"has {len(DATA):,} bytes, the one in the table 1,234"):
        downloads.get(f"{http.url}/a.tsv.gz", size=1234)
    assert downloads.left() == set()


def test_an_unannounced_length_is_held_against_the_table(http, downloads):
    http.files["/a.tsv.gz"].acts = [without_length(90_000)]
    with pytest.raises(
        UserError, match=rf"it has 90,000 bytes, the one in the table {len(DATA):,}"
    ):
        downloads.get(f"{http.url}/a.tsv.gz", size=len(DATA))
    http.files["/a.tsv.gz"].acts = [without_length()]
    assert downloads.get(f"{http.url}/a.tsv.gz", size=len(DATA)).read_bytes() == DATA


def test_ranges_that_are_ignored(http, downloads):
    http.files["/a.tsv.gz"].acts = [cut(70_000), without_range]
    assert downloads.get(f"{http.url}/a.tsv.gz").read_bytes() == DATA


@pytest.mark.parametrize(
    ("new", "etag", "modified"),
    [
        (OTHER, '"two"', "Tue, 04 May 2021 10:00:00 GMT"),
        (OTHER, "", "Tue, 04 May 2021 10:00:00 GMT"),
        (OTHER, 'W/"one"', ""),
        (OTHER, "", ""),
        (OTHER[:-20_000], "", ""),
        (OTHER[:60_000], "", ""),
    ],
    ids=["etag", "time", "weak", "nothing", "shorter", "shorter-than-the-part"],
)  # fmt: skip
def test_a_file_that_changes_between_two_tries_is_never_glued(http, downloads, new, etag, modified):
    served = http.files["/a.tsv.gz"]
    served.etag = served.etag if etag or modified else ""
    served.modified = served.modified if modified else ""

    def cut_and_change(handler, served):
        cut(70_000)(handler, served)
        served.data, served.etag, served.modified = new, etag, modified

    served.acts = [cut_and_change]
    path = downloads.get(f"{http.url}/a.tsv.gz", path="set/a.bin")
    assert path.read_bytes() == new


def test_redirects(http, downloads):
    http.files["/old"] = Served(b"", acts=[status(302, Location="/a.tsv.gz")])
    assert downloads.get(f"{http.url}/old").read_bytes() == DATA
    downloads.target.unlink()
    http.files["/login"] = Served(b"", acts=[page()])
    http.files["/old"].acts = [status(302, Location="/login")]
    with pytest.raises(UserError, match="a login"):
        downloads.get(f"{http.url}/old")
    assert "a.tsv.gz" not in downloads.left()


def test_a_web_page_is_data_where_one_is_asked_for(http, downloads):
    http.files["/x.html"] = Served(b"", acts=[page(), page()])
    assert downloads.get(f"{http.url}/x.html", path="set/x.html").read_bytes() == PAGE
    with pytest.raises(UserError, match="a web page"):
        downloads.get(f"{http.url}/x.html", path="set/x.txt")


KILLED = """
import sys
from multiome2vec.downloads.fetch import fetch
from multiome2vec.downloads.transfer import Settings
from multiome2vec.io.catalogue import Entry
fetch(Entry(path=sys.argv[1], urls=(sys.argv[2],)), sys.argv[3], settings=Settings())
"""


def test_killed_on_the_way_and_resumed(http, downloads):
    http.files["/a.tsv.gz"].acts = [slowly]
    url = f"{http.url}/a.tsv.gz"
    command = [sys.executable, "-c", KILLED, PATH, url, str(downloads.folder)]
    process = subprocess.Popen(command)
    part = downloads.target.with_name(".a.tsv.gz.part")
    for _ in range(1000):
        if part.exists() and part.stat().st_size > 20_000:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert downloads.left() == PARTS
    there = part.stat().st_size
    assert 20_000 < there < len(DATA)
    assert downloads.get(url).read_bytes() == DATA
    assert http.ranges() == ["", f"bytes={there - OVERLAP}-"]
    assert downloads.left() == {"a.tsv.gz"}


def test_a_part_of_unknown_origin_is_not_continued(http, downloads):
    downloads.target.parent.mkdir(parents=True)
    downloads.target.with_name(".a.tsv.gz.part").write_bytes(OTHER[:50_000])
    assert downloads.get(f"{http.url}/a.tsv.gz").read_bytes() == DATA
    assert http.ranges() == [""]
