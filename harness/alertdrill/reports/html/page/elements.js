// Makes elements. Texts become text nodes, never markup, and links lead within the page, to logs or to the web.

export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...flat(children));
  return element;
}

// What there is to append: of nested lists, without what is not there.
export function flat(children) {
  return [children].flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "");
}

// A <details> whose body is made when it is first opened.
export function fold(attributes, summary, build) {
  const body = el("div", { class: "folded" });
  const details = el("details", attributes, el("summary", {}, summary), body);
  details.build = () => {
    if (build) body.append(...flat(build()));
    build = null;
  };
  details.addEventListener("toggle", () => details.open && details.build());
  return details;
}

export function unfold(details) {
  details.build?.();
  details.open = true;
}

export function outside(url, text) {
  if (!/^https?:\/\//i.test(url)) return text;
  return el("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, text);
}
