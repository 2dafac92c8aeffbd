//! Records that mean harm: markup and links that run in every part of a description, characters that turn a line round or
//! end a text, a title of a megabyte, ten thousand fields. They are imported, found, shown, browsed and exported as text.

use crate::site::{Answer, Site, lianmu};

const HARM: &str = "<script>alert(9)</script><img src=x9 onerror=alert(9)>\"' onfocus=alert(9) \u{202e}反\u{2066}\u{0}\u{1b}[2J";

fn record(number: &str, title: &str, more: &str) -> String {
    format!(
        "=LDR  00000nam0 2200000   450 \n=001  {number}\n=010  \\\\$a978-7-302-99999-1{HARM}$dCNY{HARM}\n=011  \\\\$a{HARM}\n\
         =100  \\\\$a20130101d2013    em y0chiy0110    ea\n=101  1\\$a{HARM}$c{HARM}\n\
         =200  1\\$a{title}$d{HARM}$e{HARM}$f{HARM}$g{HARM}$h{HARM}$i{HARM}\n=205  \\\\$a{HARM}\n\
         =210  \\\\$a{HARM}$c{HARM}$d2013{HARM}\n=215  \\\\$a{HARM}$d{HARM}\n=225  2\\$a{HARM}$v{HARM}\n=300  \\\\$a{HARM}\n\
         =327  1\\$a{HARM}\n=330  \\\\$a{HARM}\n=517  1\\$a{HARM}\n=606  0\\$a{HARM}$x{HARM}\n=690  \\\\$aTP312{HARM}\n\
         =701  \\0$a{HARM}$4{HARM}\n=856  4\\$ujavascript:alert(9)//{HARM}\n=856  4\\$udata:text/html,{HARM}\n\
         =856  4\\$u JAVA\u{1}SCRIPT:alert(9)\n=905  \\\\$a{HARM}$dTP312/{HARM}$e{HARM}$b{HARM}\n{more}\n"
    )
}

#[track_caller]
fn check(path: &str, answer: &Answer) {
    assert_eq!(answer.status, 200, "{path}: {}", &answer.body[..answer.body.len().min(2_000)]);
    if !answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        return;
    }
    let page = answer.body.to_lowercase();
    for harm in
        ["<script>alert(9)", "<img src=x9", "href=\"javascript:", "href=\"data:", "\" onfocus=", "\u{0}"]
    {
        assert!(!page.contains(harm), "{path} shows {harm:?} as more than text");
    }
    assert_eq!(page.matches("<h1").count(), 1, "{path}");
}

#[test]
fn a_record_that_means_harm_is_text_on_every_page() {
    let data = tempfile::tempdir().unwrap();
    let long = format!("lianmularge {}", "长".repeat(350_000));
    let many: String = (0..10_000).map(|n| format!("=300  \\\\$a{n} {HARM}\n")).collect();
    let records = [
        record("harm1", &format!("lianmuharm {HARM}"), ""),
        record("harm2", &long, ""),
        record("harm3", "lianmumany", &many),
        record("harm4", &format!("lianmuharm{}", "\u{301}".repeat(5_000)), ""),
    ];
    let file = data.path().join("harm.mrk");
    std::fs::write(&file, records.concat()).unwrap();
    let import = ["import", "--library", "BJFU", "--delta", file.to_str().unwrap()];
    // What cannot be read is set aside with its reason, and that is told by the exit code.
    let imported = lianmu(data.path()).args(import).output().unwrap();
    assert!(matches!(imported.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&imported.stderr));
    assert!(lianmu(data.path()).arg("build").output().unwrap().status.success());
    let site = Site::over(data, "library = \"BJFU\"\n");
    let found = site.get("/api/v1/search?q=lianmuharm&per_page=100").json();
    assert!(found["total"].as_u64().unwrap() >= 1, "{found}");
    let all = site.get("/api/v1/search?q=2013&field=any&per_page=100").json();
    let ids: Vec<String> = [
        found,
        all,
        site.get("/api/v1/search?q=lianmumany").json(),
        site.get("/api/v1/search?q=lianmularge").json(),
    ]
    .iter()
    .flat_map(|found| found["records"].as_array().unwrap().clone())
    .map(|record| record["id"].as_str().unwrap().to_owned())
    .collect();
    assert!(ids.len() >= 3, "the long and the wide ones are there too: {ids:?}");
    for id in &ids {
        for view in ["", "?view=marc", "?view=members", "?view=print", "?q=lianmuharm"] {
            let path = format!("/record/{id}{view}");
            check(&path, &site.get(&path));
        }
        for format in ["ris", "bibtex", "csl", "gbt7714", "iso2709", "marcxml"] {
            let path = format!("/record/{id}/export/{format}");
            let answer = site.get(&path);
            assert!(answer.status < 500, "{path}: {}", answer.status);
        }
    }
    for path in [
        "/search?q=lianmuharm",
        "/search?q=lianmularge",
        "/search?q=lianmumany",
        "/browse/author",
        "/browse/subject",
        "/browse/class?class=TP",
        "/browse/call-number?library=BJFU",
        "/browse/new",
    ] {
        check(path, &site.get(path));
    }
}
