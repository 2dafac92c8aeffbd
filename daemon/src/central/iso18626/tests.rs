//! Messages of others are read or refused with a reason; ours hold to the schema, and say what they mean.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests may panic, and say what they skip")]
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::requests::{Event, Party, Recorded, RequestForm, Shipment};
use crate::trial::request_form;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn agency(value: &str) -> Agency {
    Agency { scheme: "LIANMU".into(), value: value.into() }
}

pub(super) fn about(form: Option<&RequestForm>) -> About<'_> {
    About {
        supplier: agency("PKU"),
        requester: agency("BJFU"),
        request: "BJFU-261129-7K3QM2",
        authentication: Some(("BJFU".into(), "geheim & <co>".into())),
        form,
        patron: "R001",
        previous: None,
    }
}

pub(super) fn recorded(party: Party, event: Event, note: &str) -> Recorded {
    let at = at("2026-11-29T12:00:00Z");
    // What is not named is as it comes.
    let json = serde_json::json!({"clock": 1, "library": "PKU", "seq": 1, "at": at, "party": party, "event": "submit"});
    let blank: Recorded = serde_json::from_value(json).unwrap();
    Recorded { event, note: note.to_owned(), library: LibraryCode::new("PKU"), ..blank }
}

fn of_lender() -> Vec<Event> {
    let due = Some(date(2026, 12, 29));
    vec![
        Event::Acknowledge,
        Event::Accept,
        Event::Condition,
        Event::Unfill,
        Event::OfferRetry,
        Event::AnswerCancel { granted: true },
        Event::AnswerCancel { granted: false },
        Event::Ship { due },
        Event::AnswerRenew { granted: true, due },
        Event::AnswerRenew { granted: false, due: None },
        Event::Recall { due },
        Event::CheckIn,
        Event::Lose,
    ]
}

fn of_requester() -> Vec<Event> {
    use Event::*;
    vec![
        Submit,
        AskCancel,
        RefuseCondition,
        Close,
        Lose,
        AgreeCondition,
        Receive,
        AskRenew,
        Return,
        AskStatus,
    ]
}

/// Everything that we ever write.
fn ours() -> Vec<Message> {
    let form = RequestForm {
        author: "林<巧>&民".into(),
        isbn: "978-7-302-33333-1".into(),
        note: "急\u{1}用".into(),
        publisher: "清华大学出版社".into(),
        ..request_form()
    };
    let mut all: Vec<Message> = of_requester()
        .into_iter()
        .flat_map(|event| {
            let one = recorded(Party::Requester, event, "请]]>寄\n“快”");
            [true, false].map(|has_come| requesting(&about(Some(&form)), &one, has_come).unwrap())
        })
        .collect();
    let pickup = RequestForm { delivery: "pickup".into(), ..form.clone() };
    all.extend(requesting(&about(Some(&pickup)), &recorded(Party::Reader, Event::Submit, ""), false));
    for event in of_lender() {
        let shipment =
            Shipment { barcodes: vec!["00123".into()], tracking: "SF1".into(), ..Shipment::default() };
        let one = recorded(Party::Lender, event, &shipment.to_note());
        all.push(supplying(&about(None), &one, &[]).unwrap());
    }
    let lent = recorded(Party::Lender, Event::Ship { due: Some(date(2026, 12, 29)) }, "");
    let asked = recorded(Party::Lender, Event::TellStatus, "");
    all.extend(supplying(&about(None), &asked, [&lent]));
    all.extend(supplying(&about(None), &asked, &[]));
    let now = at("2026-11-29T12:00:01Z");
    let errors = ErrorType::ALL.iter().map(|kind| Some((*kind, "a \"<&>\" b".to_owned())));
    let confirmed: Vec<Message> = [None]
        .into_iter()
        .chain(errors)
        .flat_map(|error| all.iter().filter_map(|one| one.confirmed(error.clone(), now)).collect::<Vec<_>>())
        .map(|one| Message::Confirmation(Box::new(one)))
        .collect();
    all.extend(confirmed);
    all
}

#[test]
fn what_is_written_is_read_again() {
    for message in ours() {
        let text = write(&message);
        assert_eq!(write(&message), text, "the same bytes");
        let again = read(text.as_bytes()).unwrap_or_else(|cause| panic!("{cause}\n{text}"));
        // What XML cannot hold is left out; the rest is the same.
        assert_eq!(write(&again), text);
    }
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    folder.join("schemas/ISO-18626-v1_2.xsd").is_file().then_some(folder)
}

#[test]
fn what_we_write_holds_to_the_schema() {
    let has_xmllint = Command::new("xmllint").arg("--version").stderr(Stdio::null()).status().is_ok();
    let Some(corpus) = corpus().filter(|_| has_xmllint) else {
        return eprintln!("skipped: no xmllint, or no ../shared/corpus beside the workspace");
    };
    let schema = corpus.join("schemas/ISO-18626-v1_2.xsd");
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (n, message) in ours().iter().enumerate() {
        let file = folder.path().join(format!("{n}.xml"));
        std::fs::File::create(&file).unwrap().write_all(write(message).as_bytes()).unwrap();
        files.push(file);
    }
    assert!(files.len() > 100);
    let mut lint = Command::new("xmllint");
    let output = lint.args(["--nonet", "--noout", "--schema"]).arg(&schema).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn xml_files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            xml_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "xml") {
            found.push(path);
        }
    }
}

