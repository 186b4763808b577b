// Names on the map: the less important one gives way where two would overlap, and only what is seen is made.
(function (br) {
  const FONTS = { "br-centre": "bold 15px", "br-stop": "12px", "br-county": "12px", "br-town": "11px", "br-province": "19px" };
  const SPACING = { "br-province": 5.7 };
  const LEAST_STOP_DISTANCE = 30;
  const DOT = 5;
  const MOST_LETTERS = 40; // of a name on the map; panels have all of it

  br.makeLabels = function (map, isOn, hides) {
    const pen = document.createElement("canvas").getContext("2d");
    const family = () => getComputedStyle(map.getContainer()).fontFamily;
    const list = [];
    const dots = [];
    const labels = {};

    // `rank`: 1 goes before 2; `owner`: the layer that it belongs to; `offset`: pixels beside a point.
    const shortened = (text) => ([...text].length > MOST_LETTERS ? [...text].slice(0, MOST_LETTERS - 1).join("") + "…" : text);
    labels.add = (label) => list.push(Object.assign({ offset: 0, leastZoom: 0, marker: null }, label, { text: shortened(label.text) }));
    labels.dot = (at, owner, radius = DOT, shift = 0) => dots.push({ at, owner, radius, shift });
    labels.sort = () => list.sort((a, b) => a.rank - b.rank);

    function measure(label) {
      pen.font = FONTS[label.className] + " " + family();
      label.width = pen.measureText(label.text).width + (SPACING[label.className] || 0) * label.text.length;
      label.height = 1.4 * parseInt(/(\d+)px/.exec(FONTS[label.className])[1], 10);
    }
    function make(label) {
      const html = br.element("span", { className: "br-label " + label.className, "aria-hidden": "true" }, label.text);
      const icon = L.divIcon({ html, className: "br-anchor", iconSize: [0, 0] });
      label.element = html;
      label.marker = L.marker(label.at, { icon, interactive: false, keyboard: false });
    }
    // Stops close to each other on the screen have no names, but for the first and the last.
    function crowded(label) {
      if (!label.beside) return false;
      const here = map.latLngToLayerPoint(label.at);
      return label.beside.some((at) => here.distanceTo(map.latLngToLayerPoint(at)) < LEAST_STOP_DISTANCE);
    }

    labels.place = function () {
      const view = map.getBounds().pad(0.2);
      const zoom = map.getZoom();
      const taken = [];
      for (const dot of dots) {
        if (!isOn(dot.owner) || !view.contains(dot.at)) continue;
        const { x, y } = map.latLngToContainerPoint(dot.at);
        const centre = x + dot.shift;
        taken.push([centre - dot.radius, y - dot.radius, centre + dot.radius, y + dot.radius]);
      }
      const named = new Set(); // a place that several lines stop at has one name
      for (const label of list) {
        const key = label.text + label.at.map((value) => value.toFixed(2));
        const wanted = !named.has(key) && isOn(label.owner) && zoom >= label.leastZoom && view.contains(label.at) &&
          !hides(label.at, label.side) && !crowded(label);
        const place = wanted ? free(label, taken) : null;
        if (place === null) {
          if (label.marker) label.marker.remove();
          continue;
        }
        named.add(key);
        if (!label.marker) make(label);
        label.marker.addTo(map);
        label.element.style.left = place[0] + "px";
        label.element.style.top = place[1] + "px";
        label.element.style.visibility = "visible";
      }
    };
    // A point's name stands right of it, or left, above or below where that is taken.
    function free(label, taken) {
      if (label.width === undefined) measure(label);
      const centre = map.latLngToContainerPoint(label.at);
      const aside = label.offset + label.width / 2;
      const apart = label.offset + label.height / 2 - 2;
      for (const [x, y] of label.offset ? [[aside, 0], [-aside, 0], [0, -apart], [0, apart]] : [[0, 0]]) {
        const left = centre.x + x - label.width / 2;
        const top = centre.y + y - label.height / 2;
        const box = [left, top, left + label.width, top + label.height];
        const clear = taken.every((b) => box[2] < b[0] || b[2] < box[0] || box[3] < b[1] || b[3] < box[1]);
        if (!clear) continue;
        taken.push(box);
        return [x, y];
      }
      return null;
    }
    return labels;
  };
})(borderreach);
