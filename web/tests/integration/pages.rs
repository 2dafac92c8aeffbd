//! What readers see, page by page.

use crate::samples::{self, EVERYWHERE, FIRST, HOSTILE, SECOND_EDITION, UNION};
use crate::site::Site;

#[test]
fn home_offers_every_library_and_remembers_the_choice() {
    let site = Site::with_samples();
    let home = site.get("/");
    assert_eq!(home.status, 200);
    home.has("<html lang=\"zh-Hans\">")
        .has("一次查遍 46 所图书馆")
        .has("您还没有选择：查全部 46 馆")
        .has("name=\"group\" value=\"工科类\"")
        .has("name=\"library\" value=\"BUPT\"")
        .has("一次最多选 10 馆")
        .has("数据截至 2026-11-20 至 2026-11-22")
        .has("本机属于北京林业大学图书馆");
    let found = site.get("/search?q=java&field=title&library=BJFU&library=BUPT");
    let cookies: Vec<&str> =
        found.headers.iter().filter(|(n, _)| n == "set-cookie").map(|(_, v)| v.as_str()).collect();
    assert!(cookies.iter().any(|c| c.starts_with("field=title;")), "{cookies:?}");
    let libraries = cookies.iter().find(|c| c.starts_with("libraries=")).unwrap();
    let cookie = format!("field=title; {}", libraries.split(';').next().unwrap());
    site.ask("GET", "/", &[("Cookie", &cookie), ("Accept-Language", "zh")])
        .has("<option value=\"title\" selected>")
        .has("name=\"library\" value=\"BUPT\" checked")
        .has("已选 2 馆：")
        .has("value=\"SHL\">");
    site.ask("GET", "/?clear=1", &[("Cookie", &cookie), ("Accept-Language", "zh")]).has("您还没有选择");
}

#[test]
fn the_filter_works_without_a_script_and_keeps_what_is_chosen() {
    let site = Site::with_samples();
    site.get("/?q=java&library=NLC&filter=bjyddx")
        .has("value=\"java\"")
        .has("value=\"BUPT\">")
        .has("name=\"library\" value=\"NLC\" checked")
        .lacks("value=\"SHL\"");
    site.get("/?filter=xyz").has("没有成员馆符合“xyz”。");
}

#[test]
fn results_have_counts_cards_facets_and_pages() {
    let site = Site::with_samples();
    let page = site.get("/search?q=java");
    assert_eq!(page.status, 200);
    page.has("共 45 种")
        .has("第 1 页，共 3 页")
        .has("北京林业大学</span> <b>45</b>")
        .has("<mark>Java</mark>")
        .has("林巧民主编 · 清华大学出版社")
        .has("class=\"spine\" dir=\"ltr\">TP312JA/")
        .has("北京林业大学图书馆 2 册")
        .has("另有 1 馆 2 册")
        .has("name=\"type\" value=\"book-chi\"")
        .has("T 工业技术")
        .has("<svg class=\"years\"")
        .has("rel=\"next\"")
        .has("name=\"page\"");
    site.get("/search?q=java&page=3").has("aria-current=\"page\">3</a>").lacks("rel=\"next\"");
    let past = site.get("/search?q=java&page=400");
    assert_eq!(past.status, 200);
    past.has("这一页之后没有结果了");
}

#[test]
fn a_click_on_a_library_shows_its_list_and_keeps_the_counts() {
    let site = Site::with_samples();
    site.get("/search?q=三国演义&library=NLC&library=BJFU").has("only=NLC").has("共 1 种");
    let only = site.get("/search?q=java&library=BJFU&library=NLC&only=BJFU");
    only.has("only=BJFU\" aria-current=\"true\"").has("国家图书馆</span> <b>0</b>");
}

#[test]
fn the_limit_of_libraries_keeps_the_first_and_names_the_rest() {
    let site = Site::with_samples();
    let page = site.get("/search?q=java&group=工科类");
    assert_eq!(page.status, 200);
    page.has("一次最多检索 10 馆，这次没有检索：").has("北京石油化工学院图书馆");
    site.get("/search?q=java&library=NOWHERE").has("没有代码为“NOWHERE”的成员馆，已略过。");
}

