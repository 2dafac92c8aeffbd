//! Readers' accounts: registered, confirmed, forgotten, changed, blocked; and nobody learns who has one.

use crate::house::{House, PASSWORD, add_account, cookie_of, made_password, post, sign_in};
use crate::samples;
use crate::site::{Answer, Site};

const CHOSEN: &str = "春眠不觉晓处处闻啼鸟夜来";
const OTHER: &str = "床前明月光疑是地上霜举头";

fn register(site: &Site, pairs: &[(&str, &str)]) -> Answer {
    let mut all = vec![
        ("library", "BJFU"),
        ("barcode", "R001"),
        ("name", "林巧"),
        ("email", "linqiao@example.org"),
        ("password", CHOSEN),
        ("again", CHOSEN),
    ];
    all.retain(|(name, _)| !pairs.iter().any(|(other, _)| other == name));
    all.extend(pairs);
    post(site, "/register", &[("Accept-Language", "en")], &all)
}

/// The value of the first button with this name.
fn button(page: &str, name: &str) -> String {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    after.unwrap_or_else(|| panic!("no {name} in {page}")).split('"').next().unwrap().to_owned()
}

#[test]
fn a_reader_registers_is_confirmed_and_comes_in_by_barcode_or_code() {
    let house = House::new();
    let site = &house.site;
    let kept = register(site, &[("code", "linqiao")]);
    assert_eq!((kept.status, kept.header("location")), (303, Some("/register?done=BJFU")));
    site.get("/register?done=BJFU").has("登记已收到");
    let early = sign_in(site, "R001", CHOSEN);
    assert_eq!(early.status, 422);
    early.has("还没有得到本馆确认");
    sign_in(site, "R001", OTHER).has("证号与密码不相符").lacks("还没有得到本馆确认");
    let page = house.get("/staff/readers");
    page.has("林巧").has("linqiao@example.org").has("R001");
    let confirmed = house.post("/staff/readers", &[("confirm", &button(&page.body, "confirm"))]);
    assert_eq!(confirmed.status, 303);
    house.get(confirmed.header("location").unwrap()).has("can sign in now").has("linqiao");
    for typed in ["R001", "linqiao"] {
        let signed_in = sign_in(site, typed, CHOSEN);
        assert_eq!((signed_in.status, signed_in.header("location")), (303, Some("/me")), "{typed}");
    }
    let cookie = cookie_of(&sign_in(site, "R001", CHOSEN));
    let desk = site.ask("GET", "/me", &[("Cookie", &cookie), ("Accept-Language", "zh-CN")]);
    desk.has("林巧，您好").has("北京林业大学图书馆").has("0 份申请正在办理");
}

#[test]
fn whether_a_barcode_has_an_account_is_told_to_nobody() {
    let house = House::new();
    add_account(house.site.data(), "R001", "周文", "reader").output().unwrap();
    let [known, unknown] = ["R001", "R009"].map(|barcode| register(&house.site, &[("barcode", barcode)]));
    assert_eq!((known.status, known.header("location")), (unknown.status, unknown.header("location")));
    let page = house.get("/staff/readers").body;
    let told = house.post("/staff/readers", &[("confirm", &button(&page, "confirm"))]);
    house.get(told.header("location").unwrap()).has("has an account");
    let ask = |barcode: &str| {
        let sent = [("library", "BJFU"), ("barcode", barcode), ("code", "AAAAA-AAAAA")];
        let chosen = [("password", CHOSEN), ("again", CHOSEN)];
        let answer = post(&house.site, "/password", &[], &[&sent[..], &chosen[..]].concat());
        (answer.status, answer.body.replace(barcode, ""))
    };
    assert_eq!(ask("R001"), ask("R999"));
}

#[test]
fn what_is_wrong_is_said_beside_each_box_and_passwords_are_not_given_back() {
    let site = Site::empty();
    let answer = register(&site, &[("email", "nowhere"), ("name", "林\u{202e}<b>巧"), ("password", "short")]);
    assert_eq!(answer.status, 422);
    answer.has("like an e-mail address").has("2 values need").has("&#60;b&#62;").lacks("value=\"short\"");
    register(&site, &[("again", OTHER)]).has("not the same");
    register(&site, &[("library", "NOWHERE")]).has("choose your library");
    register(&site, &[("barcode", "1 2")]).has("blanks or characters");
    register(&site, &[("password", "linqiao@example.org"), ("again", "linqiao@example.org")])
        .has("first that a stranger tries");
}

