// The map that the server drew: moved and enlarged with Leaflet, saved as a picture. Without this file it stands still.

const MARGIN = 1; // zoom levels out of the whole territory
const NAMES = [8, 4, 2]; // enlargements at which more names find room (pilotage/mapping.py)

// The drawing as a layer of a Leaflet map that begins exactly where the drawing stood.
const enlarge = (frame) => {
  const drawing = frame.querySelector("svg");
  const corners = JSON.parse(frame.dataset.corners);
  frame.style.height = `${drawing.getBoundingClientRect().height}px`;
  const map = L.map(frame, { attributionControl: Boolean(frame.dataset.tiles), scrollWheelZoom: false, zoomControl: false, zoomSnap: 0 });
  L.control.zoom({ zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(map);
  if (frame.dataset.tiles) L.tileLayer(frame.dataset.tiles, { attribution: frame.dataset.credit }).addTo(map);
  map.fitBounds(corners, { animate: false, padding: [0, 0] });
  const whole = map.getZoom();
  map.setMinZoom(whole - MARGIN).setMaxZoom(whole + 5);
  L.svgOverlay(drawing, corners, { interactive: true }).addTo(map);
  map.on("zoomend", () => {
    const factor = map.getZoomScale(map.getZoom(), whole);
    drawing.style.setProperty("--zoom", factor);
    drawing.dataset.zoom = NAMES.find((zoom) => factor >= zoom * 0.99) ?? 1;
  });
  // Paper shows the whole territory, as it was drawn.
  addEventListener("beforeprint", () => {
    const copy = drawing.cloneNode(true);
    for (const name of ["style", "data-zoom"]) copy.removeAttribute(name);
    copy.setAttribute("class", "cpts-drawn cpts-drawn--printed");
    frame.append(copy);
  });
  addEventListener("afterprint", () => frame.querySelector(".cpts-drawn--printed").remove());
};

// The file for slides, painted twice as large as it is drawn.
const savePicture = async (button) => {
  const answer = await fetch(button.dataset.png);
  const name = answer.headers.get("Content-Disposition").match(/filename="(.+)\.svg"/)[1];
  const source = URL.createObjectURL(await answer.blob());
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width * 2, height: image.height * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(source);
  canvas.toBlob((picture) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(picture), download: `${name}.png` });
    link.click();
    URL.revokeObjectURL(link.href);
  });
};

for (const frame of document.querySelectorAll("[data-map]")) enlarge(frame);
for (const button of document.querySelectorAll("[data-png]")) {
  button.hidden = false;
  button.addEventListener("click", () => savePicture(button));
}

// Another region has other departments.
document.getElementById("id_region")?.addEventListener("change", () => {
  document.getElementById("id_departement").value = "";
});
