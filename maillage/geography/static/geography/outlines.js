// Inverse of maillage/geography/outlines.py: encoded rings -> arrays of [latitude, longitude] for Leaflet.
// A plain script, not a module: names of collected files carry a fingerprint that imports would not follow.
window.decodeRings = (text) => text.split(" ").map((ring) => {
  const SCALE = 1e4;
  const points = [];
  let position = 0, latitude = 0, longitude = 0;
  const number = () => {
    let value = 0, shift = 0, chunk;
    do {
      chunk = ring.charCodeAt(position++) - 63;
      value |= (chunk & 0x1f) << shift;
      shift += 5;
    } while (chunk >= 0x20);
    return value & 1 ? ~(value >> 1) : value >> 1;
  };
  while (position < ring.length) {
    latitude += number();
    longitude += number();
    points.push([latitude / SCALE, longitude / SCALE]);
  }
  return points;
});
