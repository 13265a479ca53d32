"""The pages that `bench` makes, in a real browser: they load nothing, sort, and fit a phone, light and dark."""

import os
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import pytest
from whipsnake.bench import document, history, page

SCREENSHOTS = os.environ.get("WHIPSNAKE_SCREENSHOTS")
"""A folder that keeps the pictures, for whoever wants to look."""


def sample(seconds: float, kib: int) -> dict[str, Any]:
    return {
        "values": [seconds, seconds * 1.01],
        "warmups": [seconds * 2],
        "wall": 1.0,
        "cpu": 0.9,
        "peak_kib": kib,
        "metadata": {},
    }


def program(name: str, off: float, on: float) -> dict[str, Any]:
    return {
        "name": name,
        "suite": "core",
        "loops": 3,
        "runs": {
            "off": [sample(off * noise, 20_000) for noise in (1, 1.02, 0.98, 1.01, 1, 0.99)],
            "on": [sample(on * noise, 24_000) for noise in (1, 1.01, 1, 0.97, 1.03, 1)],
        },
        "curves": {"off": [off] * 9, "on": [off, off * 0.8, *[on] * 7]},
        "warm_after": {"off": 0.0, "on": off * 1.8},
        "counts": {"share_compiled": 0.98, "compiled": 12, "compile_seconds": 0.003, "bytes": 40_000,
                   "side_exits": {"overflow <b>": 7}},
        "ratios": {},
        "notes": [],
        "failure": None,
        "skipped": None,
    }  # fmt: skip


def made() -> dict[str, Any]:
    """A document as a session makes it."""
    doc: dict[str, Any] = {
        "format": document.FORMAT,
        "kind": "core",
        "what": "suite <core>",
        "started": "2026-01-02T03:04:05",
        "seconds": 12.5,
        "commit": "0123456",
        "interrupted": False,
        "machine": {"cpu": "a CPU", "cores": 2, "memory_mib": 1024, "system": "Linux", "load": 0.1},
        "settings": {"pairs": 6, "warmups": 1, "values": 2, "seconds": 0.1, "measures": ["best"]},
        "runtimes": [
            {"name": name, "command": "python", "build": "CPython 3.13", "executable": "python", "config_args": ""}
            for name in ("off", "on")
        ],
        "warnings": ["off: built without PGO"],
        "programs": [program("alpha", 0.2, 0.1), program("beta", 0.3, 0.05), program("gamma", 0.1, 0.12)],
        "summary": {},
    }
    failed = program("delta", 0.1, 0.1)
    failed.update(runs={"off": [], "on": []}, curves={}, counts=None, failure="on: exit code 1")
    doc["programs"].append(failed)
    document.settle(doc)
    return doc


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    path = browser.find()
    if path is None:
        pytest.skip("there is no Chromium on PATH (Debian: apt-get install chromium-headless-shell), nor in $CHROMIUM")
    with browser.Browser(path, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def average_colour(png: bytes) -> float:
    """The most frequent brightness of a picture's rows' first pixels: the background."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    data, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += 12 + length
    size = {2: 3, 6: 4}[kind]
    raw, stride = zlib.decompress(data), width * size + 1
    assert len(raw) == height * stride
    # Rows that are coded by themselves; in the others a byte is a difference.
    plain = [raw[row * stride + 1] for row in range(height) if raw[row * stride] in (0, 1)]
    return Counter(plain).most_common(1)[0][0]


def names(chromium: browser.Browser) -> list[str]:
    script = "[...document.querySelector('#programs').tBodies[0].rows].map((r) => r.cells[0].firstChild.textContent)"
    return list(chromium.run(script))


def test_the_page_has_no_address_in_it() -> None:
    text = page.of(made())
    assert not re.search(r"""(src|href|url\(|@import|https?:|//[a-z])""", text.split("<script>")[0])
    assert "suite &lt;core&gt;" in text
    assert "overflow &lt;b&gt;" in text


def test_sorts_by_a_click(chromium: browser.Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page.of(made()))
    chromium.requested.clear()
    chromium.open(path, 1100)
    assert names(chromium) == ["beta", "alpha", "gamma", "delta"]
    chromium.click("#programs th:nth-child(1) button")
    assert names(chromium) == ["gamma", "delta", "beta", "alpha"]
    chromium.click("#programs th:nth-child(1) button")
    assert names(chromium) == ["alpha", "beta", "delta", "gamma"]
    # What has no figure stays at the end, whichever way it is sorted.
    chromium.click("#programs th:nth-child(2) button")
    assert names(chromium) == ["beta", "alpha", "gamma", "delta"]
    chromium.click("#programs th:nth-child(2) button")
    assert names(chromium) == ["gamma", "alpha", "beta", "delta"]
    assert chromium.run("document.querySelectorAll('figure svg polyline').length") == 6
    assert chromium.requested == [path.as_uri()]
    assert not chromium.complaints


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_fits(chromium: browser.Browser, tmp_path: Path, width: int, dark: bool) -> None:
    path = tmp_path / "page.html"
    path.write_text(page.of(made()))
    chromium.open(path, width, dark)
    # Wide tables scroll in their boxes; the page itself does not.
    assert chromium.run("document.documentElement.scrollWidth") <= width
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path
    picture = chromium.screenshot(folder / f"page-{width}-{'dark' if dark else 'light'}.png")
    assert struct.unpack(">II", picture[16:24]) == (width, 900)
    assert (average_colour(picture) < 60) == dark


def test_history(chromium: browser.Browser, tmp_path: Path) -> None:
    for day in (1, 2, 3):
        doc = made()
        doc["started"] = f"2026-01-0{day}T00:00:00"
        document.keep(doc, str(tmp_path / f"{day}.json"))
    (tmp_path / "other.json").write_text("{}")
    assert history.main(str(tmp_path)) == 0
    chromium.open(tmp_path / "history.html", 1100)
    assert chromium.run("document.querySelectorAll('circle').length") == 3
    assert "goal 2.50×" in chromium.run("document.body.textContent")
    chromium.screenshot((Path(SCREENSHOTS) if SCREENSHOTS else tmp_path) / "history.png")
    assert not chromium.complaints
