// A reader searches, asks, browses: with and without a script, by keyboard alone, under TLS.
import { accessible, check, config, copyOf, fail, failures, finish, found, launch, noSidewaysScroll, open, serve, shot, signedIn, unionId, until } from "./house.mjs";

const [program, data] = process.argv.slice(2);

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

// The whole way of a reader: libraries chosen by their initials, a search, a page, a record, a request, withdrawn.
async function journey(browser, base, script) {
  const name = script ? "journey" : "journey without script";
  const { context, page } = await open(browser, { javaScriptEnabled: script, locale: "zh-CN", viewport: { width: 1280, height: 800 } });
  await context.addCookies(await signedIn(browser, program, data, base, "reader"));
  await page.goto(base + "/");
  check(name, (await page.locator("nav.doors a").count()) === 3, "the three doors are there");
  await page.check("input[name=group][value=公共馆]");
  await page.fill("#filter", "bjyddx");
  if (script) await until(async () => (await page.locator("label.tick:visible input[name=library]").count()) === 1);
  else await page.click("button[formaction='/']");
  await page.check("input[value=BUPT]");
  if (script) check(name, (await page.locator("#chosen .chip").count()) === 3, "what is chosen is named as it is chosen");
  await page.selectOption("select[name=field]", "title");
  await page.fill("input[name=q]", "JAVA");
  await page.click(".search button");
  await page.waitForURL(/\/search/);
  check(name, /library=NLC/.test(page.url()) && /library=BUPT/.test(page.url()), "all chosen libraries are searched");
  check(name, /共 [\d,]+ 种/.test(await page.locator(".sum").innerText()), "the hits are counted");
  check(name, (await page.locator(".libs li").count()) === 4, "each chosen library has its count");
  await page.click(".pager a[rel=next]");
  check(name, page.url().includes("page=2"), "the next page");
  await page.fill(".jump input[name=page]", "1");
  await page.click(".jump button");
  check(name, page.url().includes("page=1"), "the jump box leads back");
  // A hit that another library lends.
  for (const href of await page.locator(".hit h2 a").evaluateAll((links) => links.map((link) => link.getAttribute("href")))) {
    await page.goto(base + href);
    if ((await page.locator("a.ask").count()) > 0) break;
  }
  await page.locator("a.ask").first().click();
  const wanted = await page.inputValue("#title");
  check(name, wanted.length > 0 && (await page.locator("#tip").innerText()).length > 5, "the form is filled in and tells the rules");
  for (const [field, value] of [["year", "2013"], ["call_number", "TP312"], ["volume", "1"]]) {
    if ((await page.inputValue(`#${field}`)) === "") await page.fill(`#${field}`, value);
  }
  const family = String.fromCodePoint(0x1f468, 0x200d, 0x1f469, 0x200d, 0x1f467);
  await page.fill("#note", family.repeat(51));
  if (script) check(name, (await page.locator("output.fault").innerText()).includes("1"), "the note is counted as it is typed");
  await page.click("form.fill button.primary");
  check(name, (await page.inputValue("#note")) === family.repeat(51) && (await page.locator("#note-fault").count()) === 1, "51 characters are refused and kept");
  await page.fill("#note", `<script>alert(1)</script>${family.repeat(25)}`);
  await page.click("form.fill button.primary");
  if (!page.url().includes("kept=1")) await page.click("form.fill button.primary");
  check(name, page.url().includes("kept=1"), "the request is kept");
  check(name, (await page.locator("ol.way li").count()) === 5, "its way has five steps");
  check(name, (await page.locator("dl.desc").innerText()).includes("<script>alert(1)</script>"), "what was typed is text");
  await page.goto(base + "/me/requests");
  await page.click("[data-tick-all]");
  check(name, (await page.locator("input[name=id]:checked").count()) >= 1, "all are ticked");
  check(name, (await page.locator("table.admin tbody").innerText()).includes(wanted.slice(0, 10)), "it is in the list");
  await page.fill("#from", "2999-01-01");
  await page.click("form.filter-form button");
  check(name, (await page.locator("table.admin tbody tr").count()) === 0, "the filter by date holds");
  await page.goto(base + "/me/requests?tick=all");
  await page.click("button[value=withdraw]");
  check(name, (await page.locator("[role=status]").innerText()).includes("已撤销"), "it is withdrawn");
  await page.goto(base + "/me/requests?tick=all");
  await page.click("button[value=slip]");
  check(name, (await page.locator("article.slip").count()) >= 1, "slips are printed");
  await context.close();
}

const journeyWithScript = (browser, base) => journey(browser, base, true);
const journeyWithoutScript = (browser, base) => journey(browser, base, false);

// From the basket one request after the other, without a script.
async function basketRequests(browser, base) {
  const { context, page } = await open(browser, { javaScriptEnabled: false, locale: "zh-CN", viewport: { width: 1280, height: 800 } });
  await context.addCookies(await signedIn(browser, program, data, base, "reader"));
  await context.addCookies([{ name: "basket", value: await unionId(base), url: base }]);
  await page.goto(base + "/basket");
  await page.locator(".hit a.button").first().click();
  const before = await page.inputValue("#call_number");
  const other = await page.locator("#supplier option:not(:checked)").last().getAttribute("value");
  await page.selectOption("#supplier", other);
  await page.fill("#note", "急用");
  await page.click("#lender");
  check("basket", (await page.inputValue("#note")) === "急用", "what was typed stays when another lender is taken");
  check("basket", (await page.inputValue("#supplier")) === other, `another lender is taken instead of that of ${before}`);
  for (const [field, value] of [["year", "2013"], ["call_number", "TP312"], ["volume", "1"]]) {
    if ((await page.inputValue(`#${field}`)) === "") await page.fill(`#${field}`, value);
  }
  await page.click("form.fill button.primary");
  if (page.url().endsWith("/me/requests/new")) await page.click("form.fill button.primary");
  check("basket", page.url().includes("/basket?asked="), `back in the basket: ${page.url()}`);
  check("basket", (await page.locator(".hit").count()) === 0, "what was asked for is out of it");
  await context.close();
}

