//! Message → XML, in the order of the schema; empty optional elements are left out.

use jiff::Timestamp;
use jiff::civil::Date;
use quick_xml::escape::escape;

use super::NAMESPACE;
use super::message::{Agency, Confirmation, Header, Message, Request, Requesting, Supplying, Which};
use super::read::zone;
use super::tree::is_legal;
use super::words::Status;

/// As it goes over the line: the same message, the same bytes.
pub fn write(message: &Message) -> String {
    let mut xml = Xml::default();
    xml.0.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.0.push_str(&format!(
        "<ISO18626Message xmlns=\"{NAMESPACE}\" xmlns:ill=\"{NAMESPACE}\" ill:version=\"1.2\">"
    ));
    match message {
        Message::Request(one) => xml.within(Which::Request.element(), |xml| request(xml, one)),
        Message::Supplying(one) => xml.within(Which::Supplying.element(), |xml| supplying(xml, one)),
        Message::Requesting(one) => xml.within(Which::Requesting.element(), |xml| requesting(xml, one)),
        Message::Confirmation(one) => xml.within(one.which.confirmation(), |xml| confirmation(xml, one)),
    }
    xml.0.push_str("</ISO18626Message>\n");
    xml.0
}

#[derive(Default)]
struct Xml(String);

impl Xml {
    fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.0.push_str(&format!("<{name}>"));
        inside(self);
        self.0.push_str(&format!("</{name}>"));
    }

    /// An element that must be there.
    fn text(&mut self, name: &str, text: &str) {
        let legal: String = text.chars().filter(|c| is_legal(*c)).collect();
        self.0.push_str(&format!("<{name}>{}</{name}>", escape(legal.as_str())));
    }

    /// An element that is left out where it is empty.
    fn some(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.text(name, text);
        }
    }

    /// An element of elements that is left out where all are empty.
    fn some_within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        inside(&mut inner);
        if !inner.0.is_empty() {
            self.within(name, |xml| xml.0.push_str(&inner.0));
        }
    }

    fn time(&mut self, name: &str, at: Timestamp) {
        let zoned = at.to_zoned_datetime(zone());
        self.text(name, &zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
    }

    fn agency(&mut self, name: &str, agency: &Agency) {
        self.within(name, |xml| {
            xml.text("agencyIdType", &agency.scheme);
            xml.text("agencyIdValue", &agency.value);
        });
    }
}

fn header(xml: &mut Xml, header: &Header) {
    xml.within("header", |xml| {
        xml.agency("supplyingAgencyId", &header.supplier);
        xml.agency("requestingAgencyId", &header.requester);
        xml.text("multipleItemRequestId", &header.multiple_item);
        xml.time("timestamp", header.at);
        xml.text("requestingAgencyRequestId", &header.request);
        xml.some("supplyingAgencyRequestId", header.supplier_request.as_deref().unwrap_or_default());
        if let Some((account, code)) = &header.authentication {
            xml.within("requestingAgencyAuthentication", |xml| {
                xml.some("accountId", account);
                xml.some("securityCode", code);
            });
        }
    });
}

