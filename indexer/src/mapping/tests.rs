//! Whole records of each dialect; the variants of holdings that libraries write are in `holdings`.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::bib::{AgentKind, Isbn, Lendable, MaterialType};
use crate::marc::{Leader, Record};

mod holdings;

/// `245 10 $aTitle$bRest`; a control field has no `$`.
fn record(leader: &[u8; 24], lines: &[&str]) -> Record {
    let mut record = Record::default();
    record.set_leader(Leader(*leader));
    for line in lines {
        let tag: [u8; 3] = line.as_bytes()[..3].try_into().unwrap();
        let Some((head, rest)) = line.split_once('$') else {
            record.push_control(tag, |text| text.push_str(&line[4..]));
            continue;
        };
        let indicators: [u8; 2] = head.as_bytes()[4..6].try_into().unwrap();
        record.push_data(tag, indicators);
        for part in rest.split('$') {
            let mut chars = part.chars();
            let code = chars.next().unwrap();
            record.push_subfield(code, |text| text.push_str(chars.as_str()));
        }
    }
    record
}

const CN: &[u8; 24] = b"00714nam0 2200253   450 ";
const US: &[u8; 24] = b"00714nam a2200253 a 4500";

fn mapped(record: &Record) -> Mapped {
    let dialect = dialect(record);
    map(record, dialect, &HoldingsProfile::default_for(dialect))
}

#[test]
fn a_cnmarc_book() {
    let record = record(
        CN,
        &[
            "001 0120130001",
            "010   $a978-7-5339-1845-3$b精装$dCNY39.00",
            "100   $a20131108d2013    em y0chiy50      ea",
            "101 0 $achi",
            "200 1 $aJava简明教程$9Java jian ming jiao cheng$e从入门到精通$f林某某主编$g王某某译",
            "205   $a第2版",
            "210   $a北京$c清风出版社$d2013.06",
            "215   $a331页$d26cm",
            "225 2 $a计算机丛书$v3",
            "410  0$12001 $a计算机丛书$v3",
            "330   $a本书介绍Java语言。",
            "606 0 $aJAVA语言$x程序设计",
            "690   $aTP312JA$v5",
            "701  0$9lin mou mou$a林某某$4主编",
            "702  0$a[美]Smith, J.$4著",
            "905   $aTSG$b20295403-5405$dTP312JA$e8.5C",
        ],
    );
    let Mapped { bib, holdings, .. } = mapped(&record);
    assert_eq!(dialect(&record), Dialect::Cnmarc);
    assert_eq!(bib.title.as_deref(), Some("Java简明教程"));
    assert_eq!(bib.subtitle.as_deref(), Some("从入门到精通"));
    assert_eq!(bib.responsibility.as_deref(), Some("林某某主编 ; 王某某译"));
    assert_eq!(bib.title_pinyin, ["Java jian ming jiao cheng"]);
    assert_eq!(
        (bib.publisher.as_deref(), bib.place.as_deref(), bib.year),
        (Some("清风出版社"), Some("北京"), Some(2013))
    );
    assert_eq!(bib.isbns, [Isbn(9787533918453)]);
    assert_eq!(bib.price.as_deref(), Some("精装 CNY39.00"));
    assert_eq!(bib.series.len(), 1, "225 and 410 name one series");
    assert_eq!(bib.series[0].volume.as_deref(), Some("3"));
    assert_eq!(bib.subjects, ["JAVA语言--程序设计"]);
    assert_eq!(bib.clc, ["TP312JA"]);
    assert_eq!(bib.material_type, MaterialType::BookChi);
    assert_eq!(bib.agents[0].pinyin.as_deref(), Some("lin mou mou"));
    assert_eq!(bib.agents[1].name, "Smith, J.");
    assert_eq!(bib.agents[1].qualifier.as_deref(), Some("美"));
    assert_eq!(holdings.len(), 1);
    assert_eq!(holdings[0].call_number.as_deref(), Some("TP312JA/8.5C"));
    assert_eq!((holdings[0].copies, holdings[0].barcodes.len()), (3, 3));
}