#[test]
fn every_message_of_the_corpus_is_read_or_refused_with_a_reason() {
    let Some(corpus) = corpus() else {
        return eprintln!("skipped: there is no ../shared/corpus beside the workspace");
    };
    let mut files = Vec::new();
    xml_files(&corpus.join("marc"), &mut files);
    let (mut n_read, mut refused) = (0, Vec::new());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        if bytes.len() > 1 << 20
            || !bytes.windows(20).any(|w| {
                w == b"illtransactions.org/" || w == b"<ISO18626Message xml" || w == b"<ISO18626Message ver"
            })
        {
            continue;
        }
        match read(&bytes) {
            Ok(message) => {
                n_read += 1;
                // What was read is said again within the schema's order, and read alike.
                assert_eq!(read(write(&message).as_bytes()).map(drop), Ok(()), "{}", file.display());
            }
            Err(cause) => {
                refused.push((file.file_name().unwrap().to_string_lossy().into_owned(), cause.to_string()))
            }
        }
    }
    eprintln!("read {n_read}, refused {refused:#?}");
    assert!(n_read >= 20, "{n_read}");
    for (name, reason) in [
        ("msg-invalid.xml", "one message was expected"),
        ("reqmsg-invalid-action.xml", "UnsupportedActionType"),
        ("supmsg-invalid-status.xml", "invalid status"),
    ] {
        assert!(
            refused.iter().any(|(file, cause)| file == name && cause.contains(reason)),
            "{name}: {refused:?}"
        );
    }
    assert!(refused.iter().all(|(_, cause)| cause.len() > 20), "{refused:?}");
}

fn envelope(inside: &str) -> String {
    format!("<ISO18626Message xmlns=\"{NAMESPACE}\" version=\"1.2\">{inside}</ISO18626Message>")
}

