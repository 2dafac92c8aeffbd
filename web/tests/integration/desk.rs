//! The reader's desk: messages with read marks, fines, the consortium card, the own data and its end.

use std::path::Path;

use serde_json::Value;

use crate::house::{add_account, cookie_of, made_password, post, sign_in};
use crate::site::{Answer, Site, lianmu};

/// A served data directory with a reader and somebody of the staff, both of BJFU and signed in.
struct Desk {
    site: Site,
    reader: String,
    staff: String,
    /// `/staff/readers/{id}` of the reader.
    path: String,
}

const NAME: &str = "欧阳秋水";

impl Desk {
    fn new() -> Self {
        let site = Site::over(tempfile::tempdir().unwrap(), "library = \"BJFU\"\n");
        let [reader, staff] =
            [("R001", NAME, "reader"), ("0007", "李强", "staff")].map(|(barcode, name, role)| {
                let password = made_password(&mut add_account(site.data(), barcode, name, role));
                cookie_of(&sign_in(&site, barcode, &password))
            });
        let mut desk = Self { site, reader, staff, path: String::new() };
        let list = desk.get(&desk.staff, "/staff/readers?find=1").body;
        let id = list.split("href=\"/staff/readers/").nth(1).unwrap().split('"').next().unwrap();
        desk.path = format!("/staff/readers/{id}");
        desk
    }

    fn get(&self, cookie: &str, path: &str) -> Answer {
        self.site.ask("GET", path, &[("Cookie", cookie), ("Accept-Language", "zh-CN")])
    }

    fn mine(&self, path: &str) -> Answer {
        self.get(&self.reader, path)
    }

    fn post(&self, cookie: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        post(&self.site, path, &[("Cookie", cookie), ("Accept-Language", "zh-CN")], pairs)
    }

