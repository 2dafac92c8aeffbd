//! A provider on loopback as the tests wish it: its records, its pages, its faults.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::super::super::trial::{Peer, Request, answer};

/// A provider with records in order of their datestamps, and faults as a test wishes.
pub(super) struct Provider {
    pub(super) records: Vec<Entry>,
    pub(super) page: usize,
    pub(super) granularity: &'static str,
    /// Answers instead of the provider, or lets it answer.
    pub(super) fault: Fault,
}

pub(super) type Fault = Box<dyn FnMut(&Request, &mut dyn Write) -> bool + Send>;

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) number: String,
    pub(super) datestamp: String,
    pub(super) deleted: bool,
}

pub(super) const FORMATS: &str = "<metadataFormat><metadataPrefix>oai_dc</metadataPrefix><schema>x</schema>\
    <metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat>\
    <metadataFormat><metadataPrefix>unimarc</metadataPrefix><schema>y</schema>\
    <metadataNamespace>http://www.loc.gov/MARC21/slim</metadataNamespace></metadataFormat>";

pub(super) fn record(number: &str, title: &str) -> String {
    format!(
        "<record xmlns=\"http://www.loc.gov/MARC21/slim\"><leader>00000nam0 2200000   450 </leader>\
         <controlfield tag=\"001\">{number}</controlfield><datafield tag=\"200\" ind1=\"1\" ind2=\" \">\
         <subfield code=\"a\">{title}</subfield></datafield></record>"
    )
}

pub(super) fn entries(n: usize) -> Vec<Entry> {
    let entry = |i: usize| Entry {
        name: format!("oai:lib:{i}"),
        number: format!("{i:06}"),
        datestamp: format!("2026-01-{:02}T00:00:{:02}Z", 1 + i / 60, i % 60),
        deleted: false,
    };
    (0..n).map(entry).collect()
}

impl Provider {
    pub(super) fn new(n: usize) -> Self {
        let granularity = "YYYY-MM-DDThh:mm:ssZ";
        Self { records: entries(n), page: 10, granularity, fault: Box::new(|_, _| false) }
    }

    pub(super) fn failing(
        n: usize,
        fault: impl FnMut(&Request, &mut dyn Write) -> bool + Send + 'static,
    ) -> Self {
        Self { fault: Box::new(fault), ..Self::new(n) }
    }

    pub(super) fn start(self) -> (Peer, Arc<Mutex<Self>>) {
        let shared = Arc::new(Mutex::new(self));
        let provider = Arc::clone(&shared);
        let peer = Peer::start(move |request, out| {
            let mut provider = provider.lock().unwrap();
            if !(provider.fault)(request, out) {
                answer(out, "200 OK", &[("Content-Type", "text/xml")], provider.reply(request).as_bytes());
            }
        });
        (peer, shared)
    }

    pub(super) fn reply(&self, request: &Request) -> String {
        let inside = match request.argument("verb").unwrap_or_default().as_str() {
            "Identify" => format!(
                "<Identify><earliestDatestamp>2026-01-01T00:00:00Z</earliestDatestamp><deletedRecord>persistent\
                 </deletedRecord><granularity>{}</granularity></Identify>",
                self.granularity
            ),
            "ListMetadataFormats" => format!("<ListMetadataFormats>{FORMATS}</ListMetadataFormats>"),
            "GetRecord" => {
                let name = request.argument("identifier").unwrap();
                match self.records.iter().find(|entry| entry.name == name) {
                    Some(entry) => format!("<GetRecord>{}</GetRecord>", element(entry, true)),
                    None => "<error code=\"idDoesNotExist\"/>".to_owned(),
                }
            }
            verb => self.list(request, verb),
        };
        page(&inside)
    }

    pub(super) fn list(&self, request: &Request, verb: &str) -> String {
        let (from, until, start) = match request.argument("resumptionToken") {
            Some(token) => {
                let parts: Vec<&str> = token.split('|').collect();
                (parts[0].to_owned(), parts[1].to_owned(), parts[2].parse().unwrap())
            }
            None => {
                let bound = |name| request.argument(name).unwrap_or_default();
                (bound("from"), bound("until"), 0)
            }
        };
        let is_inside = |entry: &&Entry| {
            let stamp = &entry.datestamp[..];
            let upper = if until.is_empty() { "9" } else { &until };
            stamp.get(..from.len()).unwrap() >= &from[..] && stamp[..stamp.len().min(upper.len())] <= *upper
        };
        let found: Vec<&Entry> = self.records.iter().filter(is_inside).collect();
        if found.is_empty() {
            return "<error code=\"noRecordsMatch\"/>".to_owned();
        }
        let here = found.iter().skip(start).take(self.page);
        let list: String = here.map(|entry| element(entry, verb == "ListRecords")).collect();
        let next = start + self.page;
        let token = if next < found.len() { format!("{from}|{until}|{next}") } else { String::new() };
        format!("<{verb}>{list}<resumptionToken completeListSize=\"7\">{token}</resumptionToken></{verb}>")
    }
}

pub(super) fn element(entry: &Entry, with_record: bool) -> String {
    let status = if entry.deleted { " status=\"deleted\"" } else { "" };
    let (name, datestamp) = (&entry.name, &entry.datestamp);
    let header =
        format!("<header{status}><identifier>{name}</identifier><datestamp>{datestamp}</datestamp></header>");
    match (with_record, entry.deleted) {
        (false, _) => header,
        (true, true) => format!("<record>{header}</record>"),
        (true, false) => {
            let record = record(&entry.number, "三国演义");
            format!("<record>{header}<metadata>{record}</metadata></record>")
        }
    }
}

pub(super) fn page(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\">\
         <responseDate>2026-11-25T01:30:00Z</responseDate>{inside}</OAI-PMH>"
    )
}
