// Every route of the router × state × language × theme × width, under axe-core: no violation, one h1, a title and a
// language of its own, no sideways scroll, the headers of every answer. By itself it walks every pair of values;
// MATRIX=full walks all of it; ONLY=staff walks the routes that match, for whoever works on a page.
import { readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { accessible, check, config, copyOf, fail, failures, finish, folder, found, launch, noSidewaysScroll, open, serve, shot, signedIn, unionId } from "./house.mjs";
import { examples, files, more, role } from "./routes.mjs";

const [program, data] = process.argv.slice(2);
const full = process.env.MATRIX === "full";
const WORKERS = 2;
const languages = ["zh-Hans", "zh-Hant", "en"];
const themes = ["light", "dark"];
const widths = [320, 1280];

// As the router names them: what is asked for by GET.
function routes() {
  const text = readFileSync(new URL("../../src/router.rs", import.meta.url), "utf8");
  const found = [...text.matchAll(/\.route\(\s*"([^"]+)",\s*([^\n]*)/g)];
  const got = found.filter(([, , rest]) => /\bget\(/.test(rest)).map(([, path]) => path);
  check("routes", got.length > 30, "the router is read");
  return got.filter((path) => !path.startsWith("/api/"));
}

// What is walked: route, state, path, who.
function rows(names) {
  const states = ["served", "empty", "away"];
  const all = [];
  for (const route of routes()) {
    if (files[route]) continue;
    const paths = examples[route] ?? (route.includes("{") ? [] : [route]);
    if (paths.length === 0) fail(route, "has parameters and no example in routes.mjs");
    for (const path of paths) {
      for (const state of states) {
        // Without a catalogue there is nothing with an id, and nobody to sign in as.
        if (state === "empty" && (/[A-Z]{3,}/.test(path.replace("BUPT", "")) || role(path) !== "nobody")) continue;
        // What PKU asks of BUPT while the centre is away has not reached BUPT's desk.
      if (state === "away" && path.includes("LENDING")) continue;
      // These sites are not encrypted, so there is nothing to trust; and none is a hub.
      all.push({ route, state, path, site: state, status: ["/trust", "/admin/branches"].includes(route) ? 404 : undefined });
      }
    }
  }
  all.push(...more.map((row) => ({ ...row, site: "served" })));
  return all.map((row) => ({ ...row, path: row.path.replace(/RECORD|UNION|HOSTILE|REQUEST|LENDING|READER|RUN/g, (name) => names(row.site)[name] ?? name) }));
}

// Each row once in a language, a theme and a width; routes of few states several times, until each value was met.
function pairwise(rows) {
  const walks = [];
  const met = new Map();
  let turn = 0;
  const add = (row) => {
    const values = met.get(row.route) ?? new Set();
    met.set(row.route, values);
    const missing = (list) => list.filter((value) => !values.has(value));
    const next = (list, at) => (missing(list).length > 0 ? missing(list) : list)[at % (missing(list).length || list.length)];
    // Theme and width turn at different speeds, so that each meets each.
    const walk = { ...row, language: next(languages, turn), theme: next(themes, turn), width: next(widths, turn >> 1) };
    turn += 1;
    for (const value of [walk.language, walk.theme, walk.width]) values.add(value);
    walks.push(walk);
    return languages.length + themes.length + widths.length - values.size;
  };
  for (const row of rows) add(row);
  for (const row of rows) while (met.get(row.route).size < languages.length + themes.length + widths.length) add(row);
  const factors = [["site", ["served", "empty", "away"]], ["language", languages], ["theme", themes], ["width", widths]];
  for (const [a, as] of factors) for (const [b, bs] of factors) for (const x of as) for (const y of bs) {
    check("pairs", a === b || walks.some((walk) => walk[a] === x && walk[b] === y), `${a} ${x} meets ${b} ${y}`);
  }
  return walks;
}

function everything(rows) {
  const product = (row) => languages.flatMap((language) => themes.flatMap((theme) => widths.map((width) => ({ ...row, language, theme, width }))));
  return rows.flatMap(product);
}

// Opens a page, or presses the button that leads to it.
async function arrive(page, base, row) {
  let answer = await page.goto(base + (row.post ? (row.path.startsWith("/login") ? "/help" : row.path) : row.path));
  if (row.post) {
    const pressed = page.waitForNavigation();
    await page.evaluate(({ path, fields }) => {
      const form = document.createElement("form");
      form.method = "post";
      form.action = path;
      for (const [key, value] of Object.entries(fields)) {
        const input = document.createElement("input");
        input.name = key;
        input.value = value;
        form.append(input);
      }
      document.body.append(form);
      form.submit();
    }, { path: row.path, fields: row.post });
    answer = await pressed;
  }
  return answer;
}

async function walk(page, base, row) {
  const name = `${row.route} [${row.state}] ${row.language} ${row.theme} ${row.width}`;
  const answer = await arrive(page, base, row);
  const status = answer.status();
  check(name, row.status === undefined ? status < 400 || row.site !== "served" && status === 503 : status === row.status || status === row.or, `answers ${status}`);
  const headers = answer.headers();
  check(name, headers["x-content-type-options"] === "nosniff", "says nosniff");
  check(name, (headers["content-security-policy"] ?? "").startsWith("default-src 'none'"), "has a policy");
  if ((row.as ?? role(row.path)) !== "nobody") check(name, !page.url().includes("/login?"), "still signed in");
  const seen = await page.evaluate(() => ({ h1: document.querySelectorAll("h1").length, lang: document.documentElement.lang, title: document.title }));
  check(name, seen.h1 === 1, `has ${seen.h1} h1`);
  check(name, seen.lang === row.language, `is in ${seen.lang}`);
  check(name, seen.title.length > 3, "has a title");
  await noSidewaysScroll(page, name);
  await accessible(page, name);
  await shot(page, name);
}

// What is too wide depends on the page, its state and the length of its words together, so pairs are not enough: each
// state in each language on a phone, without the rest of what is looked at.
function narrow(rows) {
  return rows.flatMap((row) => languages.map((language) => ({ ...row, language, theme: "light", width: 320, isNarrow: true })));
}

async function walkNarrow(page, base, row) {
  await arrive(page, base, row);
  await noSidewaysScroll(page, `${row.route} [${row.state}] ${row.language} ${row.width}`);
}

// Files: their headers, and that they are there.
async function walkFiles(base, cookies, names) {
  for (const [route, paths] of Object.entries(files)) {
    for (const path of paths) {
      const asked = path.replace(/RECORD|RUN/g, (name) => names[name]);
      const controller = new AbortController();
      const answer = await fetch(base + asked, { headers: { cookie: cookies.map((c) => `${c.name}=${c.value}`).join("; ") }, signal: controller.signal });
      const missing = ["/trust/lianmu.crt", "/repository/{*name}", "/neighbour/{blake3}", "/leave"].includes(route);
      check(route, missing ? answer.status === 404 : answer.status < 400, `${asked} answers ${answer.status}`);
      check(route, answer.headers.get("x-content-type-options") === "nosniff" && answer.headers.has("content-security-policy"), `${asked} has its headers`);
      controller.abort();
    }
  }
}

// A request that is kept, for the pages about one: the blank form, filled in.
async function request(browser, base, cookies, supplier) {
  const { context, page } = await open(browser, { javaScriptEnabled: false, locale: "zh-CN", viewport: { width: 1280, height: 800 } });
  await context.addCookies(cookies);
  await page.goto(`${base}/me/requests/new`);
  await page.selectOption("#supplier", supplier);
  for (const [field, value] of [["title", "Java简明教程"], ["year", "2013"], ["call_number", "TP312JA/8.5C"]]) await page.fill(`#${field}`, value);
  await page.click("form.fill button.primary");
  if (!page.url().includes("kept=1")) await page.click("form.fill button.primary");
  check("request", page.url().includes("kept=1"), `it is kept: ${page.url()}`);
  const id = new URL(page.url()).pathname.split("/").pop();
  await page.waitForLoadState();
  await context.close();
  return id;
}

async function readerId(base, cookies) {
  const headers = { cookie: cookies.map((c) => `${c.name}=${c.value}`).join("; ") };
  const list = await (await fetch(`${base}/staff/readers?q=reader`, { headers })).text();
  return list.match(/\/staff\/readers\/(\w+)/)?.[1];
}

const began = Date.now();
const emptyData = folder("empty");
const awayData = copyOf(data, "away");
// A library whose updates fail, and a centre that nobody reaches.
const awayConfig = config(awayData, `library = "BUPT"\n[central]\nkind = "hub"\nurl = "http://127.0.0.1:9"\n[[source]]\nlibrary = "BUPT"\nkind = "http"\nlocation = "http://127.0.0.1:9/export.mrc"\nmode = "full"\nallow_private = true\n`);
try {
  execFileSync(program, ["--data", awayData, "--config", awayConfig, "harvest", "--library", "BUPT", "--now"], { stdio: "ignore" });
} catch { /* it fails, as it shall */ }
const sites = {
  served: await serve(program, data),
  empty: await serve(program, emptyData),
  away: await serve(program, awayData, awayConfig),
};
const browser = await launch();
try {
  const cookies = {};
  for (const site of ["served", "away"]) {
    cookies[site] = { nobody: [] };
    for (const who of ["reader", "staff", "admin"]) cookies[site][who] = await signedIn(browser, program, site === "served" ? data : awayData, sites[site].base, who);
  }
  cookies.empty = { nobody: [] };
  const base = sites.served.base;
  const names = { RECORD: await found(base, "java"), HOSTILE: await found(base, "lianmuhostile"), UNION: await unionId(base) };
  const ids = {};
  for (const [site, own] of [["served", data], ["away", awayData]]) {
    const url = sites[site].base;
    const other = await signedIn(browser, program, own, url, "reader", "PKU");
    ids[site] = { REQUEST: await request(browser, url, cookies[site].reader, "PKU"), LENDING: await request(browser, url, other, "BUPT") };
    ids[site].READER = await readerId(url, cookies[site].staff);
  }
  const runs = execFileSync(program, ["--data", data, "runs", "list", "--json"], { encoding: "utf8" });
  names.RUN = JSON.parse(runs.split("\n")[0]).run;
  const all = rows((site) => ({ ...names, ...ids[site] }));
  const wanted = new RegExp(process.env.ONLY ?? "");
  const walks = (full ? everything(all) : [...pairwise(all), ...narrow(all)]).filter((row) => wanted.test(row.route));
  await walkFiles(base, cookies.served.admin, names);

  // Those who look the same share a context.
  const groups = new Map();
  for (const row of walks) {
    const who = row.as ?? role(row.path);
    const key = JSON.stringify([row.site, row.language, row.theme, row.width, who, Boolean(row.basket)]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const queue = [...groups.entries()];
  const worker = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const [site, language, theme, width, who, basket] = JSON.parse(next[0]);
      const url = sites[site].base;
      const { context, page } = await open(browser, { viewport: { width, height: 800 }, colorScheme: theme, locale: "zh-CN" });
      await context.addCookies([...cookies[site][who], { name: "lang", value: language, url }]);
      if (basket) await context.addCookies([{ name: "basket", value: names.UNION, url }]);
      for (const row of next[1]) {
        try {
          await (row.isNarrow ? walkNarrow : walk)(page, url, row);
        } catch (error) {
          fail(`${row.route} [${row.state}]`, error.message);
        }
      }
      await context.close();
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  console.log(`matrix: ${all.length} states of ${new Set(all.map((r) => r.route)).size} routes, ${walks.length} pages, ${Math.round((Date.now() - began) / 1000)} s`);
} finally {
  await finish(browser, Object.values(sites));
}
console.log(failures.length === 0 ? "matrix: all is well" : `matrix: ${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
