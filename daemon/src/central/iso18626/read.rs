//! XML → message, leniently: any order, unknown elements passed over, with or without the envelope.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use super::message::{
    Agency, Book, Confirmation, Header, ItemId, Message, Publication, Request, Requesting, Service,
    Supplying, Which,
};
use super::tree::{Node, parse};
use super::words::{Action, ErrorType, Reason, RequestType, ServiceType, Status};

/// Why something is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is no XML, or dangerous XML, or none of the six messages: there is nothing to confirm.
    Nothing(String),
    /// It is a message with a fault: its confirmation says so.
    Faulty(Box<Faulty>),
}

/// A message that cannot be acted on, with what could be read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faulty {
    /// Which kind.
    pub which: Which,
    /// Who supplies.
    pub supplier: Option<Agency>,
    /// Who asks.
    pub requester: Option<Agency>,
    /// What the requester calls the request.
    pub request: Option<String>,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What is wrong.
    pub error: ErrorType,
    /// What is wrong, as a sentence.
    pub value: String,
}

impl Faulty {
    /// The confirmation that says so.
    pub fn confirmation(&self, now: Timestamp) -> Confirmation {
        Confirmation {
            which: self.which,
            supplier: self.supplier.clone(),
            requester: self.requester.clone(),
            at: now,
            request: self.request.clone(),
            multiple_item: None,
            received: self.at.unwrap_or(now),
            reason: None,
            action: None,
            error: Some((self.error, self.value.clone())),
        }
    }
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing(why) => write!(f, "it cannot be read: {why}"),
            Self::Faulty(faulty) => write!(f, "{}: {}", faulty.error.code(), faulty.value),
        }
    }
}

type Fault = (ErrorType, String);

/// Reads a message.
///
/// # Errors
/// It is none, or one with a fault.
pub fn read(bytes: &[u8]) -> Result<Message, Unread> {
    let root = parse(bytes).map_err(Unread::Nothing)?;
    let body = match root.name.as_str() {
        "ISO18626Message" if root.children.len() == 1 => &root.children[0],
        "ISO18626Message" => {
            return Err(Unread::Nothing(format!(
                "one message was expected, {} are there",
                root.children.len()
            )));
        }
        _ => &root,
    };
    if let Some(which) = Which::ALL.into_iter().find(|which| which.confirmation() == body.name) {
        return confirmation(which, body)
            .map(|one| Message::Confirmation(Box::new(one)))
            .map_err(Unread::Nothing);
    }
    let Some(which) = Which::ALL.into_iter().find(|which| which.element() == body.name) else {
        return Err(Unread::Nothing(format!("{} is none of the messages of ISO 18626", short(&body.name))));
    };
    let message = match which {
        Which::Request => request(body).map(|one| Message::Request(Box::new(one))),
        Which::Supplying => supplying(body).map(|one| Message::Supplying(Box::new(one))),
        Which::Requesting => requesting(body).map(|one| Message::Requesting(Box::new(one))),
    };
    message.map_err(|(error, value)| {
        let text =
            |name: &str| Some(body.text_at(&["header", name]).to_owned()).filter(|text| !text.is_empty());
        Unread::Faulty(Box::new(Faulty {
            which,
            supplier: agency(body, &["header", "supplyingAgencyId"]),
            requester: agency(body, &["header", "requestingAgencyId"]),
            request: text("requestingAgencyRequestId"),
            at: text("timestamp").and_then(|text| time(&text)),
            error,
            value,
        }))
    })
}

/// Enough of a value to know it again.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

fn agency(node: &Node, path: &[&str]) -> Option<Agency> {
    let node = node.at(path)?;
    let text = |name: &str| node.text_at(&[name]).to_owned();
    let agency = Agency { scheme: text("agencyIdType"), value: text("agencyIdValue") };
    (!agency.value.is_empty()).then_some(agency)
}

