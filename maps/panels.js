// What stands around the map: title, search, layers with legend, the county panel.
(function (br) {
  const e = br.element;

  function control(map, position, className) {
    const element = e("section", { className: "br-panel " + className });
    const Holder = L.Control.extend({ onAdd: () => element });
    new Holder({ position }).addTo(map);
    L.DomEvent.disableClickPropagation(element);
    L.DomEvent.disableScrollPropagation(element);
    return element;
  }

  function swatch(kind, look) {
    const style = {};
    if (kind === "fill" && look.dots) {
      style.background = `radial-gradient(${look.dots} 1.2px, transparent 1.6px) 0 0 / 5px 5px`;
      style.border = "1.5px solid " + look.line;
    } else if (kind === "fill") {
      style.backgroundColor = look.fill;
      style.opacity = Math.max(0.35, look.opacity);
      style.border = "1px solid " + look.line;
    } else if (kind === "outline") {
      style.border = "2px dashed " + look.after;
    } else if (kind === "hatch") {
      const angle = look.rising ? "135deg" : "45deg";
      style.background = `repeating-linear-gradient(${angle}, ${look.hatch} 0 1.5px, transparent 1.5px 5px)`;
      style.border = "1px solid " + look.hatch;
    } else if (kind === "plain") {
      Object.assign(style, look);
    }
    return e("span", { className: "br-swatch", style, "aria-hidden": "true" });
  }

  function lineSwatch(look) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("class", "br-line");
    svg.setAttribute("viewBox", "0 0 34 10");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(space, "line");
    const values = { x1: 0, x2: 34, y1: 5, y2: 5, stroke: look.color, "stroke-width": look.weight };
    if (look.dashArray) values["stroke-dasharray"] = look.dashArray;
    for (const [name, value] of Object.entries(values)) line.setAttribute(name, value);
    svg.append(line);
    return svg;
  }

  br.start = function (map, data) {
    const word = br.makeWords(data);
    const scene = br.makeScene(map, data, word);
    const narrow = () => window.matchMedia("(max-width: 640px)").matches;
    const open = { layers: !narrow(), centres: false, notes: false };
    const title = control(map, "topleft", "br-title");
    const county = control(map, "topleft", "br-county-panel");
    const side = control(map, narrow() ? "topleft" : "topright", "br-layers");
    county.setAttribute("aria-live", "polite");
    L.control.zoom({ position: "bottomright" }).addTo(map);
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    map.getContainer().style.backgroundColor = data.style.sea;
    map.getContainer().style.fontFamily = data.style.fonts;

    const scenarioName = () => (word.state.language === "zh" && data.scenarioName) || word("after");
    const baseName = () => (word.state.language === "zh" && data.baseName) || word("base");
    const heading = () => (word.state.language === "en" && data.title.en) || data.title.zh;

    // Title ------------------------------------------------------------------------------------
    function drawTitle() {
      const results = e("div", { className: "br-found", role: "listbox" });
      const input = e("input", {
        type: "search", placeholder: word("search"), "aria-label": word("search"), autocomplete: "off",
        oninput: () => {
          const text = input.value.trim();
          const found = text ? data.counties.filter((row) => row.name.includes(text) || String(row.adcode).startsWith(text)) : [];
          results.replaceChildren(
            ...found.slice(0, 8).map((row) => e("button", {
              type: "button", role: "option",
              onclick: () => { input.value = ""; results.replaceChildren(); goTo(row); },
            }, row.name, " ", e("span", { className: "br-muted" }, row.province))),
            ...(text && !found.length ? [e("span", { className: "br-muted" }, word("no_result"))] : []));
        },
        onkeydown: (event) => {
          if (event.key === "Enter" && results.querySelector("button")) results.querySelector("button").click();
        },
      });
      title.replaceChildren(
        e("div", { className: "br-row" },
          e("h1", {}, heading()),
          e("button", {
            type: "button", className: "br-language",
            onclick: () => { word.state.language = word.state.language === "zh" ? "en" : "zh"; drawAll(); },
          }, word("language"))),
        word.state.language === "zh" ? e("p", { className: "br-description" }, data.description) : null,
        e("p", { className: "br-caveat" }, word("modelled")),
        data.counties.length ? input : null, results);
    }
    function goTo(row) {
      map.fitBounds(scene.boundsOf(row), { maxZoom: 9, padding: [60, 60], animate: false });
      scene.select(row.adcode);
    }

    // County -----------------------------------------------------------------------------------
    function drawCounty() {
      const row = scene.selected === null ? null : scene.counties.get(scene.selected);
      county.hidden = !row;
      if (!row) return county.replaceChildren();
      const circle = data.circles.length ? Math.max(...data.circles.map((each) => each.minutes)) : "";
      const inside = (value) => word(value ? "inside" : "outside", { minutes: circle });
      const zone = scene.zonesOf.get(String(row.adcode));
      const members = (scenario) => row.members[scenario] || [];
      county.replaceChildren(
        e("div", { className: "br-row" },
          e("h2", {}, row.name, " ", e("span", { className: "br-muted" }, [row.city, row.province].filter((v, i, a) => v && a.indexOf(v) === i).join(" · ") + " · " + row.adcode)),
          e("button", { type: "button", "aria-label": word("close"), className: "br-close", onclick: () => scene.select(null) }, "×")),
        e("p", {}, word("neighbours") + "：" + row.neighbours + "　" + word("border_length") + "：" + br.fixed(row.km, 1) + " km"),
        row.times.length ? e("table", {},
          e("thead", {}, e("tr", {}, [word("centre"), word("base"), word("after"), word("change")].map((text) => e("th", { scope: "col" }, text)))),
          e("tbody", {}, row.times.map((time) => e("tr", {},
            e("th", { scope: "row" }, time.name),
            e("td", {}, br.minutesText(time.base, word), e("small", {}, inside(time.baseIn))),
            e("td", {}, br.minutesText(time.after, word), e("small", {}, inside(time.afterIn))),
            e("td", { className: "br-number" }, br.signed(time.change, 1)))))) : null,
        zone
          ? e("div", {},
              e("h3", {}, swatch("fill", { dots: data.style.zoneFill, line: data.style.zoneFill }),
                word("zone_minutes", { minutes: zone.minutes })),
              e("p", {}, word("base") + " " + br.area(zone.baseKm2) + "，" + word("of_counties", { n: members("base").length }),
                members("base").length ? e("small", {}, members("base").join("、")) : null),
              zone.afterKm2 === null ? null : e("p", {}, word("after") + " " + br.area(zone.afterKm2) + "，" + word("of_counties", { n: members(data.scenario).length }),
                members(data.scenario).length ? e("small", {}, members(data.scenario).join("、")) : null))
          : e("p", { className: "br-muted" }, word("no_zone")));
    }
    scene.onselect = drawCounty;

    // Layers and legend ------------------------------------------------------------------------
    function box(id, text, ...content) {
      const item = scene.items.get(id);
      if (!item) return null;
      return e("label", { className: "br-box" + (item.on ? "" : " br-off"), title: text },
        e("input", {
          type: "checkbox", checked: item.on, "aria-label": text, "data-layer": id,
          onchange: (event) => { scene.toggle(id, event.target.checked); drawLayers(); },
        }),
        ...content);
    }
    const shown = (names) => [names.base, names.after, names.gained].some((id) => id && scene.items.get(id).on);

    function reachRow({ row, look, names }, text) {
      const gain = row.baseKm2 !== null && row.afterKm2 !== null ? row.afterKm2 - row.baseKm2 : null;
      const cell = (id, kind, column) => e("td", {}, id ? box(id, text + " " + column, swatch(kind, look)) : null);
      return [
        e("tr", { className: shown(names) ? "" : "br-off-row" },
          e("th", { scope: "row" }, text), cell(names.base, "fill", word("base")),
          cell(names.after, "outline", word("after")), cell(names.gained, "hatch", word("gained"))),
        e("tr", { className: "br-figures" + (shown(names) ? "" : " br-off-row") }, e("td", { colspan: "4" },
          br.area(row.baseKm2), row.afterKm2 === null ? "" : " → " + br.area(row.afterKm2), gain === null ? "" : "（" + br.signed(gain, 0).replace(/\B(?=(\d{3})+$)/g, ",") + "）")),
      ];
    }
    function reachTable(rows) {
      return e("table", { className: "br-reach" },
        e("thead", {}, e("tr", {}, e("td", {}), e("th", { scope: "col", title: baseName() }, word("base")),
          data.scenario ? e("th", { scope: "col", title: scenarioName() }, word("after")) : null,
          data.scenario ? e("th", { scope: "col" }, word("gained")) : null)),
        e("tbody", {}, rows));
    }
    function show(kind) {
      const wanted = { compare: ["base", "after", "gained"], base: ["base"], after: ["after"] }[kind];
      for (const { names } of [...scene.circles, ...scene.centreCircles, ...(scene.allZones ? [scene.allZones] : [])]) {
        if (!shown(names)) continue;
        for (const [column, id] of Object.entries(names)) scene.show(id, wanted.includes(column));
      }
      for (const row of data.corridors) scene.show("corridor-" + row.id, kind !== "base");
      scene.toggle("provinces", scene.items.get("provinces").on);
      drawLayers();
    }
    function group(text, ...content) {
      return e("fieldset", {}, e("legend", {}, text), content);
    }
    function folded(key, text, ...content) {
      return e("details", { open: open[key], ontoggle: (event) => { open[key] = event.target.open; } }, e("summary", {}, text), content);
    }

    function colourGroup() {
      if (!data.counties.some((row) => row.times.length)) return null;
      const options = [["none", word("class_none")]];
      const kinds = [["base", "colour_base"], ...(data.scenario ? [["after", "colour_after"], ["gain", "colour_gain"]] : [])];
      for (const [kind, key] of kinds) {
        for (const centre of [...data.centres, { id: "*", name: word("nearest") }]) {
          if (kind === "gain" && centre.id === "*") continue;
          options.push([kind + ":" + centre.id, word(key, { centre: centre.name, scenario: word("after") })]);
        }
      }
      const select = e("select", {
        "aria-label": word("colour_counties"),
        onchange: (event) => { scene.recolour(event.target.value); scene.restack(); drawLayers(); },
      }, options.map(([value, text]) => e("option", { value, selected: value === scene.colouring }, text)));
      let legend = null;
      if (scene.colouring !== "none") {
        const { breaks, colours, labels } = scene.classes(scene.colouring);
        const counts = colours.map(() => 0);
        for (const row of data.counties) {
          const value = scene.valueOf(row, scene.colouring);
          if (value !== null) counts[br.classOf(value, breaks)] += 1;
        }
        legend = e("div", { className: "br-classes" }, labels.map((text, i) => e("div", {},
          swatch("plain", { backgroundColor: colours[i], border: "1px solid #777" }),
          text + " " + word("minutes") + "　", e("span", { className: "br-muted" }, counts[i]))));
      }
      return group(word("colour_counties"), select, legend);
    }

    function drawLayers() {
      const focus = document.activeElement && document.activeElement.getAttribute("data-layer");
      const scroll = side.scrollTop;
      const circles = scene.circles.flatMap((entry) => reachRow(entry, word("circle_of", { minutes: entry.row.minutes })));
      const centreRows = scene.centreCircles.flatMap((entry) => reachRow(entry, entry.row.name + " " + entry.row.minutes));
      const zones = scene.allZones ? reachRow(scene.allZones, word("all_zones")) : [];
      const body = !open.layers ? [] : [
        data.scenario ? e("div", { className: "br-buttons", role: "group", "aria-label": word("view") },
          ["compare", "base", "after"].map((kind) => e("button", { type: "button", "data-view": kind, onclick: () => show(kind) }, word(kind)))) : null,
        data.scenario && scenarioName() !== word("after") ? e("p", { className: "br-muted" }, word("after") + "：" + scenarioName()) : null,
        circles.length ? group(word("circles"), reachTable(circles)) : null,
        centreRows.length ? folded("centres", word("centre_circles"), reachTable(centreRows)) : null,
        zones.length ? group(word("zones"), reachTable(zones), e("p", { className: "br-muted" }, word("pick_county"))) : null,
        data.corridors.length ? group(word("corridors"), data.corridors.map((row) =>
          box("corridor-" + row.id, row.name, lineSwatch(scene.corridorLook(row)), e("span", {}, row.name + "（" + word.of("status", row.status) + "）")))) : null,
        colourGroup(),
        group(word("backdrop"),
          box("counties", word("counties"), swatch("plain", { border: "1px solid " + data.style.countyLine }), word("counties") + " " + data.counties.length),
          box("county-names", word("county_names"), e("span", { className: "br-swatch br-letter" }, "县"), word("county_names")),
          box("borders", word("border"), lineSwatch({ color: data.style.borderLine, weight: 2, dashArray: "9 4 2 4" }), word("border")),
          box("junctions", word("junctions"), swatch("plain", { border: "2px solid " + data.style.borderLine, borderRadius: "50%", width: "9px", height: "9px" }), word("junctions")),
          box("provinces", word("provinces"), swatch("plain", { backgroundColor: data.style.land, border: "1px solid " + data.style.provinceLine }), word("provinces"))),
        folded("notes", word("data_and_notes"),
          e("h3", {}, word("sources")), e("ul", {}, data.attribution.map((line) => e("li", {}, line))),
          e("h3", {}, word("caveats")), e("ul", {},
            [word("modelled"), ...data.notes, word("simplified", data.tolerances)].map((line) => e("li", {}, line)))),
      ];
      side.replaceChildren(
        e("button", {
          type: "button", className: "br-fold", "aria-expanded": String(open.layers),
          onclick: () => { open.layers = !open.layers; drawLayers(); },
        }, word("layers"), e("span", { "aria-hidden": "true" }, open.layers ? " ▾" : " ▸")),
        ...body.filter(Boolean));
      side.scrollTop = scroll;
      if (focus) side.querySelectorAll("[data-layer]").forEach((input) => input.getAttribute("data-layer") === focus && input.focus());
    }

    function drawAll() {
      document.documentElement.lang = word.state.language === "zh" ? "zh-CN" : "en";
      document.title = heading();
      map.getContainer().setAttribute("aria-label", word("map_label") + "：" + heading());
      drawTitle();
      drawCounty();
      drawLayers();
    }

    // Attribution stays on the map itself, whatever panel is folded.
    map.attributionControl.setPrefix("Leaflet");
    const osm = data.attribution.some((line) => line.includes("OpenStreetMap"));
    const credit = '<a href="https://www.openstreetmap.org/copyright">© OpenStreetMap contributors</a> (ODbL)';
    const lines = data.attribution.map((line) => " · " + br.escape(line)).join("");
    map.attributionControl.addAttribution((osm ? credit : "") + '<span class="br-wide">' + lines + "</span>");

    drawAll();
    const left = narrow() ? 10 : 40;
    map.fitBounds(data.bounds, { paddingTopLeft: [left, narrow() ? 150 : 10], paddingBottomRight: narrow() ? [10, 40] : [300, 20], animate: false });
    scene.begin();
    br.scene = scene;
    br.map = map;
  };
})(borderreach);
