//! What staff write for readers: pages and notices, who may write what, and that nothing they write does harm.

use crate::house::{House, add_account, cookie_of, made_password, post, sign_in};
use crate::site::Site;

const HARM: &str =
    "<script>alert(1)</script>\n\n[x](javascript:alert(1)) <img src=x onerror=alert(1)> **三国**";

#[test]
fn the_pages_are_there_before_anybody_writes() {
    let site = Site::with_samples();
    for (path, text) in [
        ("/page/guide", "<h1>借阅指南</h1>"),
        ("/page/rules", "互借规则"),
        ("/page/faq", "断网时能检索吗"),
        ("/page/downloads", "书单"),
        ("/page/collections", "特色馆藏"),
        ("/page/about", "关于"),
        ("/notices", "目前没有公告"),
    ] {
        let page = site.get(path);
        assert_eq!(page.status, 200, "{path}");
        page.has(text);
        assert_eq!(page.body.matches("<h1").count(), 1, "{path}");
        site.get("/").has(&format!("href=\"{}\"", path.replace("/notices", "/page/about")));
    }
    site.get("/page/about?lang=en").has("<h1>About</h1>").has("cable out");
    assert_eq!(site.get("/page/nothing").status, 404);
    assert_eq!(site.get("/page/..%2f..%2fetc").status, 404);
}

#[test]
fn an_admin_writes_pages_and_notices() {
    let house = House::new();
    house.get("/staff/pages?slug=rules").has("name=\"zh-Hant\"").has("Each member library decides");
    let write = |slug: &str, text: &str| house.post("/staff/pages", &[("slug", slug), ("en", text)]);
    let written = write("rules", &format!("## Ours\n\n{HARM}"));
    assert_eq!((written.status, written.header("location")), (303, Some("/staff/pages?slug=rules&saved=1")));
    let page = house.get("/page/rules");
    page.has("<h2>Ours</h2>").has("<strong>三国</strong>").has("&lt;script&gt;");
    page.lacks("<script>alert").lacks("<img").lacks("href=\"javascript");
    write("library/BJFU", "Desk: 010-6233 0000");
    house.get("/libraries/BJFU").has("Desk: 010-6233 0000");
    house.get("/libraries/BUPT").lacks("Desk: 010");
    write("rules", "");
    house.get("/page/rules").has("Each member library decides");
    assert_eq!(write("library/NOWHERE", "x").status, 403);
    assert_eq!(write("rules", &"x".repeat(40_000)).status, 422);

    let put = |pairs: &[(&str, &str)]| house.post("/staff/notices", pairs);
    let title = "寒假期间暂停<script>alert(1)</script>";
    assert_eq!(
        put(&[("library", "BUPT"), ("title", title), ("markdown", HARM), ("day", "2026-01-15")]).status,
        303
    );
    for place in ["/", "/login", "/libraries/BUPT", "/notices"] {
        house.get(place).has("寒假期间暂停&#60;script").lacks("<script>alert").lacks("<img src=x");
    }
    house.get("/").has(">01-15</time>").has("北京邮电大学图书馆</span> <a href=\"/notices#n1\"");
    house.get("/libraries/BJFU").lacks("寒假期间");
    put(&[("title", "to come"), ("day", "2999-01-01")]);
    put(&[("title", "gone by"), ("day", "2020-01-01"), ("until", "2020-01-02")]);
    house.get("/notices").lacks("to come").lacks("gone by");
    for wrong in [
        &[("title", "")][..],
        &[("title", "x"), ("day", "1.1.2026")],
        &[("title", "x"), ("until", "2026-02-30")],
        &[("title", "x"), ("library", "NOWHERE")],
        &[("remove", "x")],
    ] {
        assert_eq!(put(wrong).status, 422, "{wrong:?}");
    }
    put(&[("title", &"长".repeat(121))]).has("too long");
    assert_eq!(put(&[("remove", "1")]).status, 303);
    house.get("/notices").lacks("寒假期间");
}

#[test]
fn staff_speak_for_their_own_library() {
    let house = House::new();
    let site = &house.site;
    let account = |barcode: &str, role: &str| {
        let password = made_password(&mut add_account(site.data(), barcode, "李红", role));
        cookie_of(&sign_in(site, barcode, &password))
    };
    let staff = account("0002", "staff");
    let put =
        |cookie: &str, pairs: &[(&str, &str)]| post(site, "/staff/notices", &[("Cookie", cookie)], pairs);
    assert_eq!(put(&staff, &[("title", "ours"), ("library", "BJFU")]).status, 303);
    assert_eq!(put(&staff, &[("title", "theirs"), ("library", "BUPT")]).status, 422);
    assert_eq!(put(&staff, &[("title", "everybody's")]).status, 422);
    house.post("/staff/notices", &[("title", "of the consortium")]);
    put(&staff, &[("remove", "2")]);
    site.get("/notices").has("ours").has("of the consortium").lacks("theirs");
    let write =
        |slug: &str| post(site, "/staff/pages", &[("Cookie", &staff)], &[("slug", slug), ("en", "x")]);
    assert_eq!(
        (write("library/BJFU").status, write("library/BUPT").status, write("about").status),
        (303, 403, 403)
    );
    let seen = site.ask("GET", "/staff/pages?slug=about", &[("Cookie", &staff)]);
    assert_eq!(seen.status, 403);
    // A reader and nobody at all.
    let reader = account("0003", "reader");
    assert_eq!(put(&reader, &[("title", "x"), ("library", "BJFU")]).status, 403);
    let nobody = site.get("/staff/notices");
    assert!(nobody.header("location").unwrap().starts_with("/login?next="), "{}", nobody.status);
    assert_eq!(site.get("/staff").status, 303);
}
