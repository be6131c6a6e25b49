// The form of a rotation: shows only what the chosen cadence uses, and reads a file into its field.

for (const part of document.querySelectorAll("[data-cadence]")) {
  const select = part.querySelector("select");
  const update = () => {
    for (const fields of part.querySelectorAll("[data-for]")) {
      fields.hidden = !fields.dataset.for.split(" ").includes(select.value);
    }
  };
  select.addEventListener("change", update);
  update();
}

for (const field of document.querySelectorAll("[data-file-for]")) {
  const target = document.getElementById(field.dataset.fileFor);
  field.hidden = false;
  field.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) target.value = await file.text();
  });
}
