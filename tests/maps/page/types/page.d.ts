/** What a study's page holds, as `maps/page/_content.py` writes it, and what its scripts hand to each other. */

type Lines = string[];
type Polygons = string[][];

interface Reach {
  key: string;
  name: string;
  minutes: number;
  baseKm2: number | null;
  afterKm2: number | null;
  base: Polygons;
  after: Polygons;
  gained: Polygons;
  edge: Lines;
}
interface CircleRow extends Reach {
  people: [number | null, number | null] | null;
}
interface CountyTime {
  id: string;
  name: string;
  base: number | null;
  after: number | null;
  change: number | null;
  baseIn: boolean;
  afterIn: boolean;
}
/** Figures of a county by measure; its people, and its efficiency today and with corridors. */
interface CountyFigures {
  people: number | null;
  efficiency: (number | null)[];
  [measure: string]: any;
}
/** The texts of packed numbers that a county comes with. */
interface PackedCounty {
  times: string;
  figures: string;
  circles: string;
  ways?: string;
}
/** A county as it is when its texts of packed numbers have been read. */
interface County {
  adcode: number;
  name: string;
  city: string;
  province: string;
  neighbours: string;
  km: string;
  at: Place;
  shape: Polygons;
  times: CountyTime[];
  gains: (number | null)[];
  members: { [scenario: string]: string[] | undefined };
  figures: CountyFigures | null;
  circles: { city: string | null; minutes: number | null }[];
  ways: { end: string; option: string; figures: number[] }[];
}
interface NamedShape {
  name: string;
  at: Place;
  shape: Polygons;
}
interface Centre {
  id: string;
  name: string;
  at: Place;
}
interface Claim {
  id: string;
  words: string;
  reading: string;
  verdict: string;
  text: string;
  value: number | null;
  unit: string;
  compare: string;
  limit: number | null;
  with: number | null;
  flip: string;
  method: string;
  at: Place | null;
  lines: Lines;
  areas: Polygons;
  points: Place[];
}
/** A closed link has no speed any more. */
type Change = { id: string; name: string; links: number; km: number; at: Place; shape: Lines } & (
  | { closed: true; baseKph: number | null; afterKph: null }
  | { closed: false; baseKph: number; afterKph: number }
);
interface BaseMapTiles {
  name: string;
  addresses: string[];
  attribution: string;
  subdomains: string;
  datum: "wgs84" | "gcj02";
  minZoom: number;
  maxZoom: number;
  tms: boolean;
}
interface Packed {
  quantum: number;
  nodes: string;
  people: string;
  noExit: string;
  edge: string;
  nodeOwners: string;
  links: string;
  looks: [number, number][];
  stationWays: string;
  stationKind: number;
  railways: string;
  linkOwners: string;
  kinds: [string, string][];
  shapes: string[];
  since: Since | null;
}
interface Since {
  years: number;
  kinds: number[];
  runs: string;
}
/** Colours and lines, as `page_style` in `maps/style.py` writes them. */
interface PageStyle {
  noValue: string;
  circleFills: string[];
  circleLine: string;
  scenarioLine: string;
  gainLines: string[];
  railFills: string[];
  railLine: string;
  crossingFill: string;
  gapLine: string;
  criticalLine: string;
  missingLine: string;
  linkLines: { [side: string]: string };
  pastLine: string;
  changeLine: string;
  verdictFills: { [verdict: string]: string };
  zoneFill: string;
  zoneScenarioLine: string;
  land: string;
  sea: string;
  provinceLine: string;
  countyLine: string;
  borderLine: string;
  borderHalo: string;
  junctionFill: string;
  centreFill: string;
  stopFill: string;
  highlight: string;
  centreLines: string[];
  modes: { [mode: string]: string };
  otherMode: string;
  dashes: { [status: string]: string };
  otherDash: string;
  fonts: string;
}
interface Classes {
  breaks: number[];
  colours: string[];
  labels: { [language: string]: string[] };
  unit: string;
}
interface CorridorStop {
  name: string;
  at: Place;
}
interface Corridor {
  id: string;
  colour: string;
  name: string;
  nameEn: string;
  mode: string;
  status: string;
  kph: number | null;
  km: number;
  source: string;
  shape: Lines;
  stops: CorridorStop[];
  build: { objective: string; step: number; value: number; adds: number; alone: number } | null;
}
interface Years {
  years: number[];
  today: number;
  openings: { [corridor: string]: number };
  centres: string[];
  minutes: string[];
  mean: (number | null)[];
  inside: number[];
  people: (number | null)[];
  circles: { [year: string]: { area: number; people: number; shape: Lines } };
}
/** What `measures.py` asks of a county: an id, the words' key, and the decay of an access measure. */
interface Measure {
  id: string;
  key: string;
  theta: number | null;
}
interface PageContent {
  language: string;
  words: { [language: string]: { [key: string]: string } };
  english: { counties: string; others: { [name: string]: string } };
  short: { [name: string]: string };
  alphabet: string;
  scenario: string | null;
  scenarioName: string;
  baseName: string;
  description: string;
  attribution: string[];
  notes: string[];
  tolerances: { boundary: number; circle: number; zone: number };
  classes: { [name: string]: Classes };
  measures: Measure[];
  timeCentres: { id: string; name: string }[];
  cities: string[];
  wayEnds: string[];
  years: Years | null;
  yearsLeftOut: boolean;
  corridors: Corridor[];
  slider: Reach[];
  railCircles: CircleRow[];
  centreCircles: Reach[];
  zones: Reach[];
  allZones: Reach | null;
  borders: { names: string[]; km: string; crossings: number | null; spacing: number | null; without: number | null; shape: Lines }[];
  crossings: { at: Place; class: string; names: string[]; provinces: string[] }[];
  gaps: { names: string[]; km: number; roadKm: number | null; minutes: number; factor: number; shape: Lines }[];
  critical: {
    names: string[];
    class: string;
    trips: number;
    mean: number | null;
    worst: number | null;
    worstNames: string[];
    cutOff: string;
    wide: number;
    shape: Lines;
  }[];
  missing: { names: string[]; km: number; baseMin: number | null; lineMin: number; factor: number; usual: number; shape: Lines }[];
  links: { names: string[]; across: boolean; minutes: number; meets: number; share: number; wide: number; ends: [Place, Place] }[];
  past: { year: number; cutoff: number; area: number; n: number; shape: Lines }[];
  junctions: { names: string; at: Place }[];
  style: PageStyle;
  title: { zh: string; en: string };
  quantum: number;
  reachQuantum: number;
  circleMin: number;
  bounds: [Place, Place];
  centres: Centre[];
  provinces: NamedShape[];
  context: NamedShape[];
  nationalLines: Lines;
  counties: County[];
  circles: CircleRow[];
  claims: Claim[];
  changes: Change[];
  baseMap: BaseMapTiles | null;
  whatIf: WhatIfContent | null;
}

