// Updates the live pages: reads one stream of server-sent events, and counts the clocks down between them.
"use strict";

const clock = document.getElementById("clock");
const connection = document.getElementById("connection");
const main = document.querySelector("main[data-stream]");
const rows = document.getElementById("rows");
const feed = document.getElementById("feed");
const FEED_LENGTH = 60, RECONNECT_MS = 3000, STALE_AFTER_MS = 5000;
let disconnectedAt = null;
let serverTime = Number(clock.dataset.now), rate = Number(clock.dataset.rate), readAt = performance.now();
let cursor = main.dataset.cursor;

const now = () => serverTime + rate * (performance.now() - readAt) / 1000;
const formats = {
  time: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }),
  day: new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" }),
  clock: new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" }),
};

// The same words as shared/base/durations.py.
function formatDuration(seconds) {
  const total = Math.abs(Math.trunc(seconds)), minutes = Math.trunc(total / 60);
  if (total < 60) return `${total} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return minutes % 60 ? `${Math.trunc(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  return `${Math.trunc(minutes / 1440)} d ${Math.trunc(minutes % 1440 / 60)} h`;
}

// Write only text that differs, so that a screen reader does not announce the same text every second.
function setText(target, text) { if (target.textContent !== text) target.textContent = text; }

function updateClocks() {
  const at = now();
  setText(clock, formats.clock.format(at * 1000));
  for (const pill of document.querySelectorAll(".pill[data-due]")) {
    const left = Number(pill.dataset.due) - at;
    const late = left < 0 || pill.dataset.breached, warned = pill.dataset.warn && at >= Number(pill.dataset.warn);
    const classes = `pill ${late ? "late" : warned ? "warn" : "calm"}`;
    setText(pill, `${formatDuration(left)} ${left < 0 ? "over" : "left"}`);
    if (pill.className !== classes) pill.className = classes;
    if (rows) pill.closest("tr")?.classList.toggle("late", Boolean(late));
  }
  for (const time of document.querySelectorAll("time[data-at]")) {
    setText(time, formats[time.dataset.format].format(Number(time.dataset.at) * 1000));
  }
}

function element(name, text, classes) {
  const created = document.createElement(name);
  if (text !== undefined) created.textContent = text;
  if (classes) created.className = classes;
  return created;
}

function leadLink(lead, text) {
  const link = element("a", text);
  link.href = `/leads/${lead}`;
  return link;
}

function cell(first, second) {
  const td = document.createElement("td");
  td.append(first);
  if (second !== undefined) td.append(document.createElement("br"), element("span", second, "soft small"));
  return td;
}

const rowOf = (lead) => rows.querySelector(`tr[data-lead="${CSS.escape(lead)}"]`);

function createRow(row) {
  const tr = element("tr", undefined, "updated");
  tr.dataset.lead = row.id;
  const tier = document.createElement("td");
  if (row.tier) tier.append(element("span", row.tier, `tier ${row.tier}`));
  if (row.grade) tier.append(" ", element("span", row.grade, "soft small"));
  const state = cell(row.state);
  if (row.breaches > 0) state.append(" ", element("span", `${row.breaches} ${row.breaches === 1 ? "breach" : "breaches"}`, "breach-count"));
  let pill = element("span", "-", "soft");
  if (row.clock) {
    pill = element("span", row.clock.left, `pill ${row.clock.color}`);
    Object.assign(pill.dataset, { due: row.clock.due, warn: row.clock.warn || "", breached: row.clock.breached ? "1" : "" });
  }
  tr.append(cell(leadLink(row.id, row.name), row.company), tier, cell(row.owner || "-", row.team), state, cell(pill, row.clock ? row.clock.promise : undefined));
  return tr;
}

// The lead that changed last is on top, except while its link has the focus: then it stays where it is.
function showRow(row) {
  const tr = createRow(row);
  const previous = rowOf(row.id);
  if (previous && previous.contains(document.activeElement)) { previous.replaceWith(tr); tr.querySelector("a").focus(); }
  else { if (previous) previous.remove(); rows.prepend(tr); }
  while (rows.children.length > Number(main.dataset.limit)) rows.lastElementChild.remove();
  document.getElementById("empty").hidden = true;
}

function showFeedEntry(entry) {
  const li = element("li", undefined, entry.color);
  const time = document.createElement("time");
  Object.assign(time.dataset, { at: entry.at, format: "time" });
  li.append(leadLink(entry.lead, entry.who), " ", time, document.createElement("br"), entry.text);
  feed.prepend(li);
  while (feed.children.length > FEED_LENGTH) feed.lastElementChild.remove();
}

function showCounters(counters) {
  for (const target of document.querySelectorAll("[data-counter]")) {
    const n = counters[target.dataset.counter] || 0;
    setText(target, String(n));
    target.parentElement.classList.toggle("bad", n > 0 && ["breached", "unrouted"].includes(target.dataset.counter));
  }
  document.getElementById("no-agreement").hidden = counters.live_version !== null;
}

// The content of a lead's page comes as HTML, escaped by the server; one request at a time.
let refreshing = false, refreshAgain = false;
async function refreshContent() {
  refreshAgain = true;
  if (refreshing) return;
  refreshing = true;
  while (refreshAgain) {
    refreshAgain = false;
    try {
      const response = await fetch(main.dataset.content);
      if (response.ok) replaceContent(await response.text());
    } catch { /* The stream shows that the connection is lost, and the page refreshes when it is back. */ }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  refreshing = false;
}

function replaceContent(html) {
  const focused = document.activeElement?.getAttribute("href");
  main.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  if (focused) main.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  updateClocks();
}

function showConnection(text, color) { setText(connection, text); connection.className = `pill ${color}`; }

// A page without connection must not look as if it showed the present.
function onDisconnected() {
  disconnectedAt ??= performance.now();
  const elapsed = performance.now() - disconnectedAt;
  const stale = elapsed > STALE_AFTER_MS;
  main.classList.toggle("stale", stale);
  if (stale) showConnection(`no connection since ${new Date(Date.now() - elapsed).toLocaleTimeString()}`, "late");
  else { showConnection("connecting", "warn"); setTimeout(() => { if (disconnectedAt !== null) onDisconnected(); }, STALE_AFTER_MS + 100); }
}

function onConnected() { disconnectedAt = null; main.classList.remove("stale"); showConnection("live", "calm"); }

function connect() {
  const stream = new EventSource(`${main.dataset.stream}?after=${cursor}`);
  const on = (name, handle) => stream.addEventListener(name, (event) => { handle(JSON.parse(event.data)); updateClocks(); });
  stream.onopen = onConnected;
  // A browser reconnects by itself, but not after a response that is no stream (of a proxy, while Baton restarts).
  stream.onerror = () => { onDisconnected(); if (stream.readyState === EventSource.CLOSED) setTimeout(reconnect, RECONNECT_MS); };
  on("time", (time) => { serverTime = time.now; rate = time.rate; readAt = performance.now(); });
  on("cursor", (newest) => { cursor = newest; if (main.dataset.content) refreshContent(); });
  on("end", () => { stream.close(); location.assign("/sign-in"); });
  if (!rows) return;
  on("reset", () => { rows.replaceChildren(); feed.replaceChildren(); });
  on("removed", (lead) => rowOf(lead.id)?.remove());
  on("row", showRow);
  on("feed", showFeedEntry);
  on("counters", showCounters);
}

async function reconnect() {
  try {
    const response = await fetch(location.pathname, { redirect: "manual" });
    if (response.type === "opaqueredirect") { location.assign("/sign-in"); return; }
  } catch { /* The server does not answer yet. */ }
  connect();
}

connect();
updateClocks();
setInterval(updateClocks, 1000);
