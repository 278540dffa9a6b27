// The page of a scan, quicker than without a script: what our own server has rendered is put where it belongs.
// No text of a foreign page is ever made into HTML here.
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("scripted");

  // A picture that does not come from its site comes from here.
  const fallBack = (image) => {
    if (image.dataset.copy) {
      image.src = image.dataset.copy;
      image.removeAttribute("data-copy");
      return;
    }
    const place = document.createElement("span");
    place.className = "placeholder";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `cannot be shown ${image.alt}`.trim());
    place.dataset.what = "cannot be shown";
    if (image.alt) place.dataset.alt = image.alt;
    image.replaceWith(place);
  };
  const isShown = (image) => image.matches(".picture img, .stage img");
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement && isShown(event.target)) fallBack(event.target);
  }, true);
  document.addEventListener("load", (event) => {
    if (event.target instanceof HTMLImageElement) event.target.style.removeProperty("background");
  }, true);
  for (const image of document.images) {
    if (isShown(image) && image.complete && image.naturalWidth === 0 && image.currentSrc) fallBack(image);
  }

  const main = document.querySelector("main.results");
  if (!main) return;

  const byId = (id) => document.getElementById(id);
  const grid = byId("pictures");
  const form = byId("selection");
  const filter = byId("filter");
  const dialog = byId("details");
  const allowed = new Set(main.dataset.origins.split(" ").filter(Boolean));
  const tiles = () => [...grid.children];
  const visible = () => tiles().filter((tile) => !tile.hidden);
  const boxes = (within) => [...within.querySelectorAll("input[name=n]")];
  const plural = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

  // What the server has rendered, not in the page yet: nothing of it loads before `admit` has looked at it.
  const parse = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const image of template.content.querySelectorAll("img")) {
      const url = new URL(image.getAttribute("src"), location.href);
      if (url.origin !== location.origin && !allowed.has(url.origin)) fallBack(image);
    }
    return template.content;
  };

  const say = (text) => { byId("said").textContent = text; };
  let saidAt = 0;
  const sayProgress = (text, isLast) => {
    const now = Date.now();
    if (!isLast && now - saidAt < 4000) return;
    saidAt = now;
    say(text);
  };

  // ---- selection
  const chosen = () => boxes(grid).filter((box) => box.checked).map((box) => Number(box.value)).sort((a, b) => a - b);
  const ranges = (numbers) => {
    const parts = [];
    for (let at = 0; at < numbers.length;) {
      let end = at;
      while (numbers[end + 1] === numbers[end] + 1) end += 1;
      parts.push(end > at ? `${numbers[at]}-${numbers[end]}` : `${numbers[at]}`);
      at = end + 1;
    }
    return parts.join(",");
  };
  const count = () => {
    const number = chosen().length;
    byId("selected").textContent = number ? `${number} selected` : "";
    byId("download-selected").disabled = number === 0;
  };
  const copyLinks = async () => {
    const numbers = chosen();
    const wanted = numbers.length ? numbers : visible().map((tile) => Number(tile.dataset.n)).sort((a, b) => a - b);
    const url = `${byId("copy-links").formAction.split("?")[0]}?n=${ranges(wanted)}`;
    try {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(answer.statusText);
      const text = await answer.text();
      await navigator.clipboard.writeText(text);
      const copied = `${plural(text.split("\n").filter(Boolean).length, "link")} copied`;
      byId("selected").textContent = copied;
      say(copied);
    } catch {
      location.assign(url);
    }
  };
  let lastBox = null;
  grid.addEventListener("click", (event) => {
    const box = event.target.closest?.("input[name=n]");
    if (!box) return;
    if (event.shiftKey && lastBox?.isConnected) {
      const shown = visible().flatMap((tile) => boxes(tile).slice(0, 1));
      const [from, to] = [shown.indexOf(lastBox), shown.indexOf(box)].sort((a, b) => a - b);
      if (from >= 0) for (const other of shown.slice(from, to + 1)) other.checked = box.checked;
    }
    lastBox = box;
    count();
  });
  form.addEventListener("click", (event) => {
    const which = event.target.closest?.("[data-select]")?.dataset.select;
    if (!which) return;
    for (const tile of tiles()) {
      const [own, ...alike] = boxes(tile);
      if (which === "all" || which === "none") for (const box of [own, ...alike]) box.checked = which === "all";
      else own.checked = !tile.hidden;
    }
    count();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.id === "copy-links") { void copyLinks(); return; }
    const numbers = chosen();
    if (numbers.length) location.assign(`${form.action}?n=${ranges(numbers)}`);
  });
  for (const part of document.querySelectorAll("span.scripted")) part.hidden = false;
  byId("copy-links").textContent = "Copy links";

  // ---- filter and order
  const GROUPS = ["open", "copy", "lost", "unclear", "pending"];
  const TYPES = new Set([...byId("type").options].map((option) => option.value));
  const number = (text) => Number(text) || 0;
  const typeOf = (tile) => (TYPES.has(tile.dataset.type) ? tile.dataset.type : "other");
  const takes = (tile, wanted) => {
    const { w, h, group, verdict } = tile.dataset;
    return (!wanted.min || !w || Math.min(number(w), number(h)) >= wanted.min)
      && (!wanted.type || typeOf(tile) === wanted.type)
      && (!wanted.verdict || group === wanted.verdict || verdict === wanted.verdict);
  };
  const KEYS = {
    page: (tile) => number(tile.dataset.n),
    size: (tile) => -number(tile.dataset.w) * number(tile.dataset.h),
    bytes: (tile) => -number(tile.dataset.bytes),
    type: (tile) => tile.dataset.type,
    verdict: (tile) => GROUPS.indexOf(tile.dataset.group),
  };
  const wanted = () => ({
    min: number(byId("min").value), type: byId("type").value, verdict: byId("verdict").value, sort: byId("sort").value,
  });
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  let order = byId("sort").value;
  const arrange = (isForced) => {
    const now = wanted();
    if (isForced || now.sort !== order) {
      order = now.sort;
      const keyed = tiles().map((tile) => [KEYS[order](tile), number(tile.dataset.n), tile]);
      keyed.sort((a, b) => compare(a[0], b[0]) || a[1] - b[1]);
      if (keyed.some(([, , tile], at) => grid.children[at] !== tile)) {
        const focused = document.activeElement;
        grid.append(...keyed.map(([, , tile]) => tile));
        if (focused !== document.activeElement) focused?.focus({ preventScroll: true });
      }
    }
    let shown = 0;
    for (const tile of grid.children) {
      const isHidden = !takes(tile, now);
      if (tile.hidden !== isHidden) tile.hidden = isHidden;
      if (!isHidden) shown += 1;
    }
    const none = byId("none");
    none.hidden = shown > 0;
    if (!shown && grid.children.length) none.textContent = "None of the pictures is like that.";
    return shown;
  };
  const refilter = () => {
    const shown = arrange(false);
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(filter)) if (value && !(name === "sort" && value === "page")) query.set(name, value);
    history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    sayProgress(`${plural(shown, "picture")} shown`, true);
  };
  const rest = [...byId("rest").content.children];
  for (const tile of rest) tile.hidden = true;
  grid.append(...rest);
  arrange(rest.length > 0);
  filter.addEventListener("input", refilter);
  filter.addEventListener("submit", (event) => { event.preventDefault(); refilter(); });

  // ---- what arrives
  const put = (fresh) => {
    const old = byId(fresh.id);
    for (const box of boxes(fresh)) {
      const before = byId(`p${box.value}`)?.querySelector("input[name=n]");
      if (before) box.checked = before.checked;
    }
    for (const below of fresh.querySelectorAll("li[id]")) {
      const before = byId(below.id);
      if (before?.parentNode === grid) before.remove();
    }
    if (old?.parentNode !== grid) {
      const after = order === "page" && tiles().find((tile) => number(tile.dataset.n) > number(fresh.dataset.n));
      grid.insertBefore(fresh, after || null);
      return;
    }
    const [was, is] = [old.querySelector(".picture img"), fresh.querySelector(".picture img")];
    if (was && is && was.complete && was.naturalWidth) {
      // the same picture stays; another one covers the old one when it is there
      if (was.getAttribute("src") === is.getAttribute("src")) is.replaceWith(was);
      else is.style.background = `center / contain no-repeat url(${JSON.stringify(was.src)})`;
    }
    const wasOpen = old.querySelector(".alike")?.open;
    if (wasOpen) fresh.querySelector(".alike")?.setAttribute("open", "");
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && ["a.picture", "input", "summary"].find((selector) => focused.matches(selector));
    old.replaceWith(fresh);
    if (place) fresh.querySelector(place)?.focus({ preventScroll: true });
  };
  const replaceParts = (content) => {
    for (const part of [...content.children]) {
      const old = byId(part.id);
      if (!old || old.outerHTML === part.outerHTML) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
      old.replaceWith(part);
      if (focused) (byId(focused) ?? byId("main")).focus?.({ preventScroll: true });
    }
    const progress = byId("part-progress");
    const isOver = progress.dataset.phase === "ended";
    sayProgress(progress.dataset.said, isOver);
    if (isOver && !grid.children.length) byId("none").textContent = "There are no pictures.";
    const title = document.querySelector("h1")?.textContent;
    if (title) document.title = `${title} · Dragline gallery`;
  };

  if (main.dataset.events) {
    const events = new EventSource(main.dataset.events);
    const arrived = [];
    let head = null;
    let isDrawing = false;
    let isLeaving = false;
    const draw = () => {
      isDrawing = false;
      const begun = performance.now();
      let isChanged = false;
      while (arrived.length && performance.now() - begun < 12) {
        const content = parse(arrived.shift());
        for (const tile of [...content.children]) put(tile);
        isChanged = true;
      }
      if (isChanged) { arrange(order !== "page"); count(); }
      if (head) { replaceParts(parse(head)); head = null; }
      if (arrived.length) schedule();
    };
    const schedule = () => {
      if (isDrawing || isLeaving) return;
      isDrawing = true;
      // a tab that nobody sees draws nothing, and still has to keep up
      if (document.hidden) setTimeout(draw, 200); else requestAnimationFrame(draw);
    };
    events.addEventListener("pictures", (event) => {
      // a page's policy cannot grow: served before any picture was known, it is loaded anew, once, for their sites
      if (main.dataset.begins === "auto" && !grid.children.length && !arrived.length) {
        isLeaving = true;
        events.close();
        location.reload();
        return;
      }
      arrived.push(event.data);
      schedule();
    });
    events.addEventListener("scan", (event) => { head = event.data; schedule(); });
    events.addEventListener("end", () => events.close());
    events.addEventListener("error", () => {
      if (events.readyState === EventSource.CLOSED && !isLeaving) say("The connection was lost. Load the page again to see more.");
    });
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  }

  // ---- details
  let current = null;
  const open = async (href) => {
    const url = new URL(href, location.href);
    const numbered = url.pathname.match(/\/pictures\/(\d+)$/);
    if (!numbered) return;
    dialog.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${url.pathname}?fragment=1`);
      if (!answer.ok) throw new Error(answer.statusText);
      dialog.replaceChildren(parse(await answer.text()));
      current = numbered[1];
      if (!dialog.open) dialog.showModal();
      dialog.scrollTop = 0;
      byId("panel-title")?.focus();
    } catch {
      location.assign(url);
    } finally {
      dialog.removeAttribute("aria-busy");
    }
  };
  const go = (step) => {
    const shown = visible();
    const at = shown.findIndex((tile) => tile.id === `p${current}` || tile.querySelector(`[id="p${current}"]`));
    const next = shown[at + step];
    if (next) void open(next.querySelector("a.picture").href);
  };
  const isPlain = (event) => !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  document.addEventListener("click", (event) => {
    if (event.target === dialog) { dialog.close(); return; }
    const link = event.target.closest?.("a");
    if (!link || !isPlain(event)) return;
    if (dialog.contains(link)) {
      if (link.matches(".close")) { event.preventDefault(); dialog.close(); }
      else if (link.dataset.go) { event.preventDefault(); go(Number(link.dataset.go)); }
      else if (link.origin === location.origin && /\/pictures\/\d+$/.test(link.pathname)) { event.preventDefault(); void open(link.href); }
    } else if (link.matches("a.picture")) {
      event.preventDefault();
      void open(link.href);
    }
  });
  dialog.addEventListener("close", () => {
    const tile = current !== null && byId(`p${current}`);
    dialog.replaceChildren();
    if (tile) tile.querySelector("a.picture").focus();
    current = null;
  });

  // ---- keys
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    const { key, target } = event;
    if (dialog.open) {
      if (target.closest?.(".scroll")) return;
      if (key === "ArrowLeft" || key === "ArrowRight") { event.preventDefault(); go(key === "ArrowLeft" ? -1 : 1); }
      return;
    }
    if (target.matches?.("input:not([type=checkbox]), select, textarea")) return;
    if (key === "/") { event.preventDefault(); byId("min").focus(); return; }
    const tile = target.closest?.("#pictures > li");
    if (!tile || !target.matches("a.picture, input[name=n]")) return;
    if (key === " " && target.matches("a.picture")) {
      event.preventDefault();
      target.parentElement.querySelector("input[name=n]").click();
      return;
    }
    const shown = visible();
    const at = shown.indexOf(tile);
    const below = shown.findIndex((other) => other.offsetTop !== shown[0].offsetTop);
    const columns = below < 0 ? shown.length : below;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    let next = null;
    if (key in steps) next = shown[at + steps[key]];
    else if (key === "Home") next = shown[0];
    else if (key === "End") next = shown.at(-1);
    else return;
    event.preventDefault();
    next?.querySelector("a.picture").focus();
  });

  count();
})();
