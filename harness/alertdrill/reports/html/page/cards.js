// A notification as its receiver would show it.
import { el, outside } from "./elements.js";

const MARKED = { bold: "b", italic: "i", strike: "s", code: "code" };
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

export function drawCard(card) {
  return el("div", { class: "card" },
    el("div", { class: "card-head" }, el("span", { class: "service" }, card.service), " ", card.sender ? el("strong", {}, card.sender) : null,
      card.place ? el("span", { class: "muted" }, ` ${card.place} `) : null, card.badge ? el("span", { class: "badge" }, card.badge) : null),
    drawSaid(card.lead),
    card.mail ? drawMail(card) : (card.parts || []).map(drawPart),
    card.more ? el("div", { class: "muted small" }, `and ${card.more} more`) : null);
}

function drawMail(card) {
  const frame = el("iframe", { class: "mail", sandbox: "", referrerpolicy: "no-referrer", loading: "lazy", title: `${card.service} of ${card.sender || ""}` });
  frame.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="color-scheme" content="light">${card.mail}`;
  return frame;
}

function drawPart(part) {
  return el("div", { class: "part", "--bar": part.colour || null },
    part.title ? el("div", { class: "part-title" }, drawLink(part.title)) : null,
    drawSaid(part.lead), drawSaid(part.text),
    part.facts ? el("dl", { class: "card-facts" }, part.facts.map(([name, words, isLong]) =>
      el("div", { class: isLong ? "long" : null }, el("dt", {}, name), el("dd", {}, words.map(drawWords)))),
      part.more ? el("div", {}, el("dt", {}, `and ${part.more} more`), el("dd", {})) : null) : null,
    part.links ? el("div", { class: "buttons" }, part.links.map(drawLink)) : null,
    part.footer ? el("div", { class: "muted small" }, part.footer) : null);
}

function drawSaid(words) {
  return words ? el("div", { class: "said" }, words.map(drawWords)) : null;
}

function drawWords([text, marks, url]) {
  const marked = (marks || []).reduce((inner, mark) => el(MARKED[mark], {}, inner), text);
  return url ? outside(url, marked) : marked;
}

function drawLink([text, url]) {
  return url ? outside(url, text) : text;
}
