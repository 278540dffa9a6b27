"""A visitor of the gallery: Chromium with a new profile, and what the sites say they were asked."""

import base64
import contextlib
import json
import os
import re
import shutil
import sys
import time
import urllib.parse
import urllib.request
from collections import namedtuple
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

SETUP = json.loads(os.environ["DRAGLINE_BROWSER"])
GALLERY = SETUP["gallery"]
SCREENS = Path(SETUP["screens"])
# what tells the browser's requests from those of the gallery
MARK = "GalleryVisitor/1"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 800}
# how long anything may take that is waited for, in milliseconds
PATIENCE = 30_000

Asked = namedtuple("Asked", "at method status host path referer agent")


def site(name):
    """The URL of a page to scan."""
    return SETUP["sites"] + name


def check(holds, message):
    """Ends the script with the message unless it holds."""
    if not holds:
        raise AssertionError(message() if callable(message) else message)


def say(text):
    print(text, flush=True)


def fetch(url, **fields):
    """What a site has at a URL. Not every resolver knows the names below .localhost."""
    parts = urllib.parse.urlsplit(url)
    place = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
    with urllib.request.urlopen(urllib.request.Request(place, headers={"Host": parts.netloc} | fields)) as answer:
        return answer.read()


def asked():
    """What the sites were asked by now, but for this question."""
    lines = fetch(site("log")).decode().splitlines()
    return [each for each in (Asked(*line.split("\t")) for line in lines) if each.path != "/log"]


def asked_by_browser():
    return [each for each in asked() if MARK in each.agent]


class Visitor:
    """A browser. Each `tab` is a new profile, as of somebody who has never been here."""

    def __init__(self, playwright):
        program = os.environ.get("CHROMIUM") or shutil.which("chromium")
        check(program, "chromium is not in the path: tests/run installs it")
        self.browser = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--no-pings",
                # nobody but this machine
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
            ],
        )
        plain = self.browser.new_context()
        self.agent = plain.new_page().evaluate("navigator.userAgent").replace("Headless", "") + " " + MARK
        plain.close()

    @contextlib.contextmanager
    def tab(self, **options):
        """A tab of a new profile, whose complaints are kept in `tab.complaints`."""
        options = {"viewport": WIDE, "user_agent": self.agent, "accept_downloads": True} | options
        context = self.browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (page.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda message: message.type == "error" and page.complaints.append(f"console: {message.text}"))
        try:
            yield page
        except Exception:
            with contextlib.suppress(Exception):
                name = Path(sys.argv[0]).stem
                page.screenshot(path=SCREENS / f"failed-{name}.png", full_page=True)
                (SCREENS / f"failed-{name}.html").write_text(page.content())
                say(f"it was at {page.url}; complaints: {page.complaints}")
            raise
        finally:
            context.close()


def begin(page, url, **options):
    """Fills in the form and sends it; gives back the page of the scan, which may be under way."""
    page.goto(GALLERY + "/")
    page.get_by_label("Address of a page").fill(url)
    if options:
        page.get_by_text("Options", exact=True).click()
    for name, value in options.items():
        field = page.locator(f"#{name}")
        if isinstance(value, bool):
            field.set_checked(value)
        elif field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(str(value))
    page.get_by_role("button", name="Show pictures").click()
    page.wait_for_url(re.compile("/scans/[0-9a-f]+"))


def ended(page):
    """Waits until the scan of a page is over, and says so."""
    expect(page.locator("[data-phase=ended]")).to_be_attached(timeout=PATIENCE)


def scan(page, url, **options):
    begin(page, url, **options)
    ended(page)


def tile(page, name):
    """The tile of a picture by its alternative text or its name."""
    link = page.get_by_role("link", name=f"{name}: details", exact=True)
    return page.locator("li.tile", has=link)


def seen(picture):
    """Waits until an image is loaded, and tells what is on it: where it is from, its size, and if that is ours to ask its
    mean colour."""
    picture.scroll_into_view_if_needed()
    return picture.evaluate(
        """async image => {
            if (!image.complete) await new Promise(done => { image.onload = image.onerror = done; });
            const told = { src: image.currentSrc, width: image.naturalWidth, height: image.naturalHeight };
            if (!told.width || new URL(told.src).origin !== location.origin) return told;
            return { ...told, color: (%s)(image) };
        }"""
        % MEAN
    )


# the mean colour of an image that is loaded
MEAN = """image => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [16, 12];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, 16, 12);
    const pixels = context.getImageData(0, 0, 16, 12).data;
    const sum = [0, 0, 0];
    pixels.forEach((value, at) => { if (at % 4 < 3) sum[at % 4] += value; });
    return sum.map(part => part / (16 * 12));
}"""


class Darkroom:
    """A blank page that says how pictures look, whatever the gallery makes of them."""

    def __init__(self, visitor):
        self.page = visitor.browser.new_page()

    def develop(self, picture):
        """Size and mean colour of the bytes of a picture."""
        text = base64.b64encode(picture).decode()
        return self.page.evaluate(
            """async text => {
                const image = new Image();
                image.src = "data:application/octet-stream;base64," + text;
                await image.decode();
                return { width: image.naturalWidth, height: image.naturalHeight, color: (%s)(image) };
            }"""
            % MEAN,
            text,
        )


def alike(one, other):
    """Whether two pictures have one shape and nearly one colour."""
    shape = one["width"] / one["height"] - other["width"] / other["height"]
    far = max(abs(a - b) for a, b in zip(one["color"], other["color"]))
    return abs(shape) < 0.03 and far < 6


def main(story):
    """Runs a script: a function of a visitor."""
    begun = time.monotonic()
    with sync_playwright() as playwright:
        visitor = Visitor(playwright)
        try:
            story(visitor)
        finally:
            visitor.browser.close()
    say(f"all of it holds, after {time.monotonic() - begun:.1f} s")
