//! What a reader takes along from a record and from a list of hits: references, files, the basket.

use crate::house::{cookie_of, post};
use crate::samples::{self, FIRST, GONE, HOSTILE, MERGED, UNION};
use crate::site::Site;

#[test]
fn a_record_is_cited_linked_and_read_by_programs() {
    let site = Site::with_samples();
    let id = samples::id(FIRST);
    let page = site.get(&format!("/record/{id}"));
    page.has("GB/T 7714—2025, 2015")
        .has("林巧民 (Ed.). (1990). Java简明教程. 清华大学出版社.")
        .has(&format!("http://{}/record/{id}</a>", site.address()))
        .has("<svg class=\"qr\"")
        .has("书架上的邻居")
        .has("<meta name=\"citation_title\" content=\"Java简明教程\">")
        .has("<link rel=\"unapi-server\"")
        .has("class=\"Z3988\" title=\"ctx_ver=Z39.88-2004&#38;rft_val_fmt");
    let json = page.body.split("application/ld+json\">").nth(1).unwrap().split("</script>").next().unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!((json["@type"].as_str(), json["isbn"].as_str()), (Some("Book"), Some("9787302312345")));
    let shelf = page.body.split("class=\"shelf\"").nth(1).unwrap().split("</ol>").next().unwrap();
    assert_eq!(shelf.matches("aria-current").count(), 1, "{shelf}");
    assert!(shelf.matches("<li>").count() > 3, "{shelf}");
    // A record that wants to do harm says it to nobody.
    let hostile = site.get(&format!("/record/{}", samples::id(HOSTILE)));
    let json =
        hostile.body.split("application/ld+json\">").nth(1).unwrap().split("</script>").next().unwrap();
    assert!(!json.contains('<') && json.contains("\\u003cscript"), "{json}");
}

#[test]
fn a_lenders_own_catalogue_is_linked_where_its_template_fits() {
    let site = Site::with_samples();
    let rows = "code\topac_url\nBJFU\thttps://opac.example.cn/s?i={isbn}&x=\"\nBUPT\thttps://o.example.cn/{control_number}\n";
    std::fs::write(site.data().join("members.tsv"), rows).unwrap();
    let path = format!("/record/{}", samples::id(FIRST));
    site.until("the table is read", |site| site.get(&path).body.contains("opac.example.cn"));
    site.get(&path)
        .has("href=\"https://opac.example.cn/s?i=9787302312345&#38;x=&#34;\"")
        .has("href=\"https://o.example.cn/000001000\"");
    site.get("/libraries/BJFU").has("href=\"https://opac.example.cn/\"");
    // Without an ISBN there is nothing to fill in.
    site.get(&format!("/record/{}", samples::id(FIRST + 1))).lacks("opac.example.cn");
}

#[test]
fn reference_managers_are_answered() {
    let site = Site::with_samples();
    let all = site.get("/unapi");
    assert_eq!((all.status, all.header("content-type")), (200, Some("application/xml")));
    all.has("<format name=\"ris\"");
    let id = samples::id(FIRST);
    let of_one = site.get(&format!("/unapi?id={id}"));
    assert_eq!(of_one.status, 300);
    of_one.has(&format!("<formats id=\"{id}\">"));
    site.get(&format!("/unapi?id={id}&format=ris")).has("TI  - Java简明教程");
    assert_eq!(site.get(&format!("/unapi?id={id}&format=mods")).status, 406);
    assert_eq!(site.get("/unapi?id=zzz&format=ris").status, 404);
    assert_eq!(site.get("/unapi?id=<script>").status, 404);
    assert_eq!(site.get(&format!("/unapi?id={}&format=bibtex", samples::id(MERGED))).status, 200);
}

#[test]
fn a_basket_is_filled_exported_and_emptied() {
    let site = Site::with_samples();
    let (first, union) = (samples::id(FIRST), samples::id(UNION));
    site.get("/basket").has("书单是空的");
    let put = post(
        &site,
        "/basket",
        &[],
        &[("id", &first), ("id", &samples::id(GONE)), ("back", "/search?q=java")],
    );
    assert_eq!((put.status, put.header("location")), (303, Some("/search?q=java")));
    let cookie = cookie_of(&put);
    let with =
        |path: &str, cookie: &str| site.ask("GET", path, &[("Cookie", cookie), ("Accept-Language", "zh")]);
    with("/basket", &cookie).has("Java简明教程").has("有 1 种已不在目录里");
    with("/search?q=Java简明教程", &cookie)
        .has(&format!("value=\"{first}\" form=\"basket\" aria-label=\"选中：Java简明教程\" checked"));
    let more = post(
        &site,
        "/basket",
        &[("Cookie", &cookie)],
        &[("ids", &format!("{union}.{}", samples::id(MERGED)))],
    );
    assert_eq!(more.header("location"), Some("/basket"));
    let cookie = cookie_of(&more);
    let ris = with("/basket/export?format=ris", &cookie);
    assert_eq!(ris.header("content-disposition"), Some("attachment; filename=\"lianmu.ris\""));
    assert_eq!(ris.body.matches("ER  - ").count(), 2, "{}", ris.body);
    assert_eq!(with("/basket/export?format=csl", &cookie).json().as_array().unwrap().len(), 2);
    assert_eq!(with("/basket/export?format=exe", &cookie).status, 400);
    // The samples have no original records.
    assert_eq!(
        with("/basket/export?format=iso2709", &cookie).status,
        with(&format!("/record/{first}/export/iso2709"), "").status
    );
    let out = post(&site, "/basket", &[("Cookie", &cookie)], &[("out", &first), ("back", "//evil.example")]);
    assert_eq!(out.header("location"), Some("/basket"));
    assert!(!cookie_of(&out).contains(&first));
    assert_eq!(cookie_of(&post(&site, "/basket", &[("Cookie", &cookie)], &[("clear", "1")])), "basket=");
}

#[test]
fn a_basket_takes_no_more_than_fits_and_nothing_strange() {
    let site = Site::with_samples();
    let ids: Vec<String> = (0..120).map(samples::id).collect();
    let full = post(&site, "/basket", &[], &[("ids", &ids.join("."))]);
    assert_eq!(full.header("location"), Some("/basket?over=20"));
    assert!(cookie_of(&full).len() < 2_000);
    let strange = post(
        &site,
        "/basket",
        &[],
        &[("id", "<script>alert(1)</script>"), ("ids", "三国.../etc"), ("out", "x")],
    );
    assert_eq!(cookie_of(&strange), "basket=");
    site.ask("GET", "/basket?over=<script>", &[("Cookie", "basket=<script>.\"'.%00")])
        .lacks("<script>alert")
        .lacks("over=<");
    let foreign = [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")];
    assert_eq!(post(&site, "/basket", &foreign, &[("id", &ids[0])]).status, 403);
}
