// What readers do with the page as a whole: keep a view as a link, and print it.
(function () {
  const e = br.element;

  // The state is kept behind the # of the address: view, language, layers that differ from the first view.
  br.makeState = function (map, scene, data, word, redraw, whatIf) {
    const state = /** @type {PageState} */ ({ ready: false });
    /** @type {Map<string, boolean>} */
    const first = new Map();
    // A page inside another one (a notebook's) has no address of its own.
    const ownAddress = ["file:", "http:", "https:"].includes(location.protocol);

    state.text = function () {
      const centre = map.getCenter();
      const parts = new URLSearchParams();
      parts.set("v", [centre.lat.toFixed(4), centre.lng.toFixed(4), map.getZoom()].join("_"));
      parts.set("m", scene.view);
      if (scene.split.on) parts.set("s", scene.split.at.toFixed(3));
      if (scene.minutes !== null) parts.set("t", String(scene.minutes));
      if (scene.years && scene.years.at !== null) parts.set("y", String(scene.years.year()));
      if (scene.colouring !== "none") parts.set("k", scene.colouring);
      if (scene.selected !== null) parts.set("c", String(scene.selected));
      if (scene.claim !== null) parts.set("a", scene.claim);
      parts.set("g", word.state.language);
      const changed = [...scene.items.values()].filter((item) => scene.isChosen(item) !== first.get(item.id)).map((item) => item.id);
      if (changed.length) parts.set("l", changed.join("*"));
      if (whatIf && whatIf.isOn()) parts.set("w", whatIf.text());
      return "#" + parts.toString();
    };
    state.link = () => location.href.split("#")[0] + state.text();
    state.save = function () {
      if (state.ready && ownAddress) history.replaceState(null, "", state.text());
    };
    state.remember = function () {
      for (const item of scene.items.values()) first.set(item.id, item.on);
    };
    // Anything in a link that doesn't fit this map is left aside.
    state.restore = function () {
      const parts = new URLSearchParams(location.hash.slice(1));
      if (![...parts.keys()].length) return;
      state.ready = false;
      if (whatIf) whatIf.set(false, true);
      const language = parts.get("g") || "";
      if (Object.hasOwn(data.words, language)) word.state.language = language;
      const view = /** @type {View | null} */ (parts.get("m"));
      if (data.scenario && view && ["compare", "base", "after", "split"].includes(view)) scene.setView(view);
      const minutes = Number(parts.get("t"));
      if (scene.years) scene.years.set(null);
      if (scene.slider) scene.setMinutes(data.slider.some((row) => row.minutes === minutes) ? minutes : null);
      const changed = (parts.get("l") || "").split("*");
      for (const [id, on] of first) scene.show(id, on !== changed.includes(id));
      const colouring = parts.get("k") || "none";
      scene.colouring = Object.values(scene.colourings()).flat().includes(colouring) ? colouring : "none";
      scene.select(scene.counties.has(Number(parts.get("c"))) ? Number(parts.get("c")) : null);
      if (data.claims.some((row) => row.id === parts.get("a"))) scene.selectClaim(parts.get("a"));
      scene.recolour(scene.colouring);
      const year = data.years ? data.years.years.indexOf(Number(parts.get("y"))) : -1;
      if (scene.years && year >= 0) scene.years.set(year);
      const place = (parts.get("v") || "").split("_").map(Number);
      // Beyond these Leaflet knows no place.
      if (place.length === 3 && place.every((value, i) => Math.abs(value) <= [90, 540, 30][i])) map.setView([place[0], place[1]], place[2], { animate: false });
      const share = Number(parts.get("s"));
      if (scene.split.on && share >= 0 && share <= 1) scene.split.move(share);
      const asked = parts.get("w");
      if (whatIf && asked) whatIf.restore(asked);
      redraw();
      state.ready = true;
    };
    window.addEventListener("hashchange", state.restore);
    return state;
  };

  // A field with the link, chosen and, where the browser lets the page, copied.
  br.shareField = function (link, word, close) {
    const status = e("span", { className: "br-muted", role: "status" });
    const field = e("input", {
      type: "text", readonly: true, value: link, "aria-label": word("share"),
      onkeydown: (event) => { if (event.key === "Escape") close(); },
    });
    const copied = () => { status.textContent = word("copied"); };
    const refused = () => { status.textContent = word("copy_by_hand"); };
    setTimeout(() => {
      field.focus();
      field.select();
      if (navigator.clipboard) navigator.clipboard.writeText(link).then(copied, refused);
      else refused();
    });
    return e("div", { className: "br-share" }, field, status);
  };

  // On paper the map fills a sheet: it is drawn anew in that size, and as before afterwards.
  br.makePrint = function (map, scene, bounds) {
    const sheet = { width: "1040px", height: "710px" }; // A4, landscape, within margins of 10 mm
    const CREDITS = 60; // pixels of the sheet, at its foot
    const container = map.getContainer();
    /** @type { {bounds: L.LatLngBounds, centre: L.LatLng, zoom: number} | null} */
    let before = null;
    /**
     * Nobody can scroll on paper: what is too high for the sheet is made smaller.
     * @param {string} selector
     * @param {number} room
     */
    function shrink(selector, room) {
      const panel = br.find(container, selector);
      panel.scrollTop = 0;
      const size = panel.getBoundingClientRect();
      const below = Math.max(0, size.top - container.getBoundingClientRect().top);
      if (below + size.height > room) panel.style.zoom = Math.max(0.5, (room - below) / size.height).toFixed(3);
    }
    // What was on the screen; the study as large as it gets between the panels, where all of it was seen.
    function fill(/** @type {L.LatLngBounds} */ seen) {
      if (!seen.contains(bounds)) return map.fitBounds(seen, { animate: false });
      const { x, y } = map.getSize();
      const [wide, high] = [".br-title", ".br-legend"].map((name) => br.find(container, name).offsetWidth + 20);
      const region = L.bounds(map.project(L.latLngBounds(bounds).getNorthWest(), 5), map.project(L.latLngBounds(bounds).getSouthEast(), 5)).getSize();
      // A wide region has the legend below the title, unless a county's figures stand there.
      const below = region.x / region.y > (x - wide - high) / (y - CREDITS) && br.find(container, ".br-county-panel").hidden;
      document.documentElement.classList.toggle("br-legend-below", below);
      map.fitBounds(bounds, { paddingTopLeft: [wide, 10], paddingBottomRight: [below ? 10 : high, CREDITS], animate: false });
    }
    window.addEventListener("beforeprint", () => {
      if (before) return;
      before = { bounds: map.getBounds(), centre: map.getCenter(), zoom: map.getZoom() };
      document.documentElement.classList.add("br-printing");
      for (const folded of /** @type {NodeListOf<HTMLDetailsElement>} */ (container.querySelectorAll(".br-legend"))) folded.open = true;
      Object.assign(container.style, sheet);
      map.invalidateSize({ animate: false, pan: false });
      fill(before.bounds);
      scene.labels.place();
      const height = map.getSize().y;
      shrink(".br-county-panel", height - 50); // above the scale
      // Below the title, down to the locator.
      const locator = document.documentElement.classList.contains("br-legend-below") && container.querySelector(".br-locator");
      shrink(".br-legend", locator ? locator.getBoundingClientRect().top - container.getBoundingClientRect().top - 10 : height - 10);
    });
    window.addEventListener("afterprint", () => {
      if (!before) return;
      document.documentElement.classList.remove("br-printing", "br-legend-below");
      Object.assign(container.style, { width: "", height: "" });
      for (const panel of /** @type {NodeListOf<HTMLElement>} */ (container.querySelectorAll(".br-county-panel, .br-legend"))) panel.style.zoom = "";
      map.invalidateSize({ animate: false, pan: false });
      map.setView(before.centre, before.zoom, { animate: false });
      before = null;
    });
  };
})();
