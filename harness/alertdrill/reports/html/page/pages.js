// What the receivers got: how fast, which incidents that made, and what a person read in them.
import { writeAddress } from "./address.js";
import { drawCard } from "./cards.js";
import { paintWhenSeen } from "./colours.js";
import { el, fold } from "./elements.js";
import { drawLanes, stackBars } from "./lanes.js";
import { acknowledge } from "./pager.js";
import { clock, count } from "./words.js";

export function renderPages({ pages, timeline, live }) {
  const open = live ? "open" : "never closed", now = live ? timeline.now : timeline.until;
  const troubles = pages.troubles.map((trouble) => el("p", { class: "small" }, el("span", { class: "sign unmet", "aria-hidden": "true" }, "! "), trouble));
  if (!pages.inboxes.length) return troubles.length ? [el("h2", {}, "Pages"), troubles] : [];
  const both = timeline.speed === 1 ? "" : ", as rule time/wall time";
  return [
    el("h2", {}, "Pages"),
    el("p", { class: "muted small" }, `Median and maximum of all incidents${both}; from firing to page without the time for which an alert was suppressed on purpose. Instants count from the start of the run.`),
    el("div", { class: "scroll", role: "region", "aria-label": "Receivers", tabindex: 0 }, el("table", { class: "inboxes" },
      el("thead", {}, el("tr", {}, ["receiver", "opened", "closed", "refused", "firing to page", "resolved to closed"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, pages.inboxes.map(drawInbox)))),
    troubles.length > 3 ? el("details", {}, el("summary", {}, `${troubles.length} troubles on the way to the receivers`), troubles) : troubles,
    drawIncidents(pages, timeline.until, now, open),
    el("h3", {}, "Incidents, and what stood in them"),
    el("div", { class: "incidents" }, pages.incidents.map((incident) => drawIncident(incident, live))),
    pages.incidents_more ? el("p", { class: "muted small" }, sayMore(pages.incidents_more, live)) : null,
    drawAttempts("refused", "Attempts that were refused", pages.refused, pages.refused_more, live),
    drawAttempts("loose", "Accepted, and of no incident", pages.loose, pages.loose_more, live),
  ];
}

const sayMore = (number, live) => live ? `${number} earlier ones are left out.` : `${number} more are in timeline.json.`;

function drawAttempts(name, words, attempts, more, live) {
  return attempts.length ? fold({ class: "incident", "data-path": `attempts/${name}` }, [`${words} `, el("span", { class: "muted small" }, count(attempts.length + more, "attempt"))],
    () => drawNotifications(attempts, more, live)) : null;
}

function drawInbox(inbox) {
  const spread = (both) => both ? [both[0], " ", el("span", { class: "delay" }, `max ${both[1]}`)] : "-";
  const cells = [inbox.opened, inbox.closed, inbox.refused ? el("span", { class: "sign unmet" }, inbox.refused) : 0, spread(inbox.paged), spread(inbox.resolved)];
  return el("tr", {}, el("th", { scope: "row" }, `${inbox.receiver} `, el("span", { class: "muted" }, inbox.integration)), cells.map((cell) => el("td", {}, cell)));
}

function drawIncidents({ incidents, refused, inboxes }, until, now, open) {
  const lanes = inboxes.map(({ receiver, integration }) => {
    const own = incidents.filter((incident) => incident.receiver === receiver && incident.integration === integration);
    const bars = stackBars(own.map((incident) => ({
      kind: incident.until === null ? "open" : "closed", from: incident.from, until: incident.until === null ? now : incident.until, label: incident.title,
      hover: `${incident.title}, ${clock(incident.from)} ${incident.until === null ? open : `to ${clock(incident.until)}`}`, href: writeAddress({ path: ["incident", incident.id], query: "" }), incident,
    })), 16);
    const marks = bars.flatMap((bar) => bar.incident.notifications.filter((one) => ["opened", "updated", "closed"].includes(one.effect))
      .map((one) => ({ kind: one.effect, at: one.at, row: bar.row, hover: `${one.effect}, notification ${one.number}` })));
    const rows = Math.max(0, ...bars.map((bar) => bar.row + 1));
    const turned = refused.filter((one) => one.effect === `refused by ${receiver} ${integration}`).map((one) => ({ kind: "refused", at: one.at, row: rows, hover: `refused with ${one.answer}, notification ${one.number}` }));
    return { title: `${receiver} · ${integration}`, bars, marks: [...marks, ...turned] };
  });
  const place = el("div", { class: "lane-box", role: "group", "aria-label": "What each receiver got, over rule time" });
  paintWhenSeen(place, () => place.replaceChildren(drawLanes(lanes, { from: 0, until, width: place.clientWidth })));
  return [place, el("ul", { class: "key" }, el("li", {}, el("span", { class: "swatch closed" }), "incident"), el("li", {}, el("span", { class: "swatch open" }), open),
    el("li", {}, "▼ opened"), el("li", {}, "● updated or repeated"), el("li", {}, "▽ closed"), el("li", {}, "✖ attempt refused"))];
}

// Once on a page; inside a drill, `within` it, an incident has an address of its own.
export function drawIncident(incident, live, within = "") {
  const closed = incident.until === null ? incident.state || (live ? "open" : "never closed") : `to ${clock(incident.until)}`;
  const facts = `${incident.receiver} · ${incident.integration} · ${clock(incident.from)} ${closed} · ${count(incident.notifications.length + incident.more, "notification")}`;
  return fold({ class: "incident", "data-path": `incident/${incident.id}${within && `/${within}`}` },
    [incident.title || "(without a title)", " ", el("span", { class: "muted small" }, facts)],
    () => [incident.state === "open" ? el("p", {}, el("button", { type: "button", onclick: () => acknowledge(incident.id) }, "Acknowledge")) : null,
      incident.grouped ? el("p", { class: "small" }, "grouped by ", el("code", {}, incident.grouped)) : null, drawNotifications(incident.notifications, incident.more)]);
}

function drawNotifications(notifications, more, live) {
  return el("ol", { class: "notices" }, notifications.map((one) => el("li", {},
    el("span", { class: "muted small" }, `${clock(one.at)} ${one.effect}, answer ${one.answer}${one.wrong ? `: ${one.wrong}` : ""}`),
    one.same ? el("div", {}, "the same words again") : one.card ? drawCard(one.card)
      : [one.title ? el("div", {}, el("strong", {}, one.title)) : null, one.text ? el("pre", {}, one.text) : null],
    el("div", { class: "small" }, one.alerts.map((alert) => [el("code", {}, alert), el("br")])))),
    more ? el("li", { class: "muted small" }, sayMore(more, live)) : null);
}
