// A passkey that was refused or interrupted says so; without JavaScript, its button says what it needs.
const REFUSALS = {
  InvalidStateError: "Cette clé d’accès est déjà enregistrée.",
  // Browsers tie a passkey to a name: an address by numbers has none.
  SecurityError: `Une clé d’accès demande une adresse par nom, pas par numéros : ouvrez ${location.protocol}//localhost:${location.port}/ pour la démonstration.`,
};
const SILENT = "La clé d’accès n’a pas répondu. Réessayez, ou utilisez un autre moyen.";

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const zone = document.getElementById("toasts");
  const note = document.createElement("p");
  note.className = "note late";
  note.setAttribute("role", "alert");
  note.textContent = REFUSALS[event.detail.exception?.name] ?? SILENT;
  zone.replaceChildren(note);
});
