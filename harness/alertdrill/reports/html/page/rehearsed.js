// What became of each alert that was sent through somebody's config: its way, its notifications, and their end.
import { writeAddress } from "./address.js";
import { drawCard } from "./cards.js";
import { el } from "./elements.js";
import { listAlerts } from "./entries.js";
import { pairs, sign } from "./words.js";

export const REHEARSED = listAlerts({
  example: "outcome:unmet receiver:oncall",
  keys: ["alert", "receiver", "integration", "severity", "outcome", "label"],
  chips: ["outcome", "receiver", "integration", "severity"],
  groups: [["unmet", "wrong"], ["unobserved", "not fully seen"], ["none", "suppressed"], ["met", "right"]],
  words: { unmet: "wrong", unobserved: "not fully seen", none: "suppressed", met: "right" },
  matrix: { title: "Alerts, hop by hop", says: (counts) => `${counts}. A cell leads to its alert.` },
  draw,
});

function draw(entry) {
  return [
    entry.why ? el("p", { class: `stopped ${entry.kind}` }, `${entry.outcome}: ${entry.why}`) : null,
    entry.notes.map((note) => el("p", {}, note)),
    entry.legs.map((leg) => el("section", { class: "finding" }, el("h4", {}, "To ", leg.receiver), pairs(leg.facts),
      leg.inboxes.length ? leg.inboxes.map(drawInbox) : el("p", {}, "It has no integration: nobody is notified."))),
    el("h4", {}, "The alert"), pairs(entry.facts),
    el("p", { class: "small" }, el("a", { href: writeAddress({ path: ["alert", entry.name], query: "" }) }, "Link to this alert")),
  ];
}

function drawInbox(inbox) {
  return el("div", { class: "inbox" },
    el("p", {}, sign(inbox.kind), " ", el("b", {}, inbox.integration), inbox.outcome === "paged" ? "" : ` ${inbox.outcome}`, inbox.why ? `: ${inbox.why}` : "",
      inbox.paged ? [el("span", { class: "hop" }, el("span", { class: "muted" }, " paged "), inbox.paged), el("span", { class: "hop" }, el("span", { class: "muted" }, " end "), inbox.closed)] : null),
    inbox.card ? drawCard(inbox.card) : inbox.title ? el("p", { class: "card" }, inbox.title) : null,
    inbox.left_out ? el("p", { class: "muted small" }, "How it looks is left out: the report would be too long.") : null);
}

export function renderCoverage({ coverage }) {
  if (!coverage.counts.length) return [];
  const missed = coverage.unreached;
  return [el("h2", {}, "What of the config these alerts reach"),
    el("p", {}, coverage.counts.map(([kind, reached, all]) => `${reached} of ${all} ${kind}`).join(", "), "."),
    missed.length ? [
      el("p", { class: "muted small" }, "No alert reaches these: candidates for deletion, or for a rule that is missing. Routes are as Alertmanager has them, the rest as alertdrill reads the config."),
      el("div", { class: "scroll", role: "region", "aria-label": "What no alert reaches", tabindex: 0 }, el("table", { class: "unreached" },
        el("thead", {}, el("tr", {}, ["of the", "where", "what"].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, missed.map(([kind, where, name]) => el("tr", {}, el("th", { scope: "row" }, kind), el("td", {}, el("code", {}, where)), el("td", {}, name))))))]
      : el("p", { class: "muted small" }, "There is nothing that no alert reaches.")];
}
