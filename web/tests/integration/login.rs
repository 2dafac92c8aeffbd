//! Signing in: who gets in, for how long, and who does not.

use crate::house::{House, PASSWORD, add_account, cookie_of, made_password, post, sign_in};
use crate::site::lianmu;

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
