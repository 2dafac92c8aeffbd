//! The documents of the API, and that its description tells the truth.

use crate::samples::{self, FIRST, GONE, MERGED, SECOND_EDITION, UNION};
use crate::site::Site;

#[test]
fn search_answers_the_document_of_the_contract() {
    let site = Site::with_samples();
    let answer = site.get("/api/v1/search?q=java&library=BJFU&per_page=5&page=2");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expect = [
        "query",
        "generation",
        "took_ms",
        "total",
        "total_is",
        "page",
        "pages",
        "per_page",
        "libraries",
        "facets",
        "records",
        "advice",
    ];
    expect.sort_unstable();
    let mut keys = keys;
    keys.sort_unstable();
    assert_eq!(keys, expect);
    assert_eq!((document["total"].as_u64(), document["pages"].as_u64()), (Some(45), Some(9)));
    assert_eq!(document["records"].as_array().unwrap().len(), 5);
    let library = &document["libraries"][0];
    assert_eq!(library["code"], "BJFU");
    assert_eq!((library["hits"].as_u64(), library["as_of"].as_str()), (Some(45), Some("2026-11-22")));
    let record = &document["records"][0];
    assert_eq!(record["type_label"], "中文图书");
    assert_eq!(record["holdings"][0]["library"], "BJFU");
    assert_eq!(record["holdings"][0]["lendable"], true);
    assert!(record["subtitle"].is_null());
    assert_eq!(record["highlight"]["title"][0], serde_json::json!([0, 4]));
    assert_eq!(document["facets"]["type"][0]["value"], "book-chi");
    for facet in ["type", "year", "language", "class", "author", "subject"] {
        assert!(document["facets"][facet].is_array(), "{facet}");
    }
}

#[test]
fn labels_follow_the_language_of_the_request() {
    let site = Site::with_samples();
    let english = site.ask("GET", "/api/v1/search?q=java", &[("Accept-Language", "en")]).json();
    assert_eq!(english["records"][0]["type_label"], "Chinese books");
}

#[test]
fn nothing_found_has_advice_and_a_page_past_the_end_is_empty() {
    let site = Site::with_samples();
    let none = site.get("/api/v1/search?q=不存在的书名啊").json();
    assert_eq!(none["total"], 0);
    assert!(!none["advice"].as_array().unwrap().is_empty());
    let past = site.get("/api/v1/search?q=java&page=400");
    assert_eq!((past.status, past.json()["records"].as_array().unwrap().len()), (200, 0));
}

#[test]
fn wrong_values_are_problems_with_sentences() {
    let site = Site::with_samples();
    let many: String = ["NLC", "SHL", "BJUT", "BUCT", "BUCEA", "BUAA", "BJTU", "BIT", "BIFT", "BUPT", "NCUT"]
        .map(|code| format!("&library={code}"))
        .concat();
    for (path, status, word) in [
        ("/api/v1/search?q=x&field=colour".to_owned(), 400, "colour"),
        ("/api/v1/search?q=x&page=0".to_owned(), 400, "page"),
        ("/api/v1/search?q=x&page=501".to_owned(), 400, "10000"),
        ("/api/v1/search?q=x&library=NOWHERE".to_owned(), 400, "NOWHERE"),
        (format!("/api/v1/search?q=x{many}"), 400, "11"),
        ("/api/v1/records/zzzzzzzzzzzzz".to_owned(), 404, "zzzzzzzzzzzzz"),
        (format!("/api/v1/records/{}?format=pdf", samples::id(FIRST)), 400, "pdf"),
        ("/api/v1/nothing".to_owned(), 404, ""),
    ] {
        let answer = site.get(&path);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{path}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{path}: {problem}");
    }
    assert_eq!(site.get("/api/v1/search?q=java&colour=red&page=&type=").status, 200);
}

#[test]
fn a_record_comes_in_every_format() {
    let site = Site::with_samples();
    let id = samples::id(FIRST);
    let entry = site.get(&format!("/api/v1/records/{id}")).json();
    assert_eq!(entry["title"], "Java简明教程");
    assert_eq!(entry["isbn"][0], "9787302312345");
    assert_eq!(entry["members"][0]["library"], "BJFU");
    assert!(entry["reasons"].is_array() && entry["related"].is_array());
    for (format, start) in
        [("ris", "TY  - BOOK"), ("bibtex", "@book{"), ("csl", "{"), ("gb7714", "林巧民. Java")]
    {
        let answer = site.get(&format!("/api/v1/records/{id}?format={format}"));
        assert_eq!(answer.status, 200, "{format}");
        assert!(answer.body.trim_start_matches('[').starts_with(start), "{format}: {}", answer.body);
        assert_eq!(site.get(&format!("/record/{id}/export/{format}")).body, answer.body, "{format}");
    }
    // The samples have no archive: that is said, not hidden.
    assert_eq!(site.get(&format!("/api/v1/records/{id}?format=marcxml")).status, 404);
}

