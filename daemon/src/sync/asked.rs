//! Pulls and switches that a person asks for, as the one writer carries them out.

use indexer::pipeline::{Progress, Stage};
use indexer::snapshot::tuf::Expiry;
use serde::{Deserialize, Serialize};

use super::carrier::carrier_of;
use super::pull::{Manner, Pulled, pull as pull_from};
use super::{export, state, switch as switching};
use crate::Result;
use crate::harvest::Stop;
use crate::jobs::Answer;
use crate::writer::Writer;

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// A folder, an `http(s):` address or a bucket.
    pub repository: String,
    /// A root for which somebody vouches.
    pub root: Option<String>,
    /// Whether metadata that holds no longer is only told of: it came on a stick.
    pub is_stick: bool,
    /// Whose machine this is, for the list that it leaves on the stick.
    pub library: Option<String>,
    /// Whether the members' original records are wanted too.
    pub originals: bool,
}

pub(crate) fn pull(writer: &Writer, asked: &Pull, progress: &dyn Progress) -> Result<Answer> {
    let site = writer.site();
    if let Some(root) = &asked.root {
        state::pin_root(&site, root.as_bytes())?;
    }
    let carrier = carrier_of(&asked.repository, &writer.access, &site.data_dir)?;
    let expiry = if asked.is_stick { Expiry::Told } else { Expiry::Enforced };
    // What a stick lacks is not looked for elsewhere: whoever brings it has no line.
    let neighbours: &[String] = if asked.is_stick { &[] } else { &writer.neighbours };
    let manner =
        Manner { expiry, originals: asked.originals, budget: None, served: writer.serves, neighbours };
    progress.begin(Stage::Fetch, None);
    let pulled = pull_from(&site, carrier.as_ref(), manner, &Stop::default(), &|n| progress.advance(n, 0));
    progress.end();
    let pulled = pulled?;
    if let Some(code) = asked.library.as_ref().filter(|_| asked.is_stick) {
        let code = indexer::bib::LibraryCode::new(code.as_str());
        export::leave_want(&site, std::path::Path::new(&asked.repository), &code, asked.originals)?;
    }
    Ok(Answer::Pulled { document: document(&pulled), remarks: pulled.remarks })
}

pub(crate) fn switch(writer: &Writer, generation: Option<&str>) -> Result<Answer> {
    let site = writer.site();
    let generation = match generation {
        Some(generation) => {
            switching::pin(&site, generation)?;
            Some(generation.to_owned())
        }
        None => switching::release(&site)?,
    };
    Ok(Answer::Switched { generation })
}

/// What `lianmu snapshot pull --json` says.
pub fn document(pulled: &Pulled) -> serde_json::Value {
    serde_json::json!({
        "from": pulled.from,
        "to": pulled.to,
        "way": pulled.way,
        "bytes_fetched": pulled.bytes_fetched,
        "bytes_from_neighbours": pulled.bytes_from_neighbours,
        "bytes_reused": pulled.bytes_reused,
        "seconds": (pulled.took.as_secs_f64() * 1000.0).round() / 1000.0,
    })
}
