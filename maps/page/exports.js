// What is on the screen as a file: a picture, or its shapes for other programs.
(function () {
  const SHAPES = /^(circle|slider|rail|centre|zones|corridor|change|past|year)-|^(counties|borders|junctions|centres|gaps|crossings|critical|missing)$/;
  const MARGIN = 8;
  const SHARPNESS = [2, 1, 0.5]; // pixels of a picture for each of the window, as many as the browser has room for

  /**
   * Shapes of all layers that are on, as a GeoJSON FeatureCollection.
   * @param {Scene} scene
   * @param {PageContent} data
   * @param {WhatIf | null} whatIf null where the page has none
   */
  br.shapesOnScreen = function (scene, data, whatIf) {
    /** @type {GeoFeature[]} */
    const features = [];
    const corridors = new Map(data.corridors.map((row) => ["corridor-" + row.id, row]));
    for (const item of scene.items.values()) {
      if (!item.on || !item.layer || !SHAPES.test(item.id)) continue;
      const row = corridors.get(item.id);
      /** @type {GeoFeature["properties"]} */
      const about = row ? { layer: item.id, name: row.name, mode: row.mode, status: row.status } : { layer: item.id, name: item.id };
      /** @param {any} layer of Leaflet, or a group of them */
      const add = (layer) => {
        if (layer.eachLayer) return layer.eachLayer(add);
        // A line's pale surround is drawn twice, and is no shape of its own.
        if (!layer.toGeoJSON || (layer.options.color === "#ffffff" && layer.options.weight > 4)) return;
        const feature = layer.toGeoJSON(5);
        features.push({ type: "Feature", properties: about, geometry: feature.geometry });
      };
      if (item.id === "counties") for (const county of data.counties) add2(features, scene.shapeOf(county), { layer: item.id, name: county.name, adcode: county.adcode });
      else if (item.id === "centres") for (const centre of data.centres) features.push(point(centre.at, { layer: item.id, name: centre.name }));
      else add(item.layer);
    }
    const own = whatIf && whatIf.found && whatIf.isOn() ? JSON.parse(br.whatIfGeoJson(whatIf.state, whatIf.found.circles)).features : [];
    for (const { geometry } of features) geometry.coordinates = onGround(geometry.coordinates);
    return { type: "FeatureCollection", features: [...features, ...own] };
  };
  /**
   * Files are in WGS 84, whatever the map is drawn in.
   * @param {any} nested coordinates, or lists of them
   * @returns {any}
   */
  const onGround = (nested) => {
    if (typeof nested[0] !== "number") return nested.map(onGround);
    const [lat, lon] = br.datum.onGround([nested[1], nested[0]]);
    return [lon, lat].map((value) => Number(value.toFixed(5)));
  };
  /**
   * @param {Place} at
   * @param {GeoFeature["properties"]} properties
   * @returns {GeoFeature}
   */
  const point = ([lat, lon], properties) => ({ type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } });
  /**
   * @param {GeoFeature[]} features
   * @param {L.Polygon} layer
   * @param {GeoFeature["properties"]} properties
   */
  function add2(features, layer, properties) {
    features.push({ type: "Feature", properties, geometry: layer.toGeoJSON(5).geometry });
  }

  /** @param {string | number | null} text */
  const escape = (text) => String(text).replace(/[<>&"'\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (c) => (c < " " ? " " : "&#" + c.charCodeAt(0) + ";"));
  /** The same shapes as KML 2.2, which 奥维 and Google Earth read. */
  br.kmlOf = function (collection, title) {
    /** @param {[number, number][]} line */
    const places = (line) => line.map(([lon, lat]) => lon + "," + lat).join(" ");
    /**
     * @param {string} tag
     * @param {[number, number][]} line
     */
    const ring = (tag, line) => "<" + tag + "><LinearRing><coordinates>" + places(line) + "</coordinates></LinearRing></" + tag + ">";
    /** @param {[number, number][][]} rings */
    const polygon = (rings) => "<Polygon>" + rings.map((line, i) => ring(i ? "innerBoundaryIs" : "outerBoundaryIs", line)).join("") + "</Polygon>";
    /** @param {[number, number][]} points */
    const line = (points) => "<LineString><coordinates>" + places(points) + "</coordinates></LineString>";
    /** @type { {[type: string]: (coordinates: any) => string} } */
    const shapes = {
      Point: (at) => "<Point><coordinates>" + at.join(",") + "</coordinates></Point>",
      LineString: line,
      MultiLineString: (lines) => "<MultiGeometry>" + lines.map(line).join("") + "</MultiGeometry>",
      Polygon: polygon,
      MultiPolygon: (polygons) => "<MultiGeometry>" + polygons.map(polygon).join("") + "</MultiGeometry>",
    };
    const marks = collection.features.map(({ properties, geometry }) => "<Placemark><name>" + escape(properties.name || properties.kind || "") + "</name><ExtendedData>" +
      Object.entries(properties).filter(([, value]) => value !== null).map(([key, value]) => '<Data name="' + escape(key) + '"><value>' + escape(value) + "</value></Data>").join("") +
      "</ExtendedData>" + shapes[geometry.type](geometry.coordinates) + "</Placemark>");
    return '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>' + escape(title) + "</name>\n" + marks.join("\n") + "\n</Document></kml>\n";
  };

  /**
   * The map as it is seen, with title and sources, as a picture.
   * @param {L.Map} map
   * @param { {sea: string, title: string, credits: string[]} } about
   * @param {number} ratio pixels of the picture for each of the window
   * @returns {HTMLCanvasElement | null} null where a browser has no room for a picture as large
   */
  function picture(map, about, ratio) {
    const around = map.getContainer().getBoundingClientRect();
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: ratio * around.width, height: ratio * around.height });
    const pen = canvas.getContext("2d");
    if (!pen) return null;
    pen.scale(ratio, ratio);
    pen.fillStyle = about.sea;
    pen.fillRect(0, 0, around.width, around.height);
    if (!painted(pen)) return null;
    const layers = [.../** @type {NodeListOf<HTMLCanvasElement>} */ (map.getContainer().querySelectorAll(".leaflet-map-pane canvas"))]
      .map((layer) => ({ layer, style: getComputedStyle(/** @type {Element} */ (layer.closest(".leaflet-pane"))) }))
      .sort((a, b) => Number(a.style.zIndex) - Number(b.style.zIndex));
    for (const { layer, style } of layers) {
      const box = layer.getBoundingClientRect();
      pen.globalCompositeOperation = style.mixBlendMode === "multiply" ? "multiply" : "source-over";
      pen.globalAlpha = Number(style.opacity);
      pen.drawImage(layer, box.left - around.left, box.top - around.top, box.width, box.height);
    }
    pen.globalCompositeOperation = "source-over";
    pen.globalAlpha = 1;
    const family = getComputedStyle(map.getContainer()).fontFamily;
    pen.textBaseline = "middle";
    for (const label of map.getContainer().querySelectorAll(".br-label, .br-handle, .br-handle-name")) {
      const style = getComputedStyle(label);
      if (style.visibility === "hidden") continue;
      const box = label.getBoundingClientRect();
      const [x, y] = [box.left - around.left, box.top - around.top + box.height / 2];
      if (label.classList.contains("br-handle")) {
        pen.beginPath();
        pen.arc(x + box.width / 2, y, box.width / 2 - 2, 0, 2 * Math.PI);
        pen.fillStyle = style.backgroundColor;
        pen.fill();
        pen.strokeStyle = style.borderColor;
        pen.lineWidth = 3;
        pen.stroke();
        continue;
      }
      pen.font = style.fontWeight + " " + style.fontSize + " " + family;
      if ("letterSpacing" in pen) pen.letterSpacing = style.letterSpacing === "normal" ? "0px" : style.letterSpacing;
      pen.lineJoin = "round";
      pen.lineWidth = 3;
      pen.strokeStyle = "#ffffff";
      pen.strokeText(label.textContent || "", x, y);
      pen.fillStyle = style.color;
      pen.fillText(label.textContent || "", x, y);
    }
    if ("letterSpacing" in pen) pen.letterSpacing = "0px";
    /**
     * @param {string} text
     * @param {number} y
     * @param {string} font
     */
    const write = (text, y, font) => {
      pen.font = font + " " + family;
      const wide = Math.min(around.width - 2 * MARGIN, pen.measureText(text).width);
      pen.fillStyle = "rgba(255, 255, 255, 0.85)";
      pen.fillRect(MARGIN - 4, y - 11, wide + 8, 22);
      pen.fillStyle = "#1c1c1c";
      pen.fillText(text, MARGIN, y, around.width - 2 * MARGIN);
    };
    write(about.title, 18, "bold 16px");
    about.credits.forEach((line, i) => write(line, around.height - 12 - 20 * (about.credits.length - 1 - i), "11px"));
    return canvas;
  }
  /**
   * Browsers differ in how large a canvas may be; what is drawn on a larger one is lost without an error.
   * @param {CanvasRenderingContext2D} pen
   */
  function painted(pen) {
    try {
      return pen.getImageData(pen.canvas.width - 1, pen.canvas.height - 1, 1, 1).data[3] > 0;
    } catch {
      return false;
    }
  }
  br.pictureOf = function (map, about) {
    for (const ratio of SHARPNESS) {
      const canvas = picture(map, about, ratio);
      if (canvas) return { canvas, ratio };
    }
    return null;
  };

  /** The row of buttons behind "Save". */
  br.exportRow = function (map, scene, data, word, whatIf, about) {
    const name = "map";
    /**
     * @param {string} text
     * @param {string} key
     * @param {() => void} act
     */
    const button = (text, key, act) => br.element("button", { type: "button", "data-export": key, onclick: act }, text);
    const shapes = () => br.shapesOnScreen(scene, data, whatIf);
    const status = br.element("p", { className: "br-muted", role: "status" });
    function savePicture() {
      const found = br.pictureOf(map, about());
      status.textContent = !found ? word("picture_too_large") : found.ratio < SHARPNESS[0] ? word("picture_less_sharp") : "";
      if (found) found.canvas.toBlob((blob) => { if (blob) br.saveBlob(name + ".png", blob); else status.textContent = word("picture_too_large"); });
    }
    return br.element("div", { className: "br-tools br-exports" },
      button(word("picture"), "png", savePicture),
      button("GeoJSON", "geojson", () => br.saveText(name + ".geojson", JSON.stringify(shapes()) + "\n", "application/geo+json")),
      button("KML", "kml", () => br.saveText(name + ".kml", br.kmlOf(shapes(), about().title), "application/vnd.google-earth.kml+xml")), status);
  };

  /** Hand a text to the reader as a file. */
  br.saveText = (name, text, type) => br.saveBlob(name, new Blob([text], { type: type + ";charset=utf-8" }));
  br.saveBlob = function (name, blob) {
    const address = URL.createObjectURL(blob);
    const link = br.element("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };
})();