fn nothing(text: &str) -> String {
    match read(text.as_bytes()) {
        Err(Unread::Nothing(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn attacks_by_xml_are_refused() {
    let ours = write(&ours()[0]);
    let with_doctype =
        ours.replacen("<ISO", "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><ISO", 1);
    assert!(nothing(&with_doctype).contains("DOCTYPE"));
    let outside = "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><ISO18626Message/>";
    assert!(nothing(outside).contains("DOCTYPE"));
    assert!(nothing(&envelope("<request>&xxe;</request>")).contains("unknown entity"));
    assert!(nothing(&envelope("<request>&#0;</request>")).len() > 10);
    assert!(nothing(&envelope("<request>&#x1B;</request>")).contains("forbids"));
    assert!(nothing(&"<a>".repeat(40)).contains("deep"));
    assert!(nothing(&envelope(&"<a/>".repeat(3_000))).contains("many elements"));
    let attributes: String = (0..40).map(|n| format!(" a{n}=\"\"")).collect();
    assert!(nothing(&format!("<request{attributes}/>")).contains("attributes"));
    assert!(nothing("<request a=\"1\" a=\"2\"/>").len() > 10);
    assert!(nothing(&envelope(&format!("<request>{}</request>", "x".repeat(MOST_BYTES)))).contains("longer"));
    assert!(nothing("<?xml version=\"1.0\" encoding=\"GB18030\"?><request/>").contains("UTF-8"));
    assert!(nothing("<request>").contains("early"));
    assert!(nothing("").contains("no element"));
    assert!(nothing("<request/><request/>").contains("root"));
    assert!(nothing("<html><body>502</body></html>").contains("none of the messages"));
    assert!(matches!(read(b"<request>\xff</request>"), Err(Unread::Nothing(why)) if why.contains("UTF-8")));
    for cut in (0..ours.len() - 1).step_by(7).filter(|cut| ours.is_char_boundary(*cut)) {
        assert!(read(&ours.as_bytes()[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn faults_are_named_with_the_type_of_the_standard() {
    let header = "<header><supplyingAgencyId><agencyIdType>ISIL</agencyIdType><agencyIdValue>SUP</agencyIdValue>\
                  </supplyingAgencyId><requestingAgencyId><agencyIdType>ISIL</agencyIdType><agencyIdValue>REQ\
                  </agencyIdValue></requestingAgencyId><timestamp>2026-11-29T12:00:00Z</timestamp>\
                  <requestingAgencyRequestId>r1</requestingAgencyRequestId></header>";
    let check = |inside: &str, error: ErrorType, value: &str| match read(envelope(inside).as_bytes()) {
        Err(Unread::Faulty(faulty)) => {
            assert_eq!((faulty.error, faulty.value.as_str()), (error, value));
            let text =
                write(&Message::Confirmation(Box::new(faulty.confirmation(at("2026-11-29T12:00:01Z")))));
            assert!(text.contains("<messageStatus>ERROR</messageStatus>"), "{text}");
        }
        other => panic!("{other:?}"),
    };
    use ErrorType::*;
    check("<request/>", BadlyFormedMessage, "header: missing");
    check(&format!("<request>{header}</request>"), BadlyFormedMessage, "bibliographicInfo: missing");
    let no_id = header.replace("r1", " ");
    check(
        &format!("<request>{no_id}</request>"),
        BadlyFormedMessage,
        "requestingAgencyRequestId: cannot be empty",
    );
    let no_time = header.replace("2026-11-29T12:00:00Z", "gestern");
    check(
        &format!("<request>{no_time}</request>"),
        UnrecognisedDataValue,
        "timestamp: \"gestern\" is no time",
    );
    let act = |word: &str| {
        format!("<requestingAgencyMessage>{header}<action>{word}</action></requestingAgencyMessage>")
    };
    check(&act("Explode"), UnsupportedActionType, "invalid action: \"Explode\"");
    let supply = format!(
        "<supplyingAgencyMessage>{header}<messageInfo><reasonForMessage>Boredom</reasonForMessage></messageInfo>\
         </supplyingAgencyMessage>"
    );
    check(&supply, UnsupportedReasonForMessageType, "invalid reason: \"Boredom\"");
    // Without the envelope, elements in another order, an unknown one: read all the same.
    let bare = format!(
        "<requestingAgencyMessage><note>n</note><x/><action>renew</action>{header}</requestingAgencyMessage>"
    );
    let Ok(Message::Requesting(one)) = read(bare.as_bytes()) else { panic!("{bare}") };
    assert_eq!(
        (one.action, one.note.as_str(), one.header.requester.value.as_str()),
        (Action::Renew, "n", "REQ")
    );
}

#[test]
fn our_events_come_back_as_they_were() {
    for event in of_lender() {
        let one = recorded(Party::Lender, event.clone(), "");
        let text = write(&supplying(&about(None), &one, &[]).unwrap());
        let Ok(Message::Supplying(message)) = read(text.as_bytes()) else { panic!("{text}") };
        // A condition without words is none.
        let expect = if event == Event::Condition { Event::Accept } else { event };
        assert_eq!(reported(&message).map(|(event, _)| event), Some(expect), "{text}");
    }
    for (event, expect) in [
        (Event::AskCancel, Asked::Event(Event::AskCancel, "n".into())),
        (Event::Receive, Asked::Event(Event::Receive, "n".into())),
        (Event::AskRenew, Asked::Event(Event::AskRenew, "n".into())),
        (Event::Return, Asked::Event(Event::Return, "n".into())),
        (Event::AgreeCondition, Asked::Event(Event::AgreeCondition, "n".into())),
        (Event::Lose, Asked::Words("n".into())),
        (Event::AskStatus, Asked::Status),
    ] {
        let text = write(&requesting(&about(None), &recorded(Party::Requester, event, "n"), true).unwrap());
        let Ok(Message::Requesting(message)) = read(text.as_bytes()) else { panic!("{text}") };
        assert_eq!(asked(&message), expect);
    }
    let form = RequestForm { isbn: "9787302333331".into(), author: "林巧民".into(), ..request_form() };
    let text =
        write(&requesting(&about(Some(&form)), &recorded(Party::Reader, Event::Submit, ""), false).unwrap());
    let Ok(Message::Request(request)) = read(text.as_bytes()) else { panic!("{text}") };
    let back = of_form(&request, "PKU");
    let expect = RequestForm { email: String::new(), ..form };
    assert_eq!(back, expect);
    assert_eq!((request.patron.as_str(), text.contains("linqiao@example.org")), ("R001", false));
    assert!(text.contains("<timestamp>2026-11-29T20:00:00+08:00</timestamp>"), "{text}");
}

#[test]
fn a_day_is_a_day_in_china() {
    let shipped = recorded(Party::Lender, Event::Ship { due: Some(date(2026, 12, 29)) }, "");
    let text = write(&supplying(&about(None), &shipped, &[]).unwrap());
    assert!(text.contains("<dueDate>2026-12-29T23:59:59+08:00</dueDate>"), "{text}");
    let in_utc = text.replace("2026-12-29T23:59:59+08:00", "2026-12-29T15:59:59Z");
    let Ok(Message::Supplying(message)) = read(in_utc.as_bytes()) else { panic!() };
    assert_eq!(message.due, Some(date(2026, 12, 29)));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_text_survives(note in "\\PC{0,60}", value in ".{0,30}") {
        let one = recorded(Party::Requester, Event::AskRenew, &note);
        let about = About { request: &value, ..about(None) };
        let text = write(&requesting(&about, &one, true).unwrap());
        match read(text.as_bytes()) {
            Ok(Message::Requesting(message)) => prop_assert_eq!(message.note.as_str(), note.trim()),
            other => prop_assert!(value.trim().chars().all(|c| c.is_control() || c.is_whitespace()), "{:?}", other),
        }
    }
}
