// What is typed in a form that has a draft (records/_draft.html) is kept on the server, and offered again.
if (!window.maillageDrafts) {
  window.maillageDrafts = true;
  const PAUSE = 1500; // milliseconds without a key before it is kept
  const ASK_AGAIN = 60000; // who else writes here

  const typedIn = (form) => [...form.elements].filter((field) => field.name
    && (field.tagName === "TEXTAREA" || ["text", "email", "search", "tel"].includes(field.type)));
  const valuesOf = (form) => Object.fromEntries(typedIn(form).map((field) => [field.name, field.value]));

  const begin = (mark) => {
    const form = mark.form;
    const address = mark.dataset.draft;
    const find = (name) => form.querySelector(`[data-draft-${name}]`);
    const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, "Content-Type": "application/json" };
    const shown = JSON.stringify(valuesOf(form));
    let waiting = null;
    let isSent = false;

    const tellOthers = (others) => {
      const note = find("others");
      note.hidden = !others.length;
      if (others.length) note.textContent = `${others.join(". ")}. Le second qui enregistre sera prévenu.`;
    };

    const keep = async () => {
      waiting = null;
      if (isSent) return;
      const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(valuesOf(form)), keepalive: true });
      if (!answer.ok) return;
      find("kept").hidden = false;
      tellOthers((await answer.json()).others);
    };

    const read = async () => {
      const answer = await fetch(address);
      return answer.ok ? answer.json() : { mine: null, others: [] };
    };

    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => keep().catch(() => {}), PAUSE);
    });
    form.addEventListener("submit", () => {
      isSent = true;
      clearTimeout(waiting);
    });
    // Whoever leaves before the pause loses nothing either.
    window.addEventListener("pagehide", () => {
      if (waiting) keep().catch(() => {});
    });
    find("restore").addEventListener("click", () => {
      const kept = JSON.parse(find("mine").dataset.fields);
      for (const field of typedIn(form)) if (field.name in kept) field.value = kept[field.name];
      find("mine").hidden = true;
      typedIn(form)[0]?.focus();
    });
    find("forget").addEventListener("click", async () => {
      await fetch(address, { method: "DELETE", headers });
      find("mine").hidden = true;
    });
    setInterval(() => {
      if (!document.hidden) read().then(({ others }) => tellOthers(others)).catch(() => {});
    }, ASK_AGAIN);

    read().then(({ mine, others }) => {
      tellOthers(others);
      if (!mine || JSON.stringify({ ...JSON.parse(shown), ...mine.fields }) === shown) return;
      find("when").textContent = mine.when;
      find("mine").dataset.fields = JSON.stringify(mine.fields);
      find("mine").hidden = false;
    }).catch(() => {});
  };

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-draft]").forEach(begin));
}
