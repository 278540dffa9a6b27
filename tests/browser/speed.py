"""How soon the first picture is on the screen, once the page's HTML has come: measured and told."""

from statistics import median

from visitor import asked, begin, check, ended, main, say, site

# with each frame that is drawn: is a picture there?
LOOK = """
const look = () => {
    const image = [...document.querySelectorAll("#pictures img")].find(image => image.complete && image.naturalWidth);
    if (!image) return requestAnimationFrame(look);
    // the next frame has it
    requestAnimationFrame(() => requestAnimationFrame(() => { console.debug("painted", Date.now()); }));
};
look();
"""
# what is wanted, and what is surely a fault
WANTED = 300
MOST = 5_000


def first(visitor, name):
    with visitor.tab() as page:
        page.add_init_script(LOOK)
        seen = len(asked())
        with page.expect_console_message(lambda message: message.text.startswith("painted")) as message:
            begin(page, site(name))
        painted = int(message.value.text.split()[1])
        ended(page)
    sent = next(int(each.at) for each in asked()[seen:] if each.path == f"/{name}")
    return painted - sent


def story(visitor):
    for name in ["plain", "many?n=500", "seaside"]:
        times = [first(visitor, name) for _ in range(3)]
        say(f"{name}: the first picture is there after {times} ms, {median(times):.0f} in the middle ({WANTED} are wanted)")
        check(median(times) < MOST, f"{name}: {times} ms")


main(story)
