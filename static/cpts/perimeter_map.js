// The map of the perimeter's editor: contours of the departments in view, coloured as the composition is.
// A comfort: all that it says and does is in the lists beside it.
(() => {
  const box = document.getElementById("perimeter-map");
  if (!box || !window.L || !window.topojson || !window.htmx) return;
  const sources = JSON.parse(document.getElementById("map-sources").textContent);
  const readState = () => JSON.parse(document.getElementById("map-state").textContent);
  const colours = getComputedStyle(box.closest(".cpts-editor"));
  const colour = (name) => colours.getPropertyValue(`--map-${name}`).trim();
  const NEAREST = 9; // zoom from which every commune in view is drawn: further away they are too small to be clicked
  const MOST_DRAWN = 6; // departments
  const OUTLINE = { color: "#3a3a3a", weight: 1.25, fill: false };
  const departmentOf = (code) => code.slice(0, code.startsWith("97") ? 3 : 2);
  const number = new Intl.NumberFormat("fr-FR");

  let state = readState();
  let shared = new Set(state.shared);
  const names = {};
  const layers = {};
  const loading = {};
  const map = L.map(box, { preferCanvas: true, keyboard: false, zoomControl: false, minZoom: 5, maxZoom: 14, zoomSnap: 0.5 });
  map.attributionControl.setPrefix(false);
  map.attributionControl.addAttribution(sources.credit);
  L.control.zoom({ zoomInTitle: "Agrandir la carte", zoomOutTitle: "Réduire la carte" }).addTo(map);
  if (sources.tiles) L.tileLayer(sources.tiles, { attribution: sources.tilesCredit }).addTo(map);

  const isHeld = (code) => code in state.held;
  const isNew = (code) => isHeld(code) && state.held[code] !== state.recorded[code];
  const isGone = (code) => !isHeld(code) && code in state.recorded;

  const style = ({ id }) => {
    const isMarked = isNew(id) || isGone(id);
    const line = isNew(id) ? "added" : isGone(id) ? "removed" : state.held[id] ? "held" : "line";
    return {
      color: colour(line),
      weight: isMarked ? 2.5 : state.held[id] ? 2 : 0.75,
      dashArray: isGone(id) ? "2 5" : state.held[id] ? "6 4" : null,
      fillColor: isHeld(id) ? colour(shared.has(id) ? "shared" : "held") : "#fff",
      fillOpacity: isHeld(id) ? (state.held[id] ? 0.22 : 0.55) : sources.tiles ? 0.05 : 0.7,
    };
  };

  const said = (code) => {
    const [name, population] = names[code] ?? [code, null];
    return [
      population === null ? name : `${name}, ${number.format(population)} hab.`,
      isHeld(code) ? (state.held[code] ? "dans le périmètre, en partie" : "dans le périmètre") : "hors du périmètre",
      isNew(code) ? "changée" : isGone(code) ? "retirée" : "",
      shared.has(code) ? "tenue aussi par un autre projet" : "",
    ].filter(Boolean).join(" – ");
  };

  const asText = (text) => { // the map library would read a string as HTML
    const element = document.createElement("span");
    element.textContent = text;
    return element;
  };

  const fetchJson = async (url) => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  };

  const features = (topology) => topojson.feature(topology, Object.values(topology.objects)[0]);

  const draw = (department) => {
    loading[department] ??= Promise.all([
      fetchJson(sources.contours[department]),
      fetchJson(box.dataset.zones.replace("DEP", department)),
    ]).then(([topology, told]) => {
      Object.assign(names, told);
      layers[department] = L.geoJSON(features(topology), {
        style,
        onEachFeature: (feature, layer) => {
          layer.bindTooltip(() => asText(said(feature.id)), { sticky: true });
          layer.on("click", () => act({ toggle: `communes:${feature.id}` }));
        },
      }).addTo(map);
      const [zones] = Object.values(topology.objects);
      L.geoJSON(topojson.mesh(topology, zones, (one, other) => one === other), { interactive: false, style: OUTLINE }).addTo(map);
    }).catch(() => { delete loading[department]; });
    return loading[department];
  };

  const drawView = () => {
    for (const [department, bounds] of Object.entries(boundsOf)) {
      if (department in sources.contours && map.getZoom() >= NEAREST && map.getBounds().intersects(bounds)) draw(department);
    }
  };

  const boundsOf = {};
  const boundsOfZones = async (codes) => {
    const departments = [...new Set(codes.map(departmentOf))].filter((department) => boundsOf[department]);
    if (departments.length > MOST_DRAWN) return departments.reduce((all, one) => all.extend(boundsOf[one]), L.latLngBounds([]));
    await Promise.all(departments.map(draw));
    const drawn = departments.flatMap((department) => layers[department]?.getLayers() ?? []);
    const wanted = new Set(codes);
    return L.featureGroup(drawn.filter((layer) => wanted.has(layer.feature.id))).getBounds();
  };

  // What comes outside the view is shown, with all that is held.
  const reveal = async (come) => {
    const bounds = await boundsOfZones(come);
    if (bounds.isValid() && !map.getBounds().contains(bounds)) map.fitBounds((await boundsOfZones(Object.keys(state.held))).pad(0.25));
  };
  const begin = async () => {
    const outlines = L.geoJSON(features(await fetchJson(sources.contours.departments)), {
      interactive: false, style: OUTLINE,
    });
    outlines.eachLayer((layer) => { boundsOf[layer.feature.id] = layer.getBounds(); });
    const held = Object.keys({ ...state.held, ...state.recorded });
    const met = new Set(held.length ? held.map(departmentOf) : [sources.home]);
    const known = [...met].filter((department) => boundsOf[department]);
    const around = known.length ? known : Object.keys(boundsOf).filter((code) => code.length === 2);
    map.fitBounds(around.map((code) => boundsOf[code]).reduce((all, one) => all.extend(one), L.latLngBounds([])), { animate: false });
    if (known.length && known.length <= MOST_DRAWN) {
      const bounds = await boundsOfZones(held);
      if (bounds.isValid()) map.fitBounds(bounds.pad(0.25), { animate: false });
    }
    const show = () => {
      if (map.getZoom() < NEAREST) outlines.addTo(map);
      else outlines.remove();
      drawView();
    };
    map.on("moveend", show);
    show();
    box.dataset.isReady = "yes";
  };

  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target.id !== "map-state-place") return;
    const before = state.held;
    state = readState();
    shared = new Set(state.shared);
    const come = Object.keys(state.held).filter((code) => !(code in before));
    if (come.length) reveal(come);
    for (const layer of Object.values(layers)) layer.setStyle(style);
  });
  begin().catch(() => { box.textContent = "La carte n'a pas pu être lue : tout se fait aussi par les listes."; });
})();