/** What `br.element` gives an element: attributes, its style, and what listens to it. A field is what its own change is told of. */
type Attributes<K extends keyof HTMLElementTagNameMap> = {
  [E in keyof HTMLElementEventMap as `on${E}`]?:
    | ((event: HTMLElementEventMap[E] & (E extends "input" | "change" | "toggle" ? { target: HTMLElementTagNameMap[K] } : unknown)) => void)
    | null;
} & { className?: string; style?: { [name: string]: any }; [name: string]: any };
/** What may stand in an element; lists of it are taken apart. */
type Content = Node | string | number | false | null | undefined | Content[];
type Values = { [name: string]: string | number | null };

/** Words of the page in the reader's language. */
interface Word {
  (key: string, values?: Values): string;
  place(name: string): string;
  label(name: string): string;
  places(names: string | string[]): string;
  of(kind: string, value: string): string;
  aside(text: string | number): string;
  nameOf(row: { name: string; nameEn?: string }): string;
  state: { language: string };
}
/** The parts of a reach that have layers of their own. */
type Column = "base" | "after" | "gained";
type View = "compare" | "base" | "after" | "split";
type Pattern = CanvasPattern | null;
/** Leaflet's options of lines and areas, whose canvas fills with patterns, too. */
type ShapeLook = Omit<L.PolylineOptions, "fillColor"> & { fillColor?: string | Pattern };
interface ReachLook {
  order: number;
  line: string;
  weight: number;
  fill: string | Pattern;
  dots?: string;
  opacity: number;
  after: string;
  hatch: string;
  rising: boolean;
}
/** A circle or zone on the map; the slider exchanges its row. */
interface Entry {
  row: Reach & { people?: [number | null, number | null] | null };
  look: ReachLook;
  depth: number;
  names: { [column in Column]?: string };
  whole?: L.Polygon;
  edge?: L.Polyline;
}
interface Drawing {
  hatch(colour: string, rising: boolean): Pattern;
  dots(colour: string): Pattern;
  fixed<T extends ShapeLook & { radius?: number }>(options: T): T & { interactive: boolean; smoothFactor: number };
  sticky: L.TooltipOptions;
  area(packed: Polygons, options?: ShapeLook): L.Polygon;
  reachArea(packed: Polygons, options?: ShapeLook): L.Polygon;
  reachLine(packed: Lines, options?: ShapeLook): L.Polyline;
  point(at: Place, radius: number, fill: string, line: string, text: () => Content): L.CircleMarker;
  sign(at: Place, radius: number, shape: string, fill: string, options: { [name: string]: unknown }, text: () => Content): L.CircleMarker;
}
/** A name on the map, see `labels.js`. */
interface LabelGiven {
  at: Place;
  text: string | (() => string);
  className: string;
  rank: number;
  owner: string;
  offset?: number;
  leastZoom?: number;
  along?: Place[] | (() => Place[]);
  side?: string;
  colour?: string;
  beside?: Place[] | null;
}
interface Labels {
  add(label: LabelGiven): void;
  dot(at: Place, owner: string, radius?: number, shift?: number): void;
  sort(): void;
  place(): void;
}
interface Label {
  at: Place;
  name: string | (() => string);
  /** as it was measured, with what it takes, pixels */
  text: string;
  width: number;
  height: number;
  className: string;
  rank: number;
  owner: string;
  offset: number;
  leastZoom: number;
  along: Place[] | (() => Place[]);
  side?: string;
  colour?: string;
  beside?: Place[] | null;
  made: { marker: L.Marker; html: HTMLElement } | null;
}
/** Left, top, right and bottom, pixels of the map's container. */
type Box = [number, number, number, number];
interface Edges {
  look(): void;
  cross(box: number[]): boolean;
}
interface Split {
  on: boolean;
  at: number;
  moved: boolean;
  onmove: (() => void) | null;
  confine(layer: L.Layer, side: string | undefined): void;
  clipped(pen: CanvasRenderingContext2D, side: string, draw: () => void): void;
  hides(at: Place, side: string | undefined): boolean;
  redraw(): void;
  move(at: number): void;
  set(on: boolean): void;
  words(): void;
}
/** The years of a panel on the map, see `years.js`. */
interface YearsShown {
  at: number | null;
  last: number;
  look: { line: string; fill: string; opacity: number };
  colouring?: string;
  colourings(): string[];
  valueOf(row: County, colouring: string): number | null;
  year(): number | null;
  text(colouring: string): string;
  set(at: number | null): void;
  figures(): string;
  rowOf(row: County): HTMLElement | null;
  tipOf(row: County): HTMLElement | null;
  control(still: (act: () => void) => void, redraw: () => void): HTMLElement;
}
interface SceneItem {
  id: string;
  order: number;
  on: boolean;
  make: () => L.Layer;
  side: string | undefined;
  layer: any;
}
interface Scene {
  items: Map<string, SceneItem>;
  labels: Labels;
  split: Split;
  selected: number | null;
  claim: string | null;
  colouring: string;
  view: View;
  minutes: number | null;
  asked: Set<string> | null;
  years?: YearsShown;
  circles: Entry[];
  railCircles: Entry[];
  centreCircles: Entry[];
  slider: Entry | null;
  allZones: Entry | null;
  zonesOf: Map<string, Reach>;
  counties: Map<number, County>;
  onchange(): void;
  onmove(): void;
  onselect(claim?: PlacedClaim | null): void;
  isOn(id: string | undefined): boolean;
  add(id: string, order: number, on: boolean, make: () => L.Layer, side?: string): void;
  show(id: string, on: boolean): void;
  toggle(id: string, on: boolean): void;
  refresh(): void;
  away(away: boolean): void;
  isChosen(item: SceneItem): boolean;
  setView(view: View): void;
  begin(): void;
  boundsOf(row: County): L.LatLngBounds;
  shapeOf(row: County): L.Polygon;
  restyleGround(): void;
  repaintRoads?(): void;
  roadsReady?: boolean;
  restyleReaches(): void;
  isShown(entry: Entry): boolean;
  showReaches(view: View): void;
  showCircles(on: boolean): void;
  setMinutes(minutes: number | null): void;
  measureOf(id: string): Measure | undefined;
  valueOf(row: County, colouring: string): number | null;
  classes(colouring: string): Classes;
  colourings(): { minutes: string[]; figures: string[] };
  recolour(colouring: string): void;
  showZone(): void;
  restyleCounty(adcode: number | null): void;
  select(adcode: number | null): void;
  corridorLook(row: Corridor): { color: string; weight: number; dashArray: string };
  showClaim(): void;
  claimBounds(row: PlacedClaim): L.LatLngBounds;
  selectClaim(id: string | null, move?: boolean): void;
}
interface PlacedClaim extends Claim {
  at: Place;
}
/** A place of a drawn line in a scenario's network, beyond the page's own nodes. */
interface ExtraNode {
  exit: boolean;
  xyz: [number, number, number];
  x: number;
  y: number;
  scale: number;
}
type Mode = "road" | "rail" | "air";
/** A corridor that the reader has drawn: design speed, departures in each direction (null: nobody waits), and whose values it has. */
interface Drawn {
  name: string;
  mode: Mode;
  kph: number;
  perDay: number | null;
  stops: CorridorStop[];
  as?: string;
}
/** The nodes where one gets on and off. */
interface Ends {
  on: number;
  off: number;
}
/** What is joined to others where their stops lie near each other: a corridor of the study, or a drawn line as it was built. */
type Line = Omit<WhatIfCorridor, "id" | "stops"> & { stops: (Ends & { kind: string; at: Place })[] };
type Built = Line & { touches: boolean };
/** What `whatif_scenario.js` makes: a network with some corridors, cuts and drawn lines. */
interface Scenario {
  net: Network;
  shut: Uint8Array;
  gone: Uint8Array;
  off: Uint8Array;
  extra: ExtraNode[];
  first: Int32Array;
  next: number[];
  to: number[];
  ms: number[];
  changed: boolean;
  version: number;
  loose: Set<Drawn>;
  set(wanted: { corridors: Set<number>; closed: Set<number>; lines: Drawn[] }): Scenario;
}
/** What `whatif_scenario.js` has of a line's file. */
interface Assumed {
  mode?: string;
  factor: number;
  penalty: number;
  board: number;
  alight: number;
  perDay: number | null;
  joinKm: number;
  joinKph: number;
  sinuosity: number;
}
interface LineRules {
  assumed: { [mode: string]: { [kph: string]: { [value: string]: number | undefined } } };
  own: { [corridor: string]: Assumed & { mode: string; kph: number } };
  mostKm: { [mode: string]: number };
  dayMin: number;
  unevenness: number;
  evenPerDay: number;
  fittedPerDay: number;
  mostWaitMin: { [mode: string]: number };
}
interface WhatIfStop {
  name: string;
  kind: string;
  at: Place;
  on: number;
  off: number;
}
interface WhatIfCorridor {
  id: string;
  mode: Mode;
  kph: number;
  joinKm: number;
  joinKph: number;
  stops: WhatIfStop[];
}
interface StudyScenario {
  id: string;
  name: string;
  corridors: string[];
}
/** Code, name, latitude and longitude, as a page has seats; `page.js` reads them. */
type PackedSeat = [number, string];
interface Seat {
  adcode: number;
  name: string;
  at: Place;
}
/** What a page has for what-ifs, as `maps/page/_what_if.py` writes it. */
interface WhatIfContent extends Packed {
  kph: number;
  reachKm: number;
  cutoffs: number[];
  cellM: number[];
  apart: boolean;
  leftOut: string[];
  corridors: WhatIfCorridor[];
  counties: Seat[];
  countiesAt: string;
  nBorder: number;
  scenarios: StudyScenario[];
  lines: LineRules;
  opened?: Network;
}
/** Where circles begin; a tapped place has no home. */
interface StartPlace {
  id: string;
  name: string;
  home: Place | null;
  at: Place;
}
/** What a reader has asked, see `whatif_state.js`. */
interface WhatIfState {
  on: boolean;
  notice: string;
  places: (StartPlace & { home: Place })[];
  here: StartPlace | null;
  corridors: Set<number>;
  closed: Set<number>;
  lines: Drawn[];
  mostStops: number;
  mostLines: number;
  reset(): WhatIfState;
  starts(): StartPlace[];
  moved(): boolean;
  text(): string;
  read(text: string, links: number): WhatIfState;
  speak(word: Word): void;
}
interface CircleFound {
  minutes: number;
  rings: Float64Array[];
  km2: number;
  people: number;
  counties: number;
}
interface CircleShown extends CircleFound {
  now: Float64Array[];
  rank: number;
  before: CircleFound | null;
}
interface Cell {
  now: number | null;
  before: number | null;
  sure: boolean;
}
interface CellRow {
  name: string;
  cells: Cell[];
}
/** What comes of a what-if, for its panel. */
interface Found {
  starts: string[];
  circles: CircleShown[];
  nBorder: number;
  nStarts: number;
  loose: string[];
  off: string[];
  beyond: number;
  home: string | null;
  between: CellRow[];
  counties: CellRow[];
}
interface WhatIf {
  state: WhatIfState;
  found: Found | null;
  lastMs: number;
  isOn(): boolean;
  set(on: boolean, restored?: boolean): void;
  scenario(): string | null;
  nameOf(row: StudyScenario): string;
  take(id: string): void;
  text(): string;
  restore(text: string): void;
  words(): void;
}
type Tool = "move" | "draw" | "cut";
interface Editor {
  tool: Tool;
  current: number;
  mode?: Mode;
  nameNear(at: Place): Seat | null;
  draw(): void;
  start(): void;
  stop(): void;
  use(tool: Tool): void;
  extend(i: number): void;
  finish(): void;
  defaults(mode: Mode): { kph: number; perDay: number | null };
}
/** What the buttons of a what-if's panel do. */
interface PanelActs {
  changed(): void;
  valued(): void;
  leave(): void;
  moved(): void;
  scenario(): string | null;
  nameOf(row: StudyScenario): string;
  take(id: string): void;
  look(row: Corridor): { color: string; weight: number; dashArray: string };
  isLoose(line: Drawn): boolean;
  isSaved(line: Drawn): boolean;
  saveCorridors(): void;
  saveShapes(): void;
}
interface Legend {
  box(id: string | undefined, text: string, ...content: Content[]): HTMLElement | null;
  areaText(row: Reach): string;
  rows(entry: Entry, text: string): HTMLElement[];
  table(rows: HTMLElement[]): HTMLElement;
  classes(): HTMLElement | null;
  short(): HTMLElement[];
  colouringText(colouring?: string): string;
  verdicts(rows?: Claim[]): HTMLElement[];
  changes(): LegendRow[];
  border(): LegendRow[];
  ground(): LegendRow[];
}
type LegendRow = [id: string, symbol: Content, text: string];
interface PageState {
  ready: boolean;
  text(): string;
  link(): string;
  save(): void;
  remember(): void;
  restore(): void;
}
interface GeoFeature {
  type: "Feature";
  properties: { [name: string]: string | number | null };
  geometry: { type: string; coordinates: any };
}
interface GeoCollection {
  type: "FeatureCollection";
  features: GeoFeature[];
}

