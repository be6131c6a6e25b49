// An open page of covering follows what happens. Without this, "Look again" is a link.
let stream = null;

const main = document.querySelector("main");
const news = document.createElement("p");
news.className = "news small";
news.setAttribute("role", "status");
main.before(news);

// Something was typed or chosen that is not sent yet.
const isTouched = () => [...main.querySelectorAll("form :is(input, select, textarea)")].some((field) => {
  if (field.type === "hidden") return false;
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return [...field.options].some((o, n) => o.selected !== (o.defaultSelected || (n === 0 && !field.querySelector("[selected]"))));
  return field.value !== field.defaultValue;
});

const link = (path) => {
  const again = document.createElement("a");
  again.href = path;
  again.textContent = "Look again";
  news.replaceChildren("This has changed meanwhile. ", again);
};

async function refresh(path) {
  // What somebody is writing stays theirs.
  if (isTouched()) return link(path);
  let page;
  try {
    const answer = await fetch(path);
    if (!answer.ok || answer.redirected) return link(path);
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return link(path);
  }
  if (isTouched()) return link(path);
  const id = document.activeElement?.id;
  main.replaceChildren(...page.querySelector("main").childNodes);
  if (id) document.getElementById(id)?.focus();
  const words = main.querySelector("[data-news]")?.dataset.news;
  news.textContent = words ? `Updated: ${words}.` : "Updated.";
  follow();
}

function follow() {
  const live = main.querySelector("[data-live]");
  if (!live || stream || document.hidden) return;
  stream = new EventSource(live.dataset.live);
  stream.addEventListener("changed", () => {
    leave();
    refresh(live.dataset.page);
  });
}

function leave() {
  stream?.close();
  stream = null;
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
addEventListener("pagehide", leave);
follow();

// Whoever chooses a colleague, or a shift in return, means just that; and whoever then means something
// else no longer means the colleague.
document.addEventListener("change", ({ target }) => {
  const choices = target.closest(".choices");
  if (!choices) return;
  const radioOf = (select) => select.closest(".nested")?.previousElementSibling?.querySelector("input[type=radio]");
  if (target.tagName === "SELECT" && target.value) {
    const radio = radioOf(target);
    if (radio) radio.checked = true;
  }
  for (const select of choices.querySelectorAll(".nested select")) {
    if (!radioOf(select)?.checked) select.value = "";
  }
});
