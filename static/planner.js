// The planner without reloads: choose a slot, walk with arrow keys, drag a slot onto somebody else.
// Every one of these has a link or a form that does the same.
const grid = document.querySelector(".planner");

async function show(link) {
  const answer = await fetch(link.href, { headers: { accept: "text/html" } });
  if (!answer.ok) { location.assign(link.href); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const panel = page.getElementById("slot");
  // A plan that changed meanwhile is shown as a whole, never mixed with the old one.
  if (!panel || basis(page) !== basis(document)) { location.assign(link.href); return; }
  document.getElementById("slot").replaceWith(panel);
  for (const old of grid.querySelectorAll(".chip[aria-current]")) old.removeAttribute("aria-current");
  for (const chip of grid.querySelectorAll(`.chip[data-slot="${link.dataset.slot}"]`)) chip.setAttribute("aria-current", "true");
  history.replaceState(null, "", link.href);
  panel.querySelector(".story")?.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

const basis = (page) => page.querySelector("#drag [name=basis]")?.value;

grid?.addEventListener("click", (event) => {
  const chip = event.target.closest("a.chip");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(chip);
});

// Arrow keys walk from slot to slot, as they lie in the grid.
grid?.addEventListener("keydown", (event) => {
  const chip = event.target.closest?.("a.chip");
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[event.key];
  if (!chip || !step) return;
  event.preventDefault();
  const rows = [...grid.rows];
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
const form = document.getElementById("drag");
let dragged = null;
for (const chip of grid?.querySelectorAll("a.chip") ?? []) chip.draggable = true;
grid?.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("a.chip")?.dataset.slot ?? null;
  if (dragged) event.dataTransfer.setData("text/plain", dragged);
});
const target = (event) => (dragged ? event.target.closest?.("tr[data-person]") : null);
grid?.addEventListener("dragover", (event) => {
  const row = target(event);
  for (const other of grid.querySelectorAll("tr.drop")) if (other !== row) other.classList.remove("drop");
  if (!row) return;
  event.preventDefault();
  row.classList.add("drop");
});
grid?.addEventListener("dragend", () => {
  dragged = null;
  for (const row of grid.querySelectorAll("tr.drop")) row.classList.remove("drop");
});
grid?.addEventListener("drop", (event) => {
  const row = target(event);
  if (!row) return;
  event.preventDefault();
  form.elements.slot.value = dragged;
  form.elements.person.value = row.dataset.person;
  form.submit();
});
