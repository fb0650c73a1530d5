"use strict";
/* What a site's page does beyond HTML: asks before what cannot be undone, "/" to the first field, keeps itself fresh. */
(() => {
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    const typing = at && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName);
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const first = document.querySelector("main form.fields input:not([type=hidden]), main form.fields select");
    if (first) {
      event.preventDefault();
      first.focus();
    }
  });
  const box = document.getElementById("follow");
  if (!box) return;
  box.closest(".follow").hidden = false;
  const fresh = document.getElementById("fresh");
  const say = (text) => { if (fresh.textContent !== text) fresh.textContent = text; };
  /* A section in which somebody types, or has typed, is left alone. */
  const inUse = (section) => {
    const at = document.activeElement;
    if (section.contains(at) && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) return true;
    return [...section.querySelectorAll("input, select, textarea")].some((field) =>
      field.tagName === "SELECT"
        ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.dataset.touched
        : field.value !== field.defaultValue || field.checked !== field.defaultChecked);
  };
  document.addEventListener("change", (event) => { if (event.target.dataset) event.target.dataset.touched = "1"; });
  const named = (node) => node.id ? `#${CSS.escape(node.id)}`
    : node.getAttribute("href") ? `a[href="${CSS.escape(node.getAttribute("href"))}"]`
    : node.getAttribute("aria-label") ? `[aria-label="${CSS.escape(node.getAttribute("aria-label"))}"]` : "";
  /* Put a newer section in place of one, and leave focus, scrolling and what was unfolded as they were. */
  const swap = (here, next) => {
    const at = here.contains(document.activeElement) ? named(document.activeElement) : "";
    const across = [...here.querySelectorAll(".scroll")].map((each) => [each.scrollLeft, each.scrollTop]);
    const open = [...here.querySelectorAll("details")].map((each) => each.open);
    here.replaceWith(document.adoptNode(next));
    next.querySelectorAll(".scroll").forEach((each, i) => { if (across[i]) [each.scrollLeft, each.scrollTop] = across[i]; });
    next.querySelectorAll("details").forEach((each, i) => { if (open[i]) each.open = true; });
    const back = at && next.querySelector(at);
    if (back) back.focus({ preventScroll: true });
  };
  const told = new Map();
  const refresh = async () => {
    if (!box.checked || document.hidden) return;
    try {
      const reply = await fetch(location.href, { credentials: "same-origin" });
      if (reply.redirected) { box.checked = false; return say("You are signed out: load the page again."); }
      if (!reply.ok) throw new Error(reply.status);
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      for (const section of [...page.querySelectorAll("main section")]) {
        const here = document.getElementById(section.id);
        const text = section.innerHTML;
        if (!here || inUse(here) || (told.get(section.id) || here.innerHTML) === text) continue;
        told.set(section.id, text);
        swap(here, section);
      }
      const news = document.getElementById("news"), latest = page.getElementById("news");
      if (news && latest && news.textContent !== latest.textContent) news.textContent = latest.textContent;
      say("");
    } catch {
      say("No answer; trying again.");
    }
  };
  setInterval(refresh, 1000 * (Number(box.dataset.seconds) || 2));
})();
