//! One question to a provider, asked until it is answered or it is enough.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use form_urlencoded::Serializer;
use ureq::http::uri::Uri;

use super::super::FetchContext;
use super::super::client::{Client, Patience, Trouble, read_whole};
use super::super::retry::Retry;
use super::reply::{self, Reply};
use crate::Error;
use crate::settings::Source;

/// Longest reply, plain.
const LONGEST_REPLY: u64 = 64 << 20;
/// Errors of the protocol; any other code is a provider's own way to say that something failed.
const CODES: [&str; 8] = [
    "badArgument",
    "badVerb",
    "badResumptionToken",
    "cannotDisseminateFormat",
    "idDoesNotExist",
    "noRecordsMatch",
    "noMetadataFormats",
    "noSetHierarchy",
];

/// What came of a question.
pub(super) enum Answer {
    /// A whole reply; it may be an error of the protocol.
    Reply(Vec<u8>, Box<Reply>),
    /// Nothing usable, however often it was asked.
    Broken(String),
}

/// Why a harvest ends early.
#[derive(Debug)]
pub(super) enum Halt {
    /// A sentence for a person.
    Over(String),
    /// This machine is at fault.
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

pub(super) struct Asker<'a> {
    client: Client,
    context: &'a FetchContext<'a>,
    deadline: Duration,
}

impl<'a> Asker<'a> {
    pub(super) fn new(
        source: &Source,
        context: &'a FetchContext<'a>,
        longest: Duration,
    ) -> Result<Self, Trouble> {
        let patience = Patience { answer: Some(Duration::from_secs(600)), ..Patience::default() };
        let client = Client::new(&source.location, source.allow_private, patience)?;
        Ok(Self { client, context, deadline: context.clock.monotonic().saturating_add(longest) })
    }

    /// Asks, and again after a while if it does not go well.
    pub(super) fn ask(&mut self, arguments: &[(&str, &str)]) -> Result<Answer, Halt> {
        let mut retry = Retry::default();
        loop {
            let reason = match self.try_once(arguments)? {
                Ok((bytes, reply)) => return Ok(Answer::Reply(bytes, Box::new(reply))),
                Err(trouble) => trouble,
            };
            let Trouble::Passing { reason, wish } = reason else {
                return Err(Halt::Over(reason.reason().to_owned()));
            };
            tracing::debug!(reason, "a provider did not answer well");
            let Some(wait) = retry.after_failure(wish) else { return Ok(Answer::Broken(reason)) };
            if self.context.clock.sleep(wait, self.context.stop) {
                return Err(Halt::Over("the run was stopped".to_owned()));
            }
        }
    }

    /// Asks once.
    pub(super) fn ask_once(&mut self, arguments: &[(&str, &str)]) -> Result<Answer, Halt> {
        Ok(match self.try_once(arguments)? {
            Ok((bytes, reply)) => Answer::Reply(bytes, Box::new(reply)),
            Err(trouble) => Answer::Broken(trouble.reason().to_owned()),
        })
    }

    fn try_once(&mut self, arguments: &[(&str, &str)]) -> Result<Result<(Vec<u8>, Reply), Trouble>, Halt> {
        if self.context.stop.is_asked() {
            return Err(Halt::Over("the run was stopped".to_owned()));
        }
        if self.context.clock.monotonic() > self.deadline {
            return Err(Halt::Over("the harvest took too long".to_owned()));
        }
        Ok(self.reply(arguments))
    }

    fn reply(&self, arguments: &[(&str, &str)]) -> Result<(Vec<u8>, Reply), Trouble> {
        let uri = self.uri(arguments)?;
        let response = self.client.get(&uri, &[("Accept", "text/xml, application/xml")])?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = read_whole(response, LONGEST_REPLY)?;
        let bytes = if bytes.starts_with(&[0x1F, 0x8B]) { unpacked(&bytes)? } else { bytes };
        let reply = reply::read(&bytes);
        // Some send the protocol's errors under a status of HTTP.
        let is_protocol_error = reply.error.as_ref().is_some_and(|(code, _)| CODES.contains(&code.as_str()));
        let is_answer = status.is_success() || (reply.is_oai && is_protocol_error);
        if !is_answer {
            return Err(Trouble::of_status(status, &headers, self.context.clock.now()));
        }
        if reply.has_doctype && !reply.is_oai {
            return Err(Trouble::passing("the server sent a web page instead of an OAI-PMH reply"));
        }
        if reply.has_doctype {
            return Err(Trouble::passing("the reply declares a document type, which is not read"));
        }
        if !reply.is_oai {
            return Err(Trouble::passing("what the server sent is no OAI-PMH reply"));
        }
        if !reply.is_whole {
            return Err(Trouble::passing("the reply ends too early"));
        }
        if let Some((code, message)) = reply.error.as_ref().filter(|_| !is_protocol_error) {
            let message: String = message.chars().take(200).collect();
            return Err(Trouble::passing(format!("the provider reports {code}: {message}")));
        }
        Ok((bytes, reply))
    }

    fn uri(&self, arguments: &[(&str, &str)]) -> Result<Uri, Trouble> {
        let home = self.client.home();
        let own = home.query().map(|query| format!("{query}&")).unwrap_or_default();
        let query = Serializer::new(own).extend_pairs(arguments).finish();
        let (scheme, authority) = (home.scheme_str().unwrap_or("http"), home.authority());
        let authority = authority.map_or("", |authority| authority.as_str());
        let text = format!("{scheme}://{authority}{}?{query}", home.path());
        text.parse().map_err(|_| Trouble::passing("a token is too long or cannot be sent back"))
    }
}

// Nobody asked for it to be packed, but some pack all the same.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut plain = Vec::new();
    let result = MultiGzDecoder::new(bytes).take(LONGEST_REPLY + 1).read_to_end(&mut plain);
    if plain.len() as u64 > LONGEST_REPLY {
        return Err(Trouble::lasting("the reply is packed and becomes far too long"));
    }
    result.map_err(|error| Trouble::passing(format!("the reply is packed and damaged: {error}")))?;
    Ok(plain)
}
