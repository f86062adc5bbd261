// The map of a perimeter. Data come from #map-data, re-read after each change; a click submits #toggle-form.
const holder = document.getElementById("map");
export const communes = new Map(); // code -> { name, population, layer }
const number = new Intl.NumberFormat("fr-FR");
let data = readData();

function readData() {
  return JSON.parse(document.getElementById("map-data").textContent);
}

function styleOf(code) {
  const share = data.selected[code];
  if (share === undefined) return { color: "#9aa8a4", weight: 0.6, fillColor: "#fff", fillOpacity: 0.75, dashArray: null };
  if (data.overlapping.includes(code)) return { color: "#9a4707", weight: 2, fillColor: "#f0a55f", fillOpacity: 0.75, dashArray: "5 3" };
  if (data.islands.includes(code)) return { color: "#a3262a", weight: 2.5, fillColor: "#0d5c54", fillOpacity: 0.45, dashArray: "2 4" };
  return { color: "#083f3a", weight: 1, fillColor: "#0d5c54", fillOpacity: share < 1 ? 0.35 : 0.65, dashArray: share < 1 ? "6 3" : null };
}

function labelOf(code) {
  const { name, population } = communes.get(code);
  const inhabitants = population === null ? "population non publiée" : `${number.format(population)} habitants`;
  const state = data.selected[code] === undefined ? "" : data.overlapping.includes(code) ? " · aussi dans une autre CPTS" : " · dans le périmètre";
  return `${name} (${code}) · ${inhabitants}${state}`;
}

const map = L.map(holder, { attributionControl: true, preferCanvas: false, zoomSnap: 0.25 });
map.attributionControl.setPrefix("Contours IGN, Licence Ouverte");
map.setView([46.6, 2.4], 6);

function add([code, name, population, outline]) {
  if (!outline || communes.has(code)) return;
  const layer = L.polygon(decodeRings(outline), styleOf(code));
  communes.set(code, { name, population, layer });
  layer.bindTooltip(() => labelOf(code), { sticky: true });
  layer.on("click", () => toggle(code));
  layer.addTo(map);
}

function toggle(code) {
  const form = document.getElementById("toggle-form");
  if (!data.editable || !form) return;
  form.elements.toggle.value = code;
  form.requestSubmit();
}

function restyle() {
  const wasEmpty = Object.keys(data.selected).length === 0;
  data = readData();
  for (const [code, { layer }] of communes) layer.setStyle(styleOf(code));
  for (const code of Object.keys(data.selected)) communes.get(code)?.layer.bringToFront();
  draw(wasEmpty && Object.keys(data.selected).length > 0);
}

const asked = new Set();
async function draw(refit = false) {
  const urls = data.outlines.filter((url) => !asked.has(url));
  urls.forEach((url) => asked.add(url));
  const first = communes.size === 0;
  await Promise.all(urls.map(async (url) => {
    const response = await fetch(url);
    if (!response.ok) return;
    (await response.json()).communes.forEach(add);
  }));
  for (const code of Object.keys(data.selected)) communes.get(code)?.layer.bringToFront();
  if (first || refit) fit();
  holder.dataset.drawn = communes.size;
}

function fit() {
  const inside = Object.keys(data.selected).map((code) => communes.get(code)?.layer).filter(Boolean);
  const layers = inside.length ? inside : [...communes.values()].map(({ layer }) => layer);
  if (layers.length) map.fitBounds(L.featureGroup(layers).getBounds().pad(inside.length ? 0.15 : 0), { animate: false });
}

// Whatever form is sent, the version it speaks of is that of the composition on screen, never a later one
// that a search result may carry: a colleague's change in between must be seen before ours is made.
document.body.addEventListener("htmx:configRequest", (event) => {
  const shown = document.querySelector("#toggle-form [name=version]");
  if (shown && event.detail.parameters.version !== undefined) event.detail.parameters.version = shown.value;
});

// The form for a click is swapped with the composition; the map itself stays.
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "composition" || event.target.querySelector?.("#map-data")) restyle();
});
draw();