#[test]
fn nothing_found_leads_on() {
    let site = Site::with_samples();
    let page = site.get("/search?q=不存在的书名啊&library=BJFU&type=map&field=title");
    assert_eq!(page.status, 200);
    page.has("没有找到“不存在的书名啊”").has("在全部成员馆中检索").has("取消全部筛选").has("/help");
}

#[test]
fn a_record_says_who_has_it() {
    let site = Site::with_samples();
    let id = samples::id(FIRST);
    let page = site.get(&format!("/record/{id}"));
    assert_eq!(page.status, 200);
    page.has("<h1 dir=\"auto\" lang=\"zh\">Java简明教程</h1>")
        .has("978")
        .has("由浅入深地介绍 Java 语言。")
        .has("2 馆，4 册")
        .has("<b class=\"tag\">本馆</b>")
        .has("不外借：阅览室")
        .has("2026-11-20")
        .has("林巧民. Java简明教程[M]. 北京: 清华大学出版社, 2013.".split("2013").next().unwrap())
        .has(&format!("/record/{id}/export/ris"));
    let body = &page.body;
    assert!(body.find("北京林业大学图书馆</a>").unwrap() < body.find("北京邮电大学图书馆</a>").unwrap());
    site.get(&format!("/record/{id}?view=marc")).has("这台机器没有保存原始记录。");
}

#[test]
fn what_was_asked_for_is_marked_on_the_record_too() {
    let site = Site::with_samples();
    let id = samples::id(FIRST);
    site.get("/search?q=java+簡明").has(&format!("/record/{id}?q=java+"));
    site.get(&format!("/record/{id}?q=簡明")).has(">Java<mark>简明</mark>教程</h1>");
    site.get(&format!("/record/{id}?q=清華&field=publisher")).has("<mark>清华</mark>大学出版社");
    site.get(&format!("/record/{id}?q=jianmingjiaocheng")).has("<mark>简明教程</mark>");
    site.get(&format!("/record/{id}")).lacks("<mark>");
}

#[test]
fn who_goes_back_to_choose_sees_what_each_library_and_group_would_give() {
    let site = Site::with_samples();
    site.get("/").lacks("<b class=\"num\">");
    let page = site.get("/?q=java");
    let hits = site.get("/api/v1/search?q=java&library=BJFU").json()["total"].to_string();
    page.has(&format!("北京林业大学图书馆</span><span class=\"num\"><b>{hits}</b>"));
    page.has("<b class=\"num\">");
}

#[test]
fn a_union_says_so_and_can_be_seen_apart() {
    let site = Site::with_samples();
    let id = samples::id(UNION);
    let page = site.get(&format!("/record/{id}"));
    page.has("3 条记录，6 册，3 馆，依据 ISBN + 题名 + 年")
        .has(&format!("href=\"/record/{id}?view=members#members\""))
        .has("其他版本")
        .has(&format!("href=\"/record/{}\"", samples::id(SECOND_EDITION)))
        .has("第2版，2016，清华大学出版社")
        .has("· 1 馆 · ISBN 不同")
        .lacks("id=\"members\"");
    let apart = site.get(&format!("/record/{id}?view=members"));
    apart
        .has("<section id=\"members\"")
        .has("各馆自己的记录")
        .has("这台机器没有保存原始记录。")
        .has("library=BUPT#marc")
        .has("北京林业大学图书馆 — 北京邮电大学图书馆：ISBN + 题名 + 年");
    let marc = site.get(&format!("/record/{id}?view=marc&library=BUPT"));
    marc.has("北京邮电大学图书馆的记录").lacks("国家图书馆的记录").has("只看一馆的 MARC：");
    // A book of one library is no union.
    site.get(&format!("/record/{}", samples::id(1))).lacks("view=members").lacks("其他版本");
}