#[test]
fn an_entry_says_what_it_was_made_of() {
    let site = Site::with_samples();
    let union = site.get(&format!("/api/v1/records/{}", samples::id(UNION))).json();
    assert_eq!(union["members"].as_array().unwrap().len(), 3);
    assert_eq!(union["reasons"], serde_json::json!(["isbn+title+year"]));
    assert_eq!(union["related"], serde_json::json!([samples::id(SECOND_EDITION)]));
    // The library of this machine first, the others in their order.
    let holders: Vec<&str> =
        union["holdings"].as_array().unwrap().iter().map(|h| h["library"].as_str().unwrap()).collect();
    assert_eq!(holders, ["BJFU", "BUPT", "NLC"]);
    let alone = site.get(&format!("/api/v1/records/{}", samples::id(FIRST))).json();
    assert_eq!((&alone["reasons"], &alone["related"]), (&serde_json::json!([]), &serde_json::json!([])));
}

#[test]
fn old_ids_lead_on() {
    let site = Site::with_samples();
    let (old, new) = (samples::id(MERGED), samples::id(UNION));
    for (path, to) in [
        (format!("/api/v1/records/{old}"), format!("/api/v1/records/{new}")),
        (
            format!("/api/v1/records/{old}?format=ris&lang=en"),
            format!("/api/v1/records/{new}?format=ris&lang=en"),
        ),
        (format!("/record/{old}?view=members"), format!("/record/{new}?view=members")),
        (format!("/record/{old}/export/ris"), format!("/record/{new}/export/ris")),
        (format!("/record/{}", old.to_uppercase()), format!("/record/{new}")),
    ] {
        let answer = site.get(&path);
        assert_eq!((answer.status, answer.header("location")), (308, Some(to.as_str())), "{path}");
        assert_eq!(site.get(&to).status, 200, "{to}");
    }
    let gone = site.get(&format!("/api/v1/records/{}", samples::id(GONE)));
    assert_eq!((gone.status, gone.header("content-type")), (410, Some("application/problem+json")));
    assert_eq!(gone.json()["status"], 410);
    let page = site.get(&format!("/record/{}", samples::id(GONE)));
    assert_eq!(page.status, 410);
    page.has("现在各馆都已注销它").has("检索题名、著者或 ISBN");
}

#[test]
fn libraries_are_filtered_best_first() {
    let site = Site::with_samples();
    let all = site.get("/api/v1/libraries").json();
    assert_eq!(all["total"], 46);
    assert!(all["groups"].as_array().unwrap().iter().any(|g| g["name"] == "工科类" && g["count"] == 13));
    let found = site.get("/api/v1/libraries?q=BJYDDX").json();
    assert_eq!((found["total"].as_u64(), found["libraries"][0]["code"].as_str()), (Some(1), Some("BUPT")));
    assert_eq!(found["libraries"][0]["records"], 46);
}

#[test]
fn status_and_metrics_count() {
    let site = Site::with_samples();
    let status = site.get("/api/v1/status").json();
    assert_eq!((status["role"].as_str(), status["entries"].as_u64()), (Some("standalone"), Some(50)));
    assert_eq!(status["records"], 138);
    site.get("/api/v1/search?q=java");
    site.get("/metrics")
        .has("lianmu_search_seconds_count 1\n")
        .has("lianmu_ready 1\n")
        .has("lianmu_http_requests_total{status=\"2xx\"} 2\n");
}

/// Every route of the description answers, and every route of the API is described.
#[test]
fn the_description_is_true() {
    let site = Site::with_samples();
    let description = site.get("/api/v1/openapi.json").json();
    let described: Vec<String> = description["paths"].as_object().unwrap().keys().cloned().collect();
    for path in &described {
        let asked = path.replace("{id}", &samples::id(FIRST));
        let of_path = &description["paths"][path];
        let is_closed = of_path.as_object().unwrap().values().any(|call| call["security"].is_array());
        let method = if of_path["get"].is_object() { "GET" } else { "POST" };
        let expected = match is_closed {
            // This machine is no hub.
            _ if path.starts_with("/api/v1/hub/") => 404,
            true => 401,
            false => 200,
        };
        assert_eq!(site.ask(method, &asked, &[]).status, expected, "{path}");
    }
    let router = include_str!("../../src/router.rs");
    let routed: Vec<&str> = router.split('"').filter(|word| word.starts_with("/api/")).collect();
    assert!(routed.len() >= 5);
    for path in routed {
        assert!(described.iter().any(|d| d == path), "{path} is not described");
    }
    // Its list of values is that of the program.
    for parameter in description["paths"]["/api/v1/search"]["get"]["parameters"].as_array().unwrap() {
        let schema = if parameter["schema"]["items"].is_object() {
            &parameter["schema"]["items"]
        } else {
            &parameter["schema"]
        };
        for value in schema["enum"].as_array().into_iter().flatten() {
            let (name, value) = (parameter["name"].as_str().unwrap(), value.as_str().unwrap());
            assert_eq!(site.get(&format!("/api/v1/search?{name}={value}")).status, 200, "{name}={value}");
        }
    }
}
