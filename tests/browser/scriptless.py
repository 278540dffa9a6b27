"""The whole way without a script: form, results, filter, details, archive, deletion."""

import io
import re
import zipfile
from pathlib import Path

from visitor import GALLERY, PATIENCE, asked_by_browser, check, expect, fetch, main, say, site, tile


def story(visitor):
    with visitor.tab(java_script_enabled=False) as page:
        page.goto(GALLERY + "/")
        page.get_by_label("Address of a page").fill(site("kinds"))
        page.get_by_text("Options", exact=True).click()
        page.locator("#copies").select_option("always")
        page.get_by_role("button", name="Show pictures").click()
        page.wait_for_url(re.compile("/scans/[0-9a-f]+"))
        # the page comes anew by itself
        expect(page.locator("[data-phase=ended]")).to_be_attached(timeout=PATIENCE)
        expect(page.locator("li.tile:visible")).to_have_count(8)
        results = page.url

        page.get_by_label("Type").select_option("png")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("li.tile:visible")).to_have_count(1)
        check("type=png" in page.url, f"the filter is in the address: {page.url}")
        check(page.get_by_label("Type").input_value() == "png", "the form shows what is chosen")
        page.get_by_label("Type").select_option("")
        page.get_by_label("Order").select_option("bytes")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("li.tile:visible .name").first).to_have_text("mosaic-7.bmp")
        say("filters and orders are in the address")

        page.goto(results)
        tile(page, "mosaic-1.png").locator("a.picture").click()
        expect(page.locator("h1")).to_have_text("mosaic-1.png")
        expect(page.locator("main")).to_contain_text("240 × 180")
        page.get_by_role("link", name="Next").click()
        expect(page.locator("h1")).to_have_text("moving-2.gif")
        page.get_by_role("link", name="Close").click()
        expect(page.locator("li.tile:visible")).to_have_count(8)
        say("details are a page")

        for name in ["mosaic-1.png", "sun.avif"]:
            tile(page, name).locator("label.check").click()
        with page.expect_download() as coming:
            page.get_by_role("button", name="Download selected").click()
        archive = Path(coming.value.path()).read_bytes()
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            files = sorted(opened.read(name) for name in opened.namelist())
        check(files == sorted(fetch(site(f"kinds/{name}")) for name in ["mosaic-1.png", "sun.avif"]), "two pictures")
        with page.expect_download() as coming:
            page.get_by_role("link", name="Download all").click()
        archive = Path(coming.value.path()).read_bytes()
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            check(len(opened.namelist()) == 8 and opened.testzip() is None, f"all pictures: {opened.namelist()}")
        say("some and all are taken along")

        page.goto(GALLERY + "/")
        page.locator("section.recent li").first.get_by_role("button").click()
        expect(page.locator("section.recent li")).to_have_count(0)
        page.goto(results)
        expect(page.locator("main")).to_contain_text("no such scan")
        check(not asked_by_browser(), "the sites saw nobody")


main(story)