fn header(body: &Node) -> Result<Header, Fault> {
    let Some(header) = body.child("header") else {
        return Err((ErrorType::BadlyFormedMessage, "header: missing".to_owned()));
    };
    let missing = |name: &str| (ErrorType::BadlyFormedMessage, format!("{name}: cannot be empty"));
    let written = header.text_at(&["timestamp"]);
    let at = time(written).ok_or_else(|| {
        (ErrorType::UnrecognisedDataValue, format!("timestamp: {:?} is no time", short(written)))
    })?;
    let request = header.text_at(&["requestingAgencyRequestId"]);
    if request.is_empty() {
        return Err(missing("requestingAgencyRequestId"));
    }
    let text = |name: &str| Some(header.text_at(&[name]).to_owned()).filter(|text| !text.is_empty());
    let authentication = header
        .child("requestingAgencyAuthentication")
        .map(|node| (node.text_at(&["accountId"]).to_owned(), node.text_at(&["securityCode"]).to_owned()));
    Ok(Header {
        supplier: agency(header, &["supplyingAgencyId"]).ok_or_else(|| missing("supplyingAgencyId"))?,
        requester: agency(header, &["requestingAgencyId"]).ok_or_else(|| missing("requestingAgencyId"))?,
        multiple_item: text("multipleItemRequestId").unwrap_or_default(),
        at,
        request: request.to_owned(),
        supplier_request: text("supplyingAgencyRequestId"),
        authentication,
    })
}

fn request(body: &Node) -> Result<Request, Fault> {
    let header = header(body)?;
    let Some(info) = body.child("bibliographicInfo") else {
        return Err((ErrorType::BadlyFormedMessage, "bibliographicInfo: missing".to_owned()));
    };
    let text = |path: &[&str]| body.text_at(path).to_owned();
    let publication = Publication {
        publisher: text(&["publicationInfo", "publisher"]),
        kind: text(&["publicationInfo", "publicationType"]),
        date: text(&["publicationInfo", "publicationDate"]),
    };
    let address = body.children.iter().filter(|node| node.name == "requestedDeliveryInfo");
    let recipient = address.map(|node| node.text_at(&["address", "physicalAddress", "line1"]));
    let call_numbers = body.children.iter().filter(|node| node.name == "supplierInfo");
    let call_numbers = call_numbers.map(|node| node.text_at(&["callNumber"]));
    Ok(Request {
        header,
        book: book(info),
        publication,
        service: body.child("serviceInfo").map(service).transpose()?,
        call_number: first(call_numbers),
        recipient: first(recipient),
        patron: text(&["patronInfo", "patronId"]),
    })
}

fn first<'a>(mut texts: impl Iterator<Item = &'a str>) -> String {
    texts.find(|text| !text.is_empty()).unwrap_or_default().to_owned()
}

fn book(info: &Node) -> Book {
    let text = |name: &str| info.text_at(&[name]).to_owned();
    let ids = info.children.iter().filter(|node| node.name == "bibliographicItemId").map(|node| ItemId {
        code: node.text_at(&["bibliographicItemIdentifierCode"]).to_owned(),
        value: node.text_at(&["bibliographicItemIdentifier"]).to_owned(),
    });
    Book {
        supplier_record: text("supplierUniqueRecordId"),
        title: text("title"),
        author: text("author"),
        subtitle: text("subtitle"),
        edition: text("edition"),
        title_of_component: text("titleOfComponent"),
        author_of_component: text("authorOfComponent"),
        volume: text("volume"),
        issue: text("issue"),
        pages: text("pagesRequested"),
        ids: ids.filter(|id| !id.value.is_empty()).collect(),
    }
}

fn service(node: &Node) -> Result<Service, Fault> {
    let word = |name: &str| node.text_at(&[name]);
    let wrong = |name: &str| {
        (ErrorType::UnrecognisedDataValue, format!("invalid {name}: {:?}", short(node.text_at(&[name]))))
    };
    let request_type = match word("requestType") {
        "" => RequestType::New,
        text => RequestType::from_code(text).ok_or_else(|| wrong("requestType"))?,
    };
    let service = match word("serviceType") {
        "" => ServiceType::Loan,
        text => ServiceType::from_code(text).ok_or_else(|| wrong("serviceType"))?,
    };
    let mut subtypes = node.children.iter().filter(|child| child.name == "requestSubType");
    Ok(Service {
        request_type,
        for_patron: subtypes.any(|child| child.text.eq_ignore_ascii_case("PatronRequest")),
        previous: Some(word("requestingAgencyPreviousRequestId").to_owned()).filter(|id| !id.is_empty()),
        service,
        note: word("note").to_owned(),
    })
}

