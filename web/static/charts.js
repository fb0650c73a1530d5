"use strict";
/* Draws every chart of the page from the JSON beside it, in the colours of the style sheet. */
(() => {
  const root = document.documentElement;
  const painted = (value, style) => {
    if (typeof value === "string") {
      return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
    }
    if (Array.isArray(value)) {
      const named = (each) => typeof each === "object" || (typeof each === "string" && each.startsWith("--"));
      return value.some(named) ? value.map((each) => painted(each, style)) : value;
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, painted(each, style)]));
    }
    return value;
  };
  const draw = () => {
    if (!window.Plotly) return; /* still packed: `redraw` tells when it is there */
    const style = getComputedStyle(root);
    for (const source of document.querySelectorAll("script[data-chart]")) {
      const place = document.getElementById(source.dataset.chart);
      if (!place.clientWidth) continue; /* folded away: drawn when it is opened */
      const figure = painted(JSON.parse(source.textContent), style);
      Plotly.react(place, figure.data, figure.layout, { displayModeBar: false, responsive: true });
    }
  };
  const themed = (name) => {
    if (name) root.dataset.theme = name;
    else delete root.dataset.theme;
    draw();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  for (const fold of document.querySelectorAll("details.fold")) fold.addEventListener("toggle", draw);
  addEventListener("redraw", draw); /* of a page that puts other charts in place */
  let opened = []; /* folds that only paper shows open */
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.fold:not([open])")];
    for (const fold of opened) fold.open = true;
    themed("print");
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
    themed("");
  });
  draw();
})();
