// The map of one indicator. Data: #map-data (class and text of each commune); outlines come by département.
const holder = document.getElementById("map");
const data = JSON.parse(document.getElementById("map-data").textContent);
// One hue from light to dark: the order reads without colour, and each class carries its number.
const FILLS = ["#ffffff", "#dcefeb", "#a5d1c8", "#5fa79b", "#237a6d", "#083f3a"];
const map = L.map(holder, { attributionControl: true, zoomSnap: 0.25 });
map.attributionControl.setPrefix("Contours IGN, Licence Ouverte");
map.setView([46.6, 2.4], 6);

function styleOf(code) {
  const rank = data.classes[code];
  if (rank === undefined) return { color: "#b6c0bd", weight: 0.5, fillColor: "#f2f1ec", fillOpacity: 0.6, dashArray: null };
  return { color: rank ? "#16302d" : "#566764", weight: 1, fillColor: FILLS[rank], fillOpacity: rank ? 0.9 : 0.4, dashArray: rank ? null : "4 3" };
}

// Leaflet takes HTML: texts that people typed go in as text.
function plain(text) {
  const node = document.createElement("span");
  node.textContent = text;
  return node;
}

const inside = [];
function add([code, name, , outline]) {
  if (!outline) return;
  const layer = L.polygon(decodeRings(outline), styleOf(code)).addTo(map);
  const rank = data.classes[code];
  if (rank === undefined) {
    layer.bindTooltip(plain(name), { sticky: true });
    return;
  }
  inside.push(layer);
  layer.bindPopup(plain(`${name} : ${data.texts[code]}`));
  if (data.numbered) layer.bindTooltip(rank ? String(rank) : "–", { permanent: true, direction: "center", className: rank > 3 ? "rank dark" : "rank" });
  else layer.bindTooltip(plain(`${name} : ${data.texts[code]}`), { sticky: true });
}

await Promise.all(data.outlines.map(async (url) => {
  const response = await fetch(url);
  if (response.ok) (await response.json()).communes.forEach(add);
}));
for (const layer of inside) layer.bringToFront();
if (inside.length) map.fitBounds(L.featureGroup(inside).getBounds().pad(0.05), { animate: false });
holder.dataset.drawn = inside.length;
