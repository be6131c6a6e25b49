// Painting a month: mouse, touch and keyboard over the form that works without any of this.

const form = document.getElementById("paint");
const said = document.getElementById("said");
// Parts of the page that a change may touch.
const LIVE = ["calendar", "undo-box", "entries", "clashes"];
let anchor = null; // where a selection began
let here = null; // the day that has, or last had, the focus
let pending = Promise.resolve();

const days = () => [...form.querySelectorAll(".day")];
const cell = (date) => form.querySelector(`[data-day="${date}"]`);
const chosen = () => [...form.querySelectorAll(".day.chosen")];
const brush = () => form.querySelector("[name=level]:checked");

document.documentElement.classList.add("scripts");
dress();

// What the table is once it can be painted: a grid with one day in the tab order.
function dress() {
  const table = document.getElementById("calendar");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-multiselectable", "true");
  for (const row of table.rows) row.setAttribute("role", "row");
  const focusable = here && cell(here) ? here : (form.querySelector(".day.today") ?? form.querySelector(".day")).dataset.day;
  for (const day of days()) {
    day.setAttribute("role", "gridcell");
    day.tabIndex = day.dataset.day === focusable ? 0 : -1;
    day.querySelector("input").tabIndex = -1;
    mark(day, day.querySelector("input").checked);
  }
}

function mark(day, on) {
  day.classList.toggle("chosen", on);
  day.setAttribute("aria-selected", String(on));
  day.querySelector("input").checked = on;
}

function choose(from, to) {
  const all = days().map((day) => day.dataset.day);
  const [low, high] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
  all.forEach((date, index) => mark(cell(date), index >= low && index <= high));
  form.classList.toggle("chosen", high > low);
}

function clear() {
  for (const day of chosen()) mark(day, false);
  form.classList.remove("chosen");
}

function say(text, bad = false) {
  said.textContent = text;
  said.classList.toggle("bad", bad);
}

function focus(date) {
  for (const day of days()) day.tabIndex = day.dataset.day === date ? 0 : -1;
  here = date;
  cell(date).focus();
}

// Sends a form in the background and takes the changed parts out of the page that answers. Changes
// are sent one after the other.
function send(action, fields, painted) {
  for (const day of painted) day.classList.add("saving");
  pending = pending.then(async () => {
    let page;
    try {
      const answer = await fetch(action, { method: "POST", body: new URLSearchParams(fields) });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("calendar")) throw new Error(String(answer.status));
    } catch {
      for (const day of days()) day.classList.remove("saving");
      clear();
      return say("This could not be saved. Check your connection, load the page again and retry.", true);
    }
    const hadFocus = form.contains(document.activeElement) && document.activeElement.closest(".day");
    const wrong = page.querySelector("#paint .problem li");
    for (const id of LIVE) document.getElementById(id).replaceWith(page.getElementById(id));
    if (wrong) clear();
    dress();
    clear();
    if (hadFocus && here && cell(here)) cell(here).focus();
    if (wrong) say(`Nothing was changed: ${wrong.textContent}`, true);
    else say(page.querySelector(".flash")?.textContent ?? "Saved.", Boolean(page.querySelector("#calendar .clash")) && /on call then/.test(page.querySelector(".flash")?.textContent));
  });
  return pending;
}

function paint() {
  const painted = chosen();
  if (painted.length === 0) return;
  const level = brush().value;
  // Show it at once; the server's answer replaces this.
  for (const day of painted) {
    const names = [...day.classList].filter((name) => name.startsWith("l-"));
    if (level !== "clear" && !form.elements.part_from.value) {
      day.classList.remove(...names);
      day.classList.add(`l-${level}`);
    }
  }
  const fields = new FormData(form);
  send(form.action, fields, painted);
  form.classList.remove("chosen");
}

function undo() {
  const undoing = document.getElementById("undo");
  if (document.querySelector("[form=undo]")) send(undoing.action, new FormData(undoing), []);
  else say("There is nothing to take back.");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  paint();
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "undo") return;
  event.preventDefault();
  undo();
});

// Mouse and touch: down on a day, over others, up paints. A finger that moves up or down scrolls.
let dragging = null;
form.addEventListener("pointerdown", (event) => {
  const day = event.target.closest(".day");
  if (!day || event.button !== 0) return;
  if (event.pointerType === "mouse") event.preventDefault();
  dragging = event.pointerId;
  if (!(event.shiftKey && anchor && cell(anchor))) anchor = day.dataset.day;
  choose(anchor, day.dataset.day);
});
form.addEventListener("pointermove", (event) => {
  if (event.pointerId !== dragging) return;
  const day = document.elementFromPoint(event.clientX, event.clientY)?.closest(".day");
  if (day && form.contains(day)) choose(anchor, day.dataset.day);
});
window.addEventListener("pointerup", (event) => {
  if (event.pointerId !== dragging) return;
  dragging = null;
  const day = document.elementFromPoint(event.clientX, event.clientY)?.closest(".day");
  focus(day && form.contains(day) ? day.dataset.day : anchor);
  paint();
});
window.addEventListener("pointercancel", (event) => {
  if (event.pointerId !== dragging) return;
  dragging = null;
  clear();
});
// Labels would tick their boxes a second time. What a screen reader clicks has no pointer before it.
form.addEventListener("click", (event) => {
  const day = event.target.closest(".day");
  if (!day) return;
  event.preventDefault();
  if (event.detail === 0) {
    anchor = day.dataset.day;
    choose(anchor, anchor);
    paint();
  }
});

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

form.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && event.target.closest(".day")) {
    event.preventDefault();
    return undo();
  }
  const day = event.target.closest(".day");
  if (!day || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = days();
  const at = all.indexOf(day);
  const date = day.dataset.day;
  let to = at + (STEPS[event.key] ?? 0);
  const monday = at - (day.cellIndex ?? 0);
  if (event.key === "Home") to = Math.max(0, monday);
  if (event.key === "End") to = Math.min(all.length - 1, monday + 6);
  if (to !== at || event.key in STEPS) {
    event.preventDefault();
    const next = all[Math.min(Math.max(to, 0), all.length - 1)].dataset.day;
    if (to < 0 || to >= all.length) {
      if (event.shiftKey) return;
      if (event.key === "ArrowUp" || event.key === "ArrowDown") return;
    }
    if (event.shiftKey) {
      anchor ??= date;
      if (chosen().length === 0) anchor = date;
      choose(anchor, next);
      const count = chosen().length;
      say(`${count} ${count === 1 ? "day" : "days"} chosen.`);
    } else {
      anchor = next;
      clear();
    }
    return focus(next);
  }
  const key = form.querySelector(`[name=level][data-key="${event.key}"]`);
  if (event.key === "Escape") {
    clear();
    return say("Nothing is chosen.");
  }
  if (event.key === " " || event.key === "Enter" || key) {
    event.preventDefault();
    if (key) key.checked = true;
    if (chosen().length === 0) choose(date, date);
    here = date;
    paint();
  }
});
form.addEventListener("focusin", (event) => {
  const day = event.target.closest(".day");
  if (day) here = day.dataset.day;
});
