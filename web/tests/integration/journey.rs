//! The whole way, offline: an export file is imported, built, served, found, opened, and given back.

use serde_json::{Value, json};

use crate::machines::{Machine, enrol, reader, until};
use crate::site::{Site, lianmu};

/// A CNMARC record in ISO 2709, lengths and directory computed here: not by the code under test.
fn cnmarc(number: &str, title: &str, author: &str) -> Vec<u8> {
    let fields = [
        ("001", number.to_owned()),
        ("100", "  \u{1f}a20130101d2013    em y0chiy50      ea".to_owned()),
        ("101", "0 \u{1f}achi".to_owned()),
        ("200", format!("1 \u{1f}a{title}\u{1f}f{author}主编")),
        ("210", "  \u{1f}a北京\u{1f}c清华大学出版社\u{1f}d2013".to_owned()),
        ("606", "0 \u{1f}aJAVA语言\u{1f}x程序设计".to_owned()),
        ("690", "  \u{1f}aTP312JA\u{1f}v5".to_owned()),
        ("701", format!(" 0\u{1f}a{author}\u{1f}4主编")),
        ("905", "  \u{1f}aBJFU\u{1f}b10001234567\u{1f}dTP312JA\u{1f}e8.5C".to_owned()),
    ];
    let mut directory = String::new();
    let mut data = Vec::new();
    for (tag, value) in fields {
        directory += &format!("{tag}{:04}{:05}", value.len() + 1, data.len());
        data.extend_from_slice(value.as_bytes());
        data.push(0x1e);
    }
    let base = 24 + directory.len() + 1;
    let mut record = format!("{:05}nam0 22{base:05}   450 ", base + data.len() + 1).into_bytes();
    record.extend_from_slice(directory.as_bytes());
    record.push(0x1e);
    record.extend(data);
    record.push(0x1d);
    record
}

#[test]
fn from_a_file_to_a_reader() {
    let data = tempfile::tempdir().unwrap();
    let export = data.path().join("export.mrc");
    let first = cnmarc("012013000001", "Java简明教程", "林巧民");
    let mut bytes = first.clone();
    bytes.extend(cnmarc("012013000002", "三国演义导读", "罗本"));
    std::fs::write(&export, bytes).unwrap();
    let run = |args: &[&str]| {
        let output = lianmu(data.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["import", "--library", "BJFU", export.to_str().unwrap()]);
    run(&["build"]);
    let found: serde_json::Value = serde_json::from_str(&run(&["search", "sgyy", "--json"])).unwrap();
    assert_eq!(found["records"][0]["title"], "三国演义导读", "{found}");

    let site = Site::over(data, "library = \"BJFU\"\n");
    let found = site.get("/api/v1/search?q=java&field=title").json();
    assert_eq!(found["total"], 1, "{found}");
    assert_eq!(found["records"][0]["holdings"][0]["call_number"], "TP312JA/8.5C", "{found}");
    let id = found["records"][0]["id"].as_str().unwrap().to_owned();
    site.get("/search?q=java").has(&format!("/record/{id}")).has("TP312JA/8.5C");
    site.get(&format!("/record/{id}?view=marc"))
        .has("Java简明教程</h1>")
        .has("题名与责任者")
        .has("林巧民主编")
        .has("北京林业大学图书馆的记录");
    // The original comes back as it was received.
    assert_eq!(site.get(&format!("/record/{id}/export/iso2709")).body.as_bytes(), first);
    site.get(&format!("/record/{id}/export/marcxml")).has("<subfield code=\"a\">Java简明教程</subfield>");
}

/// The same, and on: a reader of another library asks for the book, and its library has the request.
#[test]
fn from_a_file_to_a_request_at_its_lender() {
    let built = tempfile::tempdir().unwrap();
    let export = built.path().join("export.mrc");
    std::fs::write(&export, cnmarc("012013000001", "Java简明教程", "林巧民")).unwrap();
    for args in [&["import", "--library", "BJFU", export.to_str().unwrap()][..], &["build"]] {
        assert!(lianmu(built.path()).args(args).output().unwrap().status.success(), "{args:?}");
    }
    let token = reader(built.path(), "PKU");
    let hub = Machine::new(built.path(), "role = \"hub\"\n");
    let asking = Machine::new(built.path(), "role = \"branch\"\nlibrary = \"PKU\"\n");
    let lending = Machine::new(built.path(), "role = \"branch\"\nlibrary = \"BJFU\"\n");
    enrol(&hub, &asking, "PKU");
    enrol(&hub, &lending, "BJFU");
    let get = |path: &str| -> Value {
        let (_, body) = asking.call("GET", path, &token, "").unwrap();
        serde_json::from_str(&body).unwrap()
    };
    let found = get("/api/v1/search?q=java&field=title");
    let (record, holding) = (&found["records"][0], &found["records"][0]["holdings"][0]);
    let form = json!({
        "record_id": record["id"], "title": record["title"], "year": record["year"], "supplier": holding["library"],
        "call_number": holding["call_number"], "delivery": "courier", "recipient": "林巧", "email": "l@example.org",
    });
    let (status, body) = asking.call("POST", "/api/v1/requests", &token, &form.to_string()).unwrap();
    assert_eq!(status, 201, "{body}");
    let kept: Value = serde_json::from_str(&body).unwrap();
    let id = kept["id"].as_str().unwrap();
    until("the lender has it", 60, || {
        // A poll is due when it is due; a person may ask for it.
        lianmu_nudge(&lending);
        lending.state_of(id) == "at_centre"
    });
    until("so the reader is told", 30, || get(&format!("/api/v1/requests/{id}"))["state"] == "at_centre");
    assert_eq!(hub.state_of(id), "at_centre");
    let (status, _) = asking.call("POST", &format!("/api/v1/requests/{id}/cancel"), &token, "").unwrap();
    assert_eq!(status, 200);
    until("the lender knows of the withdrawal", 60, || {
        lianmu_nudge(&lending);
        lending.state_of(id) == "cancel_pending"
    });
}

fn lianmu_nudge(machine: &Machine) {
    assert!(machine.run(&["drill", "--minutes", "0"]).0);
}
