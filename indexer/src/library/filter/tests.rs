//! Every test vector of the pinyin filter over the 46 members.
use crate::bib::LibraryCode;
use crate::library::Members;

fn found(members: &Members, typed: &str) -> Vec<String> {
    members.filter(typed).iter().map(|l| l.code.to_string()).collect()
}

#[test]
fn the_vectors_of_the_domain_guide() {
    let members = Members::embedded();
    assert_eq!(members.len(), 46);
    for (typed, expect) in [
        ("bjyddx", &["BUPT"][..]),
        ("BJYDDX", &["BUPT"]),
        ("ｂｊｙｄｄｘ", &["BUPT"]),
        ("beijingyoudian", &["BUPT"]),
        ("bei jing you dian", &["BUPT"]),
        ("běijīng yóudiàn", &["BUPT"]),
        ("bei'jing-you4dian4", &["BUPT"]),
        ("beijyd", &["BUPT"]),
        ("bjyoudian", &["BUPT"]),
        ("邮电", &["BUPT"]),
        ("郵電", &["BUPT"]),
        ("北邮", &["BUPT"]),
        ("BUPT", &["BUPT"]),
        ("bupt", &["BUPT"]),
        ("yddx", &["BUPT"]),
        ("bjy", &["BUPT", "BLCU"]),
        ("bjd", &["PKU", "BISU", "BHI"]),
        ("sd", &["CUEB", "CNU", "CCMU"]),
        ("zgyyxy", &["CCMUSIC"]),
        ("zyyyxy", &["CCOM"]),
        ("zgylxy", &["CCMUSIC"]),
        ("gydx", &["BJUT"]),
        ("dx", &["PKU"]),
        ("ny", &["CAU"]),
        ("bjtdx", &[]),
        ("xyz", &[]),
        ("bjdewgyxy", &["BISU", "BHI"]),
        ("bjdxtsg", &["PKU"]),
        ("bjdxtushuguan", &["PKU"]),
        ("gjtsg", &["NLC"]),
        ("shtsg", &["SHL"]),
        ("bjdxt", &[]),
        ("！！", &[]),
    ] {
        let mut own = found(&members, typed);
        let mut expect: Vec<String> = expect.iter().map(|c| (*c).to_owned()).collect();
        if expect.len() > 1 && typed != "bjdewgyxy" {
            own.sort();
            expect.sort();
        }
        assert_eq!(own, expect, "{typed}");
    }
    for (typed, n) in [("bj", 28), ("zg", 7), ("zhongguo", 7), ("zh g", 7), ("", 46), ("  ", 46)] {
        assert_eq!(found(&members, typed).len(), n, "{typed}");
    }
}

#[test]
fn every_member_is_found_first_by_its_names() {
    let members = Members::embedded();
    for library in &members {
        let full: String = library.pinyin.split(' ').filter_map(|s| s.split('/').next()).collect();
        for typed in [&library.initials, library.code.as_str(), &library.name, &library.short_name, &full] {
            assert_eq!(
                found(&members, typed).first().map(String::as_str),
                Some(library.code.as_str()),
                "{typed}"
            );
        }
        for suffix in ["tsg", "tushuguan"] {
            let typed = format!("{}{suffix}", library.initials);
            assert_eq!(
                found(&members, &typed).first().map(String::as_str),
                Some(library.code.as_str()),
                "{typed}"
            );
        }
    }
}

#[test]
fn readings_that_are_not_the_first_of_the_dictionary() {
    let rows = "code\tname\tgroup\n\
        W\t中华女子学院图书馆\t文科类\n\
        L\t北京旅游学院图书馆\t文科类\n\
        Q\t重庆大学图书馆\t外地\n\
        X\t厦门大学图书馆\t外地\n\
        Z\t西藏大学图书馆\t外地\n\
        C\t长安大学图书馆\t外地\n\
        H\t上海会计学院图书馆\t外地\n\
        D\t朝阳区图书馆\t公共馆\n\
        G\t東莞圖書館\t公共馆\n";
    let (members, problems) = Members::load(Some(rows));
    assert_eq!(problems, []);
    for (typed, code) in [
        ("zhonghuanvzi", "W"),
        ("zhonghuanuzi", "W"),
        ("zhonghuanüzi", "W"),
        ("zhonghuanu:zi", "W"),
        ("zhnz", "W"),
        ("lvyou", "L"),
        ("luyou", "L"),
        ("lyuyou", "L"),
        ("bjlyxy", "L"),
        ("cqdx", "Q"),
        ("zqdx", "Q"),
        ("xmdx", "X"),
        ("smdx", "X"),
        ("xzdx", "Z"),
        ("xcdx", "Z"),
        ("cadx", "C"),
        ("zhangan", "C"),
        ("shkj", "H"),
        ("shhj", "H"),
        ("cyq", "D"),
        ("zhaoyang", "D"),
        ("dgtsg", "G"),
        ("东莞", "G"),
    ] {
        assert_eq!(found(&members, typed).first().map(String::as_str), Some(code), "{typed}");
    }
    assert!(!found(&members, "xzdx").contains(&"PKU".to_owned()));
}

#[test]
fn a_hundred_and_twenty_members_are_quick() {
    let mut rows = "code\tname\tgroup\n".to_owned();
    for i in 0..74 {
        rows.push_str(&format!("M{i}\t北京第{i}音乐学院长江校区图书馆\t新馆{}\n", i % 7));
    }
    let (members, problems) = Members::load(Some(&rows));
    assert_eq!((members.len(), problems.len(), members.groups().len()), (120, 0, 16));
    let started = std::time::Instant::now();
    let queries = [
        "bj",
        "bjd",
        "beijingdi",
        "yyxy",
        "音乐",
        "zzzzzzzz",
        "bjyddx",
        &"b".repeat(5000),
        &"北".repeat(500),
    ];
    for typed in queries {
        members.filter(typed);
    }
    // Far above the millisecond it takes optimised: only to catch an explosion.
    assert!(started.elapsed().as_millis() < 1000, "{:?}", started.elapsed());
    assert!(members.get(&LibraryCode::new("M73")).is_some());
}