#[test]
fn the_desk_gives_a_code_that_counts_once() {
    let house = House::new();
    let site = &house.site;
    let password = made_password(&mut add_account(site.data(), "R001", "周文", "reader"));
    let cookie = cookie_of(&sign_in(site, "R001", &password));
    let found = house.get("/staff/readers?q=周");
    let path = found.body.split("href=\"/staff/readers/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/staff/readers/{path}");
    let given = house.post(&path, &[("act", "reset")]);
    let code = given.body.split("One-time code: ").nth(1).unwrap()[..11].to_owned();
    assert_eq!(sign_in(site, "R001", &password).status, 303, "until it is used all is as before");
    let recover = |code: &str, chosen: &str| {
        let pairs = [("library", "BJFU"), ("barcode", "R001"), ("code", code), ("password", chosen)];
        post(site, "/password", &[], &[&pairs[..], &[("again", chosen)]].concat())
    };
    assert_eq!(recover("22222-22222", CHOSEN).status, 422);
    assert_eq!(recover(&code, "short").status, 422, "a weak password uses up no code");
    let done = recover(&code.to_lowercase().replace('-', " "), CHOSEN);
    assert_eq!((done.status, done.header("location")), (303, Some("/login?recovered=1")));
    assert_eq!(recover(&code, OTHER).status, 422, "used");
    assert_eq!(site.ask("GET", "/me", &[("Cookie", &cookie)]).status, 303, "sessions have ended");
    assert_eq!(sign_in(site, "R001", CHOSEN).status, 303);
    site.get("/password").lacks("用邮件取代码");
}

#[test]
fn a_profile_is_changed_by_its_owner() {
    let house = House::new();
    let site = &house.site;
    let password = made_password(&mut add_account(site.data(), "R001", "周文", "reader"));
    add_account(site.data(), "R002", "吴清", "reader").output().unwrap();
    let first = cookie_of(&sign_in(site, "R001", &password));
    let other = cookie_of(&sign_in(site, "R001", &password));
    let send = |pairs: &[(&str, &str)]| {
        post(site, "/me/profile", &[("Cookie", &first), ("Accept-Language", "en")], pairs)
    };
    let contact = |code: &str, email: &str, present: &str| {
        send(&[("code", code), ("email", email), ("phone", "6233"), ("lang", "en"), ("present", present)])
    };
    contact("zhou", "new@example.cn", "").has("present password is wrong");
    contact("R002", "wf@example.cn", "").has("cannot be used");
    let saved = contact("zhou", "new@example.cn", &password);
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert!(saved.header("set-cookie").unwrap().starts_with("lang=en;"));
    let page = site.ask("GET", "/me/profile", &[("Cookie", &first), ("Accept-Language", "en")]);
    page.has("value=\"new@example.cn\"").has("value=\"zhou\"").has("value=\"6233\"");
    let wrong = send(&[
        ("act", "password"),
        ("present", "不是这个密码不是"),
        ("password", CHOSEN),
        ("again", CHOSEN),
    ]);
    assert_eq!(wrong.status, 422);
    wrong.has("present password is wrong");
    let done = send(&[("act", "password"), ("present", &password), ("password", CHOSEN), ("again", CHOSEN)]);
    assert_eq!(done.status, 303);
    let rotated = cookie_of(&done);
    assert_ne!(rotated, first, "the session has another id");
    for (cookie, expect) in [(&first, 303), (&other, 303), (&rotated, 200)] {
        assert_eq!(site.ask("GET", "/me", &[("Cookie", cookie)]).status, expect);
    }
    assert_eq!(sign_in(site, "zhou", CHOSEN).status, 303);
}

