//! What persons decide: entries that the rules leave to them, and records that cannot be named.

use std::fmt::Write;
use std::path::Path;

use crate::house::House;
use crate::site::lianmu;

/// Records of one book, of two years; only the first of each year has the ISBN by which the years meet.
fn too_many_of_one_book() -> String {
    const OF_A_YEAR: u32 = 220;
    let mut export = String::new();
    for n in 0..2 * OF_A_YEAR {
        let year = 2000 + n / OF_A_YEAR;
        let isbn = if n % OF_A_YEAR == 0 { "=010  \\\\$a978-7-302-11111-6\n" } else { "" };
        write!(
            export,
            "=LDR  00000nam0 2200000   450 \n=001  {n}\n{isbn}=100  \\\\$a20240101d{year}    em y0chiy0110    ea\n=101  \
             0\\$achi\n=200  1\\$a三国演义研究$f罗贯中著\n=210  \\\\$a北京$c清华大学出版社$d{year}\n=701  \\0$a罗贯中$4著\n=905  \
             \\\\$a中文库$dI207.4$e{n}\n\n"
        )
        .unwrap();
    }
    export
}

#[track_caller]
fn run(data: &Path, args: &[&str]) -> String {
    let output = lianmu(data).env("LANG", "en_US.UTF-8").args(args).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{args:?}: {out}{err}");
    out.into_owned()
}

#[track_caller]
fn json(data: &Path, args: &[&str]) -> serde_json::Value {
    let text = run(data, args);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{args:?}: {text}"))
}

#[test]
fn an_entry_that_would_be_too_large_is_named_until_a_person_joins_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let file = data.join("too-many.mrk");
    std::fs::write(&file, too_many_of_one_book()).unwrap();
    run(&data, &["import", "--library", "BJFU", file.to_str().unwrap()]);
    let built = run(&data, &["build"]);
    assert!(built.contains("left to a person: 1, see `lianmu cluster review`"), "{built}");
    assert_eq!(json(&data, &["build", "--full", "--json"])["reviews"], 1);

    let review = json(&data, &["cluster", "review", "--json"]);
    let (entry, other) = (review["entry"].as_str().unwrap(), review["other"].as_str().unwrap());
    assert_eq!((&review["reason"], &review["n_others"]), (&"too-large".into(), &1.into()));
    let said = run(&data, &["cluster", "review"]);
    assert!(said.contains("三国演义研究") && said.contains("more than 400"), "{said}");
    let status = run(&data, &["status"]);
    assert!(status.contains("left to a person: 1"), "{status}");
    assert_eq!(json(&data, &["status", "--json"])["reviews"], 1);
    let explained = json(&data, &["explain", entry, "--json"]);
    assert_eq!(explained["siblings"][0]["id"], other, "{explained}");
    assert_eq!(explained["siblings"][0]["why"], "together they would have too many records");

    let house = House::on(folder);
    house
        .get("/admin")
        .has("for a person to settle")
        .has(&format!("href=\"/record/{entry}\""))
        .has(&format!("href=\"/record/{other}\""))
        .has("1 entry has records that match its own")
        .lacks("All is well");
    house.get(&format!("/record/{entry}")).has("too many records together");

    run(&data, &["cluster", "join", entry, other, "--build"]);
    assert!(run(&data, &["cluster", "review"]).contains("no entry waits"));
    house.site.until("the first page is well", |_| house.get("/admin").body.contains("All is well"));
    assert_eq!(run(&data, &["entries", "--jsonl"]).lines().count(), 1, "one book, whatever its size");
}

#[test]
fn a_number_that_a_library_gave_twice_names_one_record_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let record = |number: u32, title: &str, author: &str| {
        format!(
            "=LDR  00000nam0 2200000   450 \n=001  {number}\n=200  1\\$a{title}$f{author}著\n=701  \\0$a{author}$4著\n\n"
        )
    };
    let import = |library: &str, text: String| {
        let file = data.join(format!("{library}.mrk"));
        std::fs::write(&file, text).unwrap();
        run(data, &["import", "--library", library, file.to_str().unwrap()]);
    };
    import("BJFU", record(1, "蚕桑栽培技术手册", "王进") + &record(1, "三国演义研究", "罗贯中"));
    import("SHL", record(4, "三国演义新探", "李国文"));
    run(data, &["build"]);
    let entries = run(data, &["entries", "--jsonl"]);
    let of = |title: &str| {
        let ids = entries.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let mut ids = ids.map(|line| line["id"].as_str().unwrap().to_owned());
        ids.find(|id| run(data, &["explain", id]).lines().next().unwrap().ends_with(title)).unwrap()
    };
    let [twice, other] = ["三国演义研究", "三国演义新探"].map(of);
    let output = lianmu(data).args(["cluster", "join", &twice, &other]).output().unwrap();
    let sentence = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{sentence}");
    assert!(sentence.contains("has a control number"), "{sentence}");
    run(data, &["cluster", "join", &of("蚕桑栽培技术手册"), &other, "--build"]);
    assert_eq!(run(data, &["entries", "--jsonl"]).lines().count(), 2, "the first is known by the number");
}
