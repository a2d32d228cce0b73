// Comforts over pages that work without them.

// « / » goes to the search box, as in most tools with one.
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  const box = document.getElementById("search-input");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// A click anywhere on a row opens what its `.cpts-row-link` opens; its other links and a selection of text stay free.
document.addEventListener("click", (event) => {
  const link = event.target.closest("tr")?.querySelector(".cpts-row-link");
  if (!link || event.target.closest("a, button, input, label, select") || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) open(link.href);
  else link.click();
});

// A list of boxes to tick closes when one clicks elsewhere or presses Escape.
const closeChoices = (kept) => {
  for (const choice of document.querySelectorAll(".cpts-choice[open]")) if (choice !== kept) choice.open = false;
};
document.addEventListener("click", (event) => closeChoices(event.target.closest(".cpts-choice")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.activeElement.closest(".cpts-choice")?.querySelector("summary").focus();
  closeChoices();
});

// Paper has no fold: what is folded on a page is printed.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll(".cpts-more:not([open])")) {
    details.open = true;
    addEventListener("afterprint", () => { details.open = false; }, { once: true });
  }
});

// A button that prints the page, shown where it can.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
