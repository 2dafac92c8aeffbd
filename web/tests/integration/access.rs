//! Every route with every role: who is let in, who is refused, and that the refusal of one who is signed in is logged.
//! The routes are read from the router, so that a new one cannot escape.

use std::fs::File;

use crate::house::{add_account, cookie_of, made_password, post};
use crate::samples;
use crate::site::{Site, lianmu};

/// A route of the router: its path and whether it takes GET and POST.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) path: String,
    pub(crate) get: bool,
    pub(crate) post: bool,
}

impl Route {
    /// Its path with a value in each gap.
    pub(crate) fn example(&self) -> String {
        let gaps = [("{id}", "1"), ("{code}", "BJFU"), ("{slug}", "about"), ("{who}", "reader")];
        let files = [
            ("{format}", "ris"),
            ("{hash}", "0"),
            ("{blake3}", "0"),
            ("{name}", "look.css"),
            ("{*name}", "x"),
        ];
        let filled = |path: String, (gap, value): &(&str, &str)| path.replace(gap, value);
        let path = gaps.iter().chain(&files).fold(self.path.clone(), filled);
        assert!(!path.contains('{'), "{path} needs a value here");
        path
    }
}

pub(crate) fn routes() -> Vec<Route> {
    let source = include_str!("../../src/router.rs");
    let route = |text: &str| {
        let path = text.split('"').nth(1)?.to_owned();
        let end =
            [".route(", ".layer(", ".fallback(", ".method_not"].iter().filter_map(|end| text.find(end)).min();
        let methods = &text[..end.unwrap_or(text.len())];
        Some(Route { path, get: methods.contains("get("), post: methods.contains("post(") })
    };
    source.split(".route(").skip(1).filter_map(route).collect()
}

/// Who may come in at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Anybody,
    Reader,
    Staff,
    Admin,
}

fn least(path: &str) -> Role {
    match path {
        "/admin/purchases" => Role::Staff,
        _ if path.starts_with("/admin") => Role::Admin,
        _ if path.starts_with("/staff") => Role::Staff,
        _ if path == "/me" || path.starts_with("/me/") || path.starts_with("/api/v1/requests") => {
            Role::Reader
        }
        _ => Role::Anybody,
    }
}

/// The library's own people, one of another library, and nobody: role and cookie of each.
fn people(site: &Site) -> Vec<(Role, String, String)> {
    let mut people = vec![(Role::Anybody, "nobody".to_owned(), String::new())];
    for (library, barcode, role, name) in [
        ("BJFU", "R1", Role::Reader, "reader"),
        ("BUPT", "S2", Role::Staff, "staff"),
        ("BJFU", "S1", Role::Staff, "staff"),
        ("BJFU", "A1", Role::Admin, "admin"),
    ] {
        let of_home = add_account(site.data(), barcode, "某人", name);
        let there =
            of_home.get_args().skip(2).map(|a| if a == "BJFU" { library.into() } else { a.to_owned() });
        let there: Vec<_> = there.collect();
        let password = made_password(lianmu(site.data()).args(there));
        let pairs = [("library", library), ("barcode", barcode), ("password", password.as_str())];
        people.push((role, format!("{name} of {library}"), cookie_of(&post(site, "/login", &[], &pairs))));
    }
    people
}

#[test]
fn every_route_admits_whom_it_should_and_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    let log = tempfile::NamedTempFile::new().unwrap();
    let written = File::create(log.path()).unwrap();
    let site = Site::logged(data, "library = \"BJFU\"\n", written);
    let people = people(&site);
    let routes = routes();
    assert!(routes.len() > 60 && routes.iter().all(|route| route.get || route.post), "{routes:?}");
    for route in &routes {
        let path = route.example();
        let needs = least(&route.path);
        for (role, who, cookie) in &people {
            let cookie = [("Cookie", cookie.as_str())];
            for is_post in [false, true] {
                // Who signs out is out.
                if (is_post && !route.post) || (!is_post && !route.get) || path.starts_with("/logout") {
                    continue;
                }
                let answer =
                    if is_post { post(&site, &path, &cookie, &[]) } else { site.ask("GET", &path, &cookie) };
                let what =
                    format!("{} {path} by {who}: {}", if is_post { "POST" } else { "GET" }, answer.status);
                assert!(answer.status < 500 || answer.status == 503, "{what}\n{}", answer.body);
                let is_led_to_login = answer.header("location").is_some_and(|to| to.starts_with("/login"));
                if *role >= needs {
                    // Branches sign what they send to a hub.
                    let is_signed = path.starts_with("/api/v1/hub/");
                    let is_in = is_signed
                        || answer.status != 401 && (is_post || answer.status != 403 && !is_led_to_login);
                    assert!(is_in, "{what}");
                } else if *role > Role::Anybody {
                    assert_eq!(answer.status, 403, "{what}");
                } else if path.starts_with("/api/") {
                    assert_eq!(answer.status, 401, "{what}");
                } else {
                    assert!(answer.status == 303 && is_led_to_login, "{what}");
                }
            }
        }
    }
    let log = std::fs::read_to_string(log.path()).unwrap();
    for said in
        ["refused", "path=\"/admin/users\"", "path=\"/staff/readers\"", "role=\"reader\"", "role=\"staff\""]
    {
        assert!(log.contains(said), "{said} is not in the log:\n{log}");
    }
}

#[test]
fn another_readers_things_are_refused_and_logged() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let written = File::create(log.path()).unwrap();
    let site = Site::logged(tempfile::tempdir().unwrap(), "library = \"BJFU\"\n", written);
    let people = people(&site);
    let cookie_of = |who: &str| people.iter().find(|(_, name, _)| name == who).unwrap().2.as_str();
    let reader = [("Cookie", cookie_of("reader of BJFU"))];
    let pairs = [
        ("title", "森林培育学"),
        ("year", "2011"),
        ("call_number", "S72/12"),
        ("supplier", "PKU"),
        ("delivery", "courier"),
        ("recipient", "某人"),
        ("email", "wf@example.cn"),
        ("looked_at", "1"),
    ];
    let kept = post(&site, "/me/requests/new", &reader, &pairs);
    let path = kept.header("location").unwrap().split('?').next().unwrap().to_owned();
    let list = site.ask("GET", "/staff/readers?find=1", &[("Cookie", cookie_of("staff of BJFU"))]).body;
    let id = list.split("href=\"/staff/readers/").nth(1).unwrap().split('"').next().unwrap();
    for who in ["staff of BUPT", "staff of BJFU", "admin of BJFU"] {
        let other = [("Cookie", cookie_of(who))];
        assert_eq!(site.ask("GET", &path, &other).status, 404, "{who}");
        assert_eq!(post(&site, &path, &other, &[("act", "withdraw")]).status, 404, "{who}");
    }
    let stranger = [("Cookie", cookie_of("staff of BUPT"))];
    assert_eq!(site.ask("GET", &format!("/staff/readers/{id}"), &stranger).status, 404);
    assert_eq!(post(&site, &format!("/staff/readers/{id}"), &stranger, &[("act", "reset")]).status, 404);
    assert_eq!(site.ask("GET", &path, &reader).status, 200);
    let log = std::fs::read_to_string(log.path()).unwrap();
    for said in ["asked for another reader's request", "asked for an account of others"] {
        assert!(log.contains(said), "{said} is not in the log:\n{log}");
    }
}