/** What the scripts hand to each other, by name: each is set in one of them. */
interface Shared {
  useAlphabet(alphabet: string): void;
  unpackNumbers(text: string): number[];
  unpackLine(text: string, quantum: number): Place[];
  unpackRailways(text: string, quantum: number): { line: Float64Array; since: number }[];
  unpackLines(packed: Lines, quantum: number): Place[][];
  unpackPolygons(packed: Polygons, quantum: number): Place[][][];
  unpackReaches(data: PageContent): void;
  element<K extends keyof HTMLElementTagNameMap>(tag: K, attributes?: Attributes<K> | null, ...children: Content[]): HTMLElementTagNameMap[K];
  datum: { onMap(at: Place): Place; onGround(at: Place): Place; ringOnMap(ring: Float64Array): Float64Array };
  penOf(canvas: HTMLCanvasElement, settings?: CanvasRenderingContext2DSettings): CanvasRenderingContext2D;
  find(within: Element, selector: string): HTMLElement;
  selectorOf(element: Element, names: string[]): string | null;
  escape(text: string): string;
  makeWords(data: PageContent): Word;
  fixed(value: number | null, digits: number): string;
  area(value: number | null | undefined): string;
  signed(value: number | null | undefined, digits: number): string;
  classOf(value: number, breaks: number[]): number;

