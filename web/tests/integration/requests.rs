//! Readers' requests by API, by page and on the command line: kept before they are accepted, once, and for nobody
//! else to see.

use serde_json::{Value, json};

use crate::house::{add_account, cookie_of, made_password, post, sign_in};
use crate::samples::{self, EVERYWHERE};
use crate::site::{Answer, Site, lianmu};

/// A served data directory and a reader of BJFU with a token.
struct Hall {
    site: Site,
    token: String,
    password: String,
}

fn token_of(site: &Site, barcode: &str) -> String {
    let made = lianmu(site.data()).args(["user", "token", "--library", "BJFU", barcode]).output().unwrap();
    let said = String::from_utf8(made.stdout).unwrap();
    said.split_whitespace().last().unwrap().to_owned()
}

fn lines(site: &Site, command: &str) -> Vec<Value> {
    let output = lianmu(site.data()).args([command, "list", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn form() -> Value {
    json!({
        "title": "森林培育学", "year": 2011, "call_number": "S72/12", "supplier": "PKU", "delivery": "courier",
        "recipient": "林巧", "email": "linqiao@example.org", "author": null
    })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut form = form();
    form[name] = value.into();
    form
}

impl Hall {
    fn new() -> Self {
        let site = Site::with_samples();
        let password = made_password(&mut add_account(site.data(), "R001", "林巧", "reader"));
        let token = token_of(&site, "R001");
        Self { site, token, password }
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>, key: Option<&str>) -> Answer {
        let body = body.map(Value::to_string).unwrap_or_default();
        let (bearer, length) = (format!("Bearer {}", self.token), body.len().to_string());
        let mut headers =
            vec![("Authorization", bearer.as_str()), ("Accept-Language", "en"), ("Content-Length", &length)];
        headers.extend(key.map(|key| ("Idempotency-Key", key)));
        self.site.send(method, path, &headers, body.as_bytes())
    }

    fn submit(&self, form: &Value) -> Answer {
        self.call("POST", "/api/v1/requests", Some(form), None)
    }
}

#[test]
fn a_request_is_accepted_listed_and_withdrawn() {
    let hall = Hall::new();
    let answer = hall.submit(&form());
    assert_eq!(answer.status, 201, "{}", answer.body);
    let document = answer.json();
    assert_eq!((&document["state"], &document["warnings"]), (&json!("queued"), &json!([])));
    let number = document["number"].as_str().unwrap();
    assert!(number.starts_with("BJFU-") && number.len() == 18, "{number}");
    let id = document["id"].as_str().unwrap();
    let list = hall.call("GET", "/api/v1/requests?q=森林&state=queued&supplier=PKU", None, None).json();
    assert_eq!((&list["total"], &list["page"], &list["pages"]), (&json!(1), &json!(1), &json!(1)));
    let row = &list["requests"][0];
    assert_eq!((&row["id"], &row["title"], &row["due"]), (&json!(id), &json!("森林培育学"), &Value::Null));
    let shown = hall.call("GET", &format!("/api/v1/requests/{id}"), None, None).json();
    let event = &shown["events"][0];
    assert_eq!(
        (&event["seq"], &event["actor"], &event["event"]),
        (&json!(1), &json!("reader"), &json!("submit"))
    );
    let queue = lines(&hall.site, "queue");
    assert_eq!((&queue[0]["kind"], &queue[0]["delivery"]), (&json!("request"), &json!("pending")));
    let cancelled = hall.call("POST", &format!("/api/v1/requests/{id}/cancel"), None, None);
    assert_eq!((cancelled.status, &cancelled.json()["state"]), (200, &json!("cancelled")));
    let again = hall.call("POST", &format!("/api/v1/requests/{id}/cancel"), None, None);
    assert_eq!(again.status, 409);
    again.has("has ended");
    assert_eq!(hall.call("POST", &format!("/api/v1/requests/{id}/renew"), None, None).status, 409);
    assert_eq!(lines(&hall.site, "queue")[0]["delivery"], "dead", "it never leaves");
    let all = lines(&hall.site, "requests");
    assert_eq!((&all[0]["state"], &all[0]["library"]), (&json!("cancelled"), &json!("BJFU")));
    assert_eq!((&all[0]["year"], all[0]["events"].as_array().unwrap().len()), (&json!("2011"), 2));
}

#[test]
fn what_was_accepted_is_there_after_a_kill() {
    let Hall { site, token, password } = Hall::new();
    let hall = Hall { site, token, password };
    let ids: Vec<Value> =
        (0..5).map(|n| hall.submit(&with("title", format!("书{n}"))).json()["id"].clone()).collect();
    let site = hall.site.killed_and_started_again();
    let known: Vec<Value> = lines(&site, "requests").iter().map(|line| line["id"].clone()).collect();
    assert_eq!(known, ids);
    assert_eq!(lines(&site, "queue").len(), 5);
}

#[test]
fn what_is_wrong_is_said_by_field_and_nothing_is_kept() {
    let hall = Hall::new();
    let fields = |form: &Value| {
        let answer = hall.submit(form);
        assert_eq!(answer.status, 422, "{}", answer.body);
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let required = ["title", "year", "call_number", "supplier", "delivery", "recipient", "email"];
    assert_eq!(fields(&json!({})), required);
    assert_eq!(fields(&with("year", "13")), ["year"]);
    assert_eq!(fields(&with("title", json!(["a"]))), ["title"]);
    assert_eq!(fields(&with("supplier", "NOWHERE")), ["supplier"]);
    assert_eq!(fields(&with("supplier", "NLC")), ["supplier"], "no blank form for this lender");
    assert_eq!(fields(&with("note", "👨‍👩‍👧‍👦".repeat(51))), ["note"]);
    assert_eq!(hall.call("POST", "/api/v1/requests", None, None).status, 422, "no body");
    assert_eq!(lines(&hall.site, "requests").len(), 0);
    assert_eq!(hall.submit(&with("note", "👨‍👩‍👧‍👦".repeat(50))).status, 201);
}

#[test]
fn a_key_makes_one_request_of_many_sendings() {
    let hall = Hall::new();
    let send = |form: &Value, key| hall.call("POST", "/api/v1/requests", Some(form), Some(key));
    let first = send(&form(), "k1");
    let again = send(&with("year", " 2011 "), "k1");
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(send(&with("year", "2012"), "k1").status, 409);
    assert_eq!(lines(&hall.site, "requests").len(), 1);
    let look = hall.submit(&with("confirm", false));
    assert_eq!((look.status, &look.json()["warnings"][0]["code"]), (200, &json!("duplicate")));
    let id = samples::id(EVERYWHERE);
    let mut held = with("confirm", false);
    held["record_id"] = id.into();
    held["title"] = "另一本".into();
    assert_eq!(hall.submit(&held).json()["warnings"][0]["code"], "own-copy");
    assert_eq!(lines(&hall.site, "requests").len(), 1, "looking keeps nothing");
}

#[test]
fn a_request_is_its_readers_alone() {
    let hall = Hall::new();
    let id = hall.submit(&form()).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(hall.site.get("/api/v1/requests").status, 401);
    assert_eq!(hall.site.get("/me/requests").status, 303);
    let password = made_password(&mut add_account(hall.site.data(), "R002", "周文", "reader"));
    let cookie = cookie_of(&sign_in(&hall.site, "R002", &password));
    let other = Hall { token: token_of(&hall.site, "R002"), ..hall };
    for path in [format!("/api/v1/requests/{id}"), "/api/v1/requests/1".to_owned()] {
        assert_eq!(other.call("GET", &path, None, None).status, 404);
    }
    assert_eq!(other.call("POST", &format!("/api/v1/requests/{id}/cancel"), None, None).status, 404);
    let headers = [("Cookie", cookie.as_str())];
    assert_eq!(other.site.ask("GET", &format!("/me/requests/{id}"), &headers).status, 404);
    let ticked = [("act", "withdraw"), ("id", id.as_str())];
    assert_eq!(post(&other.site, "/me/requests", &headers, &ticked).status, 404);
    assert_eq!(other.call("GET", "/api/v1/requests", None, None).json()["total"], 0);
    assert_eq!(lines(&other.site, "requests")[0]["state"], "queued");
}

#[test]
fn the_form_keeps_what_was_typed_and_the_list_withdraws() {
    let hall = Hall::new();
    let cookie = cookie_of(&sign_in(&hall.site, "R001", &hall.password));
    let headers = [("Cookie", cookie.as_str()), ("Accept-Language", "zh-CN")];
    let record = samples::id(EVERYWHERE);
    let get = |path: &str| hall.site.ask("GET", path, &headers);
    let blank = get(&format!("/me/requests/new?record={record}&library=PKU"));
    blank.has("value=\"林巧\"").has(&format!("name=\"record_id\" value=\"{record}\""));
    let key = blank.body.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let typed = |year: &'static str, looked_at: &'static str| {
        [
            ("key", key),
            ("title", "森林<b>培育</b>学"),
            ("year", year),
            ("call_number", "S72/12"),
            ("supplier", "PKU"),
            ("delivery", "pickup"),
            ("recipient", "林巧"),
            ("email", "linqiao@example.org"),
            ("record_id", record.as_str()),
            ("looked_at", looked_at),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let send = |year, looked_at| {
        let pairs = typed(year, looked_at);
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        post(&hall.site, "/me/requests/new", &headers, &pairs)
    };
    let wrong = send("二〇一一", "");
    assert_eq!(wrong.status, 422);
    wrong.has("value=\"二〇一一\"").has("出版年是四位数字").has("森林&#60;b&#62;培育").lacks("<b>培育");
    let warned = send("2011", "");
    assert_eq!(warned.status, 200);
    warned.has("本馆有这本书").has("仍然提交");
    let kept = send("2011", "1");
    assert_eq!(kept.status, 303, "{}", kept.body);
    assert_eq!(
        send("2011", "1").header("location"),
        kept.header("location"),
        "a second press is the same request"
    );
    get(kept.header("location").unwrap()).has("申请已存在本馆").has("一定生效").has("自取");
    let list = get("/me/requests?q=培育");
    list.has("已存本馆，待发送").has("共 1 份申请");
    let id = lines(&hall.site, "requests")[0]["id"].as_str().unwrap().to_owned();
    let said = post(&hall.site, "/me/requests", &headers, &[("act", "withdraw"), ("id", &id)]);
    said.has("没有送出本馆").has("已撤销");
    get(&format!("/me/requests/{id}")).has("申请撤销").lacks("value=\"withdraw\"");
    get("/me/requests?state=queued").has("没有符合条件的申请");
    assert_eq!(get("/me/requests?state=nonsense").status, 400);
}

#[test]
fn a_refresh_keeps_the_filter_and_has_what_waits_tried_at_once() {
    let hall = Hall::new();
    let cookie = cookie_of(&sign_in(&hall.site, "R001", &hall.password));
    let nudges = || daemon::store::Store::open(hall.site.data()).unwrap().machine().unwrap().nudges;
    let before = nudges();
    let list = "/me/requests?state=queued&q=java";
    hall.site.ask("GET", list, &[("Cookie", &cookie)]).has("name=\"act\" value=\"refresh\"");
    let answer = post(&hall.site, list, &[("Cookie", &cookie)], &[("act", "refresh")]);
    assert_eq!((answer.status, answer.header("location")), (303, Some(list)));
    assert_eq!(nudges(), before + 1);
}
