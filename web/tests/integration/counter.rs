//! The counter: librarians of two libraries on one machine carry a request through its life by pages, and neither sees
//! what is another library's.

use serde_json::Value;

use crate::house::{cookie_of, made_password, post, sign_in_at};
use crate::site::{Answer, Site, lianmu};

pub(crate) struct Desk<'a> {
    site: &'a Site,
    cookie: String,
}

impl Desk<'_> {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.site.ask("GET", path, &[("Accept-Language", "en"), ("Cookie", &self.cookie)])
    }

    pub(crate) fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        post(self.site, path, &[("Cookie", &self.cookie), ("Accept-Language", "en")], pairs)
    }

    #[track_caller]
    pub(crate) fn done(&self, path: &str, pairs: &[(&str, &str)]) -> String {
        let answer = self.post(path, pairs);
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.header("location").unwrap().to_owned()
    }
}

pub(crate) fn signed_in<'a>(
    site: &'a Site,
    library: &str,
    barcode: &str,
    name: &str,
    role: &str,
) -> Desk<'a> {
    let mut command = lianmu(site.data());
    command.args(["user", "add", "--library", library, "--email", "li@example.cn"]);
    command.args(["--barcode", barcode, "--name", name, "--role", role]);
    let password = made_password(&mut command);
    Desk { site, cookie: cookie_of(&sign_in_at(site, library, barcode, &password)) }
}

