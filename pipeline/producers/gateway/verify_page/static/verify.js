// Makes the form more comfortable: dropping a file, a preview, a check of the size, and a sign that it works.
// The page does everything without this script too. Nothing is sent anywhere but with the form itself.
"use strict";

const form = document.querySelector("form[data-max-bytes]");

if (form) {
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector(".drop");
  const preview = form.querySelector(".preview");
  const status = form.querySelector(".status");
  const button = form.querySelector("button");
  const maxBytes = Number(form.dataset.maxBytes);

  for (const element of form.querySelectorAll(".script-only")) element.hidden = false;

  const tooLarge = () => input.files.length > 0 && input.files[0].size > maxBytes;

  const showChoice = () => {
    const file = input.files[0];
    if (preview.src) URL.revokeObjectURL(preview.src);
    preview.removeAttribute("src");
    preview.hidden = true;
    if (file && file.type.startsWith("image/")) preview.src = URL.createObjectURL(file);
    status.textContent = tooLarge() ? status.dataset.tooLarge : "";
    input.setAttribute("aria-invalid", String(tooLarge()));
  };

  const reset = () => {
    button.disabled = false;
    form.removeAttribute("aria-busy");
    showChoice();
  };

  preview.addEventListener("load", () => { preview.hidden = false; }); // a picture that cannot be shown stays hidden
  input.addEventListener("change", showChoice);

  form.addEventListener("submit", (event) => {
    if (tooLarge()) {
      event.preventDefault();
      input.focus();
      return;
    }
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    status.textContent = status.dataset.busy;
  });

  window.addEventListener("pageshow", (event) => { if (event.persisted) reset(); }); // back from the answer

  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length === 0) return;
    const first = new DataTransfer();
    first.items.add(event.dataTransfer.files[0]);
    input.files = first.files;
    showChoice();
  });
}
