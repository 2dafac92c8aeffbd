//! Hostile input in every box of every form that is met by following links, by a reader, at a desk and by who runs the
//! machine: what was typed is text wherever it is shown, at once and afterwards, and nothing of it is an error of ours.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::house::{add_account, cookie_of, made_password, post, sign_in};
use crate::samples::{self, UNION};
use crate::site::{Answer, Site};

const HARM: [&str; 4] = [
    "\"'><script>alert(9)</script><img src=x9 onerror=alert(9)>",
    "javascript:alert(9)//\" onfocus=alert(9) autofocus x=\"",
    "\u{202e}反\u{2066}\u{0}\u{1b}[2J\u{7f}\r\nSet-Cookie: x=9\u{fffe}",
    "👨‍👩‍👧‍👦e\u{301}️{{ 7*7 }}${9}%00%0d%0a'; DROP TABLE accounts; --",
];
/// So much is typed into each box, and into all boxes of a form: beyond half a megabyte it would be refused before it
/// is read.
const LONG: usize = 12_000;
const LONGEST: usize = 400_000;

/// A form: where it goes and what it holds. Boxes to type in have no value.
struct Form {
    is_post: bool,
    action: String,
    fields: Vec<(String, Option<String>)>,
    buttons: Vec<(String, String)>,
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\""))
}

fn forms(path: &str, body: &str) -> Vec<Form> {
    let form = |rest: &str| {
        let (tag, rest) = rest.split_once('>')?;
        let tag = format!(" {tag}");
        let inner = rest.split("</form>").next()?;
        let mut form = Form {
            is_post: attribute(&tag, "method").is_some_and(|method| method == "post"),
            action: attribute(&tag, "action").unwrap_or_else(|| path.split('?').next().unwrap().to_owned()),
            fields: Vec::new(),
            buttons: Vec::new(),
        };
        for tag in inner.split('<').skip(1) {
            let Some(name) = attribute(tag, "name") else { continue };
            let value = attribute(tag, "value").unwrap_or_default();
            let kind = attribute(tag, "type").unwrap_or_else(|| "text".to_owned());
            match tag.split([' ', '>']).next().unwrap() {
                "button" => form.buttons.push((name, value)),
                "input" if matches!(kind.as_str(), "hidden" | "checkbox" | "radio") => {
                    form.fields.push((name, Some(value)));
                }
                "input" | "textarea" => form.fields.push((name, None)),
                "select" => {
                    let options = inner.split_once(tag).map_or("", |(_, rest)| rest);
                    let first =
                        options.split("<option").skip(1).find_map(|option| attribute(option, "value"));
                    form.fields.push((name, first));
                }
                _ => {}
            }
        }
        Some(form)
    };
    body.split("<form").skip(1).filter_map(form).collect()
}

#[track_caller]
fn check(what: &str, answer: &Answer) {
    // An address longer than the protocol's layer reads is no request yet.
    if answer.status == 414 {
        return;
    }
    let is_busy = answer.status == 503;
    assert!(answer.status < 500 || is_busy, "{what} answers {}:\n{}", answer.status, answer.body);
    let harms = [
        "<script>alert(9)",
        "<img src=x9",
        " href=\"javascript:",
        " src=\"javascript:",
        "action=\"javascript:",
        "\" onfocus=",
    ];
    let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    for harm in harms.into_iter().filter(|_| is_page) {
        assert!(!answer.body.contains(harm), "{what} shows {harm} as more than text");
    }
    assert!(answer.header("set-cookie").is_none_or(|cookie| !cookie.starts_with("x=9")), "{what}");
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'"), "{what} has no policy");
}

/// Who signs out or asks to be erased is gone; what blocks a person blocks who walks here.
fn is_farewell(form: &Form, button: Option<&(String, String)>) -> bool {
    let act = button.map_or("", |(_, value)| value.as_str());
    form.action.starts_with("/logout") || form.action == "/leave" || matches!(act, "erase" | "block")
}

fn send(site: &Site, cookie: &str, form: &Form, typed: &str, button: Option<&(String, String)>) -> Answer {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (name, value) in &form.fields {
        pairs.push((name, value.as_deref().unwrap_or(typed)));
    }
    pairs.extend(button.map(|(name, value)| (name.as_str(), value.as_str())));
    let headers = [("Cookie", cookie), ("Accept-Language", "zh-CN")];
    if form.is_post {
        return post(site, &form.action, &headers, &pairs);
    }
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    site.ask("GET", &format!("{}?{}", form.action, query.join("&")), &headers)
}

