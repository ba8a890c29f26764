"""Every fault of a download that the documentation lists: what is said, and what is left."""

import hashlib
import logging
from pathlib import Path

import pytest
from download_faults import FAULTS, FILE, NOTHING, PART
from file_servers import Served
from multiome2vec.errors import UserError
from unit.downloads.conftest import DATA, OTHER

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "troubleshooting.md"
KNOWN = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
LEFT = {FILE: {"a.tsv.gz"}, NOTHING: set(), PART: {".a.tsv.gz.part", ".a.tsv.gz.part.json"}}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_what_is_said_and_what_is_left(http, downloads, monkeypatch, caplog, fault):
    http.files["/b.tsv.gz"] = Served(OTHER)
    if fault.before:
        fault.before(http, downloads, monkeypatch)
    http.files["/a.tsv.gz"].acts = list(fault.acts)
    known = {key: KNOWN[key] if value == "DATA" else value for key, value in fault.known}
    url = fault.elsewhere or f"{http.url}/a.tsv.gz"
    if fault.left == FILE:
        with caplog.at_level(logging.WARNING):
            assert downloads.get(url, **known).read_bytes() == http.files["/a.tsv.gz"].data
        said = caplog.text
    else:
        with pytest.raises(UserError) as caught:
            downloads.get(url, **known)
        said = str(caught.value)
    assert fault.said in said
    assert downloads.left() == LEFT[fault.left]


def test_the_documentation_lists_every_fault_of_a_download():
    text = DOCUMENT.read_text().partition("## Downloads that fail")[2]
    for fault in FAULTS:
        row = next(line for line in text.splitlines() if line.startswith(f"| {fault.what} |"))
        assert fault.said in row
        assert f"| {fault.left} |" in row