#[test]
fn a_marc21_book_with_its_original_script() {
    let record = record(
        US,
        &[
            "001 ocm1",
            "008 990101s1998    cc            000 0 chi d",
            "020   $a7533918452 (pbk.)",
            "100 1 $6880-01$aLuo, Guanzhong,$dapproximately 1330-1400,$eauthor.",
            "245 14$6880-02$aThe San guo yan yi /$cLuo Guanzhong zhu.",
            "260   $6880-03$aBeijing :$bRen min chu ban she,$c1998.",
            "650  0$aChina$xHistory$yThree Kingdoms.",
            "880 1 $6100-01/$1$a罗贯中.",
            "880 10$6245-02/$1$a三国演义 /$c罗贯中著.",
            "880   $6260-03/$1$a北京 :$b人民出版社,$c1998.",
            "852   $bmain$cReference$hPL2690$i.S3$pA00012345",
        ],
    );
    let Mapped { bib, holdings, .. } = mapped(&record);
    assert_eq!(dialect(&record), Dialect::Marc21);
    assert_eq!(bib.title.as_deref(), Some("三国演义"));
    assert_eq!(bib.romanised_title.as_deref(), Some("The San guo yan yi"));
    assert_eq!(bib.title_skip, 0, "the shown title has no article");
    assert_eq!(bib.responsibility.as_deref(), Some("罗贯中著"));
    assert_eq!(bib.publisher.as_deref(), Some("人民出版社"));
    assert_eq!(bib.other_publishers, ["Ren min chu ban she"]);
    assert_eq!(bib.year, Some(1998));
    let names: Vec<&str> = bib.agents.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["罗贯中"]);
    assert_eq!(bib.agents[0].pinyin.as_deref(), Some("Luo, Guanzhong"));
    assert_eq!(bib.agents[0].role.as_deref(), Some("author"));
    assert_eq!(bib.subjects, ["China--History--Three Kingdoms"]);
    assert_eq!(bib.isbns, [Isbn(9787533918453)]);
    assert_eq!(holdings[0].call_number.as_deref(), Some("PL2690 .S3"));
    assert_eq!(holdings[0].lendable, Lendable::No { reason: "reference".to_owned() });
}

#[test]
fn dialects() {
    for (lines, expected) in [
        (&["200 1 $a书", "210   $c社", "690   $aI2"][..], Dialect::Cnmarc),
        (&["200 1 $aLivre", "210   $cGallimard", "801  0$aFR"], Dialect::Unimarc),
        (&["200 1 $a書", "681   $a312.2", "100   $a20010101d2001    km y0chiy09      ea"], Dialect::Cnmarc),
        (&["200 1 $aBook", "801  0$aCN"], Dialect::Cnmarc),
        (&["245 10$aBook", "260   $bPress"], Dialect::Marc21),
        // Local subjects of a Swiss network, as many as there are.
        (
            &["245 10$aBook", "690   $aPollen", "690   $aSamen", "690   $aFunde", "690   $aRom"],
            Dialect::Marc21,
        ),
        (&["001 x"], Dialect::Marc21),
    ] {
        assert_eq!(dialect(&record(b"00000nam  2200000   450 ", lines)), expected, "{lines:?}");
    }
}

#[test]
fn material_types() {
    let unimarc = |leader: &[u8; 24], lines: &[&str]| {
        let record = record(leader, lines);
        map(&record, Dialect::Cnmarc, &HoldingsProfile::default_for(Dialect::Cnmarc)).bib.material_type
    };
    let book = b"00000nam0 2200000   450 ";
    let serial = b"00000nas0 2200000   450 ";
    for (leader, lines, expected) in [
        (book, &["101 0 $achi", "200 1 $a书"][..], MaterialType::BookChi),
        (book, &["101 0 $aeng", "200 1 $aBook"], MaterialType::BookWes),
        (book, &["200 1 $a三国志の世界"], MaterialType::BookJpn),
        (book, &["101 0 $arus", "200 1 $aКнига"], MaterialType::BookRus),
        (book, &["101 0 $auig", "200 1 $aكىتاب"], MaterialType::BookMin),
        (book, &["101 0 $akor", "200 1 $a책"], MaterialType::BookKor),
        (book, &["105   $ay   m   000yy", "200 1 $a论文"], MaterialType::Thesis),
        (book, &["328   $a博士论文", "200 1 $a论文"], MaterialType::Thesis),
        (book, &["200 1 $a周易", "210   $d1783", "215   $a4册(线装)"], MaterialType::Rare),
        (serial, &["101 0 $achi", "200 1 $a图书馆学报"], MaterialType::SerialChi),
        (serial, &["110   $acca", "200 1 $a晚报"], MaterialType::Newspaper),
        (b"00000ngm0 2200000   450 ", &["200 1 $a片"], MaterialType::Audiovisual),
        (b"00000ncm0 2200000   450 ", &["200 1 $a曲"], MaterialType::Score),
        (b"00000nem0 2200000   450 ", &["200 1 $a图"], MaterialType::Map),
        (b"00000nlm0 2200000   450 ", &["200 1 $a盘"], MaterialType::Electronic),
        (b"00000nx   2200000   450 ", &["200  1$a人名"], MaterialType::Authority),
    ] {
        assert_eq!(unimarc(leader, lines), expected, "{lines:?}");
    }
}

