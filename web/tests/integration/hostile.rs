//! Hostile input in every box of every form that is met by following links, by a reader, at a desk and by who runs the
//! machine: what was typed is text wherever it is shown, at once and afterwards, and nothing of it is an error of ours.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::access::routes;
use crate::counter::requests;
use crate::house::{add_account, cookie_of, made_password, post, sign_in, sign_in_at};
use crate::samples::{self, UNION};
use crate::site::{Answer, Site, lianmu};

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

/// Where the walks begin.
const STARTS: [&str; 9] = [
    "/",
    "/search?q=java",
    "/me",
    "/me/requests",
    "/staff",
    "/staff/pages?slug=library/BJFU",
    "/admin",
    "/admin/rules?library=PKU",
    "/basket",
];

const CONFIG: &str = "library = \"BJFU\"\n[[source]]\nlibrary = \"BJFU\"\nkind = \"folder\"\nlocation = \"nowhere\"\nmode = \"full\"\n";

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
                    let rest = inner.split_once(tag).map_or("", |(_, rest)| rest);
                    let options = || rest.split("</select>").next().unwrap().split("<option").skip(1);
                    let is_chosen = |option: &&str| option.split('>').next().unwrap().contains(" selected");
                    let value = |option| attribute(option, "value").filter(|value| !value.is_empty());
                    let chosen = options().filter(is_chosen).find_map(value);
                    let first = chosen.or_else(|| options().find_map(value));
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

