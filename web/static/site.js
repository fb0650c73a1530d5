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
  const busy = () => document.activeElement && document.activeElement.closest("main section");
  const refresh = async () => {
    if (!box.checked || document.hidden || busy()) return;
    try {
      const reply = await fetch(location.href, { credentials: "same-origin" });
      if (!reply.ok) throw new Error(reply.status);
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
      for (const section of fresh.querySelectorAll("main section")) {
        const here = document.getElementById(section.id);
        if (here && here.innerHTML !== section.innerHTML) here.replaceWith(document.adoptNode(section));
      }
      document.getElementById("fresh").textContent = "";
    } catch {
      document.getElementById("fresh").textContent = "The mocks do not answer.";
    }
  };
  setInterval(refresh, 2000);
})();
