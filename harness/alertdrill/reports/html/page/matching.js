// Which drills, or alerts, a query means: words, and tokens such as outcome:unmet. Tokens of one key add up, others narrow down.

const TOKEN = /(\w+):(?:"([^"]*)"|(\S+))|"([^"]*)"|(\S+)/g;

// The keys are those of the subject; what has another one is a word.
export function parse(query, keys) {
  const parsed = { tokens: new Map(), words: [] };
  for (const [whole, key, quoted, plain, phrase, word] of query.matchAll(TOKEN)) {
    if (keys.includes(key)) {
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

const CONTAINED = { alert: true, receiver: true, label: true, drill: true };

export function matches({ values, text }, { tokens, words }) {
  for (const [key, wanted] of tokens) {
    const own = [...values[key]].map((value) => value.toLowerCase());
    const fits = (value, want) => value === want || (CONTAINED[key] && value.includes(want));
    if (!wanted.some((want) => own.some((value) => fits(value, want)))) return false;
  }
  return words.every((word) => text.includes(word));
}
