// Comforts of the perimeter's editor, when an act has put new parts in the place of old ones.

// An act: said with what is ticked at this moment, even when it waits for the one before to be over.
const act = (values) => htmx.ajax("POST", document.getElementById("composer").action, { source: "#composer", swap: "none", values });

document.addEventListener("submit", (event) => {
  if (event.target.id !== "composer" || !window.htmx) return;
  event.preventDefault();
  const data = new FormData(event.target, event.submitter);
  act(Object.fromEntries([...data.keys()].map((key) => [key, data.getAll(key)])));
});

const editorParts = {
  // What was unfolded stays so.
  keepUnfolded(old, next) {
    for (const details of old.querySelectorAll("details[open][id]")) {
      const same = next.querySelector(`[id="${details.id}"]`);
      if (same) same.open = true;
    }
  },

  keepScroll(old, next) {
    const [before, after] = [old, next].map((part) => part.querySelector(".cpts-zones__box"));
    return before && after ? () => { after.scrollTop = before.scrollTop; } : () => {};
  },

  // What one has just pressed may be gone: the keyboard goes on with what took its place.
  heirOf(pressed, old, next) {
    if (!old.contains(pressed) || (pressed.id && next.querySelector(`[id="${pressed.id}"]`))) return null;
    const alike = (part) => [...part.querySelectorAll(`[name="${pressed.name}"][form="composer"]`)];
    const followers = alike(next);
    const rank = alike(old).indexOf(pressed);
    return followers[Math.min(rank, followers.length - 1)] ?? next.querySelector("[tabindex], summary, button, a");
  },
};

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const old = event.detail.target;
  const next = event.detail.fragment.querySelector?.(`[id="${old.id}"]`) ?? event.detail.fragment;
  editorParts.keepUnfolded(old, next);
  const scroll = editorParts.keepScroll(old, next);
  const heir = editorParts.heirOf(document.activeElement, old, next);
  setTimeout(() => {
    scroll();
    if (heir && document.activeElement === document.body) heir.focus({ preventScroll: true });
  });
});

// What the server could not do is said where acts are told.
const tell = (text) => { document.getElementById("status").textContent = text; };
document.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL).pathname.includes("/perimetre")) return;
  event.detail.shouldSwap = false; // it is the login page that came back
  tell("Vous n'êtes plus connecté : rechargez la page, votre composition vous y attend.");
});
document.addEventListener("htmx:sendError", () => tell("Le serveur ne répond pas : rien n'a changé, réessayez."));
document.addEventListener("htmx:responseError", (event) => {
  const isRefused = event.detail.xhr.status === 403;
  tell(isRefused ? "Cet acte a été refusé : rechargez la page." : "Une erreur est survenue : rien n'a changé.");
});