  ORDER: { [layer: string]: number };
  COLUMNS: { [view in View]: Column[] };
  SIDES: { [column in Column]: string };
  hatch(colour: string, rising: boolean): Pattern;
  ranked<T>(list: T[], rank: number): T;
  makeDrawing(data: PageContent): Drawing;
  RANKS: { [kind: string]: number };
  makeLabels(map: L.Map, isOn: (owner: string) => boolean, hides: (at: Place, side: string | undefined) => boolean, edges: Edges): Labels;
  makeEdges(map: L.Map, layersOf: () => any[]): Edges;
  Sign: new (at: Place, options: { [name: string]: unknown }) => L.CircleMarker;
  PaintedCanvas: new (options: { [name: string]: unknown }) => L.Renderer & { [more: string]: any };
  VERDICT_SHAPES: { [verdict: string]: string };
  signSwatch(shape: string, fill: string, line: string): SVGElement;
  changeMark(row: Change): string;
  changeText(row: Change, word: Word): HTMLElement;
  inkOn(colour: string): string;
  makeSplit(map: L.Map, word: Word): Split;
  makeScene(map: L.Map, data: PageContent, word: Word): Scene;
  addBackdrop(scene: Scene, draw: Drawing, data: PageContent, word: Word): void;
  networkOf(data: { whatIf: WhatIfContent }): Network;
  addRoads(scene: Scene, map: L.Map, data: PageContent, word: Word): void;
  roadsInLegend(data: PageContent, scene: Scene, word: Word): [SVGElement[], string];
  addReaches(scene: Scene, draw: Drawing, data: PageContent): void;
  addCounties(scene: Scene, draw: Drawing, data: PageContent, word: Word): void;
  addLines(scene: Scene, draw: Drawing, data: PageContent, word: Word): void;
  addClaims(scene: Scene, draw: Drawing, data: PageContent, word: Word): void;
  makeYears(scene: Scene, draw: Drawing, data: PageContent & { years: Years }, word: Word): YearsShown;