pub(crate) fn requests(site: &Site) -> Vec<Value> {
    let output = lianmu(site.data()).args(["requests", "list", "--json"]).output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub(crate) fn submit(reader: &Desk<'_>, title: &str) -> String {
    let pairs = [
        ("title", title),
        ("year", "2011"),
        ("call_number", "S72/12"),
        ("supplier", "PKU"),
        ("delivery", "courier"),
        ("recipient", "林巧"),
        ("email", "linqiao@example.org"),
        ("looked_at", "1"),
    ];
    let place = reader.done("/me/requests/new", &pairs);
    place.trim_start_matches("/me/requests/").split('?').next().unwrap().to_owned()
}

#[test]
fn a_request_lives_its_life_on_one_machine() {
    let site = Site::with_samples();
    let reader = signed_in(&site, "BJFU", "R001", "林巧", "reader");
    let borrower = signed_in(&site, "BJFU", "S001", "李红", "staff");
    let lender = signed_in(&site, "PKU", "S001", "王强", "staff");
    let id = submit(&reader, "森林<培育>学");
    let number = requests(&site)[0]["number"].as_str().unwrap().to_owned();
    site.until("the lender's desk has it", |_| lender.get("/staff/lending").body.contains(&number));
    let list = lender.get("/staff/lending");
    list.has("our move")
        .has("森林&#60;培育&#62;学")
        .has("value=\"accept\"")
        .has("北京林业大学图书馆")
        .lacks("林巧");
    assert_eq!(list.body.matches("<h1").count(), 1);
    lender.get(&format!("/staff/lending/{id}")).lacks("linqiao@example.org").has("Cannot supply");
    borrower.get(&format!("/staff/requests/{id}")).has("linqiao@example.org");
    lender.get("/staff/slips").has("S72<br>12").has(&number);
    lender.get("/staff/slips?paper=80mm&kind=pull").has("slips narrow");
    assert_eq!(lender.get("/staff/slips?paper=letter").status, 400);

    let (lend, borrow) = (format!("/staff/lending/{id}"), format!("/staff/requests/{id}"));
    let place = lender.done(&lend, &[("act", "accept"), ("back", "list")]);
    lender.get(&place).has(&format!("{number}: done."));
    lender.get("/staff/parcels").has("To 北京林业大学图书馆").has(&number);
    let (barcodes, due) = (format!("barcodes-{id}"), format!("due-{id}"));
    let place = lender.done(
        "/staff/parcels",
        &[
            ("goes", "out"),
            ("id", &id),
            (&barcodes, "00123 00124"),
            (&due, "2999-01-31"),
            ("tracking", "SF1002003"),
        ],
    );
    lender.get(&place).has("is made.").has("SF1002003");
    let parcel = place.split("packed=").nth(1).unwrap().to_owned();
    lender.get("/staff/parcels/handover").has("00123 00124").has(&number).has("Handed over by");
    lender.get(&format!("/staff/slips?kind=packing&parcel={parcel}")).has("2999-01-31");
    lender.get(&format!("/staff/slips?kind=labels&parcel={parcel}&paper=80mm")).has("北京林业大学图书馆");
    reader.get(&format!("/me/requests/{id}")).has("Tracking number SF1002003").has("due 2999-01-31");

    borrower.get("/staff/requests").has("value=\"receive\"");
    for act in ["receive", "check_out", "ask_renew"] {
        borrower.done(&borrow, &[("act", act)]);
    }
    lender.get("/staff/lending").has("a renewal waits for an answer");
    lender.done(&lend, &[("act", "refuse_renew")]);
    lender.done(&lend, &[("act", "recall"), ("due", "2998-12-31"), ("words", "本馆读者预约")]);
    reader.get(&format!("/me/requests/{id}")).has("本馆读者预约").has("due 2998-12-31");
    borrower.get("/staff/parcels").has("Back to 北京大学图书馆");
    borrower.done("/staff/parcels", &[("goes", "back"), ("id", &id), ("tracking", "SF9")]);
    lender.done(&lend, &[("act", "check_in")]);
    assert_eq!(requests(&site)[0]["state"], "completed");
    let again = lender.post(&lend, &[("act", "check_in")]);
    assert_eq!(again.status, 409);
    again.has("has ended");
    lender.get("/staff/audit").has("Check in").has("王强").lacks("李红");
    counted(&lender, &borrower);
}

fn counted(lender: &Desk<'_>, borrower: &Desk<'_>) {
    let page = lender.get("/staff/statistics");
    page.has("role=\"img\"").has("北京大学图书馆").has("Courier settlement").has("<b>1</b>");
    assert_eq!(page.body.matches("<h1").count(), 1);
    let csv = lender.get("/staff/statistics/csv");
    assert!(csv.body.starts_with('\u{feff}'), "{}", csv.body);
    csv.has("\"北京大学图书馆\",").has(",2,0,0,0,\"\",\"\",\"\"\r\n").lacks("林业");
    // Two items of one request. The same day: nothing to wait for in between.
    borrower.get("/staff/statistics/csv").has(",0,2,1,1,1.0000,0,0\r\n");
    let book = lender.get("/staff/statistics/xlsx");
    assert!(book.body.starts_with("PK") && book.header("content-type").unwrap().contains("spreadsheetml"));
    lender.get("/staff/statistics?from=2001-01-01&to=2001-12-31").has("Nothing in these days.");
    assert_eq!(lender.get("/staff/statistics?from=2026-02-01&to=2026-01-01").status, 400);
    assert_eq!(lender.get("/staff/statistics?from=gestern").status, 400);
    assert_eq!(lender.post("/staff/statistics", &[("lent", "10")]).status, 403);
}

#[test]
fn a_librarian_sees_the_own_library_alone() {
    let site = Site::with_samples();
    let reader = signed_in(&site, "BJFU", "R001", "林巧", "reader");
    let lender = signed_in(&site, "PKU", "S001", "王强", "staff");
    let stranger = signed_in(&site, "RUC", "S001", "赵敏", "admin");
    let id = submit(&reader, "森林培育学");
    site.until("the lender's desk has it", |_| lender.get("/staff/lending").body.contains(&id));
    for path in ["/staff/requests", "/staff/lending"] {
        stranger.get(path).lacks(&id);
        assert_eq!(stranger.get(&format!("{path}/{id}")).status, 403);
        assert_eq!(stranger.post(&format!("{path}/{id}"), &[("act", "accept")]).status, 403);
        assert_eq!(reader.get(path).status, 403);
        assert_eq!(site.get(path).status, 303);
        assert_eq!(stranger.get(&format!("{path}/nothing")).status, 404);
    }
    stranger.get("/staff/audit").has("Refused").has("accept");
    stranger.done("/staff/statistics", &[("lent", "10"), ("borrowed", "2.5"), ("parcel", "8")]);
    stranger.get("/staff/statistics").has("value=\"2.50\"");
    stranger.get("/staff/audit").has("10.00 · 2.50 · 8.00");
    assert_eq!(stranger.post("/staff/statistics", &[("lent", "-10")]).status, 422);
    assert_eq!(stranger.post("/staff/parcels", &[("goes", "out"), ("id", &id)]).status, 403);
    let refused = lender.post(&format!("/staff/lending/{id}"), &[("act", "unfill")]);
    assert_eq!(refused.status, 422);
    refused.has("give a reason");
    assert_eq!(requests(&site)[0]["state"], "at_centre");
}

#[test]
fn one_request_sent_by_courier_is_a_parcel() {
    let site = Site::with_samples();
    let reader = signed_in(&site, "BJFU", "R001", "林巧", "reader");
    let lender = signed_in(&site, "PKU", "S001", "王强", "staff");
    let id = submit(&reader, "森林培育学");
    site.until("the lender's desk has it", |_| lender.get("/staff/lending").body.contains(&id));
    let ship = [("act", "ship"), ("due", "2999-01-31"), ("barcodes", "00125"), ("tracking", "SF55")];
    let place = lender.done(&format!("/staff/lending/{id}"), &ship);
    lender.get(&place).has("SF55");
    lender.get("/staff/parcels").has("SF55");
    lender.get("/staff/parcels/handover").has("00125").has("SF55");
    // The reader is told in his language what came along.
    reader.get("/me/messages").has("Barcodes 00125").has("Tracking number SF55").lacks("运单 ");
}

#[test]
fn another_library_is_asked_in_the_order_of_reasons() {
    let site = Site::with_samples();
    let reader = signed_in(&site, "BJFU", "R001", "林巧", "reader");
    let borrower = signed_in(&site, "BJFU", "S001", "李红", "staff");
    let lender = signed_in(&site, "PKU", "S001", "王强", "staff");
    let id = submit(&reader, "森林培育学");
    site.until("the lender's desk has it", |_| lender.get("/staff/lending").body.contains(&id));
    lender.done(&format!("/staff/lending/{id}"), &[("act", "unfill"), ("words", "在架未找到")]);
    let page = borrower.get(&format!("/staff/requests/{id}"));
    page.has("在架未找到").has("Ask another library").has("<option value=\"RUC\">");
    let ask = [("act", "ask_next"), ("supplier", "RUC"), ("call_number", "S7/9")];
    let place = borrower.done(&format!("/staff/requests/{id}"), &ask);
    assert!(!place.contains(&id), "{place}");
    assert_eq!(borrower.done(&format!("/staff/requests/{id}"), &ask), place, "pressed twice");
    let elsewhere = [("act", "ask_next"), ("supplier", "BIT"), ("call_number", "S7/9")];
    let refused = borrower.post(&format!("/staff/requests/{id}"), &elsewhere);
    assert_eq!(refused.status, 409);
    refused.has("asks for the same and is still open");
    borrower.get(&place).has("Follows").has("中国人民大学图书馆");
    borrower.get(&format!("/staff/requests/{id}")).has("Became").lacks("Ask another library");
    let nowhere = [("act", "ask_next"), ("supplier", "NOWHERE"), ("call_number", "x")];
    assert_eq!(borrower.post(&format!("/staff/requests/{id}"), &nowhere).status, 422);
}
