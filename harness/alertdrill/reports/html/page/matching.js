// Which drills a query means: words, and tokens such as outcome:unmet. Tokens of one key add up, others narrow down.

export const KEYS = ["system", "alert", "receiver", "outcome", "label", "scenario"];
const TOKEN = /(\w+):(?:"([^"]*)"|(\S+))|"([^"]*)"|(\S+)/g;

export function parse(query) {
  const parsed = { tokens: new Map(), words: [] };
  for (const [whole, key, quoted, plain, phrase, word] of query.matchAll(TOKEN)) {
    if (KEYS.includes(key)) {
      const value = (quoted === undefined ? plain : quoted).toLowerCase();
      parsed.tokens.set(key, [...(parsed.tokens.get(key) || []), value]);
    } else parsed.words.push((phrase || word || whole).toLowerCase());
  }
  return parsed;
}

export function write(key, value) {
  return /[\s"]/.test(value) ? `${key}:"${value.replace(/"/g, "")}"` : `${key}:${value}`;
}

export function has(query, token) {
  return split(query).includes(token);
}

export function toggle(query, token) {
  const parts = split(query);
  return (parts.includes(token) ? parts.filter((part) => part !== token) : [...parts, token]).join(" ");
}

function split(query) {
  return [...query.matchAll(TOKEN)].map(([whole]) => whole);
}

// What a drill can be found by.
export function describe(drill) {
  const values = { system: new Set([drill.system]), outcome: new Set([drill.kind]) };
  for (const key of ["alert", "receiver", "label", "scenario"]) values[key] = new Set();
  const words = [drill.name, drill.system, drill.why];
  for (const finding of drill.findings) {
    values.alert.add(finding.alert);
    values.outcome.add(finding.outcome);
    finding.receivers.forEach((receiver) => values.receiver.add(receiver));
    Object.entries(finding.labels).forEach(([name, value]) => values.label.add(`${name}=${value}`));
    words.push(finding.selector, finding.expected, ...finding.evidence, ...finding.receivers);
  }
  drill.sent.forEach((profile) => values.scenario.add(profile.scenario));
  return { values, text: words.join("\n").toLowerCase() };
}

const CONTAINED = { alert: true, receiver: true, label: true };

export function matches({ values, text }, { tokens, words }) {
  for (const [key, wanted] of tokens) {
    const own = [...values[key]].map((value) => value.toLowerCase());
    const fits = (value, want) => value === want || (CONTAINED[key] && value.includes(want));
    if (!wanted.some((want) => own.some((value) => fits(value, want)))) return false;
  }
  return words.every((word) => text.includes(word));
}
