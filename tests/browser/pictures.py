"""Pages with pictures of every manner: each picture is found once, in its best size, and shown as it is."""

from visitor import SETUP, Darkroom, alike, asked, check, expect, fetch, main, say, scan, seen, site, tile

PAGES = {each["name"]: each["pictures"] for each in SETUP["exhibits"]}


def tiles(page):
    """How many pictures were taken; those that were left out say so."""
    return page.locator("li.tile[data-state=kept]").count()


def all_are_loaded(page, where):
    for image in page.locator("li.tile > a.picture img").all():
        picture = seen(image)
        check(picture["width"] > 0, f"{where}: {picture['src']} is not loaded")


def counted(visitor, name, **options):
    """Scans a page and gives back the tab's number of tiles."""
    with visitor.tab() as page:
        scan(page, site(name), **options)
        all_are_loaded(page, name)
        check(not page.complaints, f"{name}: the browser complains: {page.complaints}")
        return tiles(page)


def best_of_many(visitor, darkroom):
    with visitor.tab() as page:
        scan(page, site("srcset"), copies="always")
        check(tiles(page) == PAGES["srcset"], f"{tiles(page)} pictures in several resolutions")
        card = tile(page, "by width")
        expect(card.locator(".facts").first).to_contain_text("1280 × 960")
        expect(card).to_contain_text("2 other sizes")
        picture = seen(card.locator("a.picture img"))
        original = darkroom.develop(fetch(site("srcset/mosaic-0-1280.jpg")))
        check(alike(picture, original), f"the best is {original}, and what is shown is {picture}")
        card.locator("a.picture").click()
        panel = page.locator("#details")
        expect(panel.locator(".candidates").first).to_contain_text("mosaic-0-320.jpg")
        expect(panel).to_contain_text("the one that was taken")
    say("the resolutions of a picture are one, and the best is taken")


def twins(visitor):
    with visitor.tab() as page:
        scan(page, site("twins"), copies="always")
        check(tiles(page) == 3, lambda: f"{page.locator('li.tile .name').all_inner_texts()} are not three pictures")
        # as large as another one, and of more bytes
        best = tile(page, "scene-0-again.jpg")
        folded = best.locator("details.alike")
        expect(folded.locator("summary")).to_have_text("+3 alike")
        check(not folded.locator("li").first.is_visible(), "they are folded")
        folded.locator("summary").click()
        expect(folded.locator("li").first).to_be_visible()
        for image in folded.locator("img").all():
            check(seen(image)["width"] > 0, "a folded picture is loaded")
    say("those that look alike are folded under the best")


def formats(visitor, darkroom):
    """Each format is shown from here as it is at its site, but for vectors, which are programs."""
    with visitor.tab() as page:
        scan(page, site("kinds"), copies="always")
        check(tiles(page) == 8, f"{tiles(page)} pictures")
        for name in ["mosaic-0.jpg", "mosaic-1.png", "moving-2.gif", "mosaic-6.webp", "mosaic-7.bmp", "mosaic-8-64.ico", "sun.avif"]:
            picture = seen(tile(page, name).locator("a.picture img"))
            original = darkroom.develop(fetch(site(f"kinds/{name}")))
            check(alike(picture, original), f"{name} is {original}, and what is shown is {picture}")
        check(tile(page, "land.svg").locator("img").count() == 0, "a vector drawing is not shown from our origin")
        expect(tile(page, "land.svg")).to_contain_text("SVG")
    say("each format looks as it does at its site; SVG is not shown from here")


def story(visitor):
    darkroom = Darkroom(visitor)
    for name in ["plain", "lazy", "picture", "styles", "exif", "links"]:
        count = counted(visitor, name)
        check(count == PAGES[name], f"{name}: {count} pictures, and not {PAGES[name]}")
    say("plain, lazy, by format, of styles: all are found")
    for name, options, expected in [
        ("plain", {"same_host": True}, 6),
        ("lazy", {"lazy": False}, 2),
        ("styles", {"css": False}, 0),
        ("links", {"depth": "1"}, 4),
        ("kinds", {"min_side": 100}, 5),
        ("many?n=60", {}, 60),
    ]:
        count = counted(visitor, name, **options)
        check(count == expected, f"{name} with {options}: {count} pictures, and not {expected}")
        say(f"{name} with {options}: {count} pictures")
    best_of_many(visitor, darkroom)
    twins(visitor)
    formats(visitor, darkroom)
    check(all(each.path != "/styles/comment.jpg" for each in asked()), "nothing that a comment names was asked for")


main(story)
