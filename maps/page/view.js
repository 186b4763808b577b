// Where the map may go: back to its first view at a click, and no farther than what it shows.
(function () {
  const BEYOND = 0.6; // of the first view's size, on each side
  const OUT = 1.5; // steps of zoom

  /**
   * @param {L.Map} map
   * @param {PageContent} data the page's content
   * @param {Word} word
   * @param {L.Control.Zoom} zoom
   * @param {() => void} fit to the first view
   */
  br.makeView = function (map, data, word, zoom, fit) {
    /** @param {Event} event */
    const home = (event) => {
      event.preventDefault();
      event.stopPropagation();
      fit();
    };
    const link = br.element("a", {
      href: "#", className: "br-home", role: "button",
      onclick: home,
    }, "⌂");
    zoom.getContainer()?.append(link);
    const view = {
      words() {
        link.title = word("home");
        link.setAttribute("aria-label", word("home"));
      },
      // Once the first view is known.
      confine() {
        map.setMinZoom(Math.max(2, Math.floor(4 * (map.getZoom() - OUT)) / 4));
        map.setMaxBounds(map.getBounds().extend(data.bounds[0]).extend(data.bounds[1]).pad(BEYOND));
      },
    };
    return view;
  };
})();
