//! Headers, methods, limits: what holds for every answer.

use crate::samples::{self, FIRST};
use crate::site::Site;

#[test]
fn every_answer_has_the_headers() {
    let site = Site::with_samples();
    let record = format!("/record/{}", samples::id(FIRST));
    for path in
        ["/", "/search?q=java", &record, "/libraries", "/help", "/nowhere", "/api/v1/status", "/healthz"]
    {
        let answer = site.get(path);
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
    }
}

#[test]
fn assets_are_kept_for_ever_and_known_again() {
    let site = Site::with_samples();
    let home = site.get("/").body;
    for name in ["look.css", "ease.js", "icon.svg"] {
        let url = home.split('"').find(|word| word.ends_with(name)).unwrap();
        let answer = site.get(url);
        assert_eq!(answer.status, 200, "{url}");
        assert!(answer.header("cache-control").unwrap().contains("immutable"), "{url}");
        let tag = answer.header("etag").unwrap().to_owned();
        assert_eq!(site.ask("GET", url, &[("If-None-Match", &tag)]).status, 304, "{url}");
        let stale = site.get(&format!("/assets/0000000000000000/{name}"));
        assert_eq!((stale.status, stale.header("cache-control")), (200, Some("no-cache")), "{name}");
    }
    assert_eq!(site.get("/assets/0/../../Cargo.toml").status, 404);
    assert_eq!(site.get("/assets/0/..%2f..%2fCargo.toml").status, 404);
}

/// A page of hits comes in one round trip; style and script weigh little, and no page needs the script.
#[test]
fn pages_and_assets_are_light() {
    let site = Site::with_samples();
    let hits = "/search?q=java&library=BJFU&library=BUPT&library=NLC";
    site.get(hits).has("class=\"facets\"").has("name=\"language\"").has("name=\"class\"");
    for path in [hits, "/search?q=java", "/search?q=%E4%B9%A6&lang=en"] {
        assert!(site.weight(path) <= 14_000, "{path} weighs {}", site.weight(path));
    }
    let home = site.get("/").body;
    let url = |name: &str| home.split('"').find(|word| word.ends_with(name)).unwrap().to_owned();
    let weight: usize = ["look.css", "ease.js"].iter().map(|name| site.weight(&url(name))).sum();
    assert!(weight <= 30_000, "style and script weigh {weight}");
    assert_eq!(home.matches("<script").count(), 1, "one script, and it is deferred");
    assert_eq!(home.matches("defer></script>").count(), 1);
}

#[test]
fn only_get_and_no_large_bodies() {
    let site = Site::with_samples();
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(site.ask(method, "/search", &[]).status, 405, "{method}");
    }
    assert_eq!(site.ask("HEAD", "/", &[]).status, 200);
    assert_eq!(site.ask("POST", "/search", &[("Content-Length", "99999999")]).status, 413);
}

#[test]
fn strange_questions_do_no_harm() {
    let site = Site::with_samples();
    let long = "三".repeat(3400);
    let deep = format!("{}三国{}", "(\"-".repeat(900), "\")".repeat(900));
    let many = "a* OR ".repeat(1200);
    for q in [
        long.as_str(),
        &deep,
        &many,
        "%01%02%1b%7f",
        "“三国",
        "「『《",
        "\u{200f}三\u{200e}国\u{2067}",
        "\"",
        "\"\"\"",
        "-",
        "--",
        "OR OR OR",
        "((((((",
        "%00",
        "%ff%fe",
        "*",
        "****",
        "a* OR -b",
        "title:",
        "：",
        "title：",
        "field:field:field",
        "'; DROP TABLE",
        "\\",
        "%F0%9F%98%80",
        "\u{202e}abc",
    ] {
        for field in ["any", "isbn", "pinyin", "class"] {
            let answer = site.get(&format!("/api/v1/search?field={field}&q={}", q.replace('&', "%26")));
            assert_eq!(answer.status, 200, "{field}: {q}: {}", answer.body);
        }
    }
}
