"""How it looks, on a telephone and on a desk, by day and by night: kept as pictures, and nothing is wider than the screen."""

from visitor import GALLERY, NARROW, SCREENS, WIDE, begin, check, expect, main, say, scan, seen, site, tile

# how many bytes the picture for the front page may have
MOST = 250_000


def fits(page, name):
    wide, most = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    culprits = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .slice(0, 5).map(each => each.tagName + "." + each.className + "#" + each.id)"""
    )
    check(wide <= most, f"{name} is {wide} pixels wide on a screen of {most}: {culprits}")


def loaded(page):
    for image in page.locator("li.tile > a.picture img").all():
        check(seen(image)["width"] > 0, "a picture is loaded")
    page.evaluate("scrollTo(0, 0)")


def views(page, suffix):
    """Goes from page to page, and stops at each."""
    page.goto(GALLERY + "/")
    yield "start"
    scan(page, site("seaside"))
    loaded(page)
    yield "results"
    tile(page, "Low tide").locator("a.picture").click()
    expect(page.locator("#details .stage img")).to_be_visible()
    yield "details"
    page.goto(page.url.split("?")[0].split("#")[0] + "/pictures/0")
    yield "picture"
    scan(page, site("hostile"))
    yield "hostile"
    page.goto(GALLERY + "/")
    yield "recent"
    begin(page, site("closed"))
    expect(page.get_by_role("alert")).to_be_visible()
    yield "failed"
    page.goto(GALLERY + "/scans/nothing")
    yield "missing"


def story(visitor):
    for screen, viewport in [("narrow", NARROW), ("wide", WIDE)]:
        for scheme in ["light", "dark"]:
            with visitor.tab(viewport=viewport, color_scheme=scheme, has_touch=screen == "narrow") as page:
                for name in views(page, screen):
                    fits(page, f"{name}, {screen}")
                    page.screenshot(path=SCREENS / f"{name}-{screen}-{scheme}.png", full_page=name != "details")
                background = page.evaluate("getComputedStyle(document.body).backgroundColor")
                light = sum(int(part) for part in background.strip("rgb()").split(",")[:3]) / 3
                check((light > 128) == (scheme == "light"), f"{scheme} is {background}")
    say(f"nothing is wider than the screen; pictures of all are in {SCREENS}")

    with visitor.tab(color_scheme="light", viewport={"width": 1280, "height": 860}) as page:
        scan(page, site("seaside"))
        loaded(page)
        page.screenshot(path=SCREENS / "readme.jpg", type="jpeg", quality=80)
        size = (SCREENS / "readme.jpg").stat().st_size
        check(size < MOST, f"the picture for the front page has {size} bytes")
        say(f"the picture for the front page has {size} bytes")


main(story)
