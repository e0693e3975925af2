// What a drill sent, as a picture: each load profile's rate over time, changes of providers, and faults.
import { paintWhenSeen } from "./colours.js";
import { el, svg } from "./elements.js";
import { drawLanes, LEFT, RIGHT } from "./lanes.js";
import { clock, number } from "./words.js";

const HEIGHT = 34, TITLE = 16;

export function drawSent(drill) {
  if (!drill.sent.length && !drill.faults.length) return [];
  const lasts = drill.until - drill.from;
  const place = el("div", { class: "lane-box", role: "img", "aria-label": `What ${drill.name} sent: ${saySent(drill)}` });
  paintWhenSeen(place, () => place.replaceChildren(drawRates(drill, lasts, place.clientWidth), drawFaults(drill, lasts, place.clientWidth)));
  const changes = drill.sent.flatMap((profile) => profile.changes.map(([at, whose, words]) => el("li", {}, el("code", {}, `${clock(profile.from + at)} ${whose} ${words}`)))
    .concat(profile.changes_more ? [el("li", {}, `and ${profile.changes_more} more`)] : []));
  return [el("h4", {}, "What was sent"), place,
    changes.length ? el("details", {}, el("summary", {}, "Behaviour changes of providers"), el("ul", { class: "told" }, changes)) : null];
}

function saySent(drill) {
  return drill.sent.map((profile) => `${profile.name} by ${profile.scenario}, up to ${number(highest(profile))} a second`).join("; ");
}

function highest(profile) {
  return Math.max(0, ...profile.stages.map(([, rate]) => rate));
}

function drawRates(drill, lasts, width) {
  const x = (at) => LEFT + (width - LEFT - RIGHT) * Math.min(1, Math.max(0, at / lasts));
  const parts = [];
  drill.sent.forEach((profile, row) => {
    const top = highest(profile) || 1, bottom = (row + 1) * (HEIGHT + TITLE), y = (rate) => bottom - 2 - (HEIGHT - 4) * rate / top;
    let at = profile.from, path = `M${x(at)} ${y(0)}`;
    for (const [lasted, rate] of profile.stages) {
      path += `V${y(rate)}H${x(at + lasted)}`;
      at += lasted;
    }
    parts.push(svg("text", { class: "lane-title", x: LEFT, y: bottom - HEIGHT - 4 }, `${profile.name} (${profile.scenario}), up to ${number(highest(profile))}/s`),
      svg("path", { class: "rate", d: `${path}V${y(0)}Z` }, svg("title", {}, `${profile.name}, ${clock(profile.from)} to ${clock(at)}`)));
    for (const [when, whose, words] of profile.changes) {
      parts.push(svg("path", { class: "change", d: `M${x(profile.from + when)} ${bottom - HEIGHT}V${bottom}` }, svg("title", {}, `${clock(profile.from + when)} ${whose} ${words}`)));
    }
  });
  const height = drill.sent.length * (HEIGHT + TITLE);
  return svg("svg", { class: "lanes", width, height, viewBox: `0 0 ${width} ${height}` }, parts);
}

function drawFaults(drill, lasts, width) {
  const bars = drill.faults.map(([from, until, words], row) => ({ kind: "fault", from, until, label: words, hover: `${words}, ${clock(from)} to ${clock(until)}`, row }));
  return drawLanes(bars.length ? [{ title: "faults", bars }] : [], { from: 0, until: lasts, width });
}