  minutesText(value: number | null, word: Word): string;
  countyText(row: County, word: Word, years: YearsShown | undefined, planned: boolean): HTMLElement;
  corridorText(row: Corridor, word: Word): HTMLElement;
  stepOf(row: Corridor): string;
  drawCounty(panel: HTMLElement, row: County | null | undefined, data: PageContent, scene: Scene, word: Word): void;
  many(value: number | null, unit: string, word: Word): string;
  classNames(data: PageContent, word: Word, id: string, values: (number | null)[]): string;
  claimSign(row: { verdict: string }, style: PageStyle): SVGElement;
  claimText(row: Claim, n: number, word: Word): HTMLElement;
  claimList(data: PageContent, scene: Scene, word: Word): HTMLElement;
  drawClaim(panel: HTMLElement, row: Claim, data: PageContent, scene: Scene, word: Word): void;
  swatch(kind: string, look: { [name: string]: any }): Element;
  lineSwatch(look: { color: string; weight: number; dashArray?: string }): SVGElement;
  makeLegend(data: PageContent, scene: Scene, word: Word, names: { scenario(): string; base(): string }): Legend;
  makeFinding(data: PageContent, word: Word): HTMLElement | null;
  makeSearch(rows: County[], word: Word, choose: (row: County) => void): HTMLElement[];
  makeLocator(map: L.Map, data: PageContent, word: Word): { words(): void };
  makeView(map: L.Map, data: PageContent, word: Word, zoom: L.Control.Zoom, fit: () => void): { words(): void; confine(): void };
  makeState(map: L.Map, scene: Scene, data: PageContent, word: Word, redraw: () => void, whatIf: WhatIf | null): PageState;
  shareField(link: string, word: Word, close: () => void): HTMLElement;
  makePrint(map: L.Map, scene: Scene, bounds: [Place, Place]): void;
  shapesOnScreen(scene: Scene, data: PageContent, whatIf: WhatIf | null): GeoCollection;
  kmlOf(collection: GeoCollection, title: string): string;
  pictureOf(map: L.Map, about: { sea: string; title: string; credits: string[] }): { canvas: HTMLCanvasElement; ratio: number } | null;
  exportRow(
    map: L.Map,
    scene: Scene,
    data: PageContent,
    word: Word,
    whatIf: WhatIf | null,
    about: () => { sea: string; title: string; credits: string[] },
  ): HTMLElement;
  saveText(name: string, text: string, type: string): void;
  saveBlob(name: string, blob: Blob): void;
  start(map: L.Map, data: PageContent): void;
  scene: Scene;
  whatIf: WhatIf | null;
  map: L.Map;

