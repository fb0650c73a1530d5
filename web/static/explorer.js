"use strict";
/* The explorer: asks for the answer of the setting whenever something moves. The newest question wins; a first look
   of a few quarters comes before the whole answer. */
(() => {
  const at = (id) => document.getElementById(id);
  const form = at("knobs"), says = at("says"), work = at("work"), results = at("results"), more = at("more");
  const knobs = [...form.querySelectorAll("[data-path]")];
  const page = crypto.randomUUID();
  const PAUSE_MS = 120;
  let number = 0, flying = null, pause = 0, clock = 0;

  const valueOf = (knob) => knob.type === "range" ? JSON.parse(knob.dataset.texts)[Number(knob.value)] : knob.value;
  const name = (knob) => {
    if (knob.type !== "range") return;
    knob.setAttribute("aria-valuetext", valueOf(knob));
    at(`${knob.id}-now`).textContent = valueOf(knob);
  };
  const say = (text, tone) => {
    if (says.textContent !== text) says.textContent = text;
    says.className = `say ${tone}`;
  };
  const working = (text) => {
    clearInterval(clock);
    const since = performance.now();
    const tell = () => {
      const seconds = Math.floor((performance.now() - since) / 1000);
      work.textContent = seconds < 1 ? text : `${text} ${seconds} s`;
    };
    if (text) clock = setInterval(tell, 1000);
    tell();
  };
  const show = (answer) => {
    const open = [...results.querySelectorAll("details")].map((each) => each.open);
    for (const chart of results.querySelectorAll(".chart")) Plotly.purge(chart);
    results.innerHTML = answer.html; /* made by our templates, which escape everything */
    results.querySelectorAll("details").forEach((each, i) => { each.open = Boolean(open[i]); });
    dispatchEvent(new Event("redraw"));
    say(answer.says, answer.tone);
    at("command").textContent = answer.command;
  };
  const ask = async (isLook) => {
    const values = Object.fromEntries(knobs.map((knob) => [knob.dataset.path, valueOf(knob)]));
    const body = JSON.stringify({ page, number, values, more: more.value, is_look: isLook });
    const reply = await fetch("play", {
      method: "POST", headers: { "content-type": "application/json" }, body, signal: flying.signal,
    });
    return [reply.status, await reply.json()];
  };
  const play = async () => {
    if (flying) flying.abort();
    flying = new AbortController();
    const mine = ++number;
    says.setAttribute("aria-busy", "true");
    const { look, replications } = results.dataset;
    const stages = look === replications ? [false] : [true, false];
    try {
      for (const isLook of stages) {
        working(isLook ? `Working: a first look at ${look} quarters ...` : `Working: ${replications} quarters ...`);
        const [status, answer] = await ask(isLook);
        if (mine !== number || status === 409) return;
        more.classList.toggle("bad-value", status === 422);
        if (status === 200) { show(answer); continue; }
        say(`This cannot be played: ${answer.says}`, "bad");
        working("");
        work.textContent = "The figures below are those of the setting before.";
        return says.setAttribute("aria-busy", "false");
      }
      working("");
    } catch (error) {
      if (mine !== number || error.name === "AbortError") return;
      say("No answer: is q2c explore still running?", "bad");
      working("");
    }
    says.setAttribute("aria-busy", "false");
  };
  const soon = () => { clearTimeout(pause); pause = setTimeout(play, PAUSE_MS); };

  for (const knob of knobs) knob.addEventListener("input", () => { name(knob); soon(); });
  more.addEventListener("change", soon);
  form.addEventListener("submit", (event) => { event.preventDefault(); soon(); });
  /* not "reset": a control of that name would hide the form's own method */
  at("back").addEventListener("click", () => { form.reset(); knobs.forEach(name); soon(); });
  at("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(at("command").textContent).then(
      () => { at("copied").textContent = "Copied."; },
      () => { at("copied").textContent = "The browser does not allow it: select the text."; });
  });
  knobs.forEach(name);
  play();
})();
