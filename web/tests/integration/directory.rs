//! What libraries say of themselves, from the form of their staff to every place that shows it; the map; local counts.

use crate::house::{House, add_account, cookie_of, made_password, post, sign_in};
use crate::samples::{self, FIRST, UNION};
use crate::site::Site;

const FACTS: [(&str, &str); 11] = [
    ("desk", "馆际互借处 王老师"),
    ("phone", "010-6233 0000"),
    ("email", "ill@bjfu.example.cn"),
    ("address", "海淀区清华东路 35 号"),
    ("hours", "周一至周五\r\n8:00–17:00"),
    ("opac_url", "https://opac.bjfu.example.cn/s?i={isbn}"),
    ("latitude", "40.0061"),
    ("longitude", "116.3482"),
    ("loan_days", "21"),
    ("from_0", "2999-01-20"),
    ("to_0", "2999-02-15"),
];

#[test]
fn what_an_admin_writes_of_a_library_is_shown_everywhere() {
    let house = House::new();
    house.get("/libraries/BJFU").lacks("010-6233 0000").has("Lent for 30 days");
    house.get("/staff/library").has("value=\"40.006\"").has("Save");
    let of = |library: &'static str, more: &[(&'static str, &'static str)]| {
        let mut pairs = vec![("library", library)];
        pairs.extend(FACTS.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name)));
        pairs.extend(more);
        house.post("/staff/library", &pairs)
    };
    let kept = of("BJFU", &[]);
    assert_eq!((kept.status, kept.header("location")), (303, Some("/staff/library?library=BJFU&saved=1")));
    let page = house.get("/libraries/BJFU");
    for text in
        ["馆际互借处 王老师", "010-6233 0000", "清华东路 35 号", "周一至周五\n8:00", "Lent for 21 days"]
    {
        page.has(text);
    }
    page.has("closed from 2999-01-20 to 2999-02-15").has("40.0061").has("https://opac.bjfu.example.cn/");
    // Whom to ask stands on every page.
    for place in ["/", "/help", "/login", "/nowhere"] {
        house.get(place).has("北京林业大学图书馆 馆际互借处 王老师 010-6233 0000 ill@bjfu.example.cn");
    }
    house.get("/map").has("清华东路 35 号");
    let wrong = of("BJFU", &[("latitude", "<b>north")]);
    assert_eq!(wrong.status, 422);
    wrong.has("A place is a latitude").has("value=\"&#60;b&#62;north\"").has("value=\"2999-01-20\"");
    assert_eq!(of("BJFU", &[("opac_url", "javascript:alert(1)")]).status, 422);
    assert_eq!(of("NOWHERE", &[]).status, 404);
    house.get("/libraries/BJFU").has("40.0061");
}

#[test]
fn staff_speak_for_their_own_library_alone() {
    let site = Site::with_samples();
    let password = made_password(&mut add_account(site.data(), "S001", "李娜", "staff"));
    let reader = made_password(&mut add_account(site.data(), "R001", "林巧", "reader"));
    let cookie = cookie_of(&sign_in(&site, "S001", &password));
    let headers = [("Cookie", cookie.as_str()), ("Accept-Language", "en")];
    let status = |library: &str| {
        post(&site, "/staff/library", &headers, &[("library", library), ("phone", "1"), ("loan_days", "9")])
            .status
    };
    assert_eq!((status("BJFU"), status("PKU")), (303, 403));
    assert_eq!(site.ask("GET", "/staff/library?library=PKU", &headers).status, 403);
    site.get("/libraries/BJFU").has("借期 9 天");
    site.get("/libraries/PKU").has("借期 30 天");
    let cookie = cookie_of(&sign_in(&site, "R001", &reader));
    assert_eq!(site.ask("GET", "/staff/library", &[("Cookie", &cookie)]).status, 403);
    assert_eq!(site.get("/staff/library").status, 303);
}

#[test]
fn the_map_is_drawn_without_anything_from_elsewhere() {
    let site = Site::with_samples();
    let page = site.get("/map");
    assert_eq!(page.status, 200);
    page.has("<svg class=\"map\"")
        .has("class=\"home\"")
        .has("class=\"far\"")
        .has("公里")
        .lacks("<img")
        .lacks("NaN");
    assert_eq!(page.body.matches("<g class=").count(), 46);
    site.get("/map?lang=en").has("Map of the members");
    site.get("/libraries/BUPT").has("距本馆");
}

#[test]
fn links_name_the_port_that_was_given() {
    let site = Site::with_samples();
    let page = site.get(&format!("/record/{}", samples::id(FIRST)));
    page.has(&format!("http://{}/record/{}", site.address(), samples::id(FIRST))).lacks("127.0.0.1:8046");
}

#[test]
fn views_and_requests_are_counted_here() {
    let site = Site::with_samples();
    let record = format!("/record/{}", samples::id(UNION));
    site.get(&record).has("本机查看 1 次，申请 0 次");
    let password = made_password(&mut add_account(site.data(), "R001", "林巧", "reader"));
    let cookie = cookie_of(&sign_in(&site, "R001", &password));
    let id = samples::id(UNION);
    let form = [
        ("title", "围棋入门"),
        ("year", "2013"),
        ("call_number", "G891.3/1"),
        ("supplier", "NLC"),
        ("delivery", "courier"),
        ("recipient", "林巧"),
        ("email", "l@example.org"),
        ("record_id", &id),
        ("looked_at", "1"),
    ];
    assert_eq!(post(&site, "/me/requests/new", &[("Cookie", &cookie)], &form).status, 303);
    site.get(&record).has("申请 1 次");
    site.until("views are written down", |site| {
        let store = daemon::store::Store::open(site.data()).unwrap();
        store.uses(UNION).unwrap().views >= 2
    });
    // They are counts of a machine, and outlive its process.
    let site = site.killed_and_started_again();
    site.get(&record).has("本机查看 3 次，申请 1 次");
}