    fn request(&self) -> Value {
        let pairs = [
            ("title", "森林培育学"),
            ("year", "2011"),
            ("call_number", "S72/12"),
            ("supplier", "PKU"),
            ("delivery", "pickup"),
            ("recipient", NAME),
            ("email", "wf@example.cn"),
            ("note", "放在门房欧阳秋水收"),
            ("looked_at", "1"),
        ];
        let kept = self.post(&self.reader, "/me/requests/new", &pairs);
        assert_eq!(kept.status, 303, "{}", kept.body);
        let output = lianmu(self.site.data()).args(["requests", "list", "--json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn staff_write_and_the_reader_marks_what_was_read() {
    let desk = Desk::new();
    desk.mine("/me/messages").has("还没有消息");
    assert_eq!(desk.post(&desk.staff, &desk.path, &[("act", "write")]).status, 422);
    let text = "书到了<b>请来取</b>";
    assert_eq!(desk.post(&desk.staff, &desk.path, &[("act", "write"), ("text", text)]).status, 303);
    desk.mine("/").has("消息 1");
    let page = desk.mine("/me/messages");
    page.has("李强（馆员）写道").has("书到了&#60;b&#62;").has("1 条未读");
    let id = page.body.split("name=\"read\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(
        desk.post(&desk.staff, "/me/messages", &[("read", &id)]).status,
        303,
        "his own, of which there are none"
    );
    desk.mine("/me/messages").has("1 条未读");
    assert_eq!(desk.post(&desk.reader, "/me/messages", &[("read", &id)]).status, 303);
    desk.mine("/me/messages").has("0 条未读").has("标为未读");
    desk.mine("/").lacks("消息 1");
    desk.post(&desk.staff, &desk.path, &[("act", "write"), ("text", "第二封")]);
    let newest = desk.mine("/me/messages").body;
    let all = newest.split("name=\"all\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    desk.post(&desk.reader, "/me/messages", &[("all", all)]);
    desk.mine("/me/messages").has("0 条未读");
}

#[test]
fn a_fine_is_written_down_paid_in_part_and_waived() {
    let desk = Desk::new();
    desk.mine("/me/fines").has("没有未付的罚款");
    let add = |sum: &str, reason: &str, barcode: &str| {
        desk.post(&desk.staff, "/staff/fines", &[("barcode", barcode), ("sum", sum), ("reason", reason)])
    };
    for (sum, reason, barcode) in
        [("1.234", "x", "R001"), ("5", "", "R001"), ("5", "x", "R009"), ("5", "x", "0007")]
    {
        assert_eq!(add(sum, reason, barcode).status, 422, "{sum} {reason} {barcode}");
    }
    assert_eq!(add("12.50", "逾期 5 天", "R001").status, 303);
    let log = desk.get(&desk.staff, "/staff/fines");
    log.has(NAME).has("逾期 5 天").has("12.50").has("李强");
    let settle = |act: &str, sum: &str| {
        desk.post(
            &desk.staff,
            "/staff/fines",
            &[("fine", "1"), ("act", act), ("sum", sum), ("reason", "柜台")],
        )
    };
    assert_eq!(settle("payment", "10").status, 303);
    settle("payment", "2.51").has("只剩 2.50 元");
    desk.mine("/me/fines").has("您还有 2.50 元没有付清");
    desk.mine("/me").has("2.50");
    assert_eq!(settle("waiver", "2.50").status, 303);
    desk.mine("/me/fines").has("没有未付的罚款").has("减免").has("付款").has("柜台");
    assert_eq!(desk.post(&desk.reader, "/staff/fines", &[("sum", "1")]).status, 403);
}

fn square_of(page: &str) -> String {
    page.split("class=\"qr\"").nth(1).unwrap_or_else(|| panic!("no square: {page}")).to_owned()
}

#[test]
fn a_card_is_issued_checked_and_withdrawn() {
    let desk = Desk::new();
    desk.mine("/me/card").has("还没有联盟自取借书证").has("北京林业大学图书馆");
    let issue = |first: &str, last: &str| {
        desk.post(&desk.staff, &desk.path, &[("act", "issue"), ("first", first), ("last", last)])
    };
    assert_eq!(issue("2030-01-01", "2029-01-01").status, 422);
    assert_eq!(issue("2020-01-01", "2030-01-01").status, 422, "too long");
    let today = jiff_today();
    let later = format!("{}-12-31", today[..4].parse::<i32>().unwrap() + 1);
    assert_eq!(issue(&today, &later).status, 303);
    let card = desk.mine("/me/card");
    card.has(NAME).has(&today).has(&later).has("class=\"bars\"");
    square_of(&card.body);
    let number = card.body.split("BJFU-").nth(1).unwrap()[..10].to_owned();
    let check = |code: &str| desk.post(&desk.staff, "/staff/cards", &[("code", code)]);
    check(&format!("BJFU-{number}")).has("有效：签名正确").has(NAME);
    check("LMCARD1.x.y").has("不是联盟借书证的方码");
    check("BJFU-0000000000").has("不是联盟借书证的方码");
    assert_eq!(desk.post(&desk.staff, &desk.path, &[("act", "withdraw")]).status, 303);
    check(&format!("BJFU-{number}")).has("已经收回");
    desk.mine("/me/card").has("还没有联盟自取借书证");
    let key = desk.site.data().join("card.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Keys of others are an admin's to enter.
    let know = [("act", "know"), ("library", "PKU"), ("key", &"0".repeat(64))];
    assert_eq!(desk.post(&desk.staff, "/staff/cards", &know).status, 403);
}

/// The day where the machine of the test stands, which serves in Asia/Shanghai.
fn jiff_today() -> String {
    let output = std::process::Command::new("date").env("TZ", "Asia/Shanghai").arg("+%F").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Files of a data directory that hold a word.
fn holding(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, word));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(word.len()).any(|window| window == word.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_reader_takes_the_own_data_along_and_is_erased_without_a_trace() {
    let desk = Desk::new();
    let request = desk.request();
    desk.post(&desk.staff, &desk.path, &[("act", "write"), ("text", "欧阳秋水同学，书到了")]);
    let contact = [("title", "三体"), ("library", "BJFU"), ("contact", NAME)];
    assert_eq!(post(&desk.site, "/purchase", &[], &contact).status, 303);
    let page = desk.mine("/me/data");
    page.has(NAME).has("森林培育学").has("书到了").has("还有 1 份申请没有办完").has("180 天");
    let export = desk.mine("/me/data/export");
    assert!(export.header("content-disposition").unwrap().contains("attachment"));
    let document = export.json();
    assert_eq!(document["account"]["name"], NAME);
    assert_eq!(document["requests"][0]["recipient"], NAME);
    assert_eq!(document["requests"][0]["events"][0]["event"], "submit");
    assert_eq!(document["messages"][0]["text"], "欧阳秋水同学，书到了");
    assert!(document["account"].get("password").is_none() && !export.body.contains("argon2"));
    let erase = |pairs: &[(&str, &str)]| desk.post(&desk.reader, "/me/data", pairs);
    assert_eq!(erase(&[("act", "erase")]).status, 422, "not by one slip of the hand");
    assert_eq!(erase(&[("act", "erase"), ("understood", "1")]).status, 303);
    desk.mine("/me/data").has("正在等待：还有 1 份申请");
    assert_eq!(erase(&[("act", "keep")]).status, 303);
    desk.mine("/me/data").lacks("正在等待");
    erase(&[("act", "erase"), ("understood", "1")]);
    assert!(!holding(desk.site.data(), NAME).is_empty());
    let id = request["id"].as_str().unwrap();
    desk.post(&desk.reader, &format!("/me/requests/{id}"), &[("act", "withdraw")]);
    desk.site.until("the reader is erased", |_| desk.mine("/me").status == 303);
    desk.site.until("no byte is left", |site| holding(site.data(), NAME).is_empty());
    let output = lianmu(desk.site.data()).args(["requests", "list", "--json"]).output().unwrap();
    let kept: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&kept["title"], &kept["state"], &kept["recipient"]),
        (&"森林培育学".into(), &"cancelled".into(), &"".into())
    );
    desk.get(&desk.staff, "/admin/purchases").has("三体");
    assert_eq!(desk.get(&desk.staff, &desk.path).status, 404);
}

#[test]
fn what_nothing_stands_against_is_erased_at_once_and_staff_are_not() {
    let desk = Desk::new();
    let erase = [("act", "erase"), ("understood", "1")];
    let done = desk.post(&desk.reader, "/me/data", &erase);
    assert_eq!((done.status, done.header("location")), (303, Some("/login?erased=1")));
    desk.site.get("/login?erased=1").has("账号已注销");
    assert_eq!(desk.mine("/me").status, 303);
    desk.site.until("no byte is left", |site| holding(site.data(), NAME).is_empty());
    assert_eq!(desk.post(&desk.staff, "/me/data", &erase).status, 403);
}

#[test]
fn a_calendar_is_kept_by_its_library_and_vacations_by_the_consortium() {
    let desk = Desk::new();
    let add = |pairs: &[(&str, &str)]| desk.post(&desk.staff, "/staff/calendars", pairs);
    let own = [
        ("library", "BJFU"),
        ("kind", "closed"),
        ("first", "2027-02-05"),
        ("last", "2027-02-20"),
        ("note", "寒假"),
    ];
    assert_eq!(add(&own).status, 303);
    let week = [("act", "week"), ("closed", "6"), ("closed", "7")];
    assert_eq!(add(&week).status, 303);
    let page = desk.get(&desk.staff, "/staff/calendars");
    page.has("2027-02-05 – 2027-02-20").has("寒假").has("value=\"6\" checked").has("value=\"5\">");
    for (pairs, why) in [
        (&[("library", "BUPT"), ("kind", "closed"), ("first", "2027-02-05")][..], "只能以本馆名义"),
        (&[("kind", "closed"), ("first", "2027-02-05")], "只能以本馆名义"),
        (&[("library", "BJFU"), ("kind", "vacation"), ("first", "2027-02-05")], "联盟的管理员"),
        (&[("library", "BJFU"), ("kind", "closed"), ("first", "soon")], "日期不对"),
        (
            &[("library", "BJFU"), ("kind", "closed"), ("first", "2027-02-05"), ("last", "2027-02-01")],
            "早于第一天",
        ),
        (&[("library", "BJFU"), ("first", "2027-02-05")], "请选择是什么日子"),
    ] {
        let answer = add(pairs);
        assert_eq!(answer.status, 422, "{pairs:?}");
        answer.has(why);
    }
    let id = page.body.split("name=\"remove\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(add(&[("remove", id)]).status, 303);
    desk.get(&desk.staff, "/staff/calendars").lacks("寒假");
    assert_eq!(add(&[("remove", id)]).status, 404);
}

#[test]
fn a_pc_in_the_reading_room_forgets_everything() {
    let config = "library = \"BJFU\"\n[server]\npublic_terminal = true\n";
    let site = Site::over(tempfile::tempdir().unwrap(), config);
    let password = made_password(&mut add_account(site.data(), "R001", NAME, "reader"));
    let home = site.get("/login");
    home.has("class=\"terminal\"").has("离开，清除我的痕迹");
    assert_eq!(home.header("refresh"), Some("600; url=/leave"));
    assert_eq!(home.header("cache-control"), Some("no-store"));
    let cookies = |answer: &Answer| -> Vec<String> {
        let set = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        set.map(|(_, value)| value.clone()).collect()
    };
    let signed_in = sign_in(&site, "R001", &password);
    let session = cookies(&signed_in).into_iter().find(|value| value.starts_with("session=")).unwrap();
    let session = session.split(';').next().unwrap();
    let seen = |ago: i64| {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        format!("{session}; seen={}; lang=en; basket=0123456789abcdef", i64::try_from(now).unwrap() - ago)
    };
    let ask =
        |ago: i64, path: &str| site.ask("GET", path, &[("Cookie", &seen(ago)), ("Accept-Language", "zh-CN")]);
    ask(5, "/me").has("My desk");
    let chosen = ask(5, "/login?lang=zh-Hant");
    let lang = cookies(&chosen).into_iter().find(|value| value.starts_with("lang=")).unwrap();
    assert!(!lang.contains("Max-Age"), "{lang}");
    let late = ask(700, "/login");
    late.has("登录");
    for name in ["lang=;", "basket=;", "libraries=;", "field=;"] {
        assert!(cookies(&late).iter().any(|value| value.starts_with(name)), "{name} in {:?}", cookies(&late));
    }
    let left = ask(5, "/leave");
    assert_eq!((left.status, left.header("location")), (303, Some("/")));
    for name in ["session=;", "lang=;", "basket=;"] {
        assert!(cookies(&left).iter().any(|value| value.starts_with(name)), "{name} in {:?}", cookies(&left));
    }
    assert_eq!(ask(5, "/me").status, 303, "the session has ended");
    let usual = Site::empty();
    assert_eq!(usual.get("/leave").status, 404);
    assert_eq!(usual.get("/login").header("refresh"), None);
}
