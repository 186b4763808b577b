// What is shown: every layer with its place in the stack and state, and what changes all of them.
(function () {
  br.makeScene = function (map, data, word) {
    /** @type {Map<string, SceneItem>} */
    const items = new Map();
    /** @param {string | undefined} id */
    const isOn = (id) => id !== undefined && items.get(id)?.on === true;
    map.options.renderer = L.canvas({ padding: 0.3, tolerance: 5 });
    const split = br.makeSplit(map, word);
    // Circles and zones keep their edges free of names.
    const EDGED = /^(circle|rail|centre|slider|zones)-|^selected-zone$/;
    const edges = br.makeEdges(map, () => [...items.values()].filter((item) => EDGED.test(item.id) && item.on && item.layer).map((item) => item.layer));
    const labels = br.makeLabels(map, isOn, split.hides, edges);
    const scene = /** @type {Scene} */ ({
      items, labels, split, isOn, selected: null, claim: null, colouring: "none", view: data.scenario ? "compare" : "base",
      minutes: null, onchange: () => {}, onmove: () => {}, onselect: () => {},
    });
    const draw = br.makeDrawing(data);
    scene.boundsOf = (row) => draw.area(row.shape).getBounds();
    scene.shapeOf = (row) => draw.area(row.shape);

    // An item's layer is made when it is first shown.
    scene.add = function (id, order, on, make, side) {
      items.set(id, { id, order, on, make, side, layer: null });
    };
    scene.show = function (id, on) {
      const item = items.get(id);
      if (!item) return;
      item.on = on;
      if (on && !item.layer) {
        item.layer = item.make();
        split.confine(item.layer, item.side);
      }
      if (on) item.layer.addTo(map);
      else if (item.layer) item.layer.remove();
    };
    function restack() {
      const visible = [...items.values()].filter((item) => item.on && item.layer);
      visible.sort((a, b) => a.order - b.order);
      /** @param {any} layer */
      const lift = (layer) => (layer.eachLayer ? layer.eachLayer(lift) : layer.bringToFront && layer.bringToFront());
      for (const item of visible) lift(item.layer);
    }
    // After any change of what is shown.
    scene.refresh = function () {
      scene.restyleReaches();
      if (items.get("provinces")?.layer) scene.restyleGround();
      restack();
      labels.place();
      scene.onchange();
    };
    scene.toggle = function (id, on) {
      scene.show(id, on);
      scene.refresh();
    };

    // While the reader asks "what if", what was computed before steps aside, and comes back afterwards.
    const COMPUTED = /^(circle|rail|centre|slider|zones|corridor|change|past|year)-|^(centres|selected-zone|gaps|crossings|critical|missing|claims)$/;
    scene.asked = null;
    scene.away = function (away) {
      if (away === Boolean(scene.asked)) return;
      const before = scene.asked;
      if (away) {
        if (scene.years) scene.years.set(null);
        scene.select(null);
        scene.asked = new Set([...items.keys()].filter((id) => COMPUTED.test(id) && isOn(id)));
        split.set(false);
      } else {
        scene.asked = null;
        split.set(scene.view === "split");
      }
      for (const id of [...items.keys()].filter((each) => COMPUTED.test(each))) scene.show(id, !away && before?.has(id) === true);
      scene.refresh();
    };
    // Whether a layer is part of what the reader has chosen, also while it's put aside.
    scene.isChosen = (item) => (scene.asked && COMPUTED.test(item.id) ? scene.asked.has(item.id) : item.on);

    br.addBackdrop(scene, draw, data, word);
    br.addRoads(scene, map, data, word);
    br.addReaches(scene, draw, data);
    br.addCounties(scene, draw, data, word);
    br.addLines(scene, draw, data, word);
    br.addClaims(scene, draw, data, word);
    if (data.years) scene.years = br.makeYears(scene, draw, /** @type {PageContent & {years: Years}} */ (data), word);
    scene.add("centres", br.ORDER.centres, true, () =>
      L.layerGroup(data.centres.map((row) => draw.point(row.at, 6, data.style.centreFill, "#ffffff", () => word.place(row.name)))));
    for (const row of data.centres) {
      scene.labels.add({ at: row.at, text: () => word.label(row.name), className: "br-centre", rank: br.RANKS.centre, owner: "centres", offset: 10 });
      scene.labels.dot(row.at, "centres", 7);
    }

    // What is shown of each: before, after, both above each other, or both beside each other.
    scene.setView = function (view) {
      if (scene.years) scene.years.set(null);
      scene.view = view;
      scene.showReaches(view);
      for (const row of data.corridors) scene.show("corridor-" + row.id, view !== "base");
      if (view === "split" && !split.moved) split.at = map.latLngToContainerPoint(L.latLngBounds(data.bounds).getCenter()).x / map.getSize().x;
      split.set(view === "split");
      scene.showZone();
      scene.recolour(scene.colouring);
    };

    scene.begin = function () {
      labels.sort();
      for (const item of items.values()) if (item.on) scene.show(item.id, true);
      split.onmove = () => { labels.place(); scene.onmove(); };
      scene.refresh();
      // Leaflet projects what it draws at either of the first two.
      map.on("viewreset moveend resize", () => { labels.place(); scene.onmove(); });
    };
    return scene;
  };
})();
