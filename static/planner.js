// The planner without reloads: choose a slot, walk with arrow keys, drag a slot onto somebody else,
// and follow what changes meanwhile. Every one of these has a link or a form that does the same.
const main = document.getElementById("main");
const grid = () => main.querySelector(".planner");
const basis = (page) => page.querySelector("#drag [name=basis]")?.value;

async function load(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

async function show(link) {
  const page = await load(link.href);
  const panel = page?.getElementById("slot");
  // A plan that changed meanwhile is shown as a whole, never mixed with the old one.
  if (!panel || basis(page) !== basis(document)) { location.assign(link.href); return; }
  document.getElementById("slot").replaceWith(panel);
  for (const old of grid().querySelectorAll(".chip[aria-current]")) old.removeAttribute("aria-current");
  if (link.dataset.slot) for (const chip of chips(link.dataset.slot)) chip.setAttribute("aria-current", "true");
  history.replaceState(null, "", link.href);
  panel.querySelector(".story")?.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

const chips = (slot) => grid().querySelectorAll(`.chip[data-slot="${slot}"]`);

main.addEventListener("click", (event) => {
  const chip = event.target.closest(".planner a.chip, a[data-panel]");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(chip);
});

// Arrow keys walk from slot to slot, as they lie in the grid.
main.addEventListener("keydown", (event) => {
  const chip = event.target.closest?.(".planner a.chip");
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[event.key];
  if (!chip || !step) return;
  event.preventDefault();
  const rows = [...grid().rows];
  let row = rows.indexOf(chip.closest("tr"));
  let column = chip.closest("td").cellIndex;
  for (;;) {
    row += step[0];
    column += step[1];
    const cell = rows[row]?.cells[column];
    if (!cell) return;
    const next = cell.querySelector("a.chip:not(.goes-on)");
    if (next) { next.focus(); return; }
  }
});

// Dragging a slot onto another person assigns it to them; the server says what that costs.
let dragged = null;
const draggable = () => { for (const chip of main.querySelectorAll(".planner a.chip")) chip.draggable = true; };
main.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".planner a.chip")?.dataset.slot ?? null;
  if (dragged) event.dataTransfer.setData("text/plain", dragged);
});
const target = (event) => (dragged ? event.target.closest?.("tr[data-person]") : null);
main.addEventListener("dragover", (event) => {
  const row = target(event);
  for (const other of main.querySelectorAll("tr.drop")) if (other !== row) other.classList.remove("drop");
  if (!row) return;
  event.preventDefault();
  row.classList.add("drop");
});
main.addEventListener("dragend", () => {
  dragged = null;
  for (const row of main.querySelectorAll("tr.drop")) row.classList.remove("drop");
  if (waiting) refresh(waiting);
});
main.addEventListener("drop", (event) => {
  const row = target(event);
  if (!row) return;
  event.preventDefault();
  const form = document.getElementById("drag");
  form.elements.slot.value = dragged;
  form.elements.person.value = row.dataset.person;
  leave();
  form.submit();
});

// Following: a better plan is offered when there is one, and when what the plan is made from
// changes, the page shows the new plan and says why.
let stream = null;
let waiting = null;
const news = document.createElement("div");
news.className = "news";
news.setAttribute("role", "status");
main.before(news);

function follow() {
  const live = document.getElementById("live");
  if (!live || stream || document.hidden) return;
  stream = new EventSource(live.dataset.live);
  const say = (text, better) => {
    live.hidden = false;
    live.querySelector("p").textContent = text;
    live.querySelector("button").hidden = !better;
  };
  stream.addEventListener("progress", (event) => say(JSON.parse(event.data).text, false));
  stream.addEventListener("found", (event) => {
    const { text, better, plan } = JSON.parse(event.data);
    live.elements.plan.value = plan ?? "";
    // Nothing to be found is worth a word only where looking was.
    if (better || !live.hidden) say(text, better);
  });
  stream.addEventListener("changed", (event) => {
    leave();
    const { lines } = JSON.parse(event.data);
    if (dragged) waiting = lines; else refresh(lines);
  });
}

function leave() {
  stream?.close();
  stream = null;
}

const holders = () => new Map([...main.querySelectorAll("tr .chip[data-slot]:not(.goes-on)")]
  .map((chip) => [chip.dataset.slot, chip.closest("tr").dataset.person]));

async function refresh(lines) {
  waiting = null;
  const page = await load(location.href);
  const fresh = page?.getElementById("main");
  if (!fresh) { location.reload(); return; }
  const before = holders();
  const focused = document.activeElement?.dataset?.slot;
  const place = main.querySelector(".plan");
  const [left, top] = [place?.scrollLeft ?? 0, place?.scrollTop ?? 0];
  main.replaceChildren(...fresh.childNodes);
  main.querySelector(".plan")?.scrollTo(left, top);
  draggable();
  let moved = 0;
  for (const [slot, person] of holders()) {
    if (before.get(slot) === person) continue;
    moved += 1;
    for (const chip of chips(slot)) chip.classList.add("just-moved");
  }
  if (focused) chips(focused)[0]?.focus({ preventScroll: true });
  const slots = moved === 0 ? "Nobody's slots moved." : moved === 1 ? "One slot moved." : `${moved} slots moved.`;
  const title = document.createElement("strong");
  title.textContent = "The plan was updated. ";
  news.replaceChildren(title, [...lines, slots].join(" "));
  follow();
}

// What one changes oneself is no news, unless it was not sent after all.
addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  leave();
});
document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
addEventListener("pagehide", leave);
addEventListener("pageshow", follow);
draggable();
follow();
