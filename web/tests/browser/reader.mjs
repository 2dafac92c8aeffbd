// A reader searches: with and without a script, wide and narrow, light and dark.
// Fails on a violation of axe-core, of the content security policy, on a console error, on sideways scroll.
import { execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [program, data] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.SHOTS;
const failures = [];
const fail = (where, what) => { failures.push(`${where}: ${what}`); console.error(`FAIL ${where}: ${what}`); };
const check = (where, holds, what) => { if (!holds) fail(where, what); };

async function serve() {
  const child = spawn(program, ["--data", data, "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const base = await new Promise((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const found = said.match(/http:\/\/[\d.:]+/);
      if (found) resolve(found[0]);
    });
    child.on("exit", (code) => reject(new Error(`lianmu ended with ${code}`)));
  });
  return { base, stop: () => child.kill("SIGTERM") };
}

// A page that reports whatever the browser complains of.
async function open(browser, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const where = () => `${page.url()} ${JSON.stringify(options.viewport)}`;
  page.on("console", (message) => {
    // A page that is meant to be a 404 is reported by the browser as a failed load.
    if (message.type() === "error" && !message.text().includes("404")) fail(where(), `console: ${message.text()}`);
  });
  page.on("pageerror", (error) => fail(where(), `script: ${error.message}`));
  page.on("requestfailed", (request) => {
    // Completions that are no longer waited for are broken off.
    // So is the page under a file that is saved.
    if (!/suggest|export/.test(request.url())) fail(where(), `request failed: ${request.url()}`);
  });
  return { context, page };
}

async function noSidewaysScroll(page, name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(name, over <= 0, `scrolls sideways by ${over} px`);
}

async function accessible(page, name) {
  // Through the debugger, not as a script element: the policy of the site stays as it is.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const v of violations) fail(name, `axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html).join(" | ")}`);
}

async function shot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: `${shots}/${name}.png` });
}

const title = (page) => page.locator(".hit h2 a").first();

async function readerWithoutScript(browser, base) {
  const { context, page } = await open(browser, { javaScriptEnabled: false, locale: "zh-CN", viewport: { width: 1366, height: 768 } });
  await page.goto(base + "/");
  await page.fill("#filter", "bjyddx");
  await page.click("button[formaction='/']");
  check("no script", (await page.locator("input[name=library]").count()) === 1, "the filter finds one library");
  await page.check("input[value=BUPT]");
  await page.fill("input[name=q]", "java");
  await page.click(".search button");
  check("no script", page.url().includes("library=BUPT"), "the choice is in the address");
  check("no script", (await page.locator(".hit").count()) > 0, "java is found");
  await page.locator(".fold input[name=type]").first().check();
  await page.click(".facets form button");
  check("no script", page.url().includes("type="), "the facet is in the address");
  const expect = await title(page).innerText();
  await title(page).click();
  check("no script", (await page.locator("h1").innerText()).length > 0 && expect.startsWith(await page.locator("h1").innerText()), "the record is that of the hit");
  check("no script", (await page.locator(".holdings tbody tr").count()) > 0, "the record has holdings");
  await page.click("a[href*='view=marc']");
  check("no script", (await page.locator(".marc").count()) > 0, "the MARC view opens");
  await membersWithoutScript(page, base);
  await page.goto(base + "/");
  check("no script", await page.isChecked("input[value=BUPT]"), "the choice is remembered");
  await context.close();
}

// A record of several libraries, seen apart.
async function membersWithoutScript(page, base) {
  const id = await unionId(base);
  if (!id) return;
  await page.goto(`${base}/record/${id}`);
  check("members", (await page.locator("p.union").innerText()).match(/条记录，.*馆，依据 /), "one line says what it was made of");
  await page.click("a[href*='view=members']");
  check("members", page.url().endsWith("?view=members#members"), "the view is in the address");
  const rows = page.locator("#members tbody tr");
  check("members", (await rows.count()) > 1, "each library's record has a row");
  check("members", (await rows.first().locator(".said").count()) > 1, "it says something for itself");
  check("members", (await page.locator("#members .tag").count()) > 0, "whose words are shown is said");
  await rows.first().locator("a[href*='library=']").click();
  check("members", (await page.locator(".marc").count()) > 0, "its MARC is one click away");
}

// Picked on a page of hits, kept, exported, taken out: without a script.
async function basket(browser, base) {
  const { context, page } = await open(browser, { javaScriptEnabled: false, acceptDownloads: true, locale: "zh-CN", viewport: { width: 1366, height: 768 } });
  await page.goto(base + "/search?q=java");
  await page.locator(".pick > input").nth(1).check();
  await page.locator("#basket button").first().click();
  check("basket", page.url().includes("/search?q=java"), "the button leads back to the hits");
  check("basket", await page.locator(".pick > input").nth(1).isChecked(), "what is in the basket is ticked");
  await page.click("#basket button[name=ids]");
  await page.click("#basket a");
  check("basket", (await page.locator(".hit").count()) === 20, "the whole page is in the basket");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("button.primary")]);
  check("basket", file.suggestedFilename() === "lianmu.ris", "the basket comes as a file");
  await page.locator("button[name=out]").first().click();
  check("basket", (await page.locator(".hit").count()) === 19, "one is taken out");
  await page.click("button[name=clear]");
  check("basket", (await page.locator(".hit").count()) === 0, "the basket is emptied");
  await context.close();
}

