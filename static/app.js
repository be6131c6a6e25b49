// Small enhancements that every page shares. Nothing here is needed to use the site.

// A form that failed: take the reader to what is wrong.
document.querySelector("[data-focus]")?.focus();

// Narrow screens: the tab one is on is in sight.
for (const current of document.querySelectorAll(".nav [aria-current=page], .tabs [aria-current=page]")) {
  const bar = current.parentElement;
  bar.scrollLeft = current.offsetLeft - bar.offsetLeft - (bar.clientWidth - current.offsetWidth) / 2;
}

// A menu closes when one goes elsewhere, and by Escape.
const close = (menu) => menu.removeAttribute("open");
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) close(menu);
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  close(menu);
  menu.querySelector("summary").focus();
});

// A zone that nobody knows yet: the browser's, for the person to look at.
for (const zone of document.querySelectorAll("[data-guess-zone] input[list=zones]")) {
  zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// Ask before what can't be undone.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// Selects that reload their form.
document.addEventListener("change", (event) => event.target.closest("[data-submit]")?.form.requestSubmit());

// Copy a secret address.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  });
}
