//! Signing in: who gets in, for how long, and who does not.

use crate::house::{House, PASSWORD, add_account, cookie_of, made_password, post, sign_in, sign_in_at};
use crate::site::{Site, lianmu};

#[test]
fn nobody_gets_in_without_signing_in() {
    let house = House::new();
    for path in [
        "/admin",
        "/admin/sources",
        "/admin/runs",
        "/admin/runs/x",
        "/admin/runs/x/events",
        "/admin/libraries",
        "/admin/libraries/BJFU",
        "/admin/quality/BJFU",
        "/admin/quality/BJFU/csv",
        "/admin/generations",
        "/admin/users",
        "/admin/settings",
        "/admin/purchases",
        "/admin/queue",
    ] {
        let answer = house.site.get(path);
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").unwrap().starts_with("/login?next="), "{path}");
        assert_eq!(answer.header("x-robots-tag"), Some("noindex"), "{path}");
    }
    for path in ["/admin/sources", "/admin/runs/x", "/admin/libraries/BJFU", "/admin/libraries/BJFU/upload"] {
        let answer = post(&house.site, path, &[], &[("act", "run"), ("source", "x")]);
        assert!(matches!(answer.status, 303 | 400 | 415), "{path}: {}", answer.status);
        assert!(answer.header("location").is_none_or(|to| to.starts_with("/login")), "{path}");
    }
    let forged = format!("session={}", "0".repeat(64));
    assert_eq!(house.site.ask("GET", "/admin", &[("Cookie", &forged)]).status, 303);
}

#[test]
fn a_session_begins_and_ends() {
    let house = House::new();
    assert_eq!(house.get("/admin").status, 200);
    let again = sign_in(&house.site, "0001", PASSWORD);
    assert_ne!(cookie_of(&again), house.cookie, "each login has an id of its own");
    let value = again.header("set-cookie").unwrap();
    assert!(
        value.contains("HttpOnly") && value.contains("SameSite=Lax") && !value.contains("Secure"),
        "{value}"
    );
    assert_eq!(house.post("/logout", &[]).header("location"), Some("/login"));
    assert_eq!(house.get("/admin").status, 303, "the session is gone, not only its cookie");
}

#[test]
fn a_wrong_password_is_told_and_then_waits_while_search_goes_on() {
    let house = House::new();
    let wrong = sign_in(&house.site, "0001", "不是这个密码不是这个");
    assert_eq!(wrong.status, 422);
    wrong.has("证号与密码不相符");
    assert_eq!(sign_in(&house.site, "9999", PASSWORD).status, 422, "no such account sounds the same");
    for _ in 0..4 {
        assert_eq!(sign_in(&house.site, "0001", "不是这个密码不是这个").status, 422);
    }
    let waiting = sign_in(&house.site, "0001", PASSWORD);
    assert_eq!(waiting.status, 429, "the sixth try waits, right or wrong");
    let seconds: u64 = waiting.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds));
    assert_ne!(house.site.get("/libraries").status, 429);
    assert_eq!(house.get("/admin").status, 200, "who is in stays in");
    std::thread::sleep(std::time::Duration::from_millis(1100 * seconds));
    assert_eq!(sign_in(&house.site, "0001", PASSWORD).status, 303, "a delay is no lock");
}

#[test]
fn a_form_of_another_site_does_nothing() {
    let house = House::new();
    for headers in [
        [("Cookie", house.cookie.as_str()), ("Sec-Fetch-Site", "cross-site")],
        [("Cookie", house.cookie.as_str()), ("Origin", "http://evil.example")],
        [("Cookie", house.cookie.as_str()), ("Origin", "null")],
    ] {
        assert_eq!(post(&house.site, "/logout", &headers, &[]).status, 403, "{headers:?}");
    }
    assert_eq!(house.get("/admin").status, 200);
    let own = format!("http://{}", house.site.address());
    assert_eq!(post(&house.site, "/logout", &[("Origin", own.as_str())], &[]).status, 303);
}

#[test]
fn a_token_opens_the_pages_for_programs() {
    let house = House::new();
    let made = lianmu(house.site.data()).args(["user", "token", "0001"]).output().unwrap();
    let said = String::from_utf8(made.stdout).unwrap();
    let token = format!("Bearer {}", said.split_whitespace().last().unwrap());
    assert_eq!(house.site.ask("GET", "/admin/quality/BJFU/csv", &[("Authorization", &token)]).status, 200);
    let wrong = format!("Bearer {}", "0".repeat(64));
    assert_eq!(house.site.ask("GET", "/admin", &[("Authorization", &wrong)]).status, 401);
}

#[test]
fn a_person_who_only_works_here_does_not_run_the_machine() {
    let house = House::new();
    let password = made_password(&mut add_account(house.site.data(), "2", "李强", "staff"));
    let answer = sign_in(&house.site, "2", &password);
    let cookie = cookie_of(&answer);
    assert_eq!(house.site.ask("GET", "/admin", &[("Cookie", &cookie)]).status, 403);
    let twice = add_account(house.site.data(), "2", "x", "admin").output().unwrap();
    assert_eq!(twice.status.code(), Some(1), "a barcode is unique within its library");
}