#[test]
fn a_book_that_everybody_has_stays_light() {
    let site = Site::with_samples();
    let id = samples::id(EVERYWHERE);
    let hit = site.get("/search?q=鲁迅全集");
    hit.has("北京林业大学图书馆 2 册").has("另有 45 馆 90 册");
    let card = hit.body.split("class=\"hit ").nth(1).unwrap().split("</li>").next().unwrap();
    assert!(card.len() < 1800, "{} bytes: {card}", card.len());
    assert!(hit.body.len() < 40_000, "{}", hit.body.len());
    let page = site.get(&format!("/record/{id}"));
    assert!(page.body.len() < 60_000, "{}", page.body.len());
    page.has("46 条记录，92 册，46 馆");
    let apart = site.get(&format!("/record/{id}?view=members&view=marc"));
    assert!(apart.body.len() < 150_000, "{}", apart.body.len());
}

#[test]
fn unknown_addresses_lead_on() {
    let site = Site::with_samples();
    for path in
        ["/record/zzzzzzzzzzzzz", "/record/三国", "/libraries/NOWHERE", "/nowhere", "/record/x/export/pdf"]
    {
        let page = site.get(path);
        assert!([404, 400].contains(&page.status), "{path}: {}", page.status);
        page.has("<html lang=\"zh-Hans\">").has("href=\"/help\"");
    }
    site.get("/search?q=x&sort=random").has("参数 sort 的值“random”不对");
}

#[test]
fn libraries_and_help_are_there() {
    let site = Site::with_samples();
    site.get("/libraries").has("北京邮电大学图书馆").has("尚无数据").has("2026-11-22");
    site.get("/libraries?q=bjyddx").has("找到 1 馆").lacks("上海图书馆");
    site.get("/libraries/BJFU").has("检索北京林业大学图书馆的馆藏").has("/search?library=BJFU");
    site.get("/help").has("拼音和首字母").has("title:三国演义");
}

#[test]
fn three_languages_by_address_cookie_and_browser() {
    let site = Site::with_samples();
    let english = site.get("/search?q=java&lang=en");
    english.has("<html lang=\"en\">").has("45 found").has("page 1 of 3");
    assert!(english.headers.iter().any(|(n, v)| n == "set-cookie" && v.starts_with("lang=en;")));
    site.ask("GET", "/help", &[("Accept-Language", "zh-TW,en;q=0.5")])
        .has("<html lang=\"zh-Hant\">")
        .has("滑鼠");
    site.ask("GET", "/", &[("Cookie", "lang=en"), ("Accept-Language", "zh")]).has("all 46 are searched");
}

#[test]
fn without_a_generation_the_pages_say_what_to_do() {
    let site = Site::empty();
    site.get("/").has("目录还没有建立").has("lianmu import").has("name=\"library\" value=\"BUPT\"");
    let page = site.get("/search?q=java");
    assert_eq!(page.status, 503);
    assert!(page.header("retry-after").is_some());
    page.has("lianmu build");
    assert_eq!(site.get("/readyz").status, 503);
    assert_eq!(site.get("/healthz").status, 200);
    samples::build(site.data());
    site.until("the new generation is open", |site| site.get("/readyz").status == 200);
    site.get("/search?q=java").has("共 45 种");
}

#[test]
fn harmful_records_are_shown_as_text() {
    let site = Site::with_samples();
    for path in [
        "/search?q=害书".to_owned(),
        format!("/record/{}", samples::id(HOSTILE)),
        "/search?q=<script>alert(1)</script>".to_owned(),
        "/?q=\"><script>alert(1)</script>&filter=<script>alert(1)</script>".to_owned(),
        "/libraries?q=<script>alert(1)</script>".to_owned(),
        "/record/<script>alert(1)</script>".to_owned(),
        "/search?q=x&sort=<script>alert(1)</script>&library=<script>".to_owned(),
    ] {
        let page = site.get(&path);
        page.lacks("<script>alert").lacks("<img src=x").lacks("href=\"javascript:");
        // On a record there is what search engines read, too.
        let ours = if page.status == 200 && path.starts_with("/record/") { 2 } else { 1 };
        assert_eq!(page.body.matches("<script").count(), ours, "{path}: none but ours");
        assert!(!page.body.contains(" style="), "{path}: the policy forbids inline styles");
    }
}
