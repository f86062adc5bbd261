// Small things that help; every page works without them.
document.addEventListener("DOMContentLoaded", () => {
  // After a refused form, the summary of errors is what people should hear and see first.
  document.querySelector(".errors")?.focus();
});

// A form or a button marked data-confirm says what will happen before it does it. Where its lines
// are cut in the page says nothing.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset?.confirm;
  if (question && !window.confirm(question.replace(/\s*\n\s*/g, " "))) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

// On paper nothing is folded.
window.addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details:not([open])")) folded.open = true;
});

// Filters of a list apply as soon as one is chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("form.filters select")) event.target.form.requestSubmit();
});

// A refused or broken fragment says so instead of failing in silence.
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, () => {
    const zone = document.getElementById("toasts");
    if (!zone) return;
    const note = document.createElement("p");
    note.className = "note late";
    note.setAttribute("role", "alert");
    note.textContent = "La réponse n’est pas arrivée. Vérifiez votre connexion, puis réessayez : rien n’a été perdu.";
    zone.replaceChildren(note);
  });
}

// « Copier » appears where the browser can copy, and says that it did.
document.addEventListener("DOMContentLoaded", () => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = "Copié";
});

// Hours are told on the clock of Paris: somebody elsewhere is warned.
document.addEventListener("DOMContentLoaded", () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const note of document.querySelectorAll("[data-zone]")) note.hidden = note.dataset.zone === here;
});

// Where many tabs scroll, the current one is in sight.
document.addEventListener("DOMContentLoaded", () => {
  for (const tab of document.querySelectorAll(".tabs.scroll [aria-current]")) {
    const bar = tab.parentElement;
    bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.clientWidth) / 2;
  }
});
