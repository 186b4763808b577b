// Names on the map: the less important one gives way where two would overlap, and only what is seen is made.
(function () {
  /** @type { {[className: string]: string} } */
  const FONTS = { "br-centre": "bold 15px", "br-line-name": "bold 12px", "br-stop": "12px", "br-county": "12px", "br-town": "11px", "br-province": "19px" };
  /** @type { {[className: string]: number} } */
  const SPACING = { "br-province": 5.7 };
  const LEAST_STOP_DISTANCE = 30;
  const DOT = 5;
  const APART = 4; // pixels between names side by side, which would be read as one otherwise
  const MOST_LETTERS = 40; // of a name on the map; panels have all of it
  /** @type {(box: Box) => (b: Box) => boolean} */
  const apartFrom = (box) => (b) => box[2] < b[0] || b[2] < box[0] || box[3] < b[1] || b[3] < box[1];
  // Which name goes before which.
  br.RANKS = { centre: 1, line: 1.5, county: 2, end: 2.3, stop: 2.5, town: 3.5, province: 4 };

  /**
   * @param {L.Map} map
   * @param {(owner: string) => boolean} isOn
   * @param {(at: Place, side: string | undefined) => boolean} hides
   * @param {Edges} edges of circles and zones, see edges.js
   */
  br.makeLabels = function (map, isOn, hides, edges) {
    const pen = br.penOf(document.createElement("canvas"));
    const family = () => getComputedStyle(map.getContainer()).fontFamily;
    /** @type {Label[]} */
    const list = [];
    /** @type { {at: Place, owner: string, radius: number, shift: number}[] } */
    const dots = [];
    const labels = /** @type {Labels} */ ({});

    // `rank`: 1 goes before 2; `owner`: the layer that it belongs to; `offset`: pixels beside a point; `along`: further
    // places where it may stand, in their order, or what finds them; `colour` of its letters. A text that depends on the language is a function.
    /** @param {string} text */
    const shortened = (text) => ([...text].length > MOST_LETTERS ? [...text].slice(0, MOST_LETTERS - 1).join("") + "…" : text);
    /** @param {Label} label */
    const textOf = (label) => shortened(typeof label.name === "function" ? label.name() : label.name);
    labels.add = ({ text, ...label }) => list.push(Object.assign({ offset: 0, leastZoom: 0, made: null, along: [], name: text, text: "", width: 0, height: 0 }, label));
    labels.dot = (at, owner, radius = DOT, shift = 0) => dots.push({ at, owner, radius, shift });
    labels.sort = () => list.sort((a, b) => a.rank - b.rank);

    /**
     * @param {Label} label
     * @param {string} text
     */
    function measure(label, text) {
      pen.font = FONTS[label.className] + " " + family();
      label.text = text;
      label.width = pen.measureText(text).width + (SPACING[label.className] || 0) * text.length;
      label.height = 1.4 * parseInt(FONTS[label.className].replace(/^\D+/, ""), 10);
    }
    /** @param {Label} label */
    function make(label) {
      const html = br.element("span", { className: "br-label " + label.className, "aria-hidden": "true" });
      if (label.colour) html.style.color = label.colour;
      const icon = L.divIcon({ html, className: "br-anchor", iconSize: [0, 0] });
      return { html, marker: L.marker(label.at, { icon, interactive: false, keyboard: false }) };
    }
    /**
     * Stops close to each other on the screen have no names, but for the first and the last.
     * @param {Label} label
     */
    function crowded(label) {
      if (!label.beside) return false;
      const here = map.latLngToLayerPoint(label.at);
      return label.beside.some((at) => here.distanceTo(map.latLngToLayerPoint(at)) < LEAST_STOP_DISTANCE);
    }

    labels.place = function () {
      const view = map.getBounds().pad(0.2);
      const zoom = map.getZoom();
      /** @type {Box[]} */
      const taken = [];
      /** @type {Box[]} */
      const marks = [];
      edges.look();
      for (const dot of dots) {
        if (!isOn(dot.owner) || !view.contains(dot.at)) continue;
        const { x, y } = map.latLngToContainerPoint(dot.at);
        const centre = x + dot.shift;
        marks.push([centre - dot.radius, y - dot.radius, centre + dot.radius, y + dot.radius]);
      }
      const { left, top } = map.getContainer().getBoundingClientRect();
      for (const panel of map.getContainer().querySelectorAll(".leaflet-control")) {
        const box = panel.getBoundingClientRect();
        if (box.width) taken.push([box.left - left, box.top - top, box.right - left, box.bottom - top]);
      }
      handles(left, top, taken);
      const named = new Set(); // a place that several lines stop at has one name
      for (const label of list) {
        const text = textOf(label);
        const key = text + label.at.map((value) => value.toFixed(2));
        const wanted = !named.has(key) && isOn(label.owner) && zoom >= label.leastZoom &&
          !hides(label.at, label.side) && !crowded(label);
        const place = wanted && text ? placed(label, text, taken, marks, view) : null;
        if (place === null) {
          if (label.made) label.made.marker.remove();
          continue;
        }
        named.add(key);
        const { html, marker } = label.made ||= make(label);
        html.textContent = text;
        marker.setLatLng(place.at).addTo(map);
        html.style.left = place.x + "px";
        html.style.top = place.y + "px";
        html.style.visibility = "visible";
      }
    };
    /**
     * Handles of a what-if stand where they are. Their names, the centres' first, give way to each other, the map's own to all of them.
     * @param {number} left
     * @param {number} top
     * @param {Box[]} taken
     */
    function handles(left, top, taken) {
      /** @type {(element: Element) => Box} */
      const boxOf = (element) => {
        const box = element.getBoundingClientRect();
        return [box.left - left, box.top - top, box.right - left, box.bottom - top];
      };
      for (const handle of map.getContainer().querySelectorAll(".br-handle")) taken.push(boxOf(handle));
      for (const name of /** @type {NodeListOf<HTMLElement>} */ (map.getContainer().querySelectorAll(".br-handle-name"))) {
        const clear = [false, true].some((before) => {
          name.classList.toggle("br-before", before);
          const box = boxOf(name);
          if (!taken.every(apartFrom(box))) return false;
          taken.push(box);
          return true;
        });
        name.style.visibility = clear ? "" : "hidden";
      }
    }
    /**
     * Where a name may stand beside its place, in pixels: a point's right of it, or left, above, below or in a corner; an
     * area's in its middle, or close to it.
     * @param {Label} label
     */
    function offsets(label) {
      const [w, h] = [label.width / 2, label.height / 2];
      if (!label.offset) return [[0, 0], [0, -h], [0, h], [-w / 2, 0], [w / 2, 0]];
      const aside = label.offset + w;
      const apart = label.offset + h - 2;
      return [[aside, 0], [-aside, 0], [0, -apart], [0, apart], [w, -apart], [-w, -apart], [w, apart], [-w, apart]];
    }
    /**
     * The further places are worked out when the first doesn't do.
     * @param {Label} label
     */
    function* placesOf(label) {
      yield label.at;
      if (typeof label.along === "function") label.along = label.along();
      yield* label.along;
    }
    /**
     * The first of them that covers neither a name, nor a dot, nor an edge; a centre is always named, across edges and then dots if need be.
     * @param {Label} label
     * @param {string} text
     * @param {Box[]} taken
     * @param {Box[]} marks
     * @param {L.LatLngBounds} view
     */
    function placed(label, text, taken, marks, view) {
      if (label.text !== text) measure(label, text);
      const size = map.getSize();
      for (const across of label.rank === br.RANKS.centre ? [0, 1, 2] : [0]) {
        for (const at of placesOf(label)) {
          if (!view.contains(at)) continue;
          const centre = map.latLngToContainerPoint(at);
          for (const [x, y] of offsets(label)) {
            const left = centre.x + x - label.width / 2;
            const top = centre.y + y - label.height / 2;
            /** @type {Box} */
            const box = [left, top, left + label.width, top + label.height];
            const gap = across ? 0 : APART;
            const clear = taken.every(apartFrom([left - gap, top, box[2] + gap, box[3]])) && (across > 1 || marks.every(apartFrom(box)));
            const outside = box[2] < 0 || box[3] < 0 || box[0] > size.x || box[1] > size.y;
            const whole = outside || (box[0] >= 0 && box[1] >= 0 && box[2] <= size.x && box[3] <= size.y);
            if (!clear || !whole || (!across && edges.cross(box))) continue;
            taken.push(box);
            return { at, x, y };
          }
        }
      }
      return null;
    }
    return labels;
  };
})();
