// Curves on an axis, by uPlot (a global of its script), drawn when they are seen.
import { el } from "./elements.js";
import { colour, paintWhenSeen } from "./colours.js";
import { unpack } from "./curves.js";
import { chooseStep, LEFT, RIGHT } from "./lanes.js";
import { clock, number } from "./words.js";

// As in the whole run, nothing shorter than this is looked at.
const SHORTEST = 30;
// How plots are looked at stays while a page grows, which draws them anew.
const views = new Map();
const DASHES = [[], [2, 3], [7, 3]];

// spec: curves ([{points, name, hue}]), thresholds, low, high, log, from, until, ticks, stack, cells, left, height, says.
export function plot(spec) {
  // An application, as a screen reader would keep arrows and signs for itself elsewhere.
  const place = el("div", { class: "curves", role: "application", tabindex: 0, "aria-roledescription": "plot", "--height": `${spec.height}px`,
    "aria-label": `${spec.says}. Plus and minus zoom, arrow keys move, Escape shows all.` });
  const readout = el("p", { class: "readout", "aria-hidden": "true" });
  const said = el("p", { class: "hidden", "aria-live": "polite" });
  const key = JSON.stringify([spec.says, spec.from, spec.origin || 0]);
  let drawn = null;
  paintWhenSeen(place, () => {
    const width = place.clientWidth;
    if (!width) return;
    const view = views.get(key);
    if (drawn) drawn.destroy();
    const told = align(spec), drawable = told.map((values, place) => place < 2 ? values : values.map((value) => bound(value, spec)));
    drawn = new uPlot(options(spec, width, readout, told), drawable, place);
    drawn.hooks.setScale = [(u, name) => name === "x" && views.set(key, { min: u.scales.x.min, max: u.scales.x.max })];
    if (view && view.max - view.min < spec.until - spec.from) drawn.setScale("x", view);
  });
  place.addEventListener("focus", () => { if (place.matches(":focus-visible")) readout.textContent = "+ and − zoom, ← and → move, Escape shows all"; });
  place.addEventListener("blur", () => { readout.textContent = ""; });
  place.addEventListener("keydown", (event) => {
    if (!drawn || drawn.scales.x.min === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const view = turn(event.key, drawn.scales.x, spec);
    if (!view) return;
    event.preventDefault();
    event.stopPropagation();
    drawn.setScale("x", view);
    readout.textContent = said.textContent = sayView(view, spec);
  });
  return el("div", { class: "plot" }, place, readout, said);
}

// The stretch of time that a key leads to; of what is shown wholly only the zoom leads anywhere.
function turn(key, { min, max }, { from, until }) {
  const span = max - min, all = until - from, isWhole = span >= all;
  const show = (start, wide) => {
    const width = Math.min(all, Math.max(Math.min(SHORTEST, all), wide)), first = Math.min(Math.max(from, start), until - width);
    return { min: first, max: first + width };
  };
  if (key === "+" || key === "=") return show(min + span / 4, span / 2);
  if (isWhole) return null;
  if (key === "-") return show(min - span / 2, span * 2);
  if (key === "ArrowLeft" || key === "ArrowRight") return show(min + (key === "ArrowLeft" ? -0.2 : 0.2) * span, span);
  return key === "Escape" ? { min: from, max: until } : null;
}

// What is in view, for who does not see it: from when to when, and between which values each curve is.
function sayView({ min, max }, spec) {
  const origin = spec.origin || 0;
  const ranges = spec.curves.slice(0, 4).map((curve) => {
    const values = unpack(curve.points, min, max)[1].filter((value) => value !== null);
    return values.length ? `${curve.name} ${number(Math.min(...values))} to ${number(Math.max(...values))}` : `${curve.name} has no value`;
  });
  return [`${clock(min - origin)} to ${clock(max - origin)}`, ...ranges].join("  ·  ");
}

// A value beyond the axis, perhaps infinite, is drawn at its end.
function bound(value, { low, high }) {
  return value === null || value === undefined ? value : Math.min(high, Math.max(low, value));
}

function align(spec) {
  const tables = spec.curves.map((curve) => unpack(curve.points, spec.from, spec.until)).filter(([xs]) => xs.length);
  const blank = [[spec.from, spec.until], [null, null]];
  return uPlot.join([blank, ...tables]);
}

function options(spec, width, readout, told) {
  const shown = spec.curves.filter((curve) => unpack(curve.points, spec.from, spec.until)[0].length);
  const origin = spec.origin || 0, line = colour("line"), grid = colour("grid"), muted = colour("muted");
  const axis = { stroke: muted, font: "11px system-ui, sans-serif", grid: { stroke: grid, width: 1 }, ticks: { stroke: line, size: 4 } };
  const steps = (u, index, low, high) => {
    const step = chooseStep(high - low, width - (spec.left || LEFT) - RIGHT), splits = [];
    for (let at = Math.ceil((low - origin) / step) * step + origin; at <= high; at += step) splits.push(at);
    return splits;
  };
  return {
    width, height: spec.height, legend: { show: false }, padding: [10, RIGHT, 0, 0],
    cursor: { y: false, drag: { x: matchMedia("(pointer: fine)").matches, y: false } },
    scales: {
      x: { time: false, min: spec.from, max: spec.until },
      y: spec.log ? { distr: 3, range: [spec.low, spec.high] } : { range: [spec.low, spec.high] },
    },
    axes: [
      { ...axis, size: 26, splits: steps, values: (u, splits) => splits.map((at) => clock(at - origin)) },
      { ...axis, size: spec.left || LEFT, ...(spec.ticks ? { splits: () => spec.ticks.map(([at]) => at),
        values: () => spec.ticks.map(([, words]) => words) } : { values: (u, splits) => splits.map((at) => at === null || (spec.log && Math.log10(at) % 1) ? "" : number(at)) }) },
    ],
    series: [{}, { show: false }, ...shown.map((curve) => ({
      label: curve.name, stroke: colour(`hue-${curve.hue % 6}`), width: 1.6, dash: DASHES[Math.floor(curve.hue / 6) % 3],
      fill: spec.stack ? `${colour(`hue-${curve.hue % 6}`)}22` : undefined, points: { show: isDotted(curve), size: 3 },
    }))],
    hooks: {
      drawClear: [(u) => spec.cells && drawCells(u, spec)],
      draw: [(u) => (spec.thresholds || []).forEach((one) => drawThreshold(u, one))],
      setCursor: [(u) => { readout.textContent = readAt(u, shown, told, origin); }],
    },
  };
}

// Dots that stand close would make a line of dashes whole; beside a gap a dot may be all that there is.
function isDotted({ hue, points }) {
  return hue < 6 || points.v.length < 60 || points.v.includes(null);
}

function readAt(u, shown, told, origin) {
  const index = u.cursor.idx;
  if (index === null || index === undefined || u.cursor.left < 0) return "";
  const said = shown.map((curve, place) => [curve.name, told[place + 2][index]]).filter(([, value]) => value !== undefined && value !== null);
  return `${clock(u.data[0][index] - origin)}  ${said.slice(0, 4).map(([name, value]) => `${number(value)} ${name}`).join("  ·  ")}`;
}

function drawThreshold(u, { value, says, left: isLeft }) {
  const y = Math.round(u.valToPos(value, "y", true)), { left, width } = u.bbox, { ctx } = u, ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour("threshold");
  ctx.lineWidth = 2 * ratio;
  ctx.setLineDash([6 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "bottom";
  ctx.textAlign = isLeft ? "left" : "right";
  ctx.fillText(says, isLeft ? left + 2 * ratio : left + width - 2 * ratio, y - 2 * ratio);
  ctx.restore();
}

function drawCells(u, { cells }) {
  const most = Math.max(...cells.flat()), { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.fillStyle = colour("hue-0");
  cells.forEach((row, number) => row.forEach((value, column) => {
    if (value <= 0) return;
    u.ctx.globalAlpha = Math.ceil(5 * value / most) / 5;
    const wide = width / row.length, high = height / cells.length;
    u.ctx.fillRect(left + column * wide, top + height - (number + 1) * high, wide, high);
  }));
  u.ctx.restore();
}