/// Its path with ids, numbers and codes of libraries left out.
fn kind(path: &str) -> String {
    let is_id = |part: &str| part.len() >= 12 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_code =
        |part: &str| part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
    let path = path.split('?').next().unwrap();
    let parts = path
        .split('/')
        .map(|part| if !part.is_empty() && (is_id(part) || is_code(part)) { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Follows links and fills in what is met; how many forms of which kind.
fn walk(site: &Site, cookie: &str, starts: &[&str]) -> BTreeMap<String, usize> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    let (mut kinds, mut to_do) = (BTreeSet::new(), VecDeque::new());
    to_do.extend(starts.iter().map(|path| (*path).to_owned()));
    while let Some(path) = to_do.pop_front() {
        if path.starts_with("/logout") || path == "/leave" || !kinds.insert(kind(&path)) {
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
            let times = met.entry(format!("{} {names:?}", kind(&form.action))).or_default();
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
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    let site = Site::over(data, CONFIG);
    // Before anything wrong is typed: after that whoever signs in from here is asked to wait.
    let other = {
        let mut account = lianmu(site.data());
        account.args(["user", "add", "--library", "PKU", "--barcode", "R1", "--email", "l@example.org"]);
        let password = made_password(account.args(["--role", "reader", "--name", HARM[0]]));
        cookie_of(&sign_in_at(&site, "PKU", "R1", &password))
    };
    let people = [("reader", 8), ("staff", 14), ("admin", 18)].map(|(role, at_least)| {
        let password = made_password(&mut add_account(site.data(), &format!("{role}1"), "王芳", role));
        let cookie = cookie_of(&sign_in(&site, &format!("{role}1"), &password));
        (role, at_least, format!("{cookie}; basket={}", samples::id(UNION)))
    });
    let mut reached = BTreeSet::new();
    for (role, at_least, cookie) in &people {
        // What can be done to a request is offered while it is open, and each walk does all of it.
        for harm in HARM {
            ask_for_harm(&site, &people[0].2, harm, "PKU");
        }
        ask_for_harm(&site, &other, HARM[0], "BJFU");
        write_harm(&site, &people[1].2);
        let staff = [("Cookie", people[1].2.as_str())];
        site.until("the lender's desk has it", |site| {
            site.ask("GET", "/staff/lending", &staff).body.contains("/staff/lending/0")
        });
        let met = walk(&site, cookie, &STARTS);
        assert!(met.len() >= *at_least, "{role} met {} forms: {:#?}", met.len(), met.keys());
        reached.extend(met.into_keys().map(|form| form.split([' ', '?']).next().unwrap().to_owned()));
        let still = site.ask("GET", "/me", &[("Cookie", cookie)]);
        assert_eq!(still.status, 200, "{role} is still signed in");
    }
    // What was kept is shown again, on every page.
    walk(&site, &people[2].2, &STARTS);
    // No link leads whoever is signed in to the forms of strangers, and nobody signs in after this.
    let of_strangers = walk(&site, "", &["/", "/login", "/register", "/password"]);
    reached.extend(of_strangers.into_keys().map(|form| form.split([' ', '?']).next().unwrap().to_owned()));
    // A form that no link leads to would be filled in by nobody.
    let for_programs = |path: &str| path.starts_with("/api/") || path == "/iso18626";
    // Nothing is typed to sign out, and there is no run here.
    let has_no_box = |path: &str| path.starts_with("/logout") || path == "/admin/runs/{id}";
    let of_people = |path: &str| !for_programs(path) && !has_no_box(path);
    for route in routes().into_iter().filter(|route| route.post && of_people(&route.path)) {
        let parts: Vec<&str> = route.path.split('/').collect();
        let is_met = reached.iter().any(|action| {
            let there: Vec<&str> = action.split('/').collect();
            there.len() == parts.len() && parts.iter().zip(there).all(|(p, t)| p.starts_with('{') || *p == t)
        });
        assert!(is_met, "no form for {} was met: {reached:#?}", route.path);
    }
}

/// Asks for a book with as much harm as is taken: of control characters there are none in what is kept.
fn ask_for_harm(site: &Site, cookie: &str, harm: &str, supplier: &str) {
    let line = harm.replace(char::is_control, " ");
    let short: String = line.chars().take(45).collect();
    let mut pairs: Vec<(&str, &str)> = ["title", "author", "publisher", "call_number", "volume", "recipient"]
        .map(|name| (name, line.as_str()))
        .into();
    pairs.extend([
        ("year", "2011"),
        ("supplier", supplier),
        ("delivery", "courier"),
        ("note", short.as_str()),
    ]);
    pairs.extend([("email", "l@example.org"), ("looked_at", "1")]);
    let kept = post(site, "/me/requests/new", &[("Cookie", cookie)], &pairs);
    assert_eq!(kept.status, 303, "{}", kept.body);
}

/// A letter of the staff to the reader.
fn write_harm(site: &Site, staff: &str) {
    let staff = [("Cookie", staff)];
    let list = site.ask("GET", "/staff/readers?find=1&q=reader1", &staff).body;
    let id = list.split("href=\"/staff/readers/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let sent = post(site, &format!("/staff/readers/{id}"), &staff, &[("act", "write"), ("text", HARM[0])]);
    assert_eq!(sent.status, 303, "{}", sent.body);
}

/// Every name that some page or call looks for in a query string, out of the source.
fn names_asked_for() -> BTreeSet<String> {
    fn read(folder: &std::path::Path, names: &mut BTreeSet<String>) {
        for item in std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()) {
            if item.is_dir() {
                read(&item, names);
            } else if item.extension().is_some_and(|end| end == "rs") {
                let source = std::fs::read_to_string(&item).unwrap();
                for before in ["get(\"", "all(\"", "has(\"", "asked(\"", "text(\"", "number(\"", "day(\""] {
                    names.extend(
                        source.split(before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()),
                    );
                }
            }
        }
    }
    let mut names = BTreeSet::new();
    read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut names);
    names.retain(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    assert!(names.contains("only") && names.contains("near") && names.len() > 40, "{names:?}");
    names
}

#[test]
fn what_stands_in_a_query_string_is_text_on_every_page() {
    let site = Site::with_samples();
    let password = made_password(&mut add_account(site.data(), "A1", "王芳", "admin"));
    let cookie = cookie_of(&sign_in(&site, "A1", &password));
    let headers = [("Cookie", cookie.as_str()), ("Accept-Language", "zh-CN")];
    let names = names_asked_for();
    for route in routes().into_iter().filter(|route| route.get) {
        let path = route.example();
        // Who signs out is out; a run that goes on tells so for as long as it is listened to.
        if path == "/leave" || path.ends_with("/events") {
            continue;
        }
        for harm in HARM {
            let value = escaped(harm);
            let all: Vec<String> = names.iter().map(|name| format!("{name}={value}")).collect();
            check(&path, &site.ask("GET", &format!("{path}?{}", all.join("&")), &headers));
        }
        // One by one, since the first that is refused hides the others.
        let value = escaped(&HARM.concat());
        for name in &names {
            let link = format!("{path}?{name}={value}");
            check(&link, &site.ask("GET", &link, &headers));
        }
    }
    assert_eq!(site.ask("GET", "/me", &headers).status, 200, "still signed in");
}

#[test]
fn what_a_program_sends_is_text_too() {
    let site = Site::with_samples();
    add_account(site.data(), "R1", "王芳", "reader").output().unwrap();
    let made = lianmu(site.data()).args(["user", "token", "--library", "BJFU", "R1"]).output().unwrap();
    let token = String::from_utf8(made.stdout).unwrap().split_whitespace().last().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let send = |form: &Value| {
        let body = form.to_string();
        let length = body.len().to_string();
        let headers = [("Authorization", bearer.as_str()), ("Content-Length", length.as_str())];
        site.send("POST", "/api/v1/requests", &headers, body.as_bytes())
    };
    let sound = json!({
        "title": "森林培育学", "author": "", "year": "2011", "publisher": "", "isbn": "", "issn": "", "call_number": "S72/12",
        "volume": "", "supplier": "PKU", "material_type": "", "delivery": "courier", "recipient": "林巧", "phone": "",
        "email": "l@example.org", "note": "", "record_id": ""
    });
    for (field, _) in sound.as_object().unwrap() {
        let long = "长".repeat(4_000);
        let strange = [json!(["x"]), json!({"x": 1}), json!(true), json!(-1e300)];
        for value in HARM.iter().map(|harm| json!(harm)).chain(strange).chain([json!(long)]) {
            let mut form = sound.clone();
            form[field] = value;
            let answer = send(&form);
            assert!(matches!(answer.status, 201 | 422), "{field}: {} {}", answer.status, answer.body);
            // A reader has so many open requests and no more; the next is to be refused for what is in it.
            if let Some(id) = answer.json()["id"].as_str() {
                let cancel = format!("/api/v1/requests/{id}/cancel");
                let headers = [("Authorization", bearer.as_str())];
                assert_eq!(site.ask("POST", &cancel, &headers).status, 200, "{field}");
            }
        }
    }
    let kept = requests(&site);
    assert!(kept.iter().any(|request| request["title"] == HARM[0]), "what may be kept is kept as it came");
    // Pages show what the call took.
    let password = made_password(&mut add_account(site.data(), "S1", "李红", "staff"));
    let cookie = cookie_of(&sign_in(&site, "S1", &password));
    for path in ["/staff/requests", "/staff/slips", "/staff/statistics", "/staff/audit"] {
        check(path, &site.ask("GET", path, &[("Cookie", &cookie)]));
    }
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