fn supplying(body: &Node) -> Result<Supplying, Fault> {
    let header = header(body)?;
    let text = |path: &[&str]| body.text_at(path).to_owned();
    let reason = body.text_at(&["messageInfo", "reasonForMessage"]);
    let reason = Reason::from_code(reason).ok_or_else(|| {
        (ErrorType::UnsupportedReasonForMessageType, format!("invalid reason: {:?}", short(reason)))
    })?;
    // Some suppliers send an empty status: nothing has changed.
    let status = match body.text_at(&["statusInfo", "status"]) {
        "" => None,
        word => Some(Status::from_code(word).ok_or_else(|| {
            (ErrorType::UnrecognisedDataValue, format!("invalid status: {:?}", short(word)))
        })?),
    };
    let answer = match text(&["messageInfo", "answerYesNo"]).to_ascii_uppercase().as_str() {
        "Y" | "YES" => Some(true),
        "N" | "NO" => Some(false),
        _ => None,
    };
    Ok(Supplying {
        reason,
        answer,
        note: text(&["messageInfo", "note"]),
        reason_unfilled: text(&["messageInfo", "reasonUnfilled"]),
        reason_retry: text(&["messageInfo", "reasonRetry"]),
        status,
        due: day(body.text_at(&["statusInfo", "dueDate"])),
        since: time(body.text_at(&["statusInfo", "lastChange"])).unwrap_or(header.at),
        sent: time(body.text_at(&["deliveryInfo", "dateSent"])),
        item: text(&["deliveryInfo", "itemId"]),
        condition: text(&["deliveryInfo", "loanCondition"]),
        header,
    })
}

fn requesting(body: &Node) -> Result<Requesting, Fault> {
    let header = header(body)?;
    let action = body.text_at(&["action"]);
    let action = Action::from_code(action)
        .ok_or_else(|| (ErrorType::UnsupportedActionType, format!("invalid action: {:?}", short(action))))?;
    Ok(Requesting { header, action, note: body.text_at(&["note"]).to_owned() })
}

fn confirmation(which: Which, body: &Node) -> Result<Confirmation, String> {
    let head = body.child("confirmationHeader").ok_or("confirmationHeader is missing")?;
    let text = |name: &str| Some(head.text_at(&[name]).to_owned()).filter(|text| !text.is_empty());
    let status = head.text_at(&["messageStatus"]);
    let error = match status.to_ascii_uppercase().as_str() {
        "OK" => None,
        "ERROR" => {
            let kind = ErrorType::from_code(body.text_at(&["errorData", "errorType"]));
            let value = body.text_at(&["errorData", "errorValue"]).to_owned();
            Some((kind.unwrap_or(ErrorType::BadlyFormedMessage), value))
        }
        _ => return Err(format!("messageStatus is {:?}", short(status))),
    };
    let at = time(head.text_at(&["timestamp"])).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Confirmation {
        which,
        supplier: agency(head, &["supplyingAgencyId"]),
        requester: agency(head, &["requestingAgencyId"]),
        at,
        request: text("requestingAgencyRequestId"),
        multiple_item: head.child("multipleItemRequestId").map(|node| node.text.clone()),
        received: time(head.text_at(&["timestampReceived"])).unwrap_or(at),
        reason: Reason::from_code(body.text_at(&["reasonForMessage"])),
        action: Action::from_code(body.text_at(&["action"])),
        error,
    })
}

/// The zone in which days are meant, and times without one.
pub(super) fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// A time with an offset; one without is meant in +08:00.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let local: DateTime = text.parse().ok()?;
    local.to_zoned_datetime(zone()).ok().map(|zoned| zoned.timestamp())
}

// A day, or the moment at which it ends.
fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    match text.parse::<Timestamp>() {
        Ok(at) => Some(at.to_zoned_datetime(zone()).date()),
        Err(_) => text.parse::<Date>().ok(),
    }
}
