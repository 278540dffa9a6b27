"""A scan as it is used: looked into, with the keyboard too, stopped, found again, deleted; and what is said if it fails."""

import socket

from visitor import GALLERY, SETUP, begin, check, ended, expect, main, say, scan, site, tile


def details(page):
    scan(page, site("exif"))
    tile(page, "with a place").locator("a.picture").click()
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    for text in ["place-0.jpg", "640 × 480", "Boats in the harbour", "Camera of paper", "Hotlink works", "Evidence"]:
        expect(panel).to_contain_text(text)
    # where it was taken, by whatever sign
    expect(panel).to_contain_text("54")
    expect(panel).to_contain_text("200")
    whole = panel.locator(".stage img")
    check(whole.evaluate("async image => { await image.decode(); return image.naturalWidth }") == 640, "it is the whole one")
    say("the panel tells of size, verdict, evidence and camera")

    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    check(focused == "with a place: details", f"the focus is where it was before, and not on {focused}")
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(panel).to_contain_text("scene-1.jpg")
    expect(panel).to_contain_text("KODAK")
    page.keyboard.press("ArrowLeft")
    expect(panel).to_contain_text("place-0.jpg")
    page.keyboard.press("Escape")
    say("Enter opens it, arrows go on, Escape closes it and the focus is back")


def tab_to(page, key, name):
    """Goes on until the focus is on what is called so, and can be seen."""
    labels = []
    for _ in range(40):
        page.keyboard.press(key)
        label, outline = page.evaluate(
            """() => {
                const { activeElement: element } = document;
                const style = getComputedStyle(element.type === "checkbox" ? element.nextElementSibling : element);
                return [element.getAttribute("aria-label") ?? element.textContent.trim(), style.outlineStyle + style.boxShadow];
            }"""
        )
        labels.append(label)
        if label == name:
            check(outline != "nonenone", f"the focus on {name} is seen")
            return
    check(False, f"{key} comes to {name}: {labels}")


def keyboard(page):
    """A scan from the first key to the archive, without a mouse."""
    page.goto(GALLERY + "/")
    check(page.evaluate("document.activeElement.id") == "url", "the first key goes into the address")
    page.keyboard.type(site("exif"))
    page.keyboard.press("Enter")
    ended(page)
    page.locator("body").press("Tab")
    check("Skip" in page.evaluate("document.activeElement.textContent"), "the first stop is a way past the head")
    tab_to(page, "Tab", "with a place: details")
    tab_to(page, "Tab", "Select with a place")
    page.keyboard.press("Space")
    expect(page.locator("#selected")).to_contain_text("1")
    tab_to(page, "Shift+Tab", "Download selected")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    check(coming.value.suggested_filename.endswith(".zip"), "it is an archive")
    say("all of it can be had with the keyboard")


def stopped(page):
    begin(page, f"http://slow.localhost:{SETUP['port']}/")
    expect(page.locator("li.tile").first).to_be_attached()
    page.get_by_role("button", name="Stop").click()
    ended(page)
    expect(page.locator("#head")).to_contain_text("Stopped")
    tiles = page.locator("li.tile").count()
    check(tiles > 0, "what was found stays")
    say(f"a scan that is stopped keeps its {tiles} pictures")


def recent(page):
    scan(page, site("empty"))
    expect(page.locator("main")).to_contain_text("no pictures")
    page.goto(GALLERY + "/")
    rows = page.locator("section.recent li")
    count = rows.count()
    check(count >= 2, f"{count} recent scans")
    expect(rows.first).to_contain_text("Words alone")
    rows.first.get_by_role("link").first.click()
    expect(page.locator("h1")).to_have_text("Words alone")
    page.goto(GALLERY + "/")
    rows.first.get_by_role("button").click()
    expect(rows).to_have_count(count - 1)
    expect(page.locator("section.recent")).not_to_contain_text("Words alone")
    say("recent scans are listed, can be opened and deleted")


def failures(page):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        for url, words in [
            (site("closed"), "403"),
            ("http://nobody.invalid/", "nobody.invalid"),
            (f"http://127.0.0.1:{port}/", "127.0.0.1"),
            ("http://169.254.169.254/", ""),
            ("ftp://localhost/x", ""),
        ]:
            page.goto(GALLERY + "/")
            page.get_by_label("Address of a page").fill(url)
            page.get_by_role("button", name="Show pictures").click()
            alert = page.get_by_role("alert")
            expect(alert.first).to_be_visible()
            text = alert.first.inner_text()
            check(words in text and len(text) > 20, f"{url}: {text}")
            say(f"{url}: {' '.join(text.split())}")


def story(visitor):
    with visitor.tab() as page:
        details(page)
        stopped(page)
        recent(page)
        check(not page.complaints, f"the browser complains: {page.complaints}")
    with visitor.tab() as page:
        keyboard(page)
        failures(page)
    with visitor.tab() as page:
        page.goto(GALLERY + "/")
        check(page.locator("section.recent li").count() == 0, "nobody sees the scans of others")


main(story)
