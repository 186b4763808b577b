// Lines and points: borders, junctions, corridors, crossings, gaps, changes to the network.
(function () {
  const SHARES = Array.from({ length: 19 }, (_, i) => 0.5 + (i % 2 ? 1 : -1) * Math.ceil(i / 2) / 20);
  /**
   * Where a line's name may stand: beside its middle, or farther towards its ends.
   * @param {Place[][]} lines
   * @returns { {at: Place, along: Place[]} }
   */
  function alongLine(lines) {
    /** @param {Place[]} line */
    const length = (line) => line.reduce((sum, at, i) => (i ? sum + Math.hypot(at[0] - line[i - 1][0], at[1] - line[i - 1][1]) : 0), 0);
    const line = lines.reduce((longest, each) => (length(each) > length(longest) ? each : longest));
    const whole = length(line);
    /** @type {Place[]} */
    const places = SHARES.map((share) => {
      let left = share * whole;
      for (let i = 1; i < line.length; i += 1) {
        const [[a, b], [c, d]] = [line[i - 1], line[i]];
        const step = Math.hypot(c - a, d - b);
        if (step > 0 && left <= step) return [a + (c - a) * left / step, b + (d - b) * left / step];
        left -= step;
      }
      return line[line.length - 1];
    });
    return { at: places[0], along: places.slice(1) };
  }

  br.addLines = function (scene, draw, data, word) {
    const style = data.style;
    if (data.borders.length) {
      scene.add("borders", br.ORDER.borders, true, () =>
        L.layerGroup(data.borders.flatMap((row) => {
          const line = br.unpackLines(row.shape, data.quantum);
          const text = () => br.element("div", {}, br.element("strong", {}, row.names.map(word.place).join(" – ")),
            br.element("div", {}, word("border_length") + " " + row.km + " km"),
            row.crossings === null ? null : br.element("div", {}, word("border_crossed", {
              n: row.crossings, spacing: row.spacing === null ? "–" : br.fixed(row.spacing, 1), without: br.fixed(row.without, 1),
            })));
          return [
            L.polyline(line, draw.fixed({ color: style.borderHalo, weight: 6, opacity: 0.55 })),
            L.polyline(line, { color: style.borderLine, weight: 1.8, dashArray: "9 4 2 4" })
              .bindTooltip(text, draw.sticky),
          ];
        })));
    }
    if (data.junctions.length) {
      scene.add("junctions", br.ORDER.junctions, true, () =>
        L.layerGroup(data.junctions.map((row) =>
          draw.point(row.at, 4, style.junctionFill, style.borderLine, () => word("junctions") + word("colon") + word.places(row.names)))));
    }
    scene.corridorLook = (row) => ({
      color: row.colour,
      weight: 3.4,
      dashArray: row.status in style.dashes ? style.dashes[row.status] : style.otherDash,
    });
    for (const row of data.corridors) {
      const id = "corridor-" + row.id;
      scene.add(id, br.ORDER.corridors, true, () => {
        const line = br.unpackLines(row.shape, data.quantum);
        const { dashArray, ...solid } = scene.corridorLook(row);
        /** @type {L.PolylineOptions} */
        const look = { lineCap: "butt", ...solid, ...(dashArray ? { dashArray } : {}) };
        return L.layerGroup([
          L.polyline(line, draw.fixed({ color: "#ffffff", weight: 6.5, opacity: 0.9 })),
          L.polyline(line, look)
            .bindTooltip(() => br.corridorText(row, word), draw.sticky),
          ...row.stops.map((stop) =>
            draw.point(stop.at, 3.5, style.stopFill, solid.color, () => word.place(stop.name) + " · " + word.nameOf(row))),
        ]);
      }, "after");
      scene.labels.add({
        ...alongLine(br.unpackLines(row.shape, data.quantum)), text: () => br.stepOf(row) + word.nameOf(row), className: "br-line-name", rank: br.RANKS.line,
        owner: id, offset: 7, side: "after", colour: row.colour,
      });
      const last = row.stops.length - 1;
      row.stops.forEach((stop, i) => {
        const end = i === 0 || i === last;
        const beside = end ? null : [row.stops[i - 1].at, row.stops[i + 1].at];
        scene.labels.add({ at: stop.at, text: () => word.place(stop.name), className: "br-stop", rank: end ? br.RANKS.end : br.RANKS.stop, owner: id, offset: 8, side: "after", beside });
        scene.labels.dot(stop.at, id);
      });
    }
    if (data.crossings.length) {
      scene.add("crossings", br.ORDER.crossings, false, () =>
        L.layerGroup(data.crossings.map((row) => draw.sign(row.at, 4.5, "diamond", style.crossingFill, { shrink: true, weight: 1 }, () =>
          word("crossing") + word("colon") + row.names.map(word.place).join(" – ") + " · " + word.of("road", row.class)))));
    }
    if (data.gaps.length) {
      scene.add("gaps", br.ORDER.crossings, false, () =>
        L.layerGroup(data.gaps.flatMap((row) => {
          const lines = br.unpackLines(row.shape, data.quantum);
          const text = () => br.element("div", {}, br.element("strong", {}, word("gap") + word("colon") + row.names.map(word.place).join(" – ")),
            br.element("div", {}, word("gap_here", { km: br.fixed(row.km, 1) }) + "；" + (row.roadKm === null ? word("not_reached")
              : word("gap_around", { km: br.fixed(row.roadKm, 1), minutes: br.fixed(row.minutes, 1) }))));
          return [
            L.polyline(lines, { color: style.gapLine, weight: 3, dashArray: "2 4" }).bindTooltip(text, draw.sticky),
            ...lines.map((line) => draw.sign(line[0], 5.5, "triangle", style.gapLine, { shrink: true, weight: 1 }, text)),
          ];
        })));
    }
    if (data.critical.length) {
      scene.add("critical", br.ORDER.crossings, false, () =>
        L.layerGroup(data.critical.map((row) => {
          const text = () => br.element("div", {}, br.element("strong", {}, row.names.map(word.place).join(" – ") + " · " + word.of("road", row.class)),
            br.element("div", {}, word("critical_trips", { trips: br.fixed(row.trips / 1e4, 1), minutes: row.mean === null ? "0" : br.fixed(row.mean, 1) })),
            row.worst ? br.element("div", {}, word("critical_worst", { places: row.worstNames.map(word.place).join(" – "), minutes: br.fixed(row.worst, 0) })) : null,
            row.cutOff ? br.element("div", {}, word("critical_cut") + word("colon") + row.cutOff.split("、").map(word.place).join(", ")) : null);
          return L.polyline(br.unpackLines(row.shape, data.quantum), { color: style.criticalLine, weight: row.wide, opacity: 0.85 }).bindTooltip(text, draw.sticky);
        })));
    }
    for (const side of ["across", "within"]) {
      const rows = data.links.filter((row) => row.across === (side === "across"));
      if (!rows.length) continue;
      // The strongest lie above; a dot stands where both cities draw alike.
      scene.add("links-" + side, br.ORDER.crossings, false, () => L.layerGroup(rows.slice().reverse().flatMap((row) => {
        const text = () => br.element("div", {}, br.element("strong", {}, row.names.map(word.place).join(" – ")),
          br.element("div", {}, word("link_share", { share: row.share < 0.1 ? "< 0.1" : br.fixed(row.share, 1), minutes: br.fixed(row.minutes, 0) })),
          br.element("div", {}, word("link_meets", { place: word.place(row.names[0]), minutes: br.fixed(row.meets, 0) })));
        const [[a, b], [c, d]] = row.ends;
        const part = row.minutes ? row.meets / row.minutes : 0.5;
        return [
          L.polyline(row.ends, { color: style.linkLines[side], weight: row.wide, opacity: 0.75 }).bindTooltip(text, draw.sticky),
          draw.point([a + part * (c - a), b + part * (d - b)], 2.5, "#ffffff", style.linkLines[side], text),
        ];
      })));
    }
    for (const row of data.past) {
      scene.add("past-" + row.year, br.ORDER.crossings, false, () =>
        L.polyline(br.unpackLines(row.shape, data.quantum), { color: style.pastLine, weight: 2, dashArray: "2 5" }).bindTooltip(() =>
          br.element("div", {}, br.element("strong", {}, word("past", { year: row.year, cutoff: row.cutoff })),
            br.element("div", {}, word("past_circle", { area: br.area(row.area), n: row.n }))), draw.sticky));
    }
    if (data.missing.length) {
      scene.add("missing", br.ORDER.crossings, false, () =>
        L.layerGroup(data.missing.map((row) => {
          const text = () => br.element("div", {}, br.element("strong", {}, word("missing") + word("colon") + row.names.map(word.place).join(" – ")),
            br.element("div", {}, word("missing_line", { km: br.fixed(row.km, 0), minutes: br.fixed(row.lineMin, 0) }) + "；" + (row.baseMin === null ? word("not_reached")
              : word("missing_now", { minutes: br.fixed(row.baseMin, 0), factor: br.fixed(row.factor, 1), usual: br.fixed(row.usual, 1) }))));
          return L.polyline(br.unpackLines(row.shape, data.quantum), { color: style.missingLine, weight: 3, dashArray: "8 6" }).bindTooltip(text, draw.sticky);
        })));
    }
    // Closed links are crossed out, others carry their direction of change.
    for (const row of data.changes) {
      scene.add("change-" + row.id, br.ORDER.crossings, false, () => {
        const line = br.unpackLines(row.shape, data.quantum);
        const text = () => br.changeText(row, word);
        return L.layerGroup([
          L.polyline(line, draw.fixed({ color: "#ffffff", weight: 9, opacity: 0.9 })),
          L.polyline(line, { color: style.changeLine, weight: 5 }).bindTooltip(text, draw.sticky),
          draw.sign(row.at, 8, "square", style.changeLine, { text: br.changeMark(row), weight: 1.5, color: "#ffffff" }, text),
        ]);
      });
    }
  };
})();
