// The reader's hand on the map in a what-if: places that are dragged, places that are tapped, lines drawn, roads cut.
(function () {
  const SNAP_KM = 8; // a stop is called after the county whose seat lies as near
  const NEAR_PX = 14;
  const STEP = 12; // pixels that an arrow key moves a place

  /**
   * @param {any} map
   * @param {any} data the page's content
   * @param {any} net
   * @param {any} state
   * @param {any} word
   * @param { {moving: () => void, done: () => void} } tell while something is dragged; when something has changed
   */
  br.makeWhatIfEditor = function (map, data, net, state, word, tell) {
    const layer = L.layerGroup();
    const lines = L.layerGroup();
    // In a pane of their own, above everything that is drawn.
    const pane = map.createPane("br-what-if-lines");
    pane.style.zIndex = 500;
    pane.style.pointerEvents = "none";
    const renderer = L.canvas({ pane: "br-what-if-lines", padding: 0.3 });
    const editor = { tool: "move", current: -1, picked: "" };
    const counties = data.whatIf.counties;

    const latLng = (at) => L.latLng(at[0], at[1]);
    const place = (point) => [Number(point.lat.toFixed(5)), Number(point.lng.toFixed(5))];
    editor.nameNear = function (at) {
      let best = null;
      let least = SNAP_KM * 1000;
      for (const row of counties) {
        const metres = map.distance(at, row.at);
        if (metres < least) [best, least] = [row, metres];
      }
      return best;
    };

    // A place that can be dragged, or moved with the arrow keys.
    function handle(at, className, label, text, move) {
      const html = br.element("span", { className: "br-handle " + className }, text);
      const marker = L.marker(latLng(at), {
        icon: L.divIcon({ html, className: "br-anchor", iconSize: [0, 0] }), draggable: true, keyboard: true, alt: label, title: label, autoPan: true,
      });
      marker.on("drag", () => { move(place(marker.getLatLng())); drawLines(); tell.moving(); });
      marker.on("dragend", () => tell.done());
      marker.on("add", () => {
        const icon = marker.getElement();
        if (!icon) return;
        icon.setAttribute("role", "button");
        icon.setAttribute("aria-label", label);
        icon.addEventListener("keydown", (event) => {
          const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
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
      marker.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        if (editor.tool !== "move") tapOn(place(marker.getLatLng()), text);
      });
      return marker.addTo(layer);
    }

    const colourOf = (line) => data.style.modes[line.mode] || data.style.otherMode;
    function drawLines() {
      lines.clearLayers();
      for (const link of state.closed) {
        const shape = net.shapes.get(link);
        const at = shape ? Array.from({ length: shape.length / 2 }, (_, i) => [shape[2 * i + 1], shape[2 * i]])
          : [net.tail[link], net.head[link]].map((node) => [net.lat[node], net.lon[node]]);
        L.polyline(at, { renderer, interactive: false, color: "#ffffff", weight: 8 }).addTo(lines);
        L.polyline(at, { renderer, interactive: false, color: data.style.gapLine, weight: 4, dashArray: "2 5" }).addTo(lines);
      }
      state.lines.forEach((line, i) => {
        const at = line.stops.map((stop) => stop.at);
        const dash = data.style.dashes.proposed || "3 6";
        L.polyline(at, { renderer, interactive: false, color: "#ffffff", weight: 7 }).addTo(lines);
        L.polyline(at, { renderer, interactive: false, color: colourOf(line), weight: i === editor.current ? 4.5 : 3.4, dashArray: dash, lineCap: "butt" }).addTo(lines);
      });
    }
    editor.draw = function () {
      layer.clearLayers();
      if (state.here) {
        handle(state.here.at, "br-handle-here", word("wi_here"), "", (at) => { state.here.at = at; });
      } else {
        state.places.forEach((row) => handle(row.at, "br-handle-centre", word.place(row.name) + word("colon") + word("wi_drag"), word.place(row.name), (at) => { row.at = at; }));
      }
      for (const line of state.lines) {
        for (const stop of line.stops) handle(stop.at, "br-handle-stop br-handle-" + line.mode, line.name + " · " + word.place(stop.name), word.place(stop.name), (at) => { stop.at = at; });
      }
      drawLines();
    };

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
    /** End the line at hand; one of a single stop is none. */
    editor.finish = function () {
      const line = state.lines[editor.current];
      editor.current = -1;
      if (line && line.stops.length < 2) state.lines.splice(state.lines.indexOf(line), 1);
    };

    function tapOn(at, name) {
      if (!tapped(at, name)) return;
      editor.draw();
      tell.done();
    }
    function tapped(at, name) {
      if (editor.tool === "cut") return cut(at);
      if (editor.tool === "draw") return addStop(at, name);
      const near = editor.nameNear(at);
      state.here = { id: "", name: near ? near.name : word("wi_here"), home: null, at };
      return true;
    }
    // `name` of the place that was tapped; otherwise the county seat's nearby.
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
      const near = name ? { name } : editor.nameNear(at);
      const known = near && !line.stops.some((stop) => stop.name === near.name);
      line.stops.push({ name: known ? near.name : word("wi_stop", { n: line.stops.length + 1 }), at });
      return true;
    }
    editor.defaults = function (mode) {
      const kph = { road: 100, rail: 250, air: 250 }[mode];
      return { kph, perDay: br.assumedOf({ mode, kph }, data.whatIf.lines).perDay };
    };
    // The road nearest to the finger, of those near enough.
    function cut(at) {
      const here = map.latLngToLayerPoint(latLng(at));
      const bounds = map.getBounds().pad(0.5);
      let best = -1;
      let least = NEAR_PX * NEAR_PX;
      for (let k = 0; k < net.tail.length; k += 1) {
        const mode = net.kinds[net.kind[k]][0];
        if ((mode !== "road" && mode !== "rail") || net.owners[2 * k] >= 0 || (net.x[net.tail[k]] === net.x[net.head[k]] && net.y[net.tail[k]] === net.y[net.head[k]])) continue;
        const a = [net.lat[net.tail[k]], net.lon[net.tail[k]]];
        const b = [net.lat[net.head[k]], net.lon[net.head[k]]];
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
      const target = event.originalEvent && event.originalEvent.target;
      if (!state.on || (target && (!target.isConnected || target.closest(".br-panel")))) return;
      tapOn(place(event.latlng), "");
    });
    map.on("dblclick", (event) => {
      // Two taps on the panel's buttons, one soon after the other, are none on the map.
      const target = event.originalEvent && event.originalEvent.target;
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
