// Which addresses the matrix walks. A route without parameters is walked by itself; one with parameters needs an example
// here, or the matrix fails. `more` adds what only a question or a pressed button brings about.

// Who may see what begins so.
export function role(path) {
  if (/^\/me($|[/?])/.test(path)) return "reader";
  if (path.startsWith("/staff")) return "staff";
  if (path.startsWith("/admin")) return "admin";
  return "nobody";
}

// Answers that are no pages, and what they must be.
export const files = {
  "/record/{id}/export/{format}": ["/record/RECORD/export/ris"],
  "/basket/export": ["/basket/export?format=ris"],
  "/unapi": ["/unapi", "/unapi?id=RECORD&format=ris"],
  "/trust/lianmu.crt": ["/trust/lianmu.crt"],
  "/robots.txt": ["/robots.txt"],
  "/manifest.webmanifest": ["/manifest.webmanifest"],
  "/worker.js": ["/worker.js"],
  "/assets/{hash}/{name}": ["/assets/0/look.css"],
  "/admin/runs/{id}/events": ["/admin/runs/RUN/events"],
  "/admin/quality/{code}/csv": ["/admin/quality/BUPT/csv"],
  "/staff/statistics/csv": ["/staff/statistics/csv"],
  "/staff/statistics/xlsx": ["/staff/statistics/xlsx"],
  "/repository/{*name}": ["/repository/metadata/timestamp.json"],
  "/neighbour/{blake3}": [`/neighbour/${"0".repeat(64)}`],
  "/me/data/export": ["/me/data/export"],
  "/leave": ["/leave"],
  "/healthz": ["/healthz"],
  "/readyz": ["/readyz"],
  "/metrics": ["/metrics"],
};

// Pages with parameters.
export const examples = {
  "/record/{id}": ["/record/RECORD"],
  "/libraries/{code}": ["/libraries/BUPT"],
  "/page/{slug}": ["/page/guide"],
  "/help/{who}": ["/help/reader", "/help/librarian", "/help/admin"],
  "/me/requests/{id}": ["/me/requests/REQUEST"],
  "/staff/readers/{id}": ["/staff/readers/READER"],
  "/staff/requests/{id}": ["/staff/requests/REQUEST"],
  "/staff/lending/{id}": ["/staff/lending/LENDING"],
  "/admin/runs/{id}": ["/admin/runs/RUN"],
  "/admin/libraries/{code}": ["/admin/libraries/BUPT"],
  "/admin/quality/{code}": ["/admin/quality/BUPT"],
};

// States of a page that the address alone does not bring: another question, a fault, a button.
export const more = [
  { route: "/", state: "filtered", path: "/?filter=bj&library=NLC" },
  { route: "/", state: "counted", path: "/?q=java&library=BUPT" },
  { route: "/search", state: "hits", path: "/search?q=java" },
  { route: "/search", state: "one library", path: "/search?q=java&library=BUPT&library=BJFU&only=BUPT&type=book-chi" },
  { route: "/search", state: "too many libraries", path: "/search?q=java&group=%E5%B7%A5%E7%A7%91%E7%B1%BB" },
  { route: "/search", state: "zero", path: "/search?q=%E4%B8%8D%E5%AD%98%E5%9C%A8xyz&type=map&library=NLC" },
  { route: "/search", state: "past the end", path: "/search?q=java&page=400" },
  { route: "/search", state: "error", path: "/search?q=java&page=0", status: 400 },
  { route: "/record/{id}", state: "union", path: "/record/UNION?view=members" },
  { route: "/record/{id}", state: "marc", path: "/record/RECORD?view=marc&q=java" },
  { route: "/record/{id}", state: "on paper", path: "/record/RECORD?view=print" },
  { route: "/record/{id}", state: "hostile", path: "/record/HOSTILE?view=marc" },
  { route: "/record/{id}", state: "error", path: "/record/0000000000000", status: 404 },
  { route: "/libraries", state: "zero", path: "/libraries?q=xyz" },
  { route: "/libraries/{code}", state: "error", path: "/libraries/NOWHERE", status: 404 },
  { route: "/basket", state: "hits", path: "/basket", basket: true },
  { route: "/browse/class", state: "deeper", path: "/browse/class?class=TP3" },
  { route: "/browse/call-number", state: "near", path: "/browse/call-number?library=BUPT" },
  { route: "/browse/author", state: "hits", path: "/browse/author?from=l" },
  { route: "/browse/subject", state: "heading", path: "/browse/subject?heading=%E5%8E%86%E5%8F%B2" },
  { route: "/purchase", state: "filled", path: "/purchase?title=x" },
  { route: "/login", state: "next", path: "/login?next=/me/requests" },
  // Whoever is wrong often is asked to wait.
  { route: "/login", state: "wrong", path: "/login", post: { library: "BUPT", barcode: "nobody", password: "wrong" }, status: 422, or: 429 },
  { route: "/register", state: "faults", path: "/register", post: { library: "BUPT", email: "x" }, status: 422 },
  { route: "/nowhere", state: "error", path: "/nowhere", status: 404 },
  { route: "/me/data", state: "slip", path: "/me/data", post: { act: "erase" }, status: 422 },
  { route: "/me/requests", state: "zero", path: "/me/requests?q=xyz" },
  { route: "/me/requests", state: "ticked", path: "/me/requests?tick=all" },
  { route: "/me/requests", state: "error", path: "/me/requests?state=nonsense", status: 400 },
  { route: "/me/requests/new", state: "prefilled", path: "/me/requests/new?record=RECORD" },
  { route: "/me/requests/new", state: "faults", path: "/me/requests/new", post: { title: "x", year: "2x", email: "x", note: "备".repeat(51) }, status: 422 },
  { route: "/me/requests/{id}", state: "error", path: "/me/requests/1", status: 404 },
  { route: "/me/requests/print", state: "sheet", path: "/me/requests/print?kind=a4&id=REQUEST" },
  { route: "/me/requests/print", state: "slip", path: "/me/requests/print?kind=slip&id=REQUEST" },
  { route: "/staff/notices", state: "faults", path: "/staff/notices", post: { title: "" }, status: 422 },
  { route: "/staff/pages", state: "editing", path: "/staff/pages?slug=library/BUPT" },
  { route: "/staff/library", state: "faults", path: "/staff/library", post: { library: "BUPT", latitude: "north", longitude: "1" }, status: 422 },
  { route: "/admin", state: "forbidden", path: "/admin", as: "reader", status: 403 },
  { route: "/admin/libraries/{code}", state: "profile", path: "/admin/libraries/BUPT?profile=cnmarc-905-group" },
];
