//! Every link of every page, as a reader, at a desk and as who runs the machine: none is dead, every answer has its
//! headers, every page one `h1`, its language, and a title of its own in each of the three.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::house::{add_account, cookie_of, made_password, sign_in};
use crate::samples::{self, UNION};
use crate::site::{Answer, Site};

/// So many addresses that differ in their values alone are asked.
const OF_A_KIND: usize = 2;

/// Addresses that a page leads to on this site.
fn links(body: &str) -> BTreeSet<String> {
    let quoted = |name: &'static str| body.split(name).skip(1).filter_map(|rest| rest.split('"').next());
    let all = quoted(" href=\"").chain(quoted(" src=\"")).chain(quoted("<form action=\""));
    let own = all.filter(|link| link.starts_with('/') && !link.starts_with("//"));
    own.map(|link| link.split('#').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")).collect()
}

/// Path with ids left out, and the names of the query: pages of one kind.
fn kind(link: &str) -> String {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let is_id = |part: &str| {
        part.len() >= 12 && part.bytes().all(|b| b.is_ascii_hexdigit() || b.is_ascii_lowercase())
    };
    let parts: Vec<&str> = path.split('/').map(|part| if is_id(part) { "*" } else { part }).collect();
    let names: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{}?{names:?}", parts.join("/"))
}

fn check(link: &str, answer: &Answer) {
    let header = |name| answer.header(name).unwrap_or_default();
    // A door that is not for this reader is shut, not dead.
    let is_shut = answer.status == 403 && (link.starts_with("/staff") || link.starts_with("/admin"));
    assert!(answer.status < 400 || is_shut, "{link} answers {}:\n{}", answer.status, answer.body);
    assert_eq!(header("x-content-type-options"), "nosniff", "{link}");
    assert!(header("content-security-policy").starts_with("default-src 'none'"), "{link}");
    if answer.status == 200 && header("content-type").starts_with("text/html") {
        assert_eq!(answer.body.matches("<h1").count(), 1, "{link}");
        assert!(answer.body.contains("<html lang=\""), "{link}");
        assert!(
            !answer.body.contains(" style=\"") && !answer.body.contains(" onclick="),
            "{link} has something inline"
        );
    }
}

/// Follows links from the front page; what was met, by kind.
fn walk(site: &Site, cookie: &str) -> BTreeMap<String, usize> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut to_do: VecDeque<String> =
        ["/", "/me/requests", "/staff", "/admin", "/map", "/basket"].map(str::to_owned).into();
    while let Some(link) = to_do.pop_front() {
        let times = met.entry(kind(&link)).or_default();
        if *times >= OF_A_KIND || !seen.insert(link.clone()) {
            continue;
        }
        *times += 1;
        let headers = [("Cookie", cookie), ("Accept-Language", "zh-CN")];
        let answer = site.ask("GET", &link, &headers);
        // Nobody's own certificate where there is no encryption.
        if link == "/trust/lianmu.crt" {
            continue;
        }
        check(&link, &answer);
        to_do.extend(answer.header("location").map(str::to_owned));
        to_do.extend(links(&answer.body).into_iter().filter(|next| !next.contains("lang=")));
    }
    met
}

/// Routes that are asked by GET, but for those of programs.
fn routes() -> Vec<&'static str> {
    let router = include_str!("../../src/router.rs");
    let routes = router.split(".route(").skip(1).filter_map(|rest| {
        let (path, handler) = rest.trim_start().strip_prefix('"')?.split_once("\",")?;
        handler.trim_start().starts_with("get(").then_some(path)
    });
    let routes: Vec<&str> = routes.filter(|path| !path.starts_with("/api/")).collect();
    assert!(routes.len() > 40, "the router was read: {routes:?}");
    routes
}

fn served() -> Site {
    let site = Site::with_samples();
    site.get("/readyz");
    site
}

fn cookie(site: &Site, barcode: &str, role: &str) -> String {
    let password = made_password(&mut add_account(site.data(), barcode, "王芳", role));
    let session = cookie_of(&sign_in(site, barcode, &password));
    format!("{session}; basket={}", samples::id(UNION))
}

#[test]
fn no_link_is_dead() {
    let site = served();
    for (role, at_least) in [("reader", 60), ("staff", 60), ("admin", 70)] {
        let met = walk(&site, &cookie(&site, role, role));
        assert!(met.len() >= at_least, "{role} met {} kinds of pages: {:#?}", met.len(), met.keys());
    }
}

#[test]
fn titles_are_in_the_language_of_the_page() {
    let site = served();
    let cookie = cookie(&site, "A001", "admin");
    let title = |path: &str, lang: &str| {
        let headers = [("Cookie", format!("{cookie}; lang={lang}"))];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = site.ask("GET", path, &headers);
        answer.has(&format!("<html lang=\"{lang}\">"));
        answer.body.split("<title>").nth(1).unwrap().split("</title>").next().unwrap().to_owned()
    };
    let plain = routes().into_iter().filter(|path| !path.contains('{'));
    let mut titles: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut n_pages = 0;
    for path in plain {
        let answer = site.ask("GET", path, &[("Cookie", &cookie)]);
        if answer.status != 200
            || !answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
        {
            continue;
        }
        n_pages += 1;
        let three = ["zh-Hans", "zh-Hant", "en"].map(|lang| title(path, lang));
        assert!(three[0] != three[2], "{path} has one title in two languages: {three:?}");
        titles.entry(three[2].clone()).or_default().push(path);
    }
    titles.retain(|_, paths| paths.len() > 1);
    assert!(titles.is_empty(), "pages of one title: {titles:#?}");
    assert!(n_pages > 25, "the router was read: {n_pages} pages");
}

/// The walk of the browser goes by the router: what has parameters needs an example there.
#[test]
fn the_matrix_knows_every_route() {
    let examples = include_str!("../browser/routes.mjs");
    let routes = routes();
    for route in routes.iter().filter(|route| route.contains('{')) {
        assert!(
            examples.contains(&format!("\"{route}\":")),
            "{route} is in no row of web/tests/browser/routes.mjs"
        );
    }
}