  makeWhatIf(
    map: L.Map,
    data: PageContent & { whatIf: WhatIfContent },
    scene: Scene,
    word: Word,
    panelElement: HTMLElement,
    page: { save(): void; redraw(): void; makeRoom(places: Place[] | null): void },
  ): WhatIf;
  makeWhatIfState(data: PageContent & { whatIf: WhatIfContent }): WhatIfState;
  makeWhatIfCanvas(map: L.Map, style: PageStyle): {
    show(circles: { before: Float64Array[] | null; now: Float64Array[]; rank: number }[]): void;
    hide(): void;
  };
  makeWhatIfEditor(
    map: L.Map,
    data: PageContent & { whatIf: WhatIfContent },
    net: Network,
    state: WhatIfState,
    word: Word,
    tell: { moving(): void; done(): void; drawn(): void },
  ): Editor;
  makeWhatIfPanel(
    panel: HTMLElement,
    data: PageContent & { whatIf: WhatIfContent },
    state: WhatIfState,
    editor: Editor,
    word: Word,
    act: PanelActs,
  ): { results(found: Found): void; draw(): void };
  distinctStops<T extends { name: string }>(stops: T[]): T[];
  corridorFile(lines: Drawn[], rules: LineRules, date: string, comment: string): string;
  faultOf(line: Drawn, rules: LineRules): string | null;
  polygonsOf(rings: Float64Array[]): number[][][][];
  whatIfGeoJson(state: WhatIfState, circles: { minutes: number; now: Float64Array[]; km2: number }[]): string;
  STOP_KINDS: { [mode: string]: string };
  DRAWN: { joinKm: number; joinKph: number; sinuosity: number };
  assumedOf(drawn: { mode: string; kph: number; as?: string }, lines: LineRules): Assumed;
  waitOf(drawn: { mode: string; perDay: number | null }, lines: LineRules): number;
  straightKm(one: { at: Place }, other: { at: Place }): number;
  makeScenario(net: Network, data: WhatIfContent): Scenario;
  openNetwork(data: Packed): Network;
  isSection(net: Network, link: number): boolean;
  closedWith(net: Network, closed: Set<number>): Set<number>;
  UNREACHED: number;
  paceOf(data: { kph: number }): number;
  nodeCount(scenario: Scenario): number;
  accessOf(scenario: Scenario, data: WhatIfContent, at: Place, out?: boolean): Ways;
  search(scenario: Scenario, ways: Ways[], limit: number): Int32Array;
  minutesTo(
    scenario: Scenario,
    data: WhatIfContent,
    time: Int32Array,
    from: Place,
    places: (Ways & { at: Place; xyz?: number[] })[],
    pieces: Piece[],
  ): (number | null)[];
  timesFromEdge(scenario: Scenario): Int32Array;
  timeToEdge(scenario: Scenario, time: Int32Array): number;
  discsOf(scenario: Scenario, data: WhatIfContent, time: Int32Array, places: Place[], cutoff: number, pieces: Piece[]): Discs;
  edgeOf(discs: { x: Float64Array; y: Float64Array; r: Float64Array; n: number }, cell: number): Float64Array[];
  planeAround(centre: Place): (xyz: ArrayLike<number>) => [number, number];
  peopleIn(
    scenario: Scenario,
    data: WhatIfContent,
    starts: { at: Place; time: Int32Array }[],
    time: Int32Array,
    cutoff: number,
    discs: Discs,
    cell: number,
    rings: Float64Array[],
  ): number;
  addWaysAlong(scenario: Scenario, data: WhatIfContent, at: Place, out: boolean, found: Ways): void;
  alongOneStreet(scenario: Scenario, from: Piece[], to: Piece[]): number;
  addDiscsAlong(
    scenario: Scenario,
    data: WhatIfContent,
    time: Int32Array,
    pieces: Piece[],
    cutoff: number,
    add: (x: number, y: number, scale: number, at: number) => void,
  ): void;
  ground: {
    xyz(lon: number, lat: number): [number, number, number];
    metres(a: ArrayLike<number>, b: ArrayLike<number>): number;
    toX(lon: number): number;
    toY(lat: number): number;
    toLon(x: number): number;
    toLat(y: number): number;
    scale(lat: number): number;
    km2(rings: Float64Array[]): number;
  };
}

/** What is empty left out, as everywhere on the page; TypeScript's own lists keep it in the type. */
interface Array<T> {
  filter(kept: BooleanConstructor): Exclude<T, null | undefined | false | 0 | "">[];
}
