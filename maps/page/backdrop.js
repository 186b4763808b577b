// What lies below everything: tiles, provinces, their surroundings.
(function () {
  /**
   * @param {Scene} scene
   * @param {Drawing} draw
   * @param {PageContent} data
   * @param {Word} word
   */
  br.addBackdrop = function (scene, draw, data, word) {
    const style = data.style;
    const tiles = data.baseMap;
    if (tiles) {
      scene.add("tiles", -1, true, () => L.layerGroup(tiles.addresses.map((address) => L.tileLayer(address, {
        subdomains: tiles.subdomains || "abc", minNativeZoom: tiles.minZoom, maxNativeZoom: tiles.maxZoom,
        minZoom: 0, maxZoom: 20, tms: tiles.tms, crossOrigin: false,
      }))));
    }
    if (data.context.length) {
      scene.add("context", br.ORDER.context, true, () =>
        L.layerGroup(data.context.map((row) => draw.area(row.shape, draw.fixed({
          color: style.provinceLine, weight: 0.7, opacity: 0.7, fillColor: style.land, fillOpacity: tiles ? 0 : 0.45,
        })))));
    }
    // What maps that show the whole country carry.
    if (data.nationalLines.length) {
      scene.add("national-lines", br.ORDER.context, true, () => L.layerGroup([
        L.polyline(br.unpackLines(data.nationalLines, data.quantum), draw.fixed({ color: style.borderLine, weight: 1.4 })),
      ]));
    }
    scene.add("provinces", br.ORDER.provinces, true, () =>
      L.layerGroup(data.provinces.map((row) => draw.area(row.shape, draw.fixed({
        color: style.provinceLine, weight: 1.2, fillColor: style.land,
      })))));
    // Tiles show through; without them, land differs from sea.
    const ground = () => (scene.isOn("tiles") ? 0 : 1);
    scene.restyleGround = function () {
      /** @type {SceneItem} */ (scene.items.get("provinces")).layer.eachLayer((/** @type {L.Path} */ layer) => layer.setStyle({ fillOpacity: ground() }));
    };
    for (const row of [...data.provinces, ...data.context]) {
      scene.labels.add({ at: row.at, text: () => word.place(row.name), className: "br-province", rank: br.RANKS.province, owner: "provinces" });
    }
  };
})();
