//! Completions and the lists that are browsed.

use crate::samples::{self, FIRST};
use crate::site::Site;

#[test]
fn completions_say_what_they_find() {
    let site = Site::with_samples();
    let answer = site.get("/api/v1/suggest?q=sgyy").json();
    assert_eq!(answer["query"], "sgyy");
    let first = &answer["suggestions"][0];
    assert_eq!((first["kind"].as_str(), first["text"].as_str()), (Some("title"), Some("三国演义")));
    assert_eq!(first["hits"], 1);
    assert_eq!(answer["suggestions"].as_array().unwrap().last().unwrap()["kind"], "pinyin");
    let few = site.get("/api/v1/suggest?q=java&limit=3").json();
    assert_eq!(few["suggestions"].as_array().unwrap().len(), 3);
    assert_eq!(site.get("/api/v1/suggest?q=linqm").json()["suggestions"][0]["text"], "林巧民");
    assert_eq!(site.get("/api/v1/suggest").json()["suggestions"].as_array().unwrap().len(), 0);
    for wrong in ["0", "21", "x"] {
        let answer = site.get(&format!("/api/v1/suggest?q=a&limit={wrong}"));
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/problem+json")));
    }
    assert_eq!(Site::empty().get("/api/v1/suggest?q=a").status, 503);
}

#[test]
fn every_list_is_linked_and_says_how_old_it_is() {
    let site = Site::with_samples();
    let home = site.get("/");
    home.has("<a href=\"/browse/class\"");
    let router = include_str!("../../src/router.rs");
    let lists: Vec<&str> = router.split('"').filter(|word| word.starts_with("/browse/")).collect();
    assert_eq!(lists.len(), 6);
    for list in lists {
        home.has(&format!("href=\"{list}\""));
        let page = site.get(list);
        assert_eq!(page.status, 200, "{list}");
        page.has("数据截至").has(&format!("href=\"{list}\" aria-current=\"page\""));
        for lang in ["zh-Hant", "en"] {
            let page = site.get(&format!("{list}?lang={lang}"));
            page.has(&format!("<html lang=\"{lang}\">")).lacks("browse.");
        }
        assert_eq!(site.get(&format!("{list}?library=NOWHERE&heading=x")).status, 400, "{list}");
        assert_eq!(Site::empty().get(list).status, 503, "{list}");
    }
}

#[test]
fn the_class_tree_leads_to_searches() {
    let site = Site::with_samples();
    site.get("/browse/class")
        .has("工业技术")
        .has("href=\"/browse/class?class=T\"")
        .has("href=\"/search?class=T\"");
    site.get("/browse/class?class=TP312&library=BUPT")
        .has("查看本类 45 种")
        .has("href=\"/search?class=TP312&amp;library=BUPT\"".replace("&amp;", "&#38;").as_str())
        .has("href=\"/browse/class?library=BUPT&#38;class=TP312JA\"");
    site.get("/browse/class?class=I242.4").has("I242.4").has("没有更细的分类").has("查看本类 1 种");
}

#[test]
fn a_shelf_shows_what_stands_beside_a_book() {
    let site = Site::with_samples();
    let id = samples::id(FIRST + 20);
    let record = site.get(&format!("/record/{id}"));
    let near = format!("/browse/call-number?library=BUPT&amp;near={id}");
    record.has(&near);
    let page = site.get(&near.replace("&amp;", "&"));
    page.has("class=\"here\" aria-current=\"true\"><span class=\"call\"><span class=\"spine\" dir=\"ltr\">TP312JA/L20<");
    let at = |call: &str| page.body.find(&format!(">TP312JA/{call}<")).unwrap();
    assert!(at("L2") < at("L10") && at("L19") < at("L20") && at("L20") < at("L21"), "digits as numbers");
    site.get("/browse/call-number?library=BUPT&from=TP312JA/L40").lacks("TP312JA/L39<").has("TP312JA/L40<");
    site.get("/browse/call-number").has("value=\"BJFU\" selected").has("TP312JA/0.5C");
    site.get("/browse/call-number?library=NLC&near=zzz&from=%00").has("I242.4/1");
}

#[test]
fn headings_lead_to_exactly_their_entries() {
    let site = Site::with_samples();
    let page = site.get("/browse/author?from=l");
    page.has("heading=%E6%9E%97%E5%B7%A7%E6%B0%91").has("aria-label=\"按拼音首字母跳转\"");
    site.get("/browse/author?heading=林巧民").has("rel=\"next\"").has("/record/").lacks("Java简明教程");
    site.get("/browse/author?heading=林巧民&page=2").has("rel=\"prev\"").has("Java简明教程");
    site.get("/browse/author?heading=林").has("共 0 种");
    site.get("/browse/subject?from=章回").has("章回小说--中国--明代");
    assert_eq!(site.get("/browse/subject?heading=a&page=0").status, 400);
}

#[test]
fn new_titles_by_year_and_class() {
    let site = Site::with_samples();
    site.get("/browse/new").has("2019 <b>").has("aria-current=\"true\">2019").has("工业技术");
    site.get("/browse/new?year=2001&class=I").has("三国演义").has("共 1 种").has("from=2001");
    site.get("/browse/new?year=2001&library=BUPT").lacks("三国演义");
    assert_eq!(site.get("/browse/new?page=99999").status, 400);
}

#[test]
fn nothing_found_offers_a_purchase_that_is_kept() {
    let site = Site::with_samples();
    site.get("/search?q=不存在的书名啊").has("/purchase?title=").has("荐购");
    site.get("/purchase?title=三体")
        .has("value=\"三体\"")
        .has("<option value=\"BJFU\" selected>")
        .has("method=\"post\"");
    let send = |headers: &[(&str, &str)], body: &str| {
        let length = body.len().to_string();
        let own =
            [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", length.as_str())];
        site.send("POST", "/purchase", &[&own, headers].concat(), body.as_bytes())
    };
    let form = |pairs: &[(&str, &str)]| {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(pairs);
        body.finish()
    };
    let book = form(&[("library", "BJFU"), ("title", "三体"), ("note", "教学<b>参考")]);
    let answer = send(&[], &book);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/purchase?thanks=BJFU")));
    site.get("/purchase?thanks=BJFU").has("已经保存，交给北京林业大学图书馆的工作人员");
    assert_eq!(send(&[], &book).status, 303, "a second click");
    let kept = std::fs::read_to_string(site.data().join("archive/purchases.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 1);
    assert!(kept.contains("\"title\":\"三体\""), "{kept}");
    for (body, status) in [
        (form(&[("library", "BJFU")]), 422),
        (form(&[("library", "NOWHERE"), ("title", "三体")]), 422),
        (form(&[("library", "BJFU"), ("title", &"三".repeat(301))]), 422),
    ] {
        let answer = send(&[("Accept-Language", "zh-CN")], &body);
        assert_eq!(answer.status, status);
        answer.has("role=\"alert\"");
    }
    let other_site = send(&[("Sec-Fetch-Site", "cross-site")], &book);
    assert_eq!(other_site.status, 403);
    assert_eq!(std::fs::read_to_string(site.data().join("archive/purchases.jsonl")).unwrap(), kept);
    let listed = crate::site::lianmu(site.data()).args(["purchases", "--json"]).output().unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!((&listed["title"], &listed["state"]), (&"三体".into(), &"new".into()));
}
