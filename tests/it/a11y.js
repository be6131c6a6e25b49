// What a page must hold for everybody to be able to use it. Returns what is wrong, in words.
// Colours on their way to others are looked at where they end.
for (const animation of document.getAnimations()) animation.finish();
const problems = [];
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = (element) => element.checkVisibility({ visibilityProperty: true });
const name = (element) => {
  const html = element.outerHTML;
  return html.length > 160 ? `${html.slice(0, 160)}…` : html;
};
const label = (element) => {
  const by = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean)
    .map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const labels = [...(element.labels ?? [])].map((l) => l.textContent).join(" ");
  const images = [...element.querySelectorAll("img[alt]")].map((i) => i.alt).join(" ");
  const drawings = [...element.querySelectorAll("svg title")].map((t) => t.textContent).join(" ");
  return [by, element.getAttribute("aria-label") ?? "", labels, images, drawings].join(" ").trim();
};

if (!document.documentElement.lang) problems.push("the page has no lang");
if (!document.title.trim()) problems.push("the page has no title");
if (all("main").length !== 1) problems.push(`${all("main").length} main elements`);

let level = 0;
const headings = all("h1, h2, h3, h4, h5, h6").filter(shown);
if (headings.filter((h) => h.tagName === "H1").length !== 1) problems.push("not exactly one h1");
for (const heading of headings) {
  const now = Number(heading.tagName[1]);
  if (now > level + 1) problems.push(`a heading skips a level: ${name(heading)}`);
  if (!heading.textContent.trim()) problems.push(`an empty heading: ${name(heading)}`);
  level = now;
}

const ids = new Set();
for (const element of all("[id]")) {
  if (ids.has(element.id)) problems.push(`the id "${element.id}" is there twice`);
  ids.add(element.id);
}
for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls", "list"]) {
  for (const element of all(`[${attribute}]`)) {
    for (const id of element.getAttribute(attribute).split(/\s+/)) {
      if (!ids.has(id)) problems.push(`${attribute}="${id}" leads nowhere: ${name(element)}`);
    }
  }
}
for (const link of all("a[href^='#']")) {
  const id = link.getAttribute("href").slice(1);
  if (!ids.has(id)) problems.push(`the link to #${id} leads nowhere`);
}

for (const field of all("input:not([type=hidden]), select, textarea")) {
  const typed = ["submit", "button", "image"].includes(field.type) && (field.value || field.alt);
  if (!label(field) && !typed) problems.push(`a field without a label: ${name(field)}`);
}
for (const element of all("button, a[href], summary, [role=button], [role=link]")) {
  if (!label(element) && !element.textContent.trim()) problems.push(`without a name: ${name(element)}`);
}
for (const image of all("img:not([alt])")) problems.push(`an image without alt: ${name(image)}`);
for (const drawing of all("svg")) {
  const silent = drawing.closest("[aria-hidden=true]");
  if (!silent && !label(drawing)) problems.push(`a drawing without a name: ${name(drawing)}`);
}
for (const element of all("[tabindex]")) {
  if (element.tabIndex > 0) problems.push(`tabindex over 0: ${name(element)}`);
}
for (const box of all("*")) {
  const style = getComputedStyle(box);
  const scrolls = ["auto", "scroll"].includes(style.overflowX) && box.scrollWidth > box.clientWidth + 1;
  const reached = box.tabIndex >= 0 || box.querySelector("a[href], button, input, select, textarea");
  if (scrolls && shown(box) && !reached) problems.push(`scrolls, but not by keyboard: ${name(box)}`);
}
for (const button of all("button, .button, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select")) {
  const { width, height } = button.getBoundingClientRect();
  if (shown(button) && (width < 24 || height < 24)) problems.push(`smaller than 24 pixels: ${name(button)}`);
}
const wide = document.documentElement.scrollWidth;
if (wide > innerWidth) {
  const past = all("body *").filter((e) => shown(e) && e.getBoundingClientRect().right > innerWidth + 1);
  problems.push(`the page scrolls sideways, ${wide} in ${innerWidth}: ${past.slice(0, 3).map(name).join(" ")}`);
}

// Contrast of text with what lies behind it, as far as that is plain colour.
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgba = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const ground = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (style.backgroundImage !== "none") return null;
    const colour = rgba(style.backgroundColor);
    layers.push(colour);
    if (colour[3] === 1) break;
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return layers.reduceRight((below, top) => over(top, below), dark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
};
const light = ([r, g, b]) => {
  const part = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const seen = new Set();
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || seen.has(element) || !shown(element)) continue;
  seen.add(element);
  if (element.closest("svg, option, script, [aria-hidden=true], :disabled, .sr, .skip:not(:focus)")) continue;
  const behind = ground(element);
  if (!behind) continue;
  const style = getComputedStyle(element);
  const [a, b] = [light(over(rgba(style.color), behind)), light(behind)].sort((x, y) => y - x);
  const size = parseFloat(style.fontSize);
  const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < needed) problems.push(`contrast ${ratio.toFixed(2)}, needs ${needed}: ${name(element)}`);
}
return problems;
