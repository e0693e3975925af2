// Curves on an axis, by uPlot (a global of its script), drawn when they are seen.
import { el } from "./elements.js";
import { colour, paintWhenSeen } from "./colours.js";
import { unpack } from "./curves.js";
import { chooseStep, LEFT, RIGHT } from "./lanes.js";
import { clock, number } from "./words.js";

const DASHES = [[], [2, 3], [7, 3]];

// spec: curves ([{points, name, hue}]), thresholds, low, high, log, from, until, ticks, stack, cells, left, height, says.
export function plot(spec) {
  const place = el("div", { class: "curves", role: "img", "aria-label": spec.says, "--height": `${spec.height}px` });
  const readout = el("p", { class: "readout", "aria-hidden": "true" });
  let drawn = null;
  paintWhenSeen(place, () => {
    const width = place.clientWidth;
    if (!width) return;
    if (drawn) drawn.destroy();
    drawn = new uPlot(options(spec, width, readout), align(spec), place);
  });
  return el("div", { class: "plot" }, place, readout);
}

function align(spec) {
  const clamp = (value) => value === null ? null : Math.min(spec.high, Math.max(spec.low, value));
  const tables = spec.curves.map((curve) => {
    const [xs, ys] = unpack(curve.points, spec.from, spec.until);
    return [xs, ys.map(clamp)];
  }).filter(([xs]) => xs.length);
  const blank = [[spec.from, spec.until], [null, null]];
  return uPlot.join([blank, ...tables]);
}

function options(spec, width, readout) {
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
      fill: spec.stack ? `${colour(`hue-${curve.hue % 6}`)}22` : undefined, points: { show: true, size: 3 },
    }))],
    hooks: {
      drawClear: [(u) => spec.cells && drawCells(u, spec)],
      draw: [(u) => (spec.thresholds || []).forEach((one) => drawThreshold(u, one))],
      setCursor: [(u) => { readout.textContent = readAt(u, shown, origin); }],
    },
  };
}

function readAt(u, shown, origin) {
  const index = u.cursor.idx;
  if (index === null || index === undefined || u.cursor.left < 0) return "";
  const said = shown.map((curve, place) => [curve.name, u.data[place + 2][index]]).filter(([, value]) => value !== undefined && value !== null);
  return `${clock(u.data[0][index] - origin)}  ${said.slice(0, 4).map(([name, value]) => `${number(value)} ${name}`).join("  ·  ")}`;
}

function drawThreshold(u, { value, says }) {
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
  ctx.textAlign = "right";
  ctx.fillText(says, left + width - 2 * ratio, y - 4 * ratio);
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
