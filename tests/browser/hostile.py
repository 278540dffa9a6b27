"""A page that attacks whoever shows what it says: nothing of it runs, wherever it is shown."""

import io
import re
import time
import zipfile
from pathlib import Path

from visitor import GALLERY, SETUP, asked, check, expect, main, say, scan, seen, site

PAYLOADS = SETUP["payloads"]


def hits():
    return {int(each.path.split("?")[1]) for each in asked() if each.path.startswith("/pwned?")}


def they_would_run(visitor):
    """Unescaped, most of them run: those that stay silent wait for another place, or for a click."""
    with visitor.tab() as page:
        # a page that loads itself anew, or asks without end, never comes to rest: it is enough that they have run
        page.goto(site("hostile/raw"), wait_until="commit")
        until = time.monotonic() + 30
        while len(hits()) < 35 and time.monotonic() < until:
            page.wait_for_timeout(100)
        check(len(hits()) >= 35, f"only {len(hits())} of {PAYLOADS} run where nobody escapes them")
        say(f"{len(hits())} of {PAYLOADS} payloads run where nobody escapes them")
    # what was under way when the page was closed has come
    known = None
    while known != hits():
        known = hits()
        time.sleep(0.5)


def calm(page, before, where):
    """Nothing has run."""
    check(page.evaluate("window.__pwned") is None, f"{where}: a payload has run")
    frames = [frame.evaluate("window.__pwned") for frame in page.frames]
    check(frames == [None], f"{where}: there are frames: {frames}")
    check(hits() == before, f"{where}: the canary was asked for: {hits() - before}")
    # headers that no browser takes are in the way of a picture, and nothing else
    complaints = [each for each in page.complaints if "ERR_RESPONSE_HEADERS_MULTIPLE" not in each]
    check(not complaints, f"{where}: the browser complains: {complaints[:5]}")
    scripts = page.locator("script:not([src='/assets/gallery.js'])").count()
    check(scripts == 0, f"{where}: there are {scripts} scripts")
    odd = page.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap(each => [...each.attributes]
            .filter(({ name, value }) => name.startsWith("on") || /^\\s*(javascript|data:text|vbscript)/i.test(value)
                && ["href", "src", "action", "formaction"].includes(name))
            .map(({ name, value }) => `${each.tagName} ${name}=${value}`.slice(0, 100)))"""
    )
    check(not odd, f"{where}: {odd[:5]}")


def grid(page, before, copies):
    scan(page, site("hostile"), copies=copies)
    for image in page.locator("li.tile > a.picture img").all():
        seen(image)
    calm(page, before, f"grid, {copies}")
    check(page.locator("li.tile, details.alike li").count() >= PAYLOADS, "all pictures are there")
    title = page.title()
    check("<script>" in title, f"the title is text: {title[:80]}")
    heading = page.locator("h1").inner_text()
    check("<script>" in heading, f"the heading is text: {heading[:80]}")


def details(page, before):
    scan_path = re.sub(r"[?#].*", "", page.url)
    page.locator("li.tile a.picture").first.click()
    expect(page.locator("#details article")).to_be_visible()
    calm(page, before, "panel")
    for number in range(PAYLOADS):
        page.evaluate(
            """async url => {
                const answer = await fetch(url);
                if (!answer.ok) throw new Error(url + " answers " + answer.status);
                // as the page's own script does it
                document.querySelector("#details").innerHTML = await answer.text();
            }""",
            f"{scan_path}/pictures/{number}?fragment=1",
        )
    calm(page, before, "panels of all pictures")
    for number in [0, 10, 20, 40]:
        page.goto(f"{scan_path}/pictures/{number}")
        check(page.locator(".facts").first.is_visible(), "there are facts")
        calm(page, before, f"page of picture {number}")
    page.goto(scan_path)


def taken_along(page):
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download all").click()
    archive = Path(coming.value.path()).read_bytes()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        names = opened.namelist()
        check(opened.testzip() is None and len(names) >= PAYLOADS, f"{len(names)} files")
    odd = [name for name in names if re.search(r'[<>:"/\\|?*\x00-\x1f\x7f\u202e]|^\.', name)]
    check(not odd, f"names that are not clean: {odd[:5]}")
    links = page.request.get(re.sub(r"[?#].*", "", page.url) + "/links.txt")
    check(links.headers["content-type"].startswith("text/plain"), f"links are {links.headers['content-type']}")
    check(links.headers.get("x-content-type-options") == "nosniff", "nobody takes links for a page")
    odd = [line for line in links.text().splitlines() if not re.fullmatch(r"http://[!-~]+", line)]
    check(not odd, f"links that are none: {odd[:5]}")
    say(f"{len(names)} clean names in the archive, such as {names[0]}")


def story(visitor):
    they_would_run(visitor)
    before = hits()
    for copies in ["auto", "always"]:
        with visitor.tab() as page:
            grid(page, before, copies)
            details(page, before)
            taken_along(page)
            page.goto(GALLERY + "/")
            check("<script>" in page.locator("section.recent").inner_text(), "the title stands in the list as text")
            calm(page, before, "recent scans")
            say(f"{PAYLOADS} payloads do nothing with copies={copies}: grid, panel, pages, list, title")
    with visitor.tab() as page:
        page.goto(GALLERY + "/")
        page.get_by_label("Address of a page").fill('"><script>window.__pwned=1</script><img src=x onerror=window.__pwned=1>')
        page.get_by_role("button", name="Show pictures").click()
        expect(page.get_by_role("alert").first).to_be_visible()
        calm_here = page.evaluate("window.__pwned")
        check(calm_here is None, "an address that is none is text")


main(story)
