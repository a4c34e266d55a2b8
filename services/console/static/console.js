// The live part of the console: one stream of server-sent events, and clocks that tick between them.
"use strict";

const clock = document.getElementById("clock");
const line = document.getElementById("line");
const main = document.querySelector("main[data-stream]");
const rows = document.getElementById("rows");
const feed = document.getElementById("feed");
let base = Number(clock.dataset.now), rate = Number(clock.dataset.rate), since = performance.now();

const now = () => base + rate * (performance.now() - since) / 1000;

function length(seconds) {
  const whole = Math.abs(Math.trunc(seconds)), minutes = Math.trunc(whole / 60);
  if (whole < 60) return `${whole} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return minutes % 60 ? `${Math.trunc(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  return `${Math.trunc(minutes / 1440)} d ${Math.trunc(minutes % 1440 / 60)} h`;
}

function tick() {
  const at = now();
  clock.textContent = new Date(at * 1000).toLocaleString(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  for (const pill of document.querySelectorAll(".pill[data-due]")) {
    const left = Number(pill.dataset.due) - at;
    const late = left < 0 || pill.dataset.breached, warned = pill.dataset.warn && at >= Number(pill.dataset.warn);
    pill.textContent = `${length(left)} ${left < 0 ? "over" : "left"}`;
    pill.className = `pill ${late ? "late" : warned ? "warn" : "calm"}`;
  }
  for (const time of document.querySelectorAll("time[data-at]")) {
    time.textContent = new Date(Number(time.dataset.at) * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  }
}

function element(name, text, classes) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (classes) made.className = classes;
  return made;
}

function cell(first, second) {
  const made = document.createElement("td");
  made.append(first);
  if (second !== undefined) made.append(document.createElement("br"), element("span", second, "soft small"));
  return made;
}

function show(row) {
  const made = document.createElement("tr");
  made.dataset.lead = row.id;
  const link = element("a", row.name);
  link.href = `/leads/${row.id}`;
  const tier = document.createElement("td");
  if (row.tier) tier.append(element("span", row.tier, `tier ${row.tier}`));
  if (row.score) tier.append(" ", element("span", row.score, "soft small"));
  const state = cell(row.state);
  if (row.breaches) state.append(" ", element("span", `${row.breaches} late`, "pill late"));
  let face = element("span", "-", "soft");
  if (row.clock) {
    face = element("span", row.clock.left, `pill ${row.clock.color}`);
    Object.assign(face.dataset, { due: row.clock.due, warn: row.clock.warn || "", breached: row.clock.breached ? "1" : "" });
  }
  made.append(cell(link, row.company), tier, cell(row.owner || "-", row.team), state, cell(face, row.clock ? row.clock.promise : undefined));
  made.className = "fresh";
  const old = rows.querySelector(`tr[data-lead="${CSS.escape(row.id)}"]`);
  if (old && old.contains(document.activeElement)) { old.replaceWith(made); made.querySelector("a").focus(); }
  else { if (old) old.remove(); rows.prepend(made); }
  while (rows.children.length > 100) rows.lastElementChild.remove();
  document.getElementById("empty").hidden = true;
}

function tell(item) {
  const made = element("li", undefined, item.color);
  const link = element("a", item.who);
  link.href = `/leads/${item.lead}`;
  const time = document.createElement("time");
  time.dataset.at = item.at;
  made.append(link, " ", time, document.createElement("br"), item.text);
  feed.prepend(made);
  while (feed.children.length > 60) feed.lastElementChild.remove();
}

function count(counts) {
  for (const place of document.querySelectorAll("[data-count]")) {
    const n = counts[place.dataset.count] || 0;
    place.textContent = n;
    place.parentElement.classList.toggle("bad", n > 0 && ["late", "unrouted"].includes(place.dataset.count));
  }
  document.getElementById("no-agreement").hidden = counts.live !== null;
}

let asked = false;
async function renew() {
  if (asked) return;
  asked = true;
  await new Promise((done) => setTimeout(done, 150));
  asked = false;
  const answer = await fetch(main.dataset.parts);
  if (answer.ok) main.innerHTML = await answer.text();
  tick();
}

const stream = new EventSource(main.dataset.stream);
const on = (name, then) => stream.addEventListener(name, (event) => { then(JSON.parse(event.data)); tick(); });
stream.onopen = () => { line.textContent = "live"; line.className = "pill calm"; };
stream.onerror = () => { line.textContent = "connecting"; line.className = "pill warn"; };
on("time", (time) => { base = time.now; rate = time.rate; since = performance.now(); });
if (rows) { on("row", show); on("feed", tell); on("counts", count); }
if (main.dataset.parts) { on("place", renew); }
tick();
setInterval(tick, 1000);
