// A button that copies the field it names, shown where the browser lets pages copy (https).
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      button.textContent = "Copié";
    });
  }
}
for (const field of document.querySelectorAll("input[readonly]")) field.addEventListener("focus", () => field.select());
