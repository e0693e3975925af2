// What is looked for and what is open, in the address: #drill/NAME?q=outcome:unmet+slow

export function readAddress() {
  const hash = location.hash.slice(1), at = hash.indexOf("?");
  const path = (at < 0 ? hash : hash.slice(0, at)).split("/").map(decode);
  const query = at < 0 ? "" : new URLSearchParams(hash.slice(at + 1)).get("q") || "";
  return { path, query };
}

export function writeAddress({ path, query }) {
  const asked = query ? `?q=${encodeURIComponent(query).replace(/%20/g, "+").replace(/%3A/g, ":")}` : "";
  return `#${path.map(encodeURIComponent).join("/")}${asked}`;
}

function decode(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}
