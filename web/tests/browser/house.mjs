// A served data directory, people who are signed in, and what every walk watches for.
import { execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.SHOTS;
export const failures = [];
export const fail = (where, what) => { failures.push(`${where}: ${what}`); console.error(`FAIL ${where}: ${what}`); };
export const check = (where, holds, what) => { if (!holds) fail(where, what); };

export async function serve(program, data, config) {
  const more = config === undefined ? [] : ["--config", config];
  const child = spawn(program, ["--data", data, ...more, "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, LIANMU_LOG: "error" } });
  const base = await new Promise((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const found = said.match(/https?:\/\/[\d.:]+/);
      if (found) resolve(found[0]);
    });
    child.on("exit", (code) => reject(new Error(`lianmu ended with ${code}`)));
  });
  return { base, stop: () => new Promise((done) => { child.on("exit", done); child.kill("SIGTERM"); }) };
}

// A data directory of its own beside another; what never changes is linked, not copied.
export function folder(name) {
  return mkdtempSync(join(tmpdir(), `lianmu-${name}-`));
}

export function copyOf(data, name) {
  const copy = folder(name);
  cpSync(data, copy, { recursive: true, filter: (path) => !/\/(lock|demo-exports)/.test(path.slice(data.length)) });
  return copy;
}

export function config(data, text) {
  const path = join(data, "test.toml");
  writeFileSync(path, text);
  return path;
}

export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more],
  });
}

// An account, and the cookies of whoever signed in with it.
export async function signedIn(browser, program, data, base, role, library = "BUPT") {
  const barcode = `${role}${Date.now()}`;
  const account = JSON.parse(execFileSync(program, ["--data", data, "user", "add", "--library", library, "--barcode", barcode,
    "--name", "王芳", "--email", "wf@example.cn", "--role", role, "--json"], { encoding: "utf8" }));
  const context = await browser.newContext({ javaScriptEnabled: false, locale: "zh-CN" });
  const page = await context.newPage();
  await page.goto(base + "/login");
  await page.selectOption("#library", library);
  await page.fill("#barcode", account.barcode);
  await page.fill("#password", account.password);
  await page.press("#password", "Enter");
  check(role, !page.url().includes("/login"), "Enter signs in and leads on");
  const cookies = await context.cookies();
  await context.close();
  return cookies;
}

// A page that reports whatever the browser complains of.
export async function open(browser, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const where = () => `${page.url()} ${JSON.stringify(options.viewport)}`;
  page.on("console", (message) => {
    // A page that is meant to be a refusal is reported by the browser as a failed load.
    if (message.type() === "error" && !/status of (400|403|404|409|422|429|503)/.test(message.text())) fail(where(), `console: ${message.text()}`);
  });
  page.on("pageerror", (error) => fail(where(), `script: ${error.message}`));
  page.on("dialog", (dialog) => { fail(where(), `a dialog opened: ${dialog.message()}`); dialog.dismiss(); });
  page.on("requestfailed", (request) => {
    // Completions that are no longer waited for are broken off. So is the page under a file that is saved.
    if (!/suggest|export/.test(request.url())) fail(where(), `request failed: ${request.url()}`);
  });
  return { context, page };
}

// Nothing leads sideways, and nothing is cut off at the edge: the middle of a page clips what is too wide, so that the
// page does not scroll and a reader loses the end of the line. What scrolls by itself, and what is drawn, may be wider.
export async function noSidewaysScroll(page, name) {
  const { over, cut } = await page.evaluate(() => {
    const root = document.documentElement;
    const moves = (element) => element && element !== document.body && (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || moves(element.parentElement));
    const isCut = (element) => {
      const { right, left, width } = element.getBoundingClientRect();
      return width > 1 && (right > root.clientWidth + 1 || left < -1) && !moves(element);
    };
    const cut = [...document.querySelectorAll("body > :not(.skip), body > :not(.skip) *:not(.unseen, svg *)")].filter(isCut);
    // A button that breaks no line lets its words run out of it.
    cut.push(...[...document.querySelectorAll("button, .button")].filter((element) => element.scrollWidth > element.clientWidth + 1 && !moves(element)));
    return { over: root.scrollWidth - root.clientWidth, cut: cut.slice(-2).map((element) => element.outerHTML.slice(0, 200)) };
  });
  check(name, over <= 0, `scrolls sideways by ${over} px`);
  check(name, cut.length === 0, `is cut off at the edge: ${cut.join(" | ")}`);
}

export async function accessible(page, name) {
  // Through the debugger, not as a script element: the policy of the site stays as it is.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }));
  for (const v of violations) fail(name, `axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 300)).join(" | ")}`);
}

export async function shot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: `${shots}/${name.replace(/[^\w.-]+/g, "-")}.png`, fullPage: true });
}

// Waits until something holds; ten seconds at most.
export async function until(holds) {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries === 200) throw new Error("it never came to that");
    await new Promise((done) => setTimeout(done, 50));
  }
}

// The first hit.
export async function found(base, q) {
  return (await (await fetch(`${base}/api/v1/search?per_page=1&q=${q}`)).json()).records[0]?.id;
}

// An entry with the most records among the first hits.
export async function unionId(base) {
  const found = await (await fetch(base + "/api/v1/search?q=java&per_page=100")).json();
  const holders = (record) => new Set(record.holdings.map((h) => h.library)).size;
  const records = found.records.sort((a, b) => holders(b) - holders(a));
  for (const { id } of records.slice(0, 10)) {
    const entry = await (await fetch(`${base}/api/v1/records/${id}`)).json();
    if (entry.members.length > 1) return id;
  }
  fail("members", "no entry among the first hits has several records");
  return null;
}

export async function finish(browser, sites) {
  await browser.close();
  await Promise.all(sites.map((site) => site.stop()));
}
