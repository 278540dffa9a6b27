"""All kinds of sites: what is said of their pictures, which the browser has from them and which from the gallery."""

import html
import re
import urllib.parse

from visitor import Darkroom, SETUP, alike, asked_by_browser, check, fetch, main, say, scan, seen, site, tile

BADGES = {
    "open": "Hotlink works",
    "referer": "Needs a copy",
    "user-agent": "Needs a copy",
    "cookie": "Needs a copy",
    "placeholder": "Needs a copy",
    "forbidden": "Refused",
    "gone": "Gone",
    "rate-limited": "Rate limited",
    "unreachable": "No answer",
    "unknown": "Not clear",
}
GUARDED = ["referer", "user-agent", "cookie", "placeholder"]


def pictures(name):
    """The pictures of a page: name, verdict of their kind, URL."""
    verdicts = {kind["name"]: kind["verdict"] for kind in SETUP["kinds"]}
    found = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', fetch(site(name)).decode())
    urls = [(alt, urllib.parse.urljoin(site(name), html.unescape(url))) for url, alt in found]
    kind = re.compile(r"//(?:www\.localhost:\d+/)?([\w-]+)[./]")
    return [(alt, verdicts[kind.search(url).group(1)], url) for alt, url in urls]


def verdicts(page):
    wrong = []
    for kind in SETUP["kinds"]:
        said = tile(page, kind["name"]).get_attribute("data-verdict")
        label = tile(page, kind["name"]).locator(".badge").text_content().strip()
        if (said, label) != (kind["verdict"], BADGES[kind["verdict"]]):
            wrong.append(f"{kind['name']}: {said}, {label}, and not {kind['verdict']}")
    check(len(SETUP["kinds"]) >= 12, "there are twelve kinds at least")
    check(not wrong, lambda: "wrong verdicts: " + "; ".join(wrong))
    say(f"{len(SETUP['kinds'])} kinds have their verdicts")


def from_where_it_may(page, darkroom, where, copies):
    """Each picture is loaded, from its site or from here, and it is the one."""
    from_sites, from_here = [], []
    for name, verdict, url in pictures(where):
        if verdict not in ["open", *GUARDED]:
            continue
        picture = seen(tile(page, name).locator("a.picture img"))
        check(picture["width"] > 0, f"the picture of {name} is not loaded: {picture}")
        if verdict == "open" and copies == "auto":
            check(picture["src"] == url, f"{name} is open, and comes from {picture['src']}")
            from_sites.append(url)
            continue
        check("/thumbs/" in picture["src"], f"{name} comes from {picture['src']}, and not from here")
        fields = {"Referer": site(where), "User-Agent": "Mozilla/5.0", "Cookie": "visited=yes"}
        original = darkroom.develop(fetch(url, **fields))
        check(alike(picture, original), f"{name} is shown as {picture}, and is {original}")
        from_here.append(url)
    return from_sites, from_here


def story(visitor):
    darkroom = Darkroom(visitor)
    with visitor.tab() as page:
        scan(page, site("all"), copies="auto")
        verdicts(page)
        from_sites, from_here = from_where_it_may(page, darkroom, "all", "auto")
        check(len(from_sites) >= 5 and len(from_here) >= 12, f"{from_sites} from their sites, {from_here} from here")
        requests = asked_by_browser()
        with_referer = [each for each in requests if each.referer]
        check(not with_referer, lambda: f"the sites learn where their pictures are shown: {with_referer}")
        urls = {f"http://{each.host}{each.path}" for each in requests}
        check(urls == set(from_sites), lambda: f"the browser asked for {urls}, and not for {from_sites}")
        say(f"{len(from_sites)} pictures came from their sites without a Referer, {len(from_here)} from here")
        check(not page.complaints, lambda: f"the browser complains: {page.complaints}")
    # not all kinds again: those that count would count on
    before = len(asked_by_browser())
    with visitor.tab() as page:
        scan(page, site("seaside"), copies="always")
        from_sites, from_here = from_where_it_may(page, darkroom, "seaside", "always")
        check(not from_sites and len(from_here) == 11, f"{len(from_here)} pictures come from here")
        check(len(asked_by_browser()) == before, lambda: f"the sites saw the visitor: {asked_by_browser()[before:]}")
        check(not page.complaints, lambda: f"the browser complains: {page.complaints}")
        say("with copies of all, no site saw the visitor")


main(story)