fn request(xml: &mut Xml, request: &Request) {
    header(xml, &request.header);
    let book = &request.book;
    xml.within("bibliographicInfo", |xml| {
        xml.some("supplierUniqueRecordId", &book.supplier_record);
        xml.some("title", &book.title);
        xml.some("author", &book.author);
        xml.some("subtitle", &book.subtitle);
        xml.some("edition", &book.edition);
        xml.some("titleOfComponent", &book.title_of_component);
        xml.some("authorOfComponent", &book.author_of_component);
        xml.some("volume", &book.volume);
        xml.some("issue", &book.issue);
        xml.some("pagesRequested", &book.pages);
        for id in &book.ids {
            xml.within("bibliographicItemId", |xml| {
                xml.text("bibliographicItemIdentifier", &id.value);
                xml.text("bibliographicItemIdentifierCode", &id.code);
            });
        }
    });
    xml.some_within("publicationInfo", |xml| {
        xml.some("publisher", &request.publication.publisher);
        xml.some("publicationType", &request.publication.kind);
        xml.some("publicationDate", &request.publication.date);
    });
    if let Some(service) = &request.service {
        xml.within("serviceInfo", |xml| {
            xml.text("requestType", service.request_type.code());
            if service.for_patron {
                xml.text("requestSubType", "PatronRequest");
            }
            xml.some("requestingAgencyPreviousRequestId", service.previous.as_deref().unwrap_or_default());
            xml.text("serviceType", service.service.code());
            xml.some("note", &service.note);
        });
    }
    if !request.call_number.is_empty() {
        xml.within("supplierInfo", |xml| {
            xml.agency("supplierCode", &request.header.supplier);
            xml.text("callNumber", &request.call_number);
        });
    }
    if !request.recipient.is_empty() {
        xml.within("requestedDeliveryInfo", |xml| {
            xml.within("address", |xml| {
                xml.within("physicalAddress", |xml| xml.text("line1", &request.recipient));
            });
        });
    }
    xml.some_within("patronInfo", |xml| xml.some("patronId", &request.patron));
}

/// The last second of a day in +08:00.
fn end_of(day: Date) -> Option<Timestamp> {
    day.at(23, 59, 59, 0).to_zoned_datetime(zone()).ok().map(|zoned| zoned.timestamp())
}

fn supplying(xml: &mut Xml, message: &Supplying) {
    header(xml, &message.header);
    xml.within("messageInfo", |xml| {
        xml.text("reasonForMessage", message.reason.code());
        if let Some(answer) = message.answer {
            xml.text("answerYesNo", if answer { "Y" } else { "N" });
        }
        xml.some("note", &message.note);
        xml.some("reasonUnfilled", &message.reason_unfilled);
        xml.some("reasonRetry", &message.reason_retry);
    });
    xml.within("statusInfo", |xml| {
        // The schema knows no message without one; who writes knows how it stands.
        xml.text("status", message.status.map_or("RequestReceived", |status| status.code()));
        if let Some(due) = message.due.and_then(end_of) {
            xml.time("dueDate", due);
        }
        xml.time("lastChange", message.since);
    });
    if message.sent.is_some() || !message.item.is_empty() || !message.condition.is_empty() {
        xml.within("deliveryInfo", |xml| {
            xml.time("dateSent", message.sent.unwrap_or(message.since));
            xml.some("itemId", &message.item);
            if message.status == Some(Status::Loaned) {
                xml.text("sentVia", "Mail");
            }
            xml.some("loanCondition", &message.condition);
        });
    }
}

fn requesting(xml: &mut Xml, message: &Requesting) {
    header(xml, &message.header);
    xml.text("action", message.action.code());
    xml.some("note", &message.note);
}

fn confirmation(xml: &mut Xml, one: &Confirmation) {
    xml.within("confirmationHeader", |xml| {
        if let Some(supplier) = &one.supplier {
            xml.agency("supplyingAgencyId", supplier);
        }
        if let Some(requester) = &one.requester {
            xml.agency("requestingAgencyId", requester);
        }
        xml.time("timestamp", one.at);
        xml.some("requestingAgencyRequestId", one.request.as_deref().unwrap_or_default());
        if let Some(multiple_item) = &one.multiple_item {
            xml.text("multipleItemRequestId", multiple_item);
        }
        xml.time("timestampReceived", one.received);
        xml.text("messageStatus", if one.error.is_some() { "ERROR" } else { "OK" });
    });
    if let Some(reason) = one.reason.filter(|_| one.which == Which::Supplying) {
        xml.text("reasonForMessage", reason.code());
    }
    if let Some(action) = one.action.filter(|_| one.which == Which::Requesting) {
        xml.text("action", action.code());
    }
    if let Some((kind, value)) = &one.error {
        xml.within("errorData", |xml| {
            xml.text("errorType", kind.code());
            xml.some("errorValue", value);
        });
    }
}
