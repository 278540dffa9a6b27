"""What axe-core finds: nothing serious, on any page, by day and by night."""

import re
import subprocess
import tempfile
from pathlib import Path

import axe_playwright_python
from visitor import GALLERY, NARROW, SETUP, WIDE, begin, check, expect, main, say, scan, site, tile

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def audit(page, name):
    # a script of the test, which the page's policy has no say in
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    check(found["passes"], f"{name}: axe-core looked at nothing")
    serious = [
        f"{each['id']} ({each['impact']}): {each['help']}: " + "; ".join(node["html"][:200] for node in each["nodes"][:3])
        for each in found["violations"]
        if each["impact"] in ["serious", "critical"]
    ]
    check(not serious, lambda: f"{name} keeps people out:\n" + "\n".join(serious))
    lesser = [f"{each['id']} ({each['impact']})" for each in found["violations"]]
    return f"{name}: {len(lesser)} lesser" + (f" ({', '.join(lesser)})" if lesser else "")


def every_page(visitor, scheme, viewport):
    told = []
    with visitor.tab(color_scheme=scheme, viewport=viewport) as page:
        page.goto(GALLERY + "/")
        page.get_by_text("Options", exact=True).click()
        told.append(audit(page, "start"))
        begin(page, f"http://slow.localhost:{SETUP['port']}/")
        expect(page.locator("li.tile").first).to_be_attached()
        told.append(audit(page, "results under way"))
        page.get_by_role("button", name="Stop").click()
        scan(page, site("seaside"))
        tile(page, "Morning on the pier").locator("label.check").click()
        told.append(audit(page, "results"))
        tile(page, "Low tide").locator("a.picture").click()
        expect(page.locator("#details .stage img")).to_be_visible()
        told.append(audit(page, "panel"))
        page.goto(re.sub(r"[?#].*", "", page.url) + "/pictures/1")
        told.append(audit(page, "picture"))
        page.goto(GALLERY + "/")
        told.append(audit(page, "recent"))
        begin(page, site("closed"))
        expect(page.get_by_role("alert")).to_be_visible()
        told.append(audit(page, "failed"))
        page.goto(GALLERY + "/scans/nothing")
        told.append(audit(page, "missing"))
    return told


def login(visitor):
    """The page that asks for a token, which a gallery has that others can reach; and the way in."""
    with tempfile.TemporaryDirectory() as folder:
        command = [SETUP["dragline"], "gallery", "--bind", "0.0.0.0:0", "-s", f"gallery.token_file={folder}/token"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={}) as process:
            try:
                said = [process.stdout.readline()]
                port = re.search(r"http://[^/]*:(\d+)", said[0]).group(1)
                while not (Path(folder) / "token").exists():
                    said.append(process.stdout.readline())
                token = (Path(folder) / "token").read_text().strip()
                for scheme in ["light", "dark"]:
                    with visitor.tab(color_scheme=scheme) as page:
                        page.goto(f"http://127.0.0.1:{port}/")
                        page.wait_for_url("**/login*")
                        say(audit(page, f"login, {scheme}"))
                        page.locator("#token").fill("wrong")
                        page.locator("form[action='/login'] button").click()
                        expect(page.get_by_role("alert")).to_be_visible()
                        say(audit(page, f"login that failed, {scheme}"))
                        page.locator("#token").fill(token)
                        page.locator("form[action='/login'] button").click()
                        expect(page.get_by_label("Address of a page")).to_be_visible()
            finally:
                process.kill()


def story(visitor):
    for scheme, viewport in [("light", WIDE), ("dark", NARROW)]:
        for told in every_page(visitor, scheme, viewport):
            say(f"{scheme}: {told}")
    login(visitor)


main(story)
