// A passkey that was refused or interrupted says so; without JavaScript, its button says what it needs.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const zone = document.getElementById("toasts");
  const note = document.createElement("p");
  note.className = "note late";
  note.setAttribute("role", "alert");
  note.textContent = event.detail.exception?.name === "InvalidStateError"
    ? "Cette clé d’accès est déjà enregistrée."
    : "La clé d’accès n’a pas répondu. Réessayez, ou utilisez un autre moyen.";
  zone.replaceChildren(note);
});