// What a record and a question hold is shown as text: nothing of it runs, whatever the policy allows.
async function hostile(browser, base) {
  const { context, page } = await open(browser, { locale: "zh-CN", viewport: { width: 1280, height: 800 } });
  const id = await found(base, "lianmuhostile");
  check("hostile", id !== undefined, "the hostile record is found");
  const script = "<script>alert(1)</script><img src=x onerror=alert(2)>";
  await context.addCookies(await signedIn(browser, program, data, base, "admin"));
  const behind = ["/me/requests?q=", "/me/requests/new?title=", "/staff/readers?q=", "/staff/requests?q=", "/staff/lending?q=", "/staff/slips?kind=",
    "/staff/statistics?from=", "/admin/runs?library=", "/admin/queue?state=", "/help/"].map((path) => path + encodeURIComponent(script));
  for (const path of [...behind, `/record/${id}?view=marc`, `/record/${id}?view=members`, `/record/${id}?view=print`, `/search?q=lianmuhostile`,
    `/search?q=${encodeURIComponent(script)}`, `/?q=${encodeURIComponent(script)}&filter=${encodeURIComponent(script)}`, `/libraries?q=${encodeURIComponent(script)}`,
    `/purchase?title=${encodeURIComponent(script)}`, `/login?next=javascript:alert(1)&library=${encodeURIComponent(script)}`, `/browse/author?from=${encodeURIComponent(script)}`]) {
    const answer = await page.goto(base + path);
    check("hostile", answer.status() < 500, `${path} answers ${answer.status()}`);
    check("hostile", (await page.locator("main img, main script:not([type]), a[href^='javascript' i]").count()) === 0, `${path} makes no element of it`);
  }
  await page.goto(`${base}/record/${id}`);
  check("hostile", (await page.locator("h1").innerText()).includes("<script>alert(1)</script>"), "the title is text");
  await context.close();
}

// An admin signs in without a script, by keyboard, and tries a profile.
async function admin(browser, base) {
  const cookies = await signedIn(browser, program, data, base, "admin");
  const { context, page } = await open(browser, { javaScriptEnabled: false, locale: "zh-CN", viewport: { width: 1366, height: 768 } });
  await page.goto(base + "/admin");
  check("admin", page.url().includes("/login?next="), "a closed page leads to the login");
  await context.addCookies(cookies);
  await page.goto(base + "/admin/libraries/BUPT");
  await page.click("button[value=preview]");
  check("admin", (await page.locator("#preview").count()) === 1, "the profile is tried without a script");
  // What a library says of itself is on its page and in the head of every page of its machine.
  await page.goto(base + "/staff/library?library=BUPT");
  await page.fill("#phone", "010-6228 0000");
  await page.fill("#opac_url", "https://opac.bupt.example.cn/{isbn}");
  await page.click("form.fill button.primary");
  await page.goto(base + "/libraries/BUPT");
  check("admin", (await page.locator("dl.desc").innerText()).includes("010-6228 0000"), "the library's page has the telephone");
  await context.close();
}

// Under TLS a browser keeps the page that tells the truth when the machine is gone.
async function installed() {
  const own = copyOf(data, "tls");
  const site = await serve(program, own, config(own, 'library = "BJFU"\n[server]\ntls = "internal"\n'));
  const browser = await launch(["--ignore-certificate-errors"]);
  let isUp = true;
  try {
    const context = await browser.newContext({ locale: "zh-CN", ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(site.base + "/");
    const manifest = await page.evaluate(async () => (await fetch(document.querySelector("link[rel=manifest]").href)).json());
    check("installed", manifest.display === "standalone" && manifest.icons.length === 2, "the manifest is whole");
    for (const { src } of manifest.icons) check("installed", (await page.goto(site.base + src)).status() === 200, `${src} is there`);
    await page.goto(site.base + "/");
    await page.evaluate(async () => { await navigator.serviceWorker.ready; });
    await page.reload();
    check("installed", await page.evaluate(() => navigator.serviceWorker.controller !== null), "the worker serves the page");
    await site.stop();
    isUp = false;
    await page.goto(site.base + "/search?q=java");
    check("installed", (await page.locator("h1").innerText()).match(/联系不上|cannot be reached/), "the truth is told");
    check("installed", await page.evaluate(() => getComputedStyle(document.querySelector("header.site")).borderBottomStyle === "solid"), "with its style");
    await accessible(page, "offline page of the worker");
  } finally {
    await browser.close();
    if (isUp) await site.stop();
  }
}

const began = Date.now();
const site = await serve(program, data);
const browser = await launch();
try {
  const walks = [readerWithoutScript, basket, readerWithScript, completions, browsing, keyboard, journeyWithoutScript, journeyWithScript, basketRequests, hostile, admin, installed];
  for (const walk of walks) {
    try {
      await walk(browser, site.base);
    } catch (error) {
      fail(walk.name, error.message);
    }
  }
} finally {
  await finish(browser, [site]);
}
console.log(`browser: ${failures.length === 0 ? "all is well" : `${failures.length} failures`}, ${Math.round((Date.now() - began) / 1000)} s`);
process.exit(failures.length === 0 ? 0 : 1);
