//! The request form and its list as a reader uses them: prefilled, for another lender, from the basket, on paper.

use crate::house::{add_account, cookie_of, made_password, post, sign_in};
use crate::samples::{self, EVERYWHERE, FIRST, UNION};
use crate::site::{Answer, Site};

struct Desk {
    site: Site,
    cookie: String,
}

impl Desk {
    fn new() -> Self {
        let site = Site::with_samples();
        let password = made_password(&mut add_account(site.data(), "R001", "林巧", "reader"));
        let cookie = cookie_of(&sign_in(&site, "R001", &password));
        Self { site, cookie }
    }

    fn get(&self, path: &str) -> Answer {
        self.site.ask("GET", path, &[("Cookie", &self.cookie), ("Accept-Language", "zh-CN")])
    }

    fn send(&self, more: &[(&str, &str)]) -> Answer {
        let record = samples::id(UNION);
        let mut pairs = vec![
            ("title", "围棋入门"),
            ("year", "2013"),
            ("call_number", "G891.3/1"),
            ("supplier", "NLC"),
            ("delivery", "courier"),
            ("recipient", "林巧"),
            ("email", "l@example.org"),
            ("record_id", record.as_str()),
            ("looked_at", "1"),
        ];
        pairs.extend(more);
        let cookie = format!("{}; basket={record}", self.cookie);
        post(&self.site, "/me/requests/new", &[("Cookie", &cookie), ("Accept-Language", "zh-CN")], &pairs)
    }

    fn kept(&self) -> String {
        let place = self.send(&[]).header("location").unwrap().to_owned();
        place.split('/').nth(3).unwrap().split('?').next().unwrap().to_owned()
    }
}

#[test]
fn a_form_is_filled_in_for_a_lender_and_tells_its_rules() {
    let desk = Desk::new();
    let blank = desk.get("/me/requests/new");
    blank
        .has("选定出借馆后，这里显示该馆的规则")
        .has("<b dir=\"auto\">林巧</b> <span class=\"mono\">R001</span>");
    blank.lacks("记录里没有这一项").lacks("class=\"doubtful\"");
    // Without a lender named: the first that lends it and is not the reader's own.
    let filled = desk.get(&format!("/me/requests/new?record={}", samples::id(UNION)));
    filled
        .has("<option value=\"BUPT\" selected>")
        .has("value=\"G891.3/1\"")
        .has("借期 30 天；可续借 1 次；送出后 60 分钟内可撤销");
    desk.get(&format!("/me/requests/new?record={}&library=NLC", samples::id(UNION)))
        .has("送出后读者不能撤销；只能从检索结果申请；每馆每月限 500 份");
    // The reading room's copy is lent by nobody else: no lender is taken, and its call number is lacking.
    desk.get(&format!("/me/requests/new?record={}", samples::id(FIRST)))
        .has("<option value=\"\">请选择")
        .has("id=\"call_number-doubt\">记录里没有这一项，请填写");
}

#[test]
fn another_lender_brings_its_own_call_number_and_leaves_what_was_typed() {
    let desk = Desk::new();
    let other = desk.send(&[
        ("act", "lender"),
        ("supplier", "BUPT"),
        ("note", "急用"),
        ("key", "k1"),
        ("from", "basket"),
    ]);
    assert_eq!(other.status, 200, "{}", other.body);
    other.has("<option value=\"BUPT\" selected>").has(">急用</textarea>").has("name=\"key\" value=\"k1\"");
    other.has("name=\"from\" value=\"basket\"").has("围棋入门");
    desk.get("/me/requests").has("共 0 份申请");
}

