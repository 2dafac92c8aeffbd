//! What the pages of admins do.

use crate::house::{House, export, record};

#[test]
fn a_source_runs_pauses_and_goes_on() {
    let house = House::new();
    std::fs::write(house.site.data().join("exports/a.mrk"), export(30)).unwrap();
    let page = house.get("/admin/sources");
    let id =
        page.body.split("name=\"source\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    house.done("/admin/sources", &[("source", &id), ("act", "run")]).has("1 source has run, 1 of them well");
    house.get("/admin/sources").has("state-ok\">ok<");
    assert_eq!(house.post("/admin/sources", &[("source", &id), ("act", "pause")]).status, 303);
    house.get("/admin/sources").has("state-paused\">paused<").has("value=\"resume\"");
    house.get("/admin").has("paused");
    assert_eq!(house.post("/admin/sources", &[("source", &id), ("act", "resume")]).status, 303);
    house.get("/admin/sources").has("state-ok\">ok<");
    assert_eq!(house.post("/admin/sources", &[("source", "none"), ("act", "run")]).status, 404);
    assert_eq!(house.post("/admin/sources", &[("source", &id), ("act", "explode")]).status, 404);
    let run = house.newest_run();
    house.get(&format!("/admin/runs/{run}")).has("a.mrk").has("<dd class=\"num\">30</dd>");
}

#[test]
fn an_uploaded_file_is_imported_and_gone_and_can_be_undone() {
    let house = House::new();
    let answer = house.upload("full", "../../北林.mrk", export(40).as_bytes());
    assert_eq!(answer.status, 303, "{}", answer.body);
    let place = answer.header("location").unwrap().to_owned();
    house.site.until("the import ends", |_| !house.get(&place).body.contains("data-again"));
    house.get(&place).has("Done, with this outcome: ok");
    let inbox = house.site.data().join("inbox/BJFU/upload");
    assert_eq!(std::fs::read_dir(inbox).unwrap().count(), 0, "nothing is left behind");
    assert!(!house.site.data().join("北林.mrk").exists());
    let run = house.newest_run();
    let path = format!("/admin/runs/{run}");
    house.get(&path).has("北林.mrk").has("value=\"undo\"").lacks("value=\"release\"");
    house.done(&path, &[("act", "undo")]).has("Undone");
    house.get(&path).has("Undone by").lacks("value=\"undo\"");
    assert_eq!(house.post(&path, &[("act", "undo")]).status, 409, "twice is told");

    for (mode, name, bytes) in [("full", "a.mrk", &b""[..]), ("full", "", b"")] {
        assert_eq!(house.upload(mode, name, bytes).status, 409, "an empty file");
    }
    let broken = [
        ("Content-Type", "multipart/form-data; boundary=XX"),
        ("Content-Length", "20"),
        ("Cookie", house.cookie.as_str()),
    ];
    let answer = house.site.send("POST", "/admin/libraries/BJFU/upload", &broken, b"--XX\r\nContent-Dispos");
    assert!(answer.status >= 400, "{}", answer.status);
    assert_eq!(house.get("/admin/libraries/NOWHERE").status, 404);
}

#[test]
fn what_the_gate_holds_is_released_or_discarded_by_a_button() {
    let house = House::new();
    let upload = |n_records: u32| {
        let answer = house.upload("full", "a.mrk", export(n_records).as_bytes());
        let place = answer.header("location").unwrap().to_owned();
        house.site.until("the import ends", |_| !house.get(&place).body.contains("data-again"));
        house.newest_run()
    };
    upload(60);
    let held = upload(25);
    let path = format!("/admin/runs/{held}");
    house
        .get(&path)
        .has("state-held")
        .has("value=\"release\"")
        .has("value=\"discard\"")
        .lacks("value=\"undo\"");
    house.get("/admin").has(&held);
    house.done(&path, &[("act", "discard")]).has("Discarded");
    house.get(&path).has("It was discarded").lacks("value=\"release\"");
    assert_eq!(house.post(&path, &[("act", "release")]).status, 409);

    let held = upload(24);
    let path = format!("/admin/runs/{held}");
    house.done(&path, &[("act", "release")]).has("Done, with this outcome: ok");
    house.get(&path).has("It was released and became");
    house.get("/admin/libraries").has("<td class=\"num\">24</td>");
}

#[test]
fn progress_is_told_without_and_with_a_script() {
    let house = House::new();
    house.upload("full", "a.mrk", export(3).as_bytes());
    house.site.until("a run is there", |_| house.get("/admin/runs").body.contains("state-ok"));
    let run = house.newest_run();
    let events = house.get(&format!("/admin/runs/{run}/events"));
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    events.has("data: {").has("\"ended\":true").has("\"phase\":\"Ended\"");
    house.get(&format!("/admin/runs/{run}")).lacks("http-equiv=\"refresh\"");
    assert_eq!(house.get("/admin/runs/20200101T000000Z-XXXX").status, 404);
}

#[test]
fn a_guessed_profile_is_unconfirmed_until_a_person_confirms_it() {
    let house = House::new();
    house.upload("full", "a.mrk", export(40).as_bytes());
    house.site.until("the profile is guessed", |_| {
        house.get("/admin/libraries").body.contains("guessed, unconfirmed")
    });
    let page = house.get("/admin/libraries/BJFU");
    page.has("guessed, unconfirmed").has("$dTP312$e").has("TP312 · 1 copy");
    house.get("/admin/libraries/BJFU?profile=cnmarc-905-group").has("is being tried");

    let fields = [
        ("columns", "1"),
        ("name", "own"),
        ("tag.0", "905"),
        ("joint.0", ":"),
        ("location.0", "a"),
        ("class.0", "d"),
        ("book-number.0", "e"),
    ];
    let with = |act: &'static str| fields.iter().copied().chain([("act", act)]).collect::<Vec<_>>();
    let tried = house.post("/admin/libraries/BJFU", &with("preview"));
    assert_eq!(tried.status, 200);
    tried.has("is being tried").has("TP312:");
    house.get("/admin/libraries/BJFU").lacks("TP312:");
    let wrong = [("columns", "1"), ("tag.0", "90"), ("class.0", "dd"), ("act", "confirm")];
    house.post("/admin/libraries/BJFU", &wrong).has("is no tag").has("named twice");
    assert_eq!(house.post("/admin/libraries/BJFU", &[("act", "guess")]).status, 200);

    house.done("/admin/libraries/BJFU", &with("confirm")).has("is confirmed");
    house.get("/admin/libraries/BJFU").lacks("guessed, unconfirmed").has("TP312:");
    house.site.until("the catalogue says it", |site| {
        site.get("/api/v1/search?q=%E7%AC%AC").body.contains("TP312:")
    });
}

#[test]
fn the_quality_report_names_the_librarys_own_records() {
    let house = House::new();
    let text = export(30) + &record(77, "978-7-02-000872-1").replace("第77种书", "@SUM(A1)");
    house.upload("full", "a.mrk", text.as_bytes());
    house
        .site
        .until("the report is made", |_| house.get("/admin/quality/BJFU").body.contains("Impossible ISBN"));
    let page = house.get("/admin/quality/BJFU?kind=isbn");
    page.has("<td class=\"mono small\" dir=\"auto\">77</td>")
        .has("978-7-02-000872-1")
        .has("31 records were looked at");
    let csv = house.get("/admin/quality/BJFU/csv");
    assert!(csv.body.starts_with('\u{feff}'), "{}", csv.body);
    assert!(
        csv.header("content-disposition").unwrap().contains("quality-BJFU-"),
        "{:?}",
        csv.header("content-disposition")
    );
    csv.has("\"77\",\"'@SUM(A1)\"");
    for line in csv.body.trim_start_matches('\u{feff}').lines() {
        for cell in line.split("\",\"") {
            assert!(!cell.trim_start_matches('"').starts_with(['=', '+', '-', '@']), "{line}");
        }
    }
    house.upload("delta", "b.mrk", record(77, "978-7-02-000872-8").as_bytes());
    house
        .site
        .until("the trend has two nights", |_| house.get("/admin/quality/BJFU").body.contains("<polyline"));
    house.get("/admin/quality/BJFU?kind=isbn").has("No fault was found");
}

#[test]
fn pages_that_only_show() {
    let house = House::new();
    house.get("/admin/users").has("王芳").has("administrator").lacks("argon2");
    house.get("/admin/settings").has("server.tls").has("&#34;off&#34;").lacks("exports");
    house.get("/admin/generations").has("lianmu build");
    house.get("/admin/runs?library=BJFU&page=99").has("no run");
    assert_eq!(house.get("/admin/runs?page=nonsense").status, 200);
    assert_eq!(house.get("/admin/quality/BJFU?kind=x&page=-1").status, 200);
}

#[test]
fn rules_of_lenders_are_changed_and_put_back() {
    let house = House::new();
    house.get("/admin/rules").has("<h1>Lending rules</h1>").has("no withdrawal by readers once sent");
    let form = house.get("/admin/rules?library=PKU");
    form.has("name=\"loan_days\" inputmode=\"numeric\" value=\"30\"");
    let rules = [
        ("no_direct_form", "1"),
        ("cancel_minutes", "30"),
        ("loan_days", "45"),
        ("renewals", "0"),
        ("monthly_quota", "7"),
        ("fee", "2.5"),
        ("free_until", "2026-12-31"),
    ];
    let saved = house.post("/admin/rules?library=PKU", &rules);
    assert_eq!((saved.status, saved.header("location")), (303, Some("/admin/rules?library=PKU&saved=1")));
    house
        .get("/admin/rules?library=PKU")
        .has("value=\"45\"")
        .has("value=\"2.50\"")
        .has("own rules")
        .has("2026-12-31");
    house.get("/staff/audit").has("Changed rules").has("PKU");
    for (name, wrong) in [("loan_days", "0"), ("renewals", "-1"), ("fee", "1,5"), ("free_until", "soon")] {
        let typed: Vec<_> =
            rules.iter().filter(|(n, _)| *n != name).copied().chain([(name, wrong)]).collect();
        assert_eq!(house.post("/admin/rules?library=PKU", &typed).status, 422, "{name}={wrong}");
    }
    assert_eq!(house.post("/admin/rules?library=NOWHERE", &rules).status, 404);
    assert_eq!(house.post("/admin/rules?library=PKU", &[("act", "usual")]).status, 303);
    house.get("/admin/rules?library=PKU").has("value=\"30\"").lacks("own rules");
}
