"""Filter, sort, select, and take along: what is downloaded opens everywhere and is what the sites have."""

import http.client
import io
import re
import subprocess
import tempfile
import urllib.parse
import zipfile
from pathlib import Path

from visitor import GALLERY, check, expect, fetch, main, say, scan, site, tile


def shown(page):
    """The names of the tiles that are to be seen, in their order."""
    return page.locator("li.tile:visible .name").all_inner_texts()


def filters(page):
    check(len(shown(page)) == 8, lambda: f"all are shown: {shown(page)}")
    page.get_by_label("Type").select_option("jpeg")
    expect(page.locator("li.tile:visible")).to_have_count(1)
    page.get_by_label("Type").select_option("other")
    expect(page.locator("li.tile:visible")).to_have_count(2)
    page.get_by_label("Type").select_option("")
    page.get_by_label("Smallest side").fill("100")
    expect(page.locator("li.tile:visible .name", has_text="ico")).to_have_count(0)
    page.get_by_label("Smallest side").fill("")
    expect(page.locator("li.tile:visible")).to_have_count(8)
    page.get_by_label("Verdict").select_option("lost")
    expect(page.locator("li.tile:visible")).to_have_count(0)
    page.get_by_label("Verdict").select_option("open")
    expect(page.locator("li.tile:visible")).to_have_count(8)
    page.get_by_label("Order").select_option("bytes")
    expect(page.locator("li.tile:visible .name").first).to_have_text("mosaic-7.bmp")
    page.get_by_label("Order").select_option("page")
    expect(page.locator("li.tile:visible .name").first).to_have_text("mosaic-0.jpg")
    say("type, size, verdict and order choose what is shown")


def download(page, click):
    with page.expect_download() as coming:
        click()
    path = Path(coming.value.path())
    check(coming.value.failure() is None, f"the download failed: {coming.value.failure()}")
    return coming.value.suggested_filename, path.read_bytes()


def opens(archive):
    """What Python, unzip and 7z think of an archive."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pictures.zip"
        path.write_bytes(archive)
        try:
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                python = opened.testzip() is None
        except zipfile.BadZipFile:
            python = False
        commands = (["unzip", "-tqq", path], ["7z", "t", "-bso0", "-bse0", path])
        return [python] + [subprocess.run(each, capture_output=True, check=False).returncode == 0 for each in commands]


def is_what_sites_have(archive, names, where):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        files = {name: opened.read(name) for name in opened.namelist() if name != "_errors.txt"}
    originals = {name: fetch(site(f"{where}/{name}")) for name in names}
    check(sorted(files.values()) == sorted(originals.values()), f"{list(files)} are not {names}")
    for name in files:
        check(re.fullmatch(r"[\w. -]+", name), f"{name} is no clean name")
    return sorted(files)


def cut(url, cookies):
    """The first half of an archive whose sender is left in the middle, and a connection that ends there."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", parts.path, headers={"Cookie": cookies})
    answer = connection.getresponse()
    check(answer.status == 200, f"{url}: {answer.status}")
    half = answer.read(300_000)
    connection.close()
    return half


def story(visitor):
    with visitor.tab() as page:
        scan(page, site("kinds"))
        filters(page)

        for name in ["mosaic-1.png", "land.svg"]:
            tile(page, name).locator("label.check").click()
        expect(page.locator("#selected")).to_contain_text("2")
        name, archive = download(page, page.get_by_role("button", name="Download selected").click)
        check(name.endswith(".zip") and opens(archive) == [True] * 3, f"{name}: {opens(archive)}")
        files = is_what_sites_have(archive, ["mosaic-1.png", "land.svg"], "kinds")
        say(f"two selected pictures are {name}: {files}")

        page.get_by_role("button", name="none", exact=True).click()
        page.get_by_label("Type").select_option("gif")
        page.get_by_role("button", name="shown", exact=True).click()
        name, archive = download(page, page.get_by_role("button", name="Download selected").click)
        check(len(is_what_sites_have(archive, ["moving-2.gif"], "kinds")) == 1, "the one that is shown is selected")
        page.get_by_label("Type").select_option("")

        name, archive = download(page, page.get_by_role("link", name="Download all").click)
        check(opens(archive) == [True] * 3, f"Python, unzip and 7z: {opens(archive)}")
        everything = ["mosaic-0.jpg", "mosaic-1.png", "moving-2.gif", "mosaic-6.webp", "land.svg", "mosaic-7.bmp"]
        is_what_sites_have(archive, [*everything, "mosaic-8-64.ico", "sun.avif"], "kinds")
        say(f"all are {name}, and Python, unzip and 7z open it")

    with visitor.tab() as page:
        scan(page, site("plain"))
        cookies = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
        half = cut(GALLERY + urllib.parse.urlsplit(page.url).path + "/zip", cookies)
        check(len(half) == 300_000, f"there are {len(half)} bytes before the cut")
        check(opens(half) == [False] * 3, f"Python, unzip and 7z take a cut archive: {opens(half)}")
        say("an archive that was cut is none to Python, unzip and 7z")

        links = page.request.get(page.url.split("?")[0] + "/links.txt").text().split()
        check(site("plain/scene-0.jpg") in links and len(links) == 7, f"the links are {links}")

    with visitor.tab() as page:
        scan(page, site("seaside"))
        _, archive = download(page, page.get_by_role("link", name="Download all").click)
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            errors = opened.read("_errors.txt").decode()
            check(len(opened.namelist()) == 12, f"eleven pictures and a list: {opened.namelist()}")
        check("forbidden.localhost" in errors, f"_errors.txt says nothing of the one that is missing: {errors}")
        say(f"_errors.txt: {' '.join(errors.split())}")


main(story)