#[test]
fn the_basket_leads_from_one_request_to_the_next() {
    let desk = Desk::new();
    let (union, everywhere) = (samples::id(UNION), samples::id(EVERYWHERE));
    let with = |ids: &str| {
        let cookie = format!("{}; basket={ids}", desk.cookie);
        desk.site.ask("GET", "/basket", &[("Cookie", &cookie), ("Accept-Language", "zh-CN")])
    };
    with(&format!("{union}.{everywhere}.{}", samples::id(FIRST)))
        .has(&format!("/me/requests/new?record={union}&amp;from=basket"))
        .has("没有可申请的馆藏");
    let kept = desk.send(&[("from", "basket")]);
    let place = kept.header("location").unwrap();
    assert!(place.starts_with("/basket?asked="), "{place}");
    assert!(
        kept.header("set-cookie").unwrap().starts_with("basket=; Path=/; Max-Age=0"),
        "{:?}",
        kept.headers
    );
    desk.get(place).has("申请已存在本馆").has("查看申请");
    desk.get("/basket?asked=nonsense").lacks("查看申请");
    let put =
        post(&desk.site, "/basket", &[], &[("id", &union), ("back", "/search?q=x"), ("then", "basket")]);
    assert_eq!(put.header("location"), Some("/basket"));
    desk.site
        .get("/search?q=java")
        .has("导出、打印或申请所选")
        .has("href=\"/me/requests/new\"")
        .has("数据 2026-11-22");
}

#[test]
fn requests_are_ticked_and_printed_by_their_reader_alone() {
    let desk = Desk::new();
    let id = desk.kept();
    desk.get("/me/requests").has("全选").lacks(" checked>");
    desk.get("/me/requests?tick=all").has(" checked>");
    let shown = desk.get(&format!("/me/requests/{id}"));
    shown
        .has("<ol class=\"way\"")
        .has("<li class=\"now\" aria-current=\"step\"><b>已存本馆")
        .has("尚未到这一步");
    for (kind, class) in [("a4", "class=\"sheet\""), ("slip", "class=\"slip\"")] {
        desk.get(&format!("/me/requests/print?kind={kind}&id={id}"))
            .has(class)
            .has("围棋入门")
            .has("<svg class=\"qr\"");
    }
    desk.get("/me/requests/print?kind=a4").has("没有勾选任何申请");
    let password = made_password(&mut add_account(desk.site.data(), "R002", "周文", "reader"));
    let other = cookie_of(&sign_in(&desk.site, "R002", &password));
    let path = format!("/me/requests/print?kind=a4&id={id}");
    assert_eq!(desk.site.ask("GET", &path, &[("Cookie", &other)]).status, 404);
    assert_eq!(desk.site.get(&path).status, 303);
    post(&desk.site, "/me/requests", &[("Cookie", &desk.cookie)], &[("act", "withdraw"), ("id", &id)]);
    desk.get(&format!("/me/requests/{id}")).lacks("<ol class=\"way\"");
}

#[test]
fn a_record_is_printed_with_what_belongs_on_paper() {
    let site = Site::with_samples();
    let id = samples::id(UNION);
    site.get(&format!("/record/{id}"))
        .has(&format!("/record/{id}?view=print"))
        .has("借期 30 天")
        .lacks("on-paper");
    site.get(&format!("/record/{id}?view=print"))
        .has("<body class=\"on-paper\">")
        .has("G891.3/1")
        .has("完整页面");
}

#[test]
fn what_looks_doubtful_is_said_before_it_is_sent_and_then_taken() {
    let desk = Desk::new();
    let send = |isbn: &str, seen: &[(&str, &str)]| {
        let mut pairs = vec![
            ("title", "围棋入门"),
            ("year", "2993"),
            ("isbn", isbn),
            ("call_number", "G891.3/1"),
            ("supplier", "PKU"),
            ("delivery", "courier"),
            ("recipient", "林巧"),
            ("email", "l@example.org"),
        ];
        pairs.extend(seen);
        let headers = [("Cookie", desk.cookie.as_str()), ("Accept-Language", "zh-CN")];
        post(&desk.site, "/me/requests/new", &headers, &pairs)
    };
    let page = send("978-7-302-12345-0", &[]);
    assert_eq!(page.status, 200);
    page.has("看起来可疑的内容已在下面标出").has("id=\"year-doubt\"").has("id=\"isbn-doubt\"");
    page.has("name=\"looked_at\" value=\"1\"").has("name=\"doubts_seen\" value=\"1\"");
    // A fault does not hide what is doubtful besides.
    let page = send("978-7-302-12345-0", &[("note", &"备".repeat(51))]);
    assert_eq!(page.status, 422);
    page.has("id=\"note-fault\"").has("id=\"isbn-doubt\"");
    // What a filled-in form has marked is not asked about again.
    assert_eq!(send("978-7-302-12345-0", &[("doubts_seen", "1")]).status, 303);
    desk.get("/me/requests").has("围棋入门");
}