#[test]
fn wrong_passwords_are_remembered_by_the_next_process() {
    let mut house = House::new();
    for _ in 0..6 {
        sign_in(&house.site, "0001", "不是这个密码不是这个");
    }
    house.site = house.site.killed_and_started_again();
    house.site.until("the delay", |site| sign_in(site, "0001", "不是这个密码不是这个").status == 429);
}

#[test]
fn whoever_is_signed_in_sees_where_and_signs_out_everywhere() {
    let house = House::new();
    let other = sign_in(&house.site, "0001", PASSWORD);
    let page = house.get("/login");
    page.has("Where you are signed in").has("127.0.0.1").has("this browser");
    assert_eq!(page.body.matches("<td class=\"day\">").count(), 4, "two sessions");
    assert_eq!(house.post("/logout/everywhere", &[]).status, 303);
    assert_eq!(house.get("/admin").status, 303, "this one has ended");
    let cookie = cookie_of(&other);
    assert_eq!(house.site.ask("GET", "/admin", &[("Cookie", &cookie)]).status, 303, "the other one too");
}

#[test]
fn staff_decide_on_the_wishes_for_their_own_library() {
    let house = House::new();
    let own = format!("http://{}", house.site.address());
    for (title, library) in [("三体", "BJFU"), ("球状闪电", "BUPT")] {
        let sent =
            post(&house.site, "/purchase", &[("Origin", &own)], &[("title", title), ("library", library)]);
        assert_eq!(sent.status, 303);
    }
    let password = made_password(&mut add_account(house.site.data(), "0007", "李明", "staff"));
    let signed_in = sign_in(&house.site, "0007", &password);
    assert_eq!(signed_in.header("location"), Some("/staff"));
    let cookie = cookie_of(&signed_in);
    let staff =
        |path: &str| house.site.ask("GET", path, &[("Cookie", &cookie), ("Accept-Language", "zh-CN")]);
    assert_eq!(staff("/admin/runs").status, 403, "staff run no machine");
    let page = staff("/admin/purchases");
    page.has("三体").lacks("球状闪电").lacks("/admin/users");
    let all = house.get("/admin/purchases");
    all.has("三体").has("球状闪电");
    let key_of = |page: &str, title: &str| {
        let row = page.split("<tr>").find(|row| row.contains(title)).unwrap();
        row.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let decide = |title: &str| {
        let key = key_of(&all.body, title);
        post(&house.site, "/admin/purchases", &[("Cookie", &cookie)], &[("key", &key), ("state", "ordered")])
    };
    assert_eq!(decide("三体").status, 303);
    staff("/admin/purchases?state=ordered").has("三体").has("李明").has("已订购");
    staff("/admin/purchases?state=new").lacks("三体");
    assert_eq!(decide("球状闪电").status, 404, "another library's wish");
    let listed = lianmu(house.site.data()).args(["purchases", "--json"]).output().unwrap();
    assert!(String::from_utf8_lossy(&listed.stdout).contains("\"state\":\"ordered\""), "{listed:?}");
}

#[test]
fn the_demo_says_who_may_sign_in_also_after_a_kill() {
    let password_in = |said: &str| {
        let said = said.split_once("password of each: ").expect(said).1;
        said.lines().next().unwrap().to_owned()
    };
    let (site, said) = Site::demo(tempfile::tempdir().unwrap(), "300");
    let password = password_in(&said);
    let people = [("BJFU", "reader"), ("BJFU", "staff"), ("PKU", "staff"), ("BJFU", "admin")];
    for (library, barcode) in people {
        let answer = sign_in_at(&site, library, barcode, &password);
        assert_eq!(answer.status, 303, "{library} {barcode}");
    }
    assert_ne!(sign_in_at(&site, "BJFU", "admin", "lianmu").status, 303);
    // The house is lived in.
    let seen = |library, barcode, path| {
        let cookie = cookie_of(&sign_in_at(&site, library, barcode, &password));
        site.ask("GET", path, &[("Cookie", cookie.as_str()), ("Accept-Language", "zh-CN")])
    };
    seen("BJFU", "reader", "/me")
        .has("林小雨")
        .has("北京林业大学图书馆 馆际互借处 010-5550-")
        .has("state-on_loan");
    seen("BJFU", "staff", "/staff/readers").has("陆知夏");
    seen("PKU", "staff", "/staff/lending").has("class=\"tag state-");
    site.get("/").has("馆际互借处周三下午闭馆学习");

    let (site, said) = Site::demo(site.killed(), "300");
    assert_eq!(password_in(&said), password);
    assert_eq!(sign_in_at(&site, "BJFU", "admin", &password).status, 303);
}