// An entry with the most records among the first hits.
async function unionId(base) {
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

// Waits until something holds; five seconds at most.
async function until(holds) {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries === 100) throw new Error("it never came to that");
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function readerWithScript(browser, base) {
  const { context, page } = await open(browser, { locale: "zh-CN", viewport: { width: 1366, height: 768 } });
  await page.goto(base + "/");
  check("script", await page.evaluate(() => document.activeElement.name === "q"), "the box has the focus");
  await page.fill("#filter", "bjyddx");
  // Counted from outside: the page's policy allows no evaluated text.
  const groups = (enough) => until(async () => enough(await page.locator("details.group:not([hidden])").count()));
  await groups((n) => n === 1);
  check("script", (await page.locator("label.tick:visible input[name=library]").count()) === 1, "live filter finds one");
  await page.fill("#filter", "");
  await groups((n) => n > 5);
  await page.locator("input[name=group]").first().check();
  check("script", (await page.locator("#chosen .chip").count()) === 2, "a whole group is chosen");
  await page.fill("input[name=q]", "java");
  await page.press("input[name=q]", "Enter");
  await page.waitForURL(/\/search/);
  await page.click("p.scope a");
  await page.goto(base + "/search?q=java");
  await page.selectOption("#sort", "newest");
  await page.waitForURL(/sort=newest/);
  await title(page).click();
  await page.waitForURL(/\/record\//);
  await page.click("[data-back]");
  check("script", page.url().includes("sort=newest"), "back leads to the results");
  await context.close();
}

// Completions: by keyboard, as a combobox; Escape closes them, Enter takes one.
async function completions(browser, base) {
  const { context, page } = await open(browser, { locale: "zh-CN", viewport: { width: 1366, height: 768 } });
  await page.goto(base + "/");
  const box = page.locator("input[name=q]");
  const active = () => box.getAttribute("aria-activedescendant");
  await until(() => page.evaluate(() => document.activeElement.name === "q"));
  await page.keyboard.type("jav");
  await page.waitForSelector("#suggestions li");
  check("completions", (await box.getAttribute("aria-expanded")) === "true", "the box says that there are some");
  check("completions", (await active()) === null, "none is taken by itself");
  await accessible(page, "completions");
  await noSidewaysScroll(page, "completions");
  await shot(page, "completions");
  await page.keyboard.press("Escape");
  check("completions", await page.locator("#suggestions").isHidden(), "Escape closes them");
  await page.keyboard.press("ArrowDown");
  await page.waitForSelector("#suggestions li");
  await page.keyboard.press("ArrowDown");
  check("completions", (await active()) === "suggestion-0", "the arrow goes to the first");
  const text = await page.locator("#suggestion-0 .text").innerText();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/search/);
  check("completions", new URL(page.url()).searchParams.get("q") === text, "Enter searches for it");
  check("completions", (await page.locator(".hit").count()) > 0, "and it is found");
  await context.close();
}

// From the home page through the lists to a record and its neighbours, without a script.
async function browsing(browser, base) {
  const { context, page } = await open(browser, { javaScriptEnabled: false, locale: "zh-CN", viewport: { width: 1366, height: 768 } });
  await page.goto(base + "/");
  await page.click("nav.lists a[href='/browse/class']");
  await page.click("table.tree a[href*='class=T']");
  check("browsing", (await page.locator("table.tree tbody tr").count()) > 0, "classes below T");
  await page.click("nav.lists a[href='/browse/call-number']");
  await page.click("a[rel=next]");
  await page.click("a[rel=prev]");
  await page.locator(".rows a").first().click();
  await page.locator("a[href*='near=']").first().click();
  check("browsing", (await page.locator(".rows .here").count()) === 1, "the book stands among its neighbours");
  await page.goto(base + "/browse/author?from=l");
  await page.locator(".headings a").first().click();
  check("browsing", (await page.locator(".rows li").count()) > 0, "a heading has entries");
  await page.goto(base + "/purchase?title=%E4%B8%89%E4%BD%93");
  await page.selectOption("#library", "BUPT");
  await page.click("form.fill button");
  await page.waitForURL(/thanks=/);
  check("browsing", page.url().endsWith("/purchase?thanks=BUPT"), "the wish is kept");
  await context.close();
}

// By keyboard alone: skip link, box, result.
async function keyboard(browser, base) {
  const { context, page } = await open(browser, { javaScriptEnabled: true, locale: "zh-CN", viewport: { width: 1366, height: 768 } });
  await page.goto(base + "/help");
  await page.keyboard.press("Tab");
  check("keyboard", await page.evaluate(() => document.activeElement.className === "skip"), "the first stop is the skip link");
  await page.goto(base + "/");
  await until(() => page.evaluate(() => document.activeElement.name === "q"));
  await page.keyboard.type("java");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/search/);
  check("keyboard", (await page.locator(".hit").count()) > 0, "Enter searches");
  await context.close();
}

