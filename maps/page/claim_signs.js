// Claims on the map: a sign each, and the place of the one that is selected.
(function () {
  const RADIUS = 9;

  /**
   * @param {Scene} scene
   * @param {Drawing} draw
   * @param {PageContent} data
   * @param {Word} word
   */
  br.addClaims = function (scene, draw, data, word) {
    const style = data.style;
    // A claim's sign carries its number; signs of one place stand side by side.
    /** @param {Claim} row */
    const claimFill = (row) => style.verdictFills[row.verdict] || style.noValue;
    /** @param {PlacedClaim} row */
    function claimShift(row) {
      const near = data.claims.filter((other) => other.at && other.at.every((value, i) => Math.abs(value - row.at[i]) < 0.02));
      return (2 * RADIUS + 2) * (near.indexOf(row) - (near.length - 1) / 2);
    }
    /** @param {PlacedClaim} row */
    function claimSign(row) {
      const fill = claimFill(row);
      const number = data.claims.indexOf(row) + 1;
      return draw.sign(row.at, RADIUS, br.VERDICT_SHAPES[row.verdict] || "triangle", fill, {
        shift: [claimShift(row), 0], text: String(number), textColour: br.inkOn(fill),
      }, () => br.claimText(row, number, word)).on("click", () => scene.selectClaim(row.id));
    }
    const placed = /** @type {PlacedClaim[]} */ (data.claims.filter((row) => row.at));
    if (placed.length) {
      scene.add("claims", br.ORDER.claims, false, () => L.layerGroup(placed.map(claimSign)));
      for (const row of placed) scene.labels.dot(row.at, "claims", RADIUS, claimShift(row));
    }
    const claimed = L.layerGroup([]);
    scene.add("selected-claim", br.ORDER.selected, true, () => claimed);
    scene.showClaim = function () {
      claimed.clearLayers();
      const row = data.claims.find((each) => each.id === scene.claim);
      if (!row || !row.at) return;
      const lines = [...br.unpackLines(row.lines, data.reachQuantum), ...br.unpackPolygons(row.areas, data.reachQuantum).flat().map((/** @type {Place[]} */ ring) => [...ring, ring[0]])];
      for (const line of lines) {
        claimed.addLayer(L.polyline(line, draw.fixed({ color: "#ffffff", weight: 8, opacity: 0.9 })));
        claimed.addLayer(L.polyline(line, draw.fixed({ color: claimFill(row), weight: 4 })));
      }
      for (const at of row.points) claimed.addLayer(L.circleMarker(at, draw.fixed({ radius: 9, weight: 3.5, color: claimFill(row), fill: false })));
      claimed.addLayer(claimSign(/** @type {PlacedClaim} */ (row)));
    };
    /** @param {PlacedClaim} row */
    scene.claimBounds = (row) => L.latLngBounds([row.at, ...row.points, ...br.unpackLines(row.lines, data.reachQuantum).flat(),
      ...br.unpackPolygons(row.areas, data.reachQuantum).flat(2)]);
    /**
     * @param {string | null} id
     * @param {boolean} [move] the map there
     */
    scene.selectClaim = function (id, move) {
      const county = scene.selected;
      const row = data.claims.find((each) => each.id === id);
      scene.claim = row ? id : null;
      scene.selected = null;
      scene.restyleCounty(county);
      scene.showZone();
      scene.showClaim();
      scene.refresh();
      scene.onselect(row && row.at && move ? /** @type {PlacedClaim} */ (row) : null);
    };
  };
})();