fn escaped(value: &str) -> String {
    let plain =
        |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    value.bytes().map(plain).collect()
}

/// Follows links and fills in what is met; how many forms of which kind.
fn walk(site: &Site, cookie: &str) -> BTreeMap<String, usize> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    let (mut kinds, mut to_do) = (BTreeSet::new(), VecDeque::new());
    to_do.extend(
        ["/", "/search?q=java", "/me", "/me/requests", "/staff", "/admin", "/basket"].map(str::to_owned),
    );
    while let Some(path) = to_do.pop_front() {
        let is_id = |part: &str| part.len() >= 12 && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let parts: Vec<&str> = path
            .split('?')
            .next()
            .unwrap()
            .split('/')
            .map(|part| if is_id(part) { "*" } else { part })
            .collect();
        if path.starts_with("/logout") || path == "/leave" || !kinds.insert(parts.join("/")) {
            continue;
        }
        let page = site.ask("GET", &path, &[("Cookie", cookie), ("Accept-Language", "zh-CN")]);
        check(&path, &page);
        to_do.extend(page.header("location").map(str::to_owned));
        to_do.extend(page.body.split(" href=\"").skip(1).filter_map(|rest| {
            let link = rest.split(['"', '#']).next()?.replace("&#38;", "&").replace("&amp;", "&");
            (link.starts_with('/') && !link.contains("lang=")).then_some(link)
        }));
        for form in forms(&path, &page.body) {
            let names: Vec<&str> = form.fields.iter().map(|(name, _)| name.as_str()).collect();
            let times = met.entry(format!("{} {names:?}", form.action)).or_default();
            *times += 1;
            if *times > 1 {
                continue;
            }
            let buttons: Vec<Option<&(String, String)>> = if form.buttons.is_empty() {
                vec![None]
            } else {
                form.buttons.iter().take(6).map(Some).collect()
            };
            for button in buttons.into_iter().filter(|button| !is_farewell(&form, *button)) {
                for typed in HARM {
                    let what = format!("{} {button:?} with {typed:?}, as on {path}", form.action);
                    check(&what, &send(site, cookie, &form, typed, button));
                }
                // A character of three bytes is sent as nine.
                let n_boxes = form.fields.iter().filter(|(_, value)| value.is_none()).count();
                let long = "长".repeat((LONG / 3).min(LONGEST / 9 / n_boxes.max(1)));
                check(
                    &format!("{} with {} bytes", form.action, long.len()),
                    &send(site, cookie, &form, &long, button),
                );
            }
        }
    }
    met
}

#[test]
fn what_is_typed_is_text_in_every_form_and_wherever_it_comes_back() {
    let site = Site::with_samples();
    // Before anything wrong is typed: after that whoever signs in from here is asked to wait.
    let people = [("reader", 8), ("staff", 14), ("admin", 18)].map(|(role, at_least)| {
        let password = made_password(&mut add_account(site.data(), &format!("{role}1"), "王芳", role));
        let cookie = cookie_of(&sign_in(&site, &format!("{role}1"), &password));
        (role, at_least, format!("{cookie}; basket={}", samples::id(UNION)))
    });
    for (role, at_least, cookie) in &people {
        let met = walk(&site, cookie);
        assert!(met.len() >= *at_least, "{role} met {} forms: {:#?}", met.len(), met.keys());
        let still = site.ask("GET", "/me", &[("Cookie", cookie)]);
        assert_eq!(still.status, 200, "{role} is still signed in");
    }
    // What was kept is shown again, on every page.
    walk(&site, &people[2].2);
}

#[test]
fn a_megabyte_is_refused_before_it_is_read() {
    let site = Site::with_samples();
    let password = made_password(&mut add_account(site.data(), "R1", "王芳", "reader"));
    let cookie = cookie_of(&sign_in(&site, "R1", &password));
    for path in
        ["/login", "/register", "/password", "/purchase", "/me/requests/new", "/me/profile", "/me/messages"]
    {
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let answer = site.ask("POST", path, &[("Cookie", &cookie), ("Content-Length", "1048577"), kind]);
        assert_eq!(answer.status, 413, "{path}");
    }
}