#[test]
fn staff_look_after_the_readers_of_their_own_library_alone() {
    let house = House::new();
    let site = &house.site;
    let password = made_password(&mut add_account(site.data(), "R001", "周文", "reader"));
    let of_staff = made_password(&mut add_account(site.data(), "0007", "李强", "staff"));
    let other = add_account(site.data(), "0008", "赵敏", "staff");
    let there: Vec<_> =
        other.get_args().map(|a| if a == "BJFU" { "BUPT".into() } else { a.to_owned() }).collect();
    let of_other = made_password(crate::site::lianmu(site.data()).args(&there[2..]));
    let staff = cookie_of(&sign_in(site, "0007", &of_staff));
    let pairs = [("library", "BUPT"), ("barcode", "0008"), ("password", &of_other)];
    let stranger = cookie_of(&post(site, "/login", &[], &pairs));
    let get =
        |cookie: &str, path: &str| site.ask("GET", path, &[("Cookie", cookie), ("Accept-Language", "en")]);
    let list = get(&staff, "/staff/readers?find=1");
    list.has("周文").lacks("王芳").lacks(">0007<");
    let id = list.body.split("href=\"/staff/readers/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/staff/readers/{id}");
    get(&stranger, "/staff/readers?find=1").lacks("周文");
    assert_eq!((get(&staff, &path).status, get(&stranger, &path).status), (200, 404));
    let act = |cookie: &str, pairs: &[(&str, &str)]| post(site, &path, &[("Cookie", cookie)], pairs);
    assert_eq!(act(&stranger, &[("act", "reset")]).status, 404);
    let reader = cookie_of(&sign_in(site, "R001", &password));
    assert_eq!((get(&reader, "/staff/readers").status, act(&reader, &[("act", "reset")]).status), (403, 403));
    assert_eq!(act(&staff, &[("act", "block")]).status, 422, "not without a reason");
    assert_eq!(act(&staff, &[("act", "block"), ("reason", "书没有还")]).status, 303);
    assert_eq!(get(&reader, "/me").status, 303, "signed out at once");
    let blocked = sign_in(site, "R001", &password);
    blocked.has("书没有还");
    sign_in(site, "R001", PASSWORD).lacks("书没有还");
    assert_eq!(act(&staff, &[("act", "unblock")]).status, 303);
    assert_eq!(act(&staff, &[("act", "valid"), ("day", "2020-01-01")]).status, 303);
    sign_in(site, "R001", &password).has("过期");
    assert_eq!(act(&staff, &[("act", "valid"), ("day", "soon")]).status, 422);
    assert_eq!(act(&staff, &[("act", "valid"), ("day", "")]).status, 303);
    assert_eq!(sign_in(site, "R001", &password).status, 303);
    house.get("/admin/users").has(&format!("href=\"{path}\"")).has("赵敏");
    // An admin's account is none of the staff's business.
    let admins = house.get("/staff/readers?q=0001").body;
    let admin = admins.split("href=\"/staff/readers/").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(get(&staff, &format!("/staff/readers/{admin}")).status, 404);
}

#[test]
fn a_code_comes_by_mail_where_mail_is_set() {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    let config = format!(
        "library = \"BJFU\"\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"lib@example.cn\"\n"
    );
    let site = Site::over(data, &config);
    add_account(site.data(), "R001", "周文", "reader").output().unwrap();
    let ask = |email: &str| {
        let pairs = [("act", "mail"), ("library", "BJFU"), ("barcode", "R001"), ("email", email)];
        post(&site, "/password", &[], &pairs)
    };
    let [wrong, right] = ["x@example.cn", "WF@example.cn"].map(ask);
    assert_eq!((wrong.status, wrong.header("location")), (right.status, right.header("location")));
    listener.set_nonblocking(false).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let say = |text: &str| write!(&stream, "{text}\r\n").unwrap();
    say("220 here");
    let mut mail = String::new();
    let mut is_data = false;
    for line in lines {
        match line.as_str() {
            "DATA" => {
                is_data = true;
                say("354 go on");
            }
            "." => {
                say("250 taken");
                break;
            }
            _ if is_data => mail += &format!("{line}\n"),
            _ => say("250 ok"),
        }
    }
    let text = String::from_utf8(decoded(&mail)).unwrap();
    let code = text.split("一次性代码是 ").nth(1).unwrap_or_else(|| panic!("{text}"))[..11].to_owned();
    let pairs =
        [("library", "BJFU"), ("barcode", "R001"), ("code", &code), ("password", CHOSEN), ("again", CHOSEN)];
    assert_eq!(post(&site, "/password", &[], &pairs).status, 303);
    assert_eq!(sign_in(&site, "R001", CHOSEN).status, 303);
}

/// The body of a mail in base64 or quoted-printable.
fn decoded(mail: &str) -> Vec<u8> {
    let (head, body) = mail.split_once("\n\n").unwrap();
    if head.to_lowercase().contains("encoding: base64") {
        let digit = |c: u8| {
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|x| *x == c)
        };
        let digits: Vec<u32> = body.bytes().filter_map(digit).map(|d| d as u32).collect();
        let bytes = digits.chunks(4).flat_map(|four| {
            let n = four.iter().fold(0, |n, d| n << 6 | d) << (6 * (4 - four.len()));
            n.to_be_bytes()[1..four.len()].to_vec()
        });
        return bytes.collect();
    }
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (*first, after) {
            (b'=', [a, b, after @ ..]) => {
                let pair = [*a, *b];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
                rest = after;
            }
            (byte, _) => bytes.push(byte),
        }
    }
    bytes
}
