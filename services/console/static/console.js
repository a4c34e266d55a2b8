// The live part of the console: one stream of server-sent events, and clocks that tick between them.
"use strict";

const clock = document.getElementById("clock");
const line = document.getElementById("line");
const main = document.querySelector("main[data-stream]");
const rows = document.getElementById("rows");
const feed = document.getElementById("feed");
const FEED = 60, AGAIN = 3000, PATIENCE = 5000;
let cut = null;
let base = Number(clock.dataset.now), rate = Number(clock.dataset.rate), since = performance.now();
let place = main.dataset.place;

const now = () => base + rate * (performance.now() - since) / 1000;
const forms = {
  time: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }),
  day: new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" }),
  clock: new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" }),
};

function length(seconds) {
  const whole = Math.abs(Math.trunc(seconds)), minutes = Math.trunc(whole / 60);
  if (whole < 60) return `${whole} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return minutes % 60 ? `${Math.trunc(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  return `${Math.trunc(minutes / 1440)} d ${Math.trunc(minutes % 1440 / 60)} h`;
}

// Only what differs is written: whoever listens to the page is not told the same again every second.
function write(place, text) { if (place.textContent !== text) place.textContent = text; }

function tick() {
  const at = now();
  write(clock, forms.clock.format(at * 1000));
  for (const pill of document.querySelectorAll(".pill[data-due]")) {
    const left = Number(pill.dataset.due) - at;
    const late = left < 0 || pill.dataset.breached, warned = pill.dataset.warn && at >= Number(pill.dataset.warn);
    const look = `pill ${late ? "late" : warned ? "warn" : "calm"}`;
    write(pill, `${length(left)} ${left < 0 ? "over" : "left"}`);
    if (pill.className !== look) pill.className = look;
    if (rows) pill.closest("tr")?.classList.toggle("late", Boolean(late));
  }
  for (const time of document.querySelectorAll("time[data-at]")) {
    write(time, forms[time.dataset.form].format(Number(time.dataset.at) * 1000));
  }
}

function element(name, text, classes) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (classes) made.className = classes;
  return made;
}

function linked(lead, text) {
  const made = element("a", text);
  made.href = `/leads/${lead}`;
  return made;
}

function cell(first, second) {
  const made = document.createElement("td");
  made.append(first);
  if (second !== undefined) made.append(document.createElement("br"), element("span", second, "soft small"));
  return made;
}

const rowOf = (lead) => rows.querySelector(`tr[data-lead="${CSS.escape(lead)}"]`);

function show(row) {
  const made = element("tr", undefined, "fresh");
  made.dataset.lead = row.id;
  const tier = document.createElement("td");
  if (row.tier) tier.append(element("span", row.tier, `tier ${row.tier}`));
  if (row.score) tier.append(" ", element("span", row.score, "soft small"));
  const state = cell(row.state);
  if (row.breaches > 0) state.append(" ", element("span", `${row.breaches} late`, "mark"));
  let face = element("span", "-", "soft");
  if (row.clock) {
    face = element("span", row.clock.left, `pill ${row.clock.color}`);
    Object.assign(face.dataset, { due: row.clock.due, warn: row.clock.warn || "", breached: row.clock.breached ? "1" : "" });
  }
  made.append(cell(linked(row.id, row.name), row.company), tier, cell(row.owner || "-", row.team), state, cell(face, row.clock ? row.clock.promise : undefined));
  const old = rowOf(row.id);
  if (old && old.contains(document.activeElement)) { old.replaceWith(made); made.querySelector("a").focus(); }
  else { if (old) old.remove(); rows.prepend(made); }
  while (rows.children.length > Number(main.dataset.limit)) rows.lastElementChild.remove();
  document.getElementById("empty").hidden = true;
}

function tell(item) {
  const made = element("li", undefined, item.color);
  const time = document.createElement("time");
  Object.assign(time.dataset, { at: item.at, form: "time" });
  made.append(linked(item.lead, item.who), " ", time, document.createElement("br"), item.text);
  feed.prepend(made);
  while (feed.children.length > FEED) feed.lastElementChild.remove();
}

function count(counts) {
  for (const place of document.querySelectorAll("[data-count]")) {
    const n = counts[place.dataset.count] || 0;
    write(place, String(n));
    place.parentElement.classList.toggle("bad", n > 0 && ["late", "unrouted"].includes(place.dataset.count));
  }
  document.getElementById("no-agreement").hidden = counts.live !== null;
}

// The parts of a lead's page come as the server wrote them, escaped there; one request at a time, the newest last.
let asking = false, wanted = false;
async function renew() {
  wanted = true;
  if (asking) return;
  asking = true;
  while (wanted) {
    wanted = false;
    try {
      const answer = await fetch(main.dataset.parts);
      if (answer.ok) put(await answer.text());
    } catch { /* The stream says that the line is cut, and asks again when it is back. */ }
    await new Promise((done) => setTimeout(done, 200));
  }
  asking = false;
}

function put(text) {
  const held = document.activeElement?.getAttribute("href");
  main.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  if (held) main.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus();
  tick();
}

function say(text, look) { write(line, text); line.className = `pill ${look}`; }

// A page that hears nothing must not look as if it were of now.
function lost() {
  cut ??= performance.now();
  const long = performance.now() - cut > PATIENCE;
  main.classList.toggle("stale", long);
  if (long) say(`no connection since ${new Date(Date.now() - (performance.now() - cut)).toLocaleTimeString()}`, "late");
  else { say("connecting", "warn"); setTimeout(() => { if (cut !== null) lost(); }, PATIENCE + 100); }
}

function found() { cut = null; main.classList.remove("stale"); say("live", "calm"); }

function listen() {
  const stream = new EventSource(`${main.dataset.stream}?after=${place}`);
  const on = (name, then) => stream.addEventListener(name, (event) => { then(JSON.parse(event.data)); tick(); });
  stream.onopen = found;
  // A browser connects again by itself, but not after an answer that is no stream (a proxy's, while we start again).
  stream.onerror = () => { lost(); if (stream.readyState === EventSource.CLOSED) setTimeout(again, AGAIN); };
  on("time", (time) => { base = time.now; rate = time.rate; since = performance.now(); });
  on("place", (newest) => { place = newest; if (main.dataset.parts) renew(); });
  on("end", () => { stream.close(); location.assign("/sign-in"); });
  if (!rows) return;
  on("clear", () => { rows.replaceChildren(); feed.replaceChildren(); });
  on("gone", (lead) => rowOf(lead.id)?.remove());
  on("row", show);
  on("feed", tell);
  on("counts", count);
}

async function again() {
  try {
    const answer = await fetch(location.pathname, { redirect: "manual" });
    if (answer.type === "opaqueredirect") { location.assign("/sign-in"); return; }
  } catch { /* Nobody answers yet. */ }
  listen();
}

listen();
tick();
setInterval(tick, 1000);