async function everyPage(browser, base) {
  const first = await (await fetch(base + "/api/v1/search?q=java&per_page=1")).json();
  const record = `/record/${first.records[0].id}`;
  const union = `/record/${(await unionId(base)) ?? first.records[0].id}`;
  const pages = {
    union, members: union + "?view=members",
    home: "/", filter: "/?filter=bj&library=NLC", search: "/search?q=java", zero: "/search?q=%E4%B8%8D%E5%AD%98%E5%9C%A8xyz&type=map",
    record, marc: record + "?view=marc", classes: "/browse/class", deeper: "/browse/class?class=TP3", shelf: "/browse/call-number", authors: "/browse/author?from=l",
    subjects: "/browse/subject", heading: "/browse/subject?heading=%E5%8E%86%E5%8F%B2", novelties: "/browse/new", journals: "/browse/journals",
    purchase: "/purchase?title=x", basket: "/basket", guide: "/page/guide", faq: "/page/faq", notices: "/notices", libraries: "/libraries", library: "/libraries/BUPT", help: "/help", missing: "/nowhere",
  };
  const ways = [
    { name: "wide", viewport: { width: 1366, height: 768 }, locale: "zh-CN" },
    { name: "phone", viewport: { width: 320, height: 640 }, locale: "zh-CN" },
    { name: "phone390", viewport: { width: 390, height: 844 }, locale: "zh-TW" },
    { name: "dark", viewport: { width: 1366, height: 768 }, locale: "en", colorScheme: "dark" },
  ];
  for (const { name, ...options } of ways) {
    const { context, page } = await open(browser, options);
    await context.addCookies([{ name: "basket", value: record.split("/").pop(), url: base }]);
    for (const [what, path] of Object.entries(pages)) {
      await page.goto(base + path);
      await noSidewaysScroll(page, `${what} ${name}`);
      await accessible(page, `${what} ${name}`);
      await shot(page, `${what}-${name}`);
    }
    await context.close();
  }
}

// An admin: signs in without a script, by keyboard; every page of his, wide and narrow, light and dark.
async function admin(browser, base) {
  const account = JSON.parse(execFileSync(program, ["--data", data, "user", "add", "--library", "BUPT", "--barcode", `t${Date.now()}`,
    "--name", "王芳", "--email", "wf@example.cn", "--role", "admin", "--json"], { encoding: "utf8" }));
  const { context, page } = await open(browser, { javaScriptEnabled: false, locale: "zh-CN", viewport: { width: 1366, height: 768 } });
  await page.goto(base + "/admin");
  check("admin", page.url().includes("/login?next="), "a closed page leads to the login");
  await page.selectOption("#library", "BUPT");
  await page.fill("#barcode", account.barcode);
  await page.fill("#password", account.password);
  await page.press("#password", "Enter");
  check("admin", new URL(page.url()).pathname === "/admin", "Enter signs in and leads on");
  await page.goto(base + "/admin/libraries/BUPT");
  await page.click("button[value=preview]");
  check("admin", (await page.locator("#preview").count()) === 1, "the profile is tried without a script");
  await page.goto(base + "/admin/runs");
  const run = await page.locator("table.admin tbody a").first().getAttribute("href");
  const cookies = await context.cookies();
  await context.close();
  const pages = {
    admin: "/admin", sources: "/admin/sources", runs: "/admin/runs", run, "admin-libraries": "/admin/libraries",
    profile: "/admin/libraries/BUPT?profile=cnmarc-905-group", quality: "/admin/quality/BUPT", generations: "/admin/generations",
    "staff-notices": "/staff/notices", "staff-pages": "/staff/pages", "staff-page": "/staff/pages?slug=guide", users: "/admin/users", purchases: "/admin/purchases", settings: "/admin/settings", login: "/login",
  };
  const ways = [
    { name: "wide", viewport: { width: 1366, height: 768 }, locale: "zh-CN" },
    { name: "phone", viewport: { width: 320, height: 640 }, locale: "zh-TW" },
    { name: "dark", viewport: { width: 1366, height: 768 }, locale: "en", colorScheme: "dark" },
  ];
  for (const { name, ...options } of ways) {
    const { context, page } = await open(browser, options);
    await context.addCookies(cookies);
    for (const [what, path] of Object.entries(pages)) {
      await page.goto(base + path);
      check(what, !page.url().includes("/login?"), "still signed in");
      await noSidewaysScroll(page, `${what} ${name}`);
      await accessible(page, `${what} ${name}`);
      await shot(page, `${what}-${name}`);
    }
    await context.close();
  }
}

const site = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  for (const walk of [readerWithoutScript, basket, readerWithScript, completions, browsing, keyboard, everyPage, admin]) {
    try {
      await walk(browser, site.base);
    } catch (error) {
      fail(walk.name, error.message);
    }
  }
} finally {
  await browser.close();
  site.stop();
}
console.log(failures.length === 0 ? "browser: all is well" : `browser: ${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
