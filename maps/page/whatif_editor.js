// The reader's hand on the map in a what-if: places that are dragged, places that are tapped, lines drawn, roads cut.
(function () {
  const SNAP_KM = 8; // a stop is called after the county whose seat lies as near
  const NEAR_PX = 14;
  const MOST_LARGE = 8; // more places than these would cover a small screen
  const STEP = 12; // pixels that an arrow key moves a place
  /** @type { {[key: string]: [number, number] | undefined} } */
  const STEPS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  const LEAST_BETWEEN = 56; // pixels between two stops that a third one can be put between

  // `tell`: while something is dragged; when something has changed; when handles stand where they belong.
  br.makeWhatIfEditor = function (map, data, net, state, word, tell) {
    const layer = L.layerGroup();
    const lines = L.layerGroup();
    // In a pane of their own, above everything that is drawn.
    const pane = map.createPane("br-what-if-lines");
    pane.style.zIndex = "500";
    pane.style.pointerEvents = "none";
    const renderer = L.canvas({ pane: "br-what-if-lines", padding: 0.3 });
    const editor = /** @type {Editor} */ ({ tool: "move", current: -1 });
    const counties = data.whatIf.counties;
    let dropped = false;

    // What is asked and kept is in WGS 84, whatever the map is drawn in.
    /** @param {Place} at */
    const latLng = (at) => L.latLng(br.datum.onMap(at));
    /** @param {L.LatLng} point */
    const place = (point) => /** @type {Place} */ (br.datum.onGround([point.lat, point.lng]).map((value) => Number(value.toFixed(5))));
    editor.nameNear = function (at) {
      /** @type {Seat | null} */
      let best = null;
      let least = SNAP_KM * 1000;
      for (const row of counties) {
        const metres = map.distance(at, row.at);
        if (metres < least) [best, least] = [row, metres];
      }
      return best;
    };

    /**
     * A place that can be dragged, or moved with the arrow keys.
     * @param {Place} at
     * @param {string} className
     * @param {string} label
     * @param {string} text
     * @param {(at: Place) => void} move
     * @param {() => void} [tap]
     */
    function handle(at, className, label, text, move, tap) {
      const html = br.element("span", { className: "br-handle " + className }, text ? br.element("span", { className: "br-handle-name" }, text) : null);
      const marker = L.marker(latLng(at), {
        icon: L.divIcon({ html, className: "br-anchor", iconSize: [0, 0] }), draggable: true, keyboard: true, alt: label, title: label, autoPan: true,
      });
      marker.on("drag", () => { move(place(marker.getLatLng())); drawLines(); tell.moving(); });
      // The click that ends a drag goes to the map where another place lies above the one that was dragged.
      marker.on("dragend", () => {
        dropped = true;
        setTimeout(() => { dropped = false; });
        tell.done();
      });
      marker.on("add", () => {
        const icon = marker.getElement();
        if (!icon) return;
        icon.setAttribute("role", "button");
        icon.setAttribute("aria-label", label);
        icon.addEventListener("keydown", (event) => {
          if (event.key === "Enter") return act();
          const step = STEPS[event.key];
          if (!step) return;
          event.preventDefault();
          event.stopPropagation();
          const to = map.layerPointToLatLng(map.latLngToLayerPoint(marker.getLatLng()).add(step));
          marker.setLatLng(to);
          move(place(to));
          drawLines();
          tell.done();
        });
      });
      // Where lines are drawn or roads cut, a tap on a place is one on the map there.
      const act = () => {
        if (tap) tap();
        else if (editor.tool !== "move") tapOn(place(marker.getLatLng()), text);
      };
      marker.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        act();
      });
      return marker.addTo(layer);
    }

    /** @param {Drawn} line */
    const colourOf = (line) => data.style.modes[line.mode] || data.style.otherMode;
    function drawLines() {
      lines.clearLayers();
      for (const link of state.closed) {
        const shape = net.shapes.get(link);
        /** @type {Place[]} */
        const at = shape ? Array.from({ length: shape.length / 2 }, (_, i) => [shape[2 * i + 1], shape[2 * i]])
          : [net.tail[link], net.head[link]].map((node) => [net.lat[node], net.lon[node]]);
        const drawn = at.map(latLng);
        L.polyline(drawn, { renderer, interactive: false, color: "#ffffff", weight: 8 }).addTo(lines);
        L.polyline(drawn, { renderer, interactive: false, color: data.style.gapLine, weight: 4, dashArray: "2 5" }).addTo(lines);
      }
      state.lines.forEach((line, i) => {
        const at = line.stops.map((stop) => latLng(stop.at));
        const dash = data.style.dashes.proposed || "3 6";
        L.polyline(at, { renderer, interactive: false, color: "#ffffff", weight: 7 }).addTo(lines);
        L.polyline(at, { renderer, interactive: false, color: colourOf(line), weight: i === editor.current ? 4.5 : 3.4, dashArray: dash, lineCap: "butt" }).addTo(lines);
      });
    }
    editor.draw = function () {
      layer.clearLayers();
      const { here } = state;
      map.getContainer().classList.toggle("br-many-places", state.places.length > MOST_LARGE);
      if (here) {
        handle(here.at, "br-handle-here", word("wi_here"), "", (at) => { here.at = at; });
      } else {
        state.places.forEach((row) => handle(row.at, "br-handle-centre", word.place(row.name) + word("colon") + word("wi_drag"), word.label(row.name), (at) => { row.at = at; }));
      }
      for (const line of state.lines) {
        for (const stop of line.stops) handle(stop.at, "br-handle-stop br-handle-" + line.mode, line.name + " · " + word.place(stop.name), word.place(stop.name), (at) => { stop.at = at; });
      }
      if (editor.tool === "move") for (const line of state.lines) middles(line);
      drawLines();
      tell.drawn();
    };
    /**
     * Between two stops another one can be pulled out of the line, or set by a tap or the Enter key.
     * @param {Drawn} line
     */
    function middles(line) {
      if (line.stops.length >= state.mostStops) return;
      line.stops.slice(1).forEach((stop, k) => {
        const ends = [line.stops[k].at, stop.at].map((at) => map.latLngToLayerPoint(latLng(at)));
        if (ends[0].distanceTo(ends[1]) < LEAST_BETWEEN) return;
        /** @type {CorridorStop | null} */
        let added = null;
        /** @param {Place} at */
        const insert = (at) => line.stops.splice(k + 1, 0, added = { name: nameAt(line, at, ""), at });
        const middle = place(map.layerPointToLatLng(ends[0].add(ends[1]).divideBy(2)));
        const marker = handle(middle, "br-handle-middle", word("wi_insert", { a: word.place(line.stops[k].name), b: word.place(stop.name) }), "", (at) => {
          if (added) added.at = at;
          else insert(at);
        }, () => {
          insert(middle);
          editor.draw();
          tell.done();
        });
        marker.on("dragend", () => {
          if (!added) return;
          line.stops.splice(line.stops.indexOf(added), 1);
          insert(added.at);
          editor.draw();
          tell.done();
        });
      });
    }

    editor.start = function () {
      renderer.addTo(map);
      layer.addTo(map);
      lines.addTo(map);
      editor.draw();
    };
    editor.stop = function () {
      layer.remove();
      lines.remove();
      renderer.remove();
      editor.use("move");
    };
    editor.use = function (tool) {
      if (tool !== "draw") editor.finish();
      editor.tool = tool;
      map.getContainer().classList.toggle("br-crosshair", state.on && tool !== "move");
      if (tool === "draw") map.doubleClickZoom.disable();
      else map.doubleClickZoom.enable();
    };
    // Go on with a line that was ended.
    editor.extend = function (i) {
      editor.use("draw");
      editor.current = i;
    };
    // End the line at hand; one of a single stop is none.
    editor.finish = function () {
      const line = state.lines[editor.current];
      editor.current = -1;
      if (line && line.stops.length < 2) state.lines.splice(state.lines.indexOf(line), 1);
    };

    /**
     * @param {Place} at
     * @param {string} name of the place that was tapped; otherwise the county seat's nearby
     */
    function tapOn(at, name) {
      if (!tapped(at, name)) return;
      editor.draw();
      tell.done();
    }
    /**
     * @param {Place} at
     * @param {string} name
     */
    function tapped(at, name) {
      if (editor.tool === "cut") return cut(at);
      if (editor.tool === "draw") return addStop(at, name);
      const near = editor.nameNear(at);
      state.here = { id: "", name: near ? near.name : word("wi_here"), home: null, at };
      return true;
    }
    /**
     * @param {Place} at
     * @param {string} name
     */
    function addStop(at, name) {
      let line = state.lines[editor.current];
      if (!line) {
        if (state.lines.length >= state.mostLines) return false;
        const mode = editor.mode || "road";
        line = { name: word("wi_new_line", { n: state.lines.length + 1 }), mode, ...editor.defaults(mode), stops: [] };
        state.lines.push(line);
        editor.current = state.lines.length - 1;
      }
      if (line.stops.length >= state.mostStops || line.stops.some((stop) => stop.at.join() === at.join())) return false;
      line.stops.push({ name: nameAt(line, at, name), at });
      return true;
    }
    /**
     * @param {Drawn} line
     * @param {Place} at
     * @param {string} name
     */
    function nameAt(line, at, name) {
      const near = name ? { name } : editor.nameNear(at);
      /** @param {string} text */
      const taken = (text) => line.stops.some((stop) => stop.name === text);
      if (near && !taken(near.name)) return near.name;
      let n = line.stops.length + 1;
      while (taken(word("wi_stop", { n }))) n += 1;
      return word("wi_stop", { n });
    }
    editor.defaults = function (mode) {
      const kph = { road: 100, rail: 250, air: 250 }[mode];
      return { kph, perDay: br.assumedOf({ mode, kph }, data.whatIf.lines).perDay };
    };
    /**
     * The road nearest to the finger, of those near enough.
     * @param {Place} at
     */
    function cut(at) {
      const here = map.latLngToLayerPoint(latLng(at));
      const bounds = map.getBounds().pad(0.5);
      let best = -1;
      let least = NEAR_PX * NEAR_PX;
      for (let k = 0; k < net.tail.length; k += 1) {
        const road = net.kinds[net.kind[k]][0] === "road" && net.owners[2 * k] < 0 && net.place[net.tail[k]] !== net.place[net.head[k]];
        if (!road && !br.isSection(net, k)) continue;
        const [a, b] = [net.tail[k], net.head[k]].map((node) => latLng([net.lat[node], net.lon[node]]));
        if (!bounds.contains(a) && !bounds.contains(b)) continue;
        const far = /** @type {any} */ (L.LineUtil)._sqClosestPointOnSegment(here, map.latLngToLayerPoint(a), map.latLngToLayerPoint(b), true);
        if (far < least) [best, least] = [k, far];
      }
      if (best < 0) return false;
      if (!state.closed.delete(best)) state.closed.add(best);
      return true;
    }

    map.on("click", (event) => {
      // A button that its own click has replaced is no part of a panel any more, and Leaflet takes it for the map.
      const target = /** @type {Element | null} */ (event.originalEvent && event.originalEvent.target);
      if (!state.on || dropped || (target && (!target.isConnected || target.closest(".br-panel")))) return;
      tapOn(place(event.latlng), "");
    });
    map.on("zoomend", () => { if (state.on && state.lines.length) editor.draw(); });
    map.on("dblclick", (event) => {
      // Two taps on the panel's buttons, one soon after the other, are none on the map.
      const target = /** @type {Element | null} */ (event.originalEvent && event.originalEvent.target);
      if (!state.on || editor.current < 0 || (target && (!target.isConnected || target.closest(".br-panel")))) return;
      // The second of two taps has set a stop where the first one did.
      const line = state.lines[editor.current];
      const n = line ? line.stops.length : 0;
      if (n > 1 && map.distance(line.stops[n - 1].at, line.stops[n - 2].at) < 500) line.stops.pop();
      editor.use("move");
      editor.draw();
      tell.done();
    });
    return editor;
  };
})();
