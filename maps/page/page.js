// The page: everything put together, and what stands around the map.
(function () {
  const e = br.element;

  /**
   * @template {keyof HTMLElementTagNameMap} K
   * @param {L.Map} map
   * @param {L.ControlPosition} position
   * @param {string} className
   * @param {K} tag
   */
  function control(map, position, className, tag) {
    const element = e(tag, /** @type {Attributes<K>} */ ({ className: "br-panel " + className }));
    const Holder = L.Control.extend({ onAdd: () => element });
    new Holder({ position }).addTo(map);
    L.DomEvent.disableClickPropagation(element);
    L.DomEvent.disableScrollPropagation(element);
    return element;
  }

  /**
   * Minutes come as four numbers for each centre, see _times_by_county in _counties.py.
   * @param {PageContent} data
   */
  function unpackTimes(data) {
    for (const row of data.counties) {
      const numbers = br.unpackNumbers(/** @type {PackedCounty} */ (/** @type {unknown} */ (row)).times);
      row.times = [];
      for (let i = 0; i < numbers.length; i += 4) {
        const [centre, before, behind, bits] = numbers.slice(i, i + 4);
        /**
         * @param {number} value
         * @param {number} bit
         */
        const minutes = (value, bit) => (bits & bit ? value / 60000 : null);
        const [base, after] = [minutes(before, 4), minutes(behind, 8)];
        row.times.push({
          id: data.timeCentres[centre].id, name: data.timeCentres[centre].name,
          base, after, change: base === null || after === null ? null : after - base,
          baseIn: (bits & 1) > 0, afterIn: (bits & 2) > 0,
        });
      }
    }
  }

  br.start = function (map, data) {
    br.useAlphabet(data.alphabet);
    unpackTimes(data);
    br.unpackReaches(data);
    if (data.whatIf) {
      const seats = br.unpackLine(data.whatIf.countiesAt, 1e-5);
      data.whatIf.counties = /** @type {PackedSeat[]} */ (/** @type {unknown} */ (data.whatIf.counties)).map(([adcode, name], i) => ({ adcode, name, at: seats[i] }));
    }
    map.getContainer().style.backgroundColor = data.style.sea;
    map.getContainer().style.fontFamily = data.style.fonts;
    const word = br.makeWords(data);
    const scene = br.makeScene(map, data, word);
    const narrow = () => window.matchMedia("(max-width: 640px)").matches;
    let sliding = false;
    // Where both panels would cover more than a third of the map, the layers are folded at first.
    const roomy = window.matchMedia("(min-width: 1101px)").matches;
    /** @type { {[group: string]: boolean} } */
    const open = { layers: roomy, rail: false, centres: false, corridors: data.corridors.length <= 6, border: false, changes: false, claims: false, notes: false, share: false, save: false };
    const title = control(map, "topleft", "br-title", "section");
    const county = control(map, "topleft", "br-county-panel", "section");
    const scale = L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    // On a phone, where a thumb reaches: one button for layers and legend.
    const side = control(map, narrow() ? "bottomleft" : "topright", "br-layers", "section");
    const asking = control(map, narrow() ? "bottomleft" : "topright", "br-what-if", "section");
    asking.hidden = true;
    // The year stays at hand where the list is folded, so that the map is seen while it's moved.
    const bar = scene.years ? control(map, narrow() ? "bottomleft" : "topright", "br-year-bar", "section") : null;
    const short = control(map, "topleft", "br-legend", "details");
    short.open = true;
    const zoom = L.control.zoom({ position: narrow() ? "bottomright" : "bottomleft" }).addTo(map);
    const locator = br.makeLocator(map, data, word);
    const view = br.makeView(map, data, word, zoom, fit);
    function fit() {
      // Nothing of it lies under a panel.
      const beside = title.offsetWidth + 20;
      /** @type {[number, number][]} */
      const [corner, other] = narrow() ? [[10, above()], [10, 75]] : roomy ? [[beside, 10], [300, 20]] : [[beside, 10], [20, 40]];
      map.fitBounds(data.bounds, { paddingTopLeft: corner, paddingBottomRight: other, animate: false });
    }
    county.setAttribute("aria-live", "polite");

    const inChinese = () => word.state.language === "zh";
    const names = {
      scenario: () => (inChinese() && data.scenarioName) || word("after"),
      base: () => (inChinese() && data.baseName) || word("base"),
    };
    const heading = () => (!inChinese() && data.title.en) || data.title.zh;
    const legend = br.makeLegend(data, scene, word, names);
    const whatIf = data.whatIf
      ? br.makeWhatIf(map, /** @type {PageContent & {whatIf: WhatIfContent}} */ (data), scene, word, asking, { save: () => state.save(), redraw: () => { drawTitle(); drawPicked(); drawLayers(); }, makeRoom }) : null;
    const state = br.makeState(map, scene, data, word, drawAll, whatIf);
    br.makePrint(map, scene, data.bounds);

    // Title ------------------------------------------------------------------------------------
    function drawTitle() {
      /**
       * @param {string} text
       * @param {string} className
       * @param {() => void} act
       */
      const button = (text, className, act) => e("button", { type: "button", className, onclick: act }, text);
      title.replaceChildren(
        e("h1", {}, heading()),
        br.makeFinding(data, word) || "",
        inChinese() && data.description ? e("p", { className: "br-description" }, data.description) : "",
        e("p", { className: "br-caveat" }, word("modelled")),
        ...(data.counties.length ? br.makeSearch(data.counties, word, goTo) : []),
        e("div", { className: "br-tools" },
          button(word("language"), "br-language", () => {
            word.state.language = inChinese() ? "en" : "zh";
            drawAll();
            state.save();
            br.find(title, ".br-language").focus();
          }),
          whatIf ? e("button", {
            type: "button", className: "br-what-if-button", "aria-pressed": String(whatIf.isOn()), onclick: () => whatIf.set(!whatIf.isOn()),
          }, word("what_if")) : null,
          button(word("share"), "br-share-button", () => { open.share = !open.share; drawTitle(); }),
          button(word("save"), "br-save-button", () => { open.save = !open.save; drawTitle(); }),
          button(word("print"), "br-print-button", () => window.print())),
        open.save ? br.exportRow(map, scene, data, word, whatIf, () => ({ sea: data.style.sea, title: heading(), credits: credits() })) : "",
        open.share ? br.shareField(state.link(), word, () => { open.share = false; drawTitle(); }) : "");
    }
    // What the title takes of a phone's height.
    const above = () => Math.round(title.getBoundingClientRect().height) + 20;
    /** @param {County} row */
    function goTo(row) {
      // On a phone, between the title and the county's panel.
      /** @type {L.FitBoundsOptions} */
      const room = narrow() ? { paddingTopLeft: [20, above()], paddingBottomRight: [20, 0.45 * map.getSize().y + 30] } : { padding: [60, 60] };
      map.fitBounds(scene.boundsOf(row), Object.assign({ maxZoom: 9, animate: false }, room));
      scene.select(row.adcode);
    }
    function drawPicked() {
      const claim = data.claims.find((row) => row.id === scene.claim);
      if (claim) br.drawClaim(county, claim, data, scene, word);
      else br.drawCounty(county, scene.selected === null ? null : scene.counties.get(scene.selected), data, scene, word);
    }
    /** @param {PlacedClaim} row */
    function goToClaim(row) {
      /** @type {L.FitBoundsOptions} */
      const room = narrow() ? { paddingTopLeft: [20, above()], paddingBottomRight: [20, 0.45 * map.getSize().y + 30] }
        : { paddingTopLeft: [350, 40], paddingBottomRight: [320, 40] };
      if (narrow() && open.layers) {
        open.layers = false;
        drawLayers();
      }
      map.fitBounds(scene.claimBounds(row), Object.assign({ maxZoom: 9, animate: false }, room));
    }

    // Neither a circle nor a start of a what-if lies under a panel when it opens; afterwards the map goes back, unless it was moved.
    /** @typedef {[centre: L.LatLng, zoom: number]} Seen */
    /** @type { {then: Seen, now: Seen} | null} */
    let before = null;
    /** @param {Place[] | null} places */
    function makeRoom(places) {
      const around = map.getContainer().getBoundingClientRect();
      /** @param {Place} at */
      const covered = (at) => {
        const { x, y } = map.latLngToContainerPoint(at);
        return [title, asking].some((panel) => {
          const box = panel.getBoundingClientRect();
          return x > box.left - around.left && x < box.right - around.left && y > box.top - around.top && y < box.bottom - around.top;
        });
      };
      /** @returns {Seen} */
      const view = () => [map.getCenter(), map.getZoom()];
      if (!places) {
        if (before && before.now.join() === view().join()) map.setView(...before.then, { animate: false });
        before = null;
      } else if (places.some(covered)) {
        const then = view();
        /** @type {[number, number][]} */
        const [corner, other] = narrow() ? [[10, above()], [10, asking.offsetHeight + 30]] : [[title.offsetWidth + 20, 10], [asking.offsetWidth + 20, 60]];
        map.fitBounds(L.latLngBounds(places), { paddingTopLeft: corner, paddingBottomRight: other, maxZoom: map.getZoom(), animate: false });
        before = { then, now: view() };
      }
    }

    // Layers and legend ------------------------------------------------------------------------
    /**
     * @param {string} text
     * @param {Content[]} content
     */
    function group(text, ...content) {
      return e("fieldset", {}, e("legend", {}, text), content);
    }
    /**
     * @param {string} key
     * @param {string} text
     * @param {string[]} ids of its layers: their number and how many are shown stand in the heading
     * @param {Content[]} content
     */
    function folded(key, text, ids, ...content) {
      const on = ids.filter(scene.isOn).length;
      return e("details", { open: open[key], "data-group": key, ontoggle: (event) => { open[key] = event.target.open; } },
        e("summary", {}, text, ids.length ? e("span", { className: "br-count" }, on + "/" + ids.length) : null), content);
    }
    /** @param {Entry[]} entries */
    const layersOf = (entries) => entries.flatMap((entry) => Object.values(entry.names));
    /**
     * Two buttons for a group of many layers.
     * @param {string[]} ids
     */
    function allOrNone(ids) {
      if (ids.length < 4) return null;
      /** @param {boolean} on */
      const button = (on) => e("button", {
        type: "button", "data-all": ids[0] + "-" + on,
        onclick: () => { for (const id of ids) scene.show(id, on); scene.refresh(); },
      }, word(on ? "all" : "none"));
      return e("div", { className: "br-tools" }, button(true), button(false));
    }
    // Today and all corridors as the study has drawn them; any other scenario is worked out on the spot.
    function scenarioChoice() {
      if (!whatIf || !data.whatIf || data.whatIf.scenarios.length < 3) return null;
      /** @type { {[scenario: string]: View} } */
      const drawn = { base: "base", all: "after" };
      const now = Object.keys(drawn).find((id) => drawn[id] === scene.view) || "";
      return e("label", { className: "br-wi-scenario" }, word("scenario"), e("select", {
        "aria-label": word("scenario"), "data-choice": "",
        onchange: (event) => { if (event.target.value in drawn) scene.setView(drawn[event.target.value]); else whatIf.take(event.target.value); },
      }, [...(now ? [] : [["", word("scenario_compare")]]), ...data.whatIf.scenarios.map((row) => [row.id, whatIf.nameOf(row)])]
        .map(([value, text]) => e("option", { value, selected: value === now }, text))));
    }
    function viewButtons() {
      if (!data.scenario) return null;
      return e("div", { className: "br-buttons", role: "group", "aria-label": word("view") },
        /** @type {const} */ (["compare", "base", "after", "split"]).map((view) => e("button", {
          type: "button", "data-view": view, "aria-pressed": String(scene.view === view), title: word("view_" + view),
          onclick: () => scene.setView(view),
        }, word(view))));
    }
    function sliderGroup() {
      const { slider } = scene;
      if (!slider) return null;
      const steps = data.slider.map((row) => row.minutes);
      const on = scene.minutes !== null;
      const value = scene.minutes ?? slider.row.minutes;
      const text = word("circle_of", { minutes: value });
      return e("div", { className: "br-slider" + (on ? "" : " br-off") },
        e("label", { className: "br-box" },
          e("input", {
            type: "checkbox", checked: on, "data-slider": "on", "aria-label": word("any_minutes"),
            onchange: (event) => scene.setMinutes(event.target.checked ? value : null),
          }), word("any_minutes"), e("output", {}, on ? text : "")),
        e("input", {
          type: "range", min: 0, max: steps.length - 1, step: 1, value: steps.indexOf(value), "data-slider": "minutes",
          "aria-label": word("any_minutes"), "aria-valuetext": text,
          // The list isn't drawn anew under a finger that still drags.
          oninput: (event) => {
            sliding = true;
            const minutes = steps[Number(event.target.value)];
            scene.setMinutes(minutes);
            sliding = false;
            const now = word("circle_of", { minutes });
            event.target.setAttribute("aria-valuetext", now);
            const around = /** @type {Element} */ (event.target.closest(".br-slider"));
            around.classList.remove("br-off");
            br.find(around, "output").textContent = now;
            br.find(around, ".br-slider-area").textContent = legend.areaText(slider.row);
          },
          onchange: () => drawLayers(),
        }),
        e("div", { className: "br-ticks", "aria-hidden": "true" }, [steps[0], steps[steps.length - 1]].map((step) => e("span", {}, step))),
        e("p", { className: "br-muted br-slider-area" }, on ? legend.areaText(slider.row) : ""));
    }
    function colourGroup() {
      const found = scene.colourings();
      if (!found.minutes.length && !found.figures.length) return null;
      /**
       * @param {string} value
       * @param {string} text
       */
      const option = (value, text) => e("option", { value, selected: value === scene.colouring }, text);
      const options = [option("none", word("class_none")), .../** @type {const} */ (["minutes", "figures"]).filter((key) => found[key].length).map((key) =>
        e("optgroup", { label: word("colour_by_" + key) }, found[key].map((value) => option(value, legend.colouringText(value)))))];
      const select = e("select", {
        "aria-label": word("colour_counties"), "data-colouring": "",
        onchange: (event) => scene.recolour(event.target.value),
      }, options);
      return group(word("colour_counties"), select, legend.classes());
    }

    /** @param {() => void} act */
    const still = (act) => { sliding = true; act(); sliding = false; };
    function drawBar() {
      const { years } = scene;
      if (!bar || !years) return;
      bar.hidden = years.at === null || open.layers;
      const focus = bar.contains(document.activeElement);
      bar.setAttribute("aria-label", word("year_all"));
      bar.replaceChildren(...(bar.hidden ? [] : [years.control(still, drawLayers)]));
      if (focus && !bar.hidden) br.find(bar, "[data-slider=year]").focus();
    }

    // Drawn anew after every change; focus and place in the list stay.
    function drawLayers() {
      drawBar();
      const focus = focused();
      const scroll = side.scrollTop;
      const circles = scene.circles.flatMap((entry) => legend.rows(entry, word("circle_of", { minutes: entry.row.minutes })));
      const centreRows = scene.centreCircles.flatMap((entry) => legend.rows(entry, word.place(entry.row.name) + " " + entry.row.minutes));
      const railRows = scene.railCircles.flatMap((entry) => legend.rows(entry, word("circle_of", { minutes: entry.row.minutes })));
      const corridorIds = data.corridors.map((row) => "corridor-" + row.id);
      const zones = scene.allZones ? legend.rows(scene.allZones, word("all_zones")) : [];
      const body = !open.layers ? [] : [
        scenarioChoice(), viewButtons(),
        data.scenario && names.scenario() !== word("after") ? e("p", { className: "br-muted" }, word("after") + word("colon") + names.scenario()) : null,
        circles.length ? group(word("circles"), legend.table(circles), sliderGroup()) : null,
        scene.years ? group(word("year_all"), scene.years.control(still, drawLayers)) : null,
        railRows.length ? folded("rail", word("road_circles"), layersOf(scene.railCircles), legend.table(railRows), e("p", { className: "br-muted" }, word("rail_note"))) : null,
        centreRows.length ? folded("centres", word("centre_circles"), layersOf(scene.centreCircles), legend.table(centreRows)) : null,
        zones.length ? group(word("zones"), legend.table(zones), e("p", { className: "br-muted" }, word("pick_county"))) : null,
        data.corridors.length ? folded("corridors", word("corridors"), corridorIds, allOrNone(corridorIds), data.corridors.map((row) =>
          legend.box("corridor-" + row.id, word.nameOf(row), br.lineSwatch(scene.corridorLook(row)), e("span", {}, br.stepOf(row) + word.nameOf(row) + word.aside(word.of("status", row.status)))))) : null,
        legend.border().length ? folded("border", word("border_group"), legend.border().map(([id]) => id),
          legend.border().map(([id, symbol, text]) => legend.box(id, text, symbol, text))) : null,
        data.changes.length ? folded("changes", word("changes"), legend.changes().map(([id]) => id),
          legend.changes().map(([id, symbol, text]) => legend.box(id, text, symbol, text)), e("p", { className: "br-muted" }, word("changes_note"))) : null,
        data.claims.length ? folded("claims", word("claims") + " " + data.claims.length, [],
          legend.box("claims", word("claims_on_map"), word("claims_on_map")), legend.verdicts(), br.claimList(data, scene, word)) : null,
        colourGroup(),
        group(word("backdrop"), legend.ground().map(([id, symbol, text]) => legend.box(id, text, symbol, text))),
        folded("notes", word("data_and_notes"), [],
          e("h3", {}, word("sources")), e("ul", {}, credits().map((line) => e("li", {}, line))),
          e("h3", {}, word("caveats")), e("ul", {},
            [word("modelled"), word("publication"), ...(data.yearsLeftOut ? [word("left_out_years")] : []), ...data.notes, word("simplified", data.tolerances), ...datumNote()].map((line) => e("li", {}, line)))),
      ];
      side.setAttribute("aria-label", word("layers"));
      side.replaceChildren(
        e("button", {
          type: "button", className: "br-fold", "aria-expanded": String(open.layers),
          onclick: () => { open.layers = !open.layers; drawLayers(); br.find(side, ".br-fold").focus(); },
        }, word("layers"), e("span", { "aria-hidden": "true" }, open.layers ? " ▾" : " ▸")),
        ...body.filter(Boolean));
      side.scrollTop = scroll;
      const again = focus && side.querySelector(focus);
      if (again instanceof HTMLElement) again.focus();
      side.hidden = whatIf !== null && whatIf.isOn();
      short.hidden = open.layers || side.hidden || narrow();
      short.setAttribute("aria-label", word("legend"));
      short.replaceChildren(e("summary", {}, word("legend")), ...legend.short());
    }
    function focused() {
      const element = document.activeElement;
      if (!element || !side.contains(element)) return null;
      return br.selectorOf(element, ["data-layer", "data-slider", "data-view", "data-colouring", "data-claim", "data-all", "data-choice"]);
    }
    const credits = () => [...data.attribution, ...(data.baseMap && data.baseMap.attribution ? [word("base_map") + word("colon") + data.baseMap.attribution] : [])];
    const datumNote = () => (data.baseMap && data.baseMap.datum === "gcj02" ? [word("gcj02")] : []);

    function drawAll() {
      document.documentElement.lang = inChinese() ? "zh-CN" : "en";
      document.title = heading();
      map.getContainer().setAttribute("role", "region");
      map.getContainer().setAttribute("aria-label", word("map_label") + word("colon") + heading());
      title.setAttribute("aria-label", heading());
      county.setAttribute("aria-label", word("picked"));
      for (const [name, key] of [["in", "zoom_in"], ["out", "zoom_out"]]) {
        br.find(map.getContainer(), ".leaflet-control-zoom-" + name).title = word(key);
        br.find(map.getContainer(), ".leaflet-control-zoom-" + name).setAttribute("aria-label", word(key));
      }
      br.find(map.getContainer(), ".leaflet-control-scale").setAttribute("aria-label", word("scale"));
      scene.split.words();
      view.words();
      locator.words();
      if (whatIf) whatIf.words();
      drawTitle();
      drawPicked();
      drawLayers();
      if (state.ready) scene.labels.place(); // names in the language
    }

    // Attribution stays on the map itself, whatever panel is folded.
    map.attributionControl.setPrefix("Leaflet");
    const osm = credits().some((line) => line.includes("OpenStreetMap"));
    const credit = '<a href="https://www.openstreetmap.org/copyright">© OpenStreetMap contributors</a> (ODbL)';
    /** @param {string} line */
    const plain = (line) => " · " + br.escape(line);
    map.attributionControl.addAttribution((osm ? credit : "") +
      (data.baseMap ? plain(data.baseMap.attribution || data.baseMap.name) : "") + datumNote().map(plain).join("") +
      '<span class="br-wide">' + data.attribution.map(plain).join("") + "</span>");

    // A name isn't set under a panel, however large that is by now.
    const panels = new ResizeObserver(() => { if (state.ready) scene.labels.place(); });
    for (const panel of map.getContainer().querySelectorAll(".br-panel")) panels.observe(panel);

    drawAll();
    fit();
    view.confine();
    scene.begin();
    state.remember();
    scene.onselect = (claim) => { drawPicked(); if (claim) goToClaim(claim); };
    scene.onchange = () => { if (!sliding) drawLayers(); state.save(); };
    scene.onmove = state.save;
    drawLayers();
    state.ready = true;
    state.restore();
    br.scene = scene;
    br.whatIf = whatIf;
    br.map = map;
  };
})();
