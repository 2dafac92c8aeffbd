//! Variants of holdings that libraries write (DOMAIN §2.2), and the guess at them.

use super::*;

/// Call numbers, copies and barcodes of some lines.
fn held(profile: &HoldingsProfile, lines: &[&str]) -> Vec<(String, u16, usize)> {
    let mut all = vec!["200 1 $a书"];
    all.extend(lines);
    let holdings = map(&record(CN, &all), Dialect::Cnmarc, profile).holdings;
    holdings.iter().map(|h| (h.call_number.clone().unwrap_or_default(), h.copies, h.barcodes.len())).collect()
}

/// Variants of 905 (DOMAIN §2.2) by the default and by the profile of their name.
#[test]
fn variants_of_905() {
    for (variant, lines, expected) in [
        (
            "cnmarc-905-group",
            &["905   $a01$b1001$dK86$e1$f1$sK86/1:0$a02$b1002$dK86$e1$f1$sK86/1:0"][..],
            &[("K86/1:0", 1, 1), ("K86/1:0", 1, 1)][..],
        ),
        ("cnmarc-905-d-class", &["905   $aTSG$b100101$b100102$dI247$e5"], &[("I247/5", 2, 2)]),
        ("cnmarc-905-985", &["905   $b0010201-10$dI247$e5$f"], &[("I247/5", 10, 10)]),
        ("cnmarc-905-906", &["905   $b20295403-5408$dI247$e5"], &[("I247/5", 6, 6)]),
        ("cnmarc-905-accession", &["905   $b0450012$dI247$e123$f3"], &[("I247/123", 3, 1)]),
        ("cnmarc-905-serial", &["905   $dG25$e3$y2001$v1-12"], &[("G25/3", 1, 0)]),
        ("cnmarc-905-f-call-number", &["905   $aBJFU$fTP312JA/S.5C"], &[("TP312JA/S.5C", 1, 0)]),
    ] {
        let named = HoldingsProfile::named(variant).expect(variant);
        for profile in [HoldingsProfile::default_for(Dialect::Cnmarc), named] {
            let seen = held(&profile, lines);
            let seen: Vec<(&str, u16, usize)> = seen.iter().map(|(c, n, b)| (c.as_str(), *n, *b)).collect();
            assert_eq!(seen, expected, "variant {variant} by {}", profile.name);
        }
    }
    let bare = mapped(&record(CN, &["200 1 $a书", "690   $aI247.5"])).holdings;
    assert_eq!((bare[0].call_number.as_deref(), bare[0].copies), (Some("I247.5"), 0));
}

/// The items of variants C and D stand in fields of their own; a copy that both name counts once.
#[test]
fn items_beside_905() {
    let profile = HoldingsProfile::named("cnmarc-905-985").unwrap();
    let lines =
        &["905   $b0010201-3$dI247$e5", "985   $a0010201$d阅览室$a0010202$d外借书库$a0010204$d外借书库"];
    let mut all = vec!["200 1 $a书"];
    all.extend(lines);
    let holdings = map(&record(CN, &all), Dialect::Cnmarc, &profile).holdings;
    let seen: Vec<(Option<&str>, Option<&str>, u16)> =
        holdings.iter().map(|h| (h.location.as_deref(), h.call_number.as_deref(), h.copies)).collect();
    assert_eq!(
        seen,
        [
            (None, Some("I247/5"), 1),
            (Some("阅览室"), Some("I247/5"), 1),
            (Some("外借书库"), Some("I247/5"), 2),
        ]
    );
    let profile = HoldingsProfile::named("cnmarc-905-906").unwrap();
    let lines = &["905   $b0010201-3$dI247$e5", "906   $a0010201$h77", "906   $a0010202$h78"];
    assert_eq!(held(&profile, lines).iter().map(|h| h.1).sum::<u16>(), 3);
    // One barcode after the other, each with its own class, is a group each.
    let group = HoldingsProfile::named("cnmarc-905-group").unwrap();
    let seen = held(&group, &["905   $b1$dK1$e1$b2$dK2$e2"]);
    assert_eq!(seen, [("K1/1".to_owned(), 1, 1), ("K2/2".to_owned(), 1, 1)]);
}

#[test]
fn a_hostile_holdings_field_stays_small() {
    let line = format!("905   {}", "$b1000001-1000500$dI2".repeat(3000));
    let holdings = mapped(&record(CN, &["200 1 $a书", &line])).holdings;
    assert!(holdings.len() <= 500);
    assert!(holdings.iter().all(|h| h.barcodes.len() <= 1000), "barcodes are bounded");
}

#[test]
fn profiles_are_readable_toml() {
    let profiles = HoldingsProfile::built_in();
    assert!(profiles.len() >= 12, "profiles.toml can be read");
    for profile in profiles {
        let text = toml::to_string(&profile).unwrap();
        assert_eq!(toml::from_str::<HoldingsProfile>(&text).unwrap(), profile, "{text}");
    }
    let own = "name = \"own\"\nlocations = { \"01\" = \"社科阅览室\" }\n[[field]]\ntag = \"905\"\n\
               subfields = { a = \"location\", d = \"class\" }";
    let own: HoldingsProfile = toml::from_str(own).unwrap();
    let holdings = map(&record(CN, &["905   $a01$dI2"]), Dialect::Cnmarc, &own).holdings;
    assert_eq!(holdings[0].location.as_deref(), Some("社科阅览室"));
    assert_eq!(holdings[0].lendable, Lendable::No { reason: "阅览室".to_owned() });
}

