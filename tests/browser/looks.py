"""Questions to a page about who can read it, as programs that a browser runs: contrast, names, headings, captions."""

from __future__ import annotations

CONTRAST = """
() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!colour.endsWith(", 0)") && colour !== "transparent") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const says = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!says || !node.checkVisibility() || node.classList.contains("skip")) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
    found.push((a + 0.05) / (b + 0.05));
  }
  return Math.min(...found);
}
"""
"""The worst contrast between a text and what is behind it."""

NAMELESS = """
() => {
  const found = [];
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, [role=region]";
  for (const node of document.querySelectorAll(usable)) {
    const label = node.labels && [...node.labels].map((each) => each.textContent).join(" ");
    const ids = (node.getAttribute("aria-labelledby") || "").split(" ");
    const by = ids.map((id) => document.getElementById(id)?.textContent || "");
    const own = /^(A|BUTTON)$/.test(node.tagName) ? node.textContent : "";
    const name = [node.getAttribute("aria-label"), ...by, label, own].filter(Boolean).join(" ").trim();
    if (!name) found.push(node.outerHTML.slice(0, 120));
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`the id ${id} stands twice`);
  return found;
}
"""
"""Whatever can be used and has no name, and ids that stand twice."""

HEADINGS = """
() => {
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((node) => Number(node.tagName[1]));
  const found = levels[0] === 1 && levels.filter((each) => each === 1).length === 1 ? [] : [`levels ${levels}`];
  levels.forEach((level, i) => { if (i && level > levels[i - 1] + 1) found.push(`h${levels[i - 1]} then h${level}`); });
  for (const section of document.querySelectorAll("main section")) {
    const title = document.getElementById(section.getAttribute("aria-labelledby"));
    if (!title) found.push(`section ${section.id} has no title`);
  }
  return found;
}
"""
"""What is wrong with the headings: one h1 first, no level left out, a title for each section."""

UNTITLED = """
() => [...document.querySelectorAll("table")].filter((table) => {
  const said = table.caption && table.caption.textContent.trim();
  return !said || [...table.querySelectorAll("th")].some((cell) => !cell.scope);
}).map((table) => table.outerHTML.slice(0, 120))
"""
"""Tables without a caption, or with a header that does not say of what."""
