// Lanes over rule time as SVG, in the style sheet's colours: bars of states and drills, and marks of pages.
import { svg } from "./elements.js";
import { clock } from "./words.js";

export const LEFT = 56;
export const RIGHT = 24;
const TITLE = 17, BAR = 17, THIN = 8, GAP = 8, AXIS = 22;
const MARKS = { paged: "▼", opened: "▼", updated: "●", page_resolved: "▽", closed: "▽", refused: "✖", failed: "✗" };
const STEPS = [15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200, 86400];

// Lanes have a title, bars ({kind, from, until, label, hover, href, row}) and marks ({kind, at, hover, row}).
export function drawLanes(lanes, { from, until, width, thin, focusable, origin = 0 }) {
  const inner = Math.max(10, width - LEFT - RIGHT), rowHeight = thin ? THIN + 2 : BAR + 2;
  const x = (at) => LEFT + inner * (Math.min(until, Math.max(from, at)) - from) / (until - from);
  const parts = [];
  let y = 4;
  for (const lane of lanes) {
    if (lane.title) {
      parts.push(svg("text", { class: lane.hue === undefined ? "lane-title" : "lane-title hued", x: LEFT, y: y + 12,
        "--hue": lane.hue === undefined ? null : `var(--hue-${lane.hue % 6})` }, lane.title));
      y += TITLE;
    }
    let rows = 1;
    for (const bar of merge(lane.bars || [], from, until, inner)) {
      rows = Math.max(rows, (bar.row || 0) + 1);
      parts.push(drawBar(bar, x, y + (bar.row || 0) * rowHeight, rowHeight - 2, focusable));
    }
    for (const mark of lane.marks || []) {
      if (mark.at < from || mark.at > until) continue;
      rows = Math.max(rows, (mark.row || 0) + 1);
      const middle = y + (mark.row || 0) * rowHeight + rowHeight / 2 + (thin ? 3 : 4);
      parts.push(svg("text", { class: `mark ${mark.kind}`, x: x(mark.at), y: middle },
        svg("title", {}, `${mark.hover} at ${clock(mark.at - origin)}`), MARKS[mark.kind]));
    }
    y += rows * rowHeight + (lane.title ? GAP : 3);
  }
  parts.push(...drawAxis(from - origin, until - origin, (at) => x(at + origin), y));
  return svg("svg", { class: "lanes", width, height: y + AXIS, viewBox: `0 0 ${width} ${y + AXIS}` }, parts);
}

// Bars of one kind and row that would lie on the same pixel are one: a run may have thousands.
function merge(bars, from, until, inner) {
  const pixel = (until - from) / inner, kept = [], last = new Map();
  for (const bar of bars) {
    if (bar.until < from || bar.from > until) continue;
    const key = `${bar.kind} ${bar.row || 0}`, before = last.get(key);
    if (before && bar.until - before.from < 2 * pixel) continue;
    last.set(key, bar);
    kept.push(bar);
  }
  return kept;
}

function drawBar(bar, x, y, height, focusable) {
  const left = x(bar.from), width = Math.max(1.5, x(bar.until) - left);
  const fits = bar.label && width > 6.2 * Math.min(bar.label.length, 8) + 8;
  const room = Math.floor((width - 8) / 6.2);
  const drawn = svg("g", { class: `bar ${bar.kind}` },
    svg("title", {}, bar.hover),
    svg("rect", { x: left, y, width, height, rx: 2 }),
    fits && height > 10 ? svg("text", { x: left + 4, y: y + height - 5 },
      bar.label.length > room ? `${bar.label.slice(0, room - 1)}…` : bar.label) : null);
  if (!bar.href) return drawn;
  return svg("a", { href: bar.href, tabindex: focusable ? 0 : -1, "aria-label": bar.hover }, drawn);
}

export function chooseStep(span, pixels) {
  return STEPS.find((step) => span / step <= pixels / 70) || 86400 * Math.ceil(span / 86400 / (pixels / 70));
}

function* drawAxis(from, until, x, y) {
  const step = chooseStep(until - from, x(until) - x(from));
  yield svg("path", { class: "axis", d: `M${x(from)} ${y}H${x(until)}` });
  for (let at = Math.ceil(from / step) * step; at <= until; at += step) {
    yield svg("path", { class: "axis", d: `M${x(at)} ${y}v4` });
    yield svg("text", { class: "tick", x: x(at), y: y + 16 }, clock(at));
  }
}

// Give bars that overlap rows of their own, at most so many.
export function stackBars(bars, most) {
  const ends = [];
  return [...bars].sort((one, other) => one.from - other.from).map((bar) => {
    let row = ends.findIndex((end) => end <= bar.from);
    if (row < 0) row = Math.min(ends.length, most - 1);
    ends[row] = Math.max(ends[row] || 0, bar.until);
    return { ...bar, row };
  });
}