#[test]
fn coverage_belongs_to_the_holding_before_it() {
    let lines = ["245 00$aJournal", "852   $bmain$hZ671$i.J6", "866  0$av.1-20 (1990-2009)"];
    let holdings = mapped(&record(US, &lines)).holdings;
    assert_eq!(holdings.len(), 1);
    assert_eq!(holdings[0].coverage.as_deref(), Some("v.1-20 (1990-2009)"));
}

#[test]
fn words_decide_about_lending() {
    for (location, expected) in [
        ("三层自科阅览室", Lendable::No { reason: "阅览室".to_owned() }),
        ("保存本库", Lendable::No { reason: "保存本".to_owned() }),
        ("中文外借书库", Lendable::Yes),
        ("TSG", Lendable::Unknown),
    ] {
        let line = format!("905   $a{location}$dI2$e1");
        let holdings = mapped(&record(CN, &["200 1 $a书", &line])).holdings;
        assert_eq!(holdings[0].lendable, expected, "{location}");
    }
}

#[test]
fn a_profile_is_guessed_with_its_evidence() {
    let sample: Vec<Record> = (0..40)
        .map(|i| {
            let class = ["TP312", "I247.5", "H31"][i % 3];
            let line = format!(
                "905   $a{}$b{}$d{class}$e{}",
                ["书库", "阅览室"][i % 2],
                1_000_000 + i * 7,
                100 + i * 3
            );
            record(CN, &["200 1 $a书", &format!("690   $a{class}"), &line])
        })
        .collect();
    let guess = guess_profile(&sample);
    let roles: Vec<(char, Role)> = guess.evidence.iter().map(|e| (e.code, e.role)).collect();
    assert_eq!(
        roles,
        [('a', Role::Location), ('b', Role::Barcode), ('d', Role::Class), ('e', Role::BookNumber)]
    );
    assert!(guess.evidence.iter().all(|e| e.share > 0.5 && !e.examples.is_empty()));
    assert_eq!(guess.examples.len(), 5);
    assert_eq!(
        guess.evidence[2].to_string(),
        "905 $d is the class number: in 100 % of 40 values it equals the class elsewhere in the record \
         (TP312, I247.5, H31)"
    );
    let holdings = map(&sample[0], Dialect::Cnmarc, &guess.profile).holdings;
    assert_eq!(holdings[0].call_number.as_deref(), Some("TP312/100"));
    assert_eq!(guess_profile([]).profile, HoldingsProfile::default_for(Dialect::Cnmarc));
}

/// The variants of DOMAIN §2.2 are told apart by their values alone.
#[test]
fn each_variant_is_guessed() {
    use Role::*;
    let classes = ["TP312", "I247.5", "H31", "G25"];
    let books = |line: &dyn Fn(usize, &str) -> String| -> Vec<Record> {
        (0..600)
            .map(|i| {
                let class = classes[i % 4];
                record(CN, &["200 1 $a书", &format!("001 {i}"), &format!("690   $a{class}"), &line(i, class)])
            })
            .collect()
    };
    let (b, e) = (|i: usize| 1_000_000 + i * 7, |i: usize| 100 + i);
    type Case<'a> = (&'a str, Vec<Record>, &'a [(char, Role)]);
    let cases: [Case<'_>; 6] = [
        (
            "A",
            books(&|i, class| {
                let one = |a, b| format!("$a{a}$b{b}$d{class}$e{}$f1$s{class}/{}:0", e(i), e(i));
                format!("905   {}{}", one("01", b(i)), one("02", b(i) + 1))
            }),
            &[('a', Location), ('b', Barcode), ('d', Class), ('e', BookNumber), ('s', CallNumber)],
        ),
        (
            "B",
            books(&|i, class| format!("905   $aTSG$b{}$b{}$d{class}$e{}", b(i), b(i) + 1, e(i))),
            &[('a', Location), ('b', Barcode), ('d', Class), ('e', BookNumber)],
        ),
        (
            "C",
            books(&|i, class| format!("905   $b{}-{:02}$d{class}$e{}$f", 1000 * i + 900_010, 15, e(i))),
            &[('b', Barcode), ('d', Class), ('e', BookNumber)],
        ),
        (
            "D",
            books(&|i, class| format!("905   $b{}-{}$d{class}$e{}", 20_000_100 + i * 1000, 105, e(i))),
            &[('b', Barcode), ('d', Class), ('e', BookNumber)],
        ),
        (
            "E",
            books(&|i, class| format!("905   $b{}$d{class}$e{}$f{}", b(i), e(i), 1 + i % 3)),
            &[('b', Barcode), ('d', Class), ('e', BookNumber), ('f', Copies)],
        ),
        (
            "G",
            books(&|i, class| format!("905   $aBJFU$f{class}/S.{}C", e(i))),
            &[('a', Location), ('f', CallNumber)],
        ),
    ];
    for (variant, sample, expected) in cases {
        let guess = guess_profile(&sample);
        let roles = &guess.profile.fields[0].subfields;
        for (code, role) in expected {
            assert_eq!(roles.get(code), Some(role), "{variant} ${code}: {:?}", guess.evidence);
        }
        let grouping = guess.profile.fields[0].grouping;
        assert_eq!(grouping == Grouping::Group, variant == "A", "{variant}");
    }
}
