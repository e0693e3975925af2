// Unpacks curves: instants are ways from one to the next, in steps of tenths of a second; see packing.py.

export function unpack(packed, from, until) {
  const xs = [], ys = [];
  let at = 0;
  packed.t.forEach((way, index) => {
    at += way * packed.step;
    xs.push(at / 10);
    const value = packed.v[index];
    ys.push(value === "+" ? Infinity : value === "-" ? -Infinity : value);
  });
  return from === undefined ? [xs, ys] : within(xs, ys, from, until);
}

// What is between two instants, with the values at both: a level line has points only at its ends.
function within(xs, ys, from, until) {
  const inside = [[], []];
  const add = (x, y) => { inside[0].push(x); inside[1].push(y); };
  for (let index = 0; index < xs.length; index++) {
    const [x, y] = [xs[index], ys[index]], [before, old] = [xs[index - 1], ys[index - 1]];
    if (index && before < from && x > from) add(from, between(before, old, x, y, from));
    if (x >= from && x <= until) add(x, y);
    if (index && before < until && before >= from && x > until) add(until, between(before, old, x, y, until));
    else if (index && before < from && x > until) add(until, between(before, old, x, y, until));
  }
  return inside;
}

function between(x0, y0, x1, y1, x) {
  if (!Number.isFinite(y0) || !Number.isFinite(y1)) return y0 === y1 ? y0 : null;
  return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}
