//! The hub's side of every call: who calls, what is answered, under which signature. It knows no HTTP.

use std::path::PathBuf;

use indexer::bib::LibraryCode;
use jiff::{SignedDuration, Timestamp};

use super::{
    Enrolled, Enrolling, Fares, FeedAnswer, LettersAnswer, LettersCall, MOST_LETTERS, Reply, Stand,
    answer_text, call_text,
};
use crate::keys::{Identity, PublicKeys, from_hex, is_signed, random, to_hex};
use crate::store::Store;
use crate::{Error, Result};

/// Letters and digits of a one-time code; 125 bits.
const CODE_SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
pub const CODE_LENGTH: usize = 25;
/// A code that nobody used is good for so long.
const CODE_GOOD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A hub over its data directory.
#[derive(Clone, Debug)]
pub struct HubDesk {
    /// Where everything is kept.
    pub store: Store,
    /// Where the keys are.
    pub data_dir: PathBuf,
    /// Under which name the hub records.
    pub name: LibraryCode,
}

/// A call as it came.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// With the query, as it was sent.
    pub path: &'a str,
    /// Who says to call.
    pub author: &'a str,
    /// The caller's time.
    pub time: &'a str,
    /// In hexadecimal digits.
    pub signature: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// A branch whose signature is good.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Code of its library.
    pub library: LibraryCode,
    signature: [u8; 64],
    skew: i64,
}

/// An answer with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// As of HTTP.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
    /// In hexadecimal digits.
    pub signature: String,
}

impl HubDesk {
    /// Who calls; `None` where that is not certain.
    pub fn caller(&self, call: &Call<'_>, now: Timestamp) -> Result<Option<Caller>> {
        let library = LibraryCode::new(call.author);
        let (Some(signature), Some(branch)) = (from_hex::<64>(call.signature), self.store.branch(&library)?)
        else {
            return Ok(None);
        };
        let text = call_text(call.method, call.path, call.author, call.time, call.body);
        if !is_signed(&branch.keys.signing, text.as_bytes(), &signature) {
            return Ok(None);
        }
        let time: Timestamp = call.time.parse().unwrap_or(now);
        Ok(Some(Caller { library, signature, skew: time.as_second() - now.as_second() }))
    }

    /// Takes letters; the answer is durable before it is given.
    pub fn letters(&self, caller: &Caller, body: &[u8], now: Timestamp) -> Result<Answer> {
        let (status, replies) = match serde_json::from_slice::<LettersCall>(body) {
            Ok(call) if call.letters.len() <= MOST_LETTERS => {
                let replies = self.store.take_letters(&caller.library, &call.letters, &self.name, now)?;
                (if let [one] = &replies[..] { one.status() } else { 200 }, replies)
            }
            Ok(_) => (413, vec![refused(413, format!("at most {MOST_LETTERS} letters are taken at once"))]),
            Err(cause) => (422, vec![refused(422, format!("the letters cannot be read: {cause}"))]),
        };
        self.signed(caller, status, &LettersAnswer { replies, time: now, stand: self.store.stand()? })
    }

    /// Whether there is anything for the caller behind what it has read.
    pub fn has_news(&self, caller: &Caller, after: i64) -> Result<bool> {
        self.store.has_news(&caller.library, after)
    }

    /// What the caller should know beyond what it has read; `heard` is where it says that this hub was last, `fares` what
    /// it says of itself.
    pub fn feed(
        &self,
        caller: &Caller,
        place: (i64, &str, Stand),
        fares: Option<&Fares>,
        root: Option<String>,
        now: Timestamp,
    ) -> Result<Answer> {
        self.store.note_branch(&caller.library, place.0, caller.skew, now)?;
        if let Some(fares) = fares {
            self.store.note_fares(&caller.library, fares)?;
        }
        let answer = FeedAnswer { root, ..self.store.feed_since(&caller.library, place, now)? };
        self.signed(caller, 200, &answer)
    }

    /// Enrols whoever shows a good code; `Err` inside is a sentence for the other side.
    pub fn enrol(
        &self,
        enrolling: &Enrolling,
        now: Timestamp,
    ) -> Result<std::result::Result<Enrolled, String>> {
        let keys = from_hex(&enrolling.signing).zip(from_hex(&enrolling.sealing));
        let Some((signing, sealing)) = keys else { return Ok(Err("no keys were shown".to_owned())) };
        let Some(own) = Identity::load(&self.data_dir)? else {
            return Ok(Err("this hub has no keys yet: it has to be started once".to_owned()));
        };
        let wanted =
            Some(enrolling.library.as_str()).filter(|library| !library.is_empty()).map(LibraryCode::new);
        let hash = hash_of_code(&enrolling.code);
        match self.store.enrol(hash, wanted.as_ref(), PublicKeys { signing, sealing }, now)? {
            None => {
                Ok(Err("the code is not good: it was used, is too old, or is for another library".to_owned()))
            }
            Some(library) => {
                let own = own.public();
                Ok(Ok(Enrolled {
                    library: library.to_string(),
                    signing: to_hex(&own.signing),
                    sealing: to_hex(&own.sealing),
                    policy: self.store.policy()?,
                }))
            }
        }
    }

    fn signed(&self, caller: &Caller, status: u16, document: &impl serde::Serialize) -> Result<Answer> {
        let body = serde_json::to_vec(document).map_err(|source| Error::Run { source })?;
        let Some(identity) = Identity::load(&self.data_dir)? else {
            return Err(Error::Identity { path: self.data_dir.join("keys") });
        };
        let signature = to_hex(&identity.sign(answer_text(&caller.signature, status, &body).as_bytes()));
        Ok(Answer { status, body, signature })
    }
}

fn refused(status: u16, reason: String) -> Reply {
    Reply::Rejected { status, reason }
}

/// Makes a one-time code with which a library's branch enrols.
pub fn new_code(store: &Store, library: &LibraryCode, now: Timestamp) -> Result<String> {
    let random: [u8; CODE_LENGTH] = random()?;
    let code: String = random.iter().map(|byte| char::from(CODE_SYMBOLS[usize::from(byte & 31)])).collect();
    let until = now.saturating_add(CODE_GOOD_FOR).unwrap_or(now);
    store.add_enrol_code(hash_of_code(&code), library, until)?;
    Ok(code)
}

// People copy codes in small letters and with blanks.
fn hash_of_code(code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    *blake3::hash(plain.as_bytes()).as_bytes()
}