#[test]
fn marc21_holdings_and_authority_records_are_told_apart() {
    let holdings = record(b"00000nx  a2200000un 4500", &["001 h1", "004 b77", "852   $bmain$hTP3"]);
    let Mapped { bib, holdings_of, .. } =
        map(&holdings, Dialect::Marc21, &HoldingsProfile::default_for(Dialect::Marc21));
    assert_eq!(bib.material_type, MaterialType::Holdings);
    assert_eq!(holdings_of.as_deref(), Some("b77"));
    let authority = record(b"00000nz  a2200000n  4500", &["001 a1", "100 1 $aLu, Xun"]);
    let Mapped { bib, holdings, .. } = mapped(&authority);
    assert_eq!(bib.material_type, MaterialType::Authority);
    assert!(holdings.is_empty());
}

#[test]
fn odd_rows_of_the_maps() {
    let bib = mapped(&record(
        CN,
        &[
            "010   $z7-5339-1845-3$d0.38元",
            "091   $a9231.47",
            "200 1 $a甲书$a乙书$c丙书$f某某著",
            "210   $a北京$c甲社$a上海$c乙社$d民国二十三年",
            "225 2 $a文库",
            "454  0$12001 $aThe original$1700 1$aSmith",
            "461  0$12001 $a某某全集$v3",
            "905   $dI247.5$e12",
        ],
    ))
    .bib;
    assert_eq!(bib.invalid_isbns, ["7-5339-1845-3"]);
    assert_eq!(bib.cn_book_no.as_deref(), Some("9231·47"));
    assert_eq!(bib.other_titles, ["乙书", "丙书", "The original"]);
    assert_eq!((bib.publisher.as_deref(), bib.year), (Some("甲社"), Some(1934)));
    assert_eq!(bib.other_publishers, ["乙社"]);
    assert_eq!(bib.series[1].title, "某某全集");
    assert_eq!(bib.series[1].volume.as_deref(), Some("3"));
    assert_eq!(bib.clc, ["I247.5"], "905 $d where there is no 690");
}

#[test]
fn links_that_run_script_are_not_kept() {
    let bib = mapped(&record(CN, &["200 1 $a书", "856 4 $ujavascript:alert(1)$uhttps://example.org/a"])).bib;
    assert_eq!(bib.urls, ["https://example.org/a"]);
}

#[test]
fn people_and_bodies() {
    let bib = mapped(&record(
        CN,
        &["200 1 $a书", "711 02$a某某研究所$b出版部$4编", "712 12$a年会$4主办", "701  1$aEdwards$bJames$4著"],
    ))
    .bib;
    let seen: Vec<(&str, AgentKind, Option<&str>)> =
        bib.agents.iter().map(|a| (a.name.as_str(), a.kind, a.role.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("某某研究所. 出版部", AgentKind::Body, Some("编")),
            ("年会", AgentKind::Meeting, Some("主办")),
            ("Edwards, James", AgentKind::Person, Some("著")),
        ]
    );
}

#[test]
fn a_brief_mapping_says_the_same_as_a_whole_one() {
    let record = record(
        US,
        &[
            "001 ocm1",
            "008 990101s1998    cc            000 0 chi d",
            "020   $a7533918452 (pbk.)",
            "245 14$6880-02$aThe San guo yan yi /$cLuo Guanzhong zhu.",
            "260   $aBeijing :$bRen min chu ban she,$c1998.",
            "502   $aThesis",
            "650  0$aChina",
            "880 10$6245-02/$1$a三国演义 /$c罗贯中著.",
            "852   $bmain$hPL2690$i.S3$pA00012345",
        ],
    );
    let profile = HoldingsProfile::default_for(Dialect::Marc21);
    let whole = map(&record, Dialect::Marc21, &profile);
    let brief = map_brief(&record, Dialect::Marc21, &profile);
    assert_eq!(brief.holdings, whole.holdings);
    let shown = |bib: &Bib| {
        let texts = [&bib.title, &bib.romanised_title, &bib.subtitle, &bib.responsibility, &bib.publisher];
        (texts.map(Clone::clone), bib.year, bib.isbns.clone(), bib.material_type, bib.languages.clone())
    };
    assert_eq!(shown(&brief.bib), shown(&whole.bib));
    assert!(brief.bib.subjects.is_empty() && !whole.bib.subjects.is_empty());
}
