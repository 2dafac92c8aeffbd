//! Messages by stick: what would go over the line, signed by its writer and sealed to its reader, in one file.
//!
//! Line and stick may carry the same message; whoever gets it a second time answers as the first time. A branch
//! brings its letters and says how far it has read; the hub brings what comes after. Receipts of letters are in that.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::line::Settlement;
use super::quotas::Quotas;
use crate::central::{MOST_LETTERS, Stand, Told};
use crate::keys::{Identity, from_hex, is_signed, seal, to_hex};
use crate::store::{CENTRE, Hub, Store};
use crate::{Error, Result};

const FIRST_LINE: &[u8] = b"lianmu stick 1\n";
/// How far a branch has read that has to begin again, because this hub was put back from an older copy.
const BEGINS_AGAIN: i64 = -1;
/// Letters that one stick carries.
const MOST_ON_STICK: u32 = 100_000;

/// What lies on a stick, under its seal.
#[derive(Serialize, Deserialize)]
struct Signed {
    // A `Content` as JSON: its bytes are signed.
    content: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    // Code of the branch; empty for the hub.
    from: String,
    to: String,
    made: Timestamp,
    // How far the branch has read, or behind which item these come.
    after: i64,
    // Which item that is, as the branch knows it, and where it heard the hub last; of the hub, where it is.
    #[serde(default)]
    mark: Option<String>,
    #[serde(default)]
    stand: Stand,
    // The hub was put back from an older copy since the branch heard it: these are all of its items.
    #[serde(default)]
    again: bool,
    // The lives of the hub, each with the end of its feed before it.
    #[serde(default)]
    lives: Vec<(u32, i64)>,
    #[serde(default)]
    letters: Vec<String>,
    #[serde(default)]
    items: Vec<Told>,
}

impl Content {
    // Whether the hub that wrote this knows a moment of its own; one of an older version names no lives.
    fn remembers(&self, moment: Stand) -> bool {
        self.lives.is_empty() || moment.lies_in(&self.lives, self.stand.end)
    }
}

/// What a stick brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// From whom: a branch's code, or empty for the hub.
    pub from: String,
    /// Letters that had their effect, now or before.
    pub letters: usize,
    /// Letters that were not taken.
    pub refused: usize,
    /// Items of the feed that were new.
    pub items: usize,
}

/// Writes what a branch has to say. What is on the stick has left: it may arrive.
pub fn export_to_hub(
    store: &Store,
    identity: &Identity,
    hub: &Hub,
    quotas: Option<&Quotas>,
    now: Timestamp,
) -> Result<(Vec<u8>, usize)> {
    let heads = store.all_waiting(CENTRE, MOST_ON_STICK)?;
    let parcels = store.take_to_send(&heads, quotas, now)?;
    let machine = store.machine()?;
    let letters: Vec<String> = parcels.iter().map(|parcel| parcel.body.clone()).collect();
    let n_letters = letters.len();
    let from = hub.library.to_string();
    let content = Content {
        from,
        to: String::new(),
        made: now,
        after: machine.cursor,
        mark: Some(machine.mark),
        stand: store.heard()?,
        again: false,
        lives: Vec::new(),
        letters,
        items: Vec::new(),
    };
    let bytes = closed(&content, identity, &hub.keys.sealing)?;
    let on_stick = |parcel: &super::Parcel| {
        let error = "it is on a stick".to_owned();
        ((parcel.request, parcel.n), Settlement::Waits { is_unknown: true, next_try: None, error })
    };
    store.settle(&parcels.iter().map(on_stick).collect::<Vec<_>>(), now)?;
    Ok((bytes, n_letters))
}

/// Writes what a branch should know beyond what it has read.
pub fn export_to_branch(
    store: &Store,
    identity: &Identity,
    library: &LibraryCode,
    now: Timestamp,
) -> Result<(Vec<u8>, usize)> {
    let Some(branch) = store.branch(library)? else {
        return Err(Error::stick(format!("{library} is no branch of this hub")));
    };
    let stand = store.stand()?;
    let mut items: Vec<Told> = Vec::new();
    loop {
        let after = items.last().map_or(branch.acked.max(0), |last| last.seq);
        let more = store.feed_after(library, after)?;
        if more.is_empty() {
            break;
        }
        items.extend(more);
    }
    let n_items = items.len();
    let content = Content {
        from: String::new(),
        to: library.to_string(),
        made: now,
        after: branch.acked.max(0),
        mark: None,
        stand,
        again: branch.acked == BEGINS_AGAIN,
        lives: store.lives()?,
        letters: Vec::new(),
        items,
    };
    Ok((closed(&content, identity, &branch.keys.sealing)?, n_items))
}

/// Takes in what lies on a stick, at a hub or at a branch; durable when it returns.
pub fn import(
    store: &Store,
    identity: &Identity,
    hub_name: &LibraryCode,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Brought> {
    let sealed = bytes.strip_prefix(FIRST_LINE).ok_or_else(|| Error::stick("it is no stick of lianmu"))?;
    let plain = identity
        .unseal(sealed)
        .ok_or_else(|| Error::stick("it is not sealed to this machine, or was damaged on the way"))?;
    let signed: Signed =
        serde_json::from_slice(&plain).map_err(|_| Error::stick("what is on it cannot be read"))?;
    let content: Content =
        serde_json::from_str(&signed.content).map_err(|_| Error::stick("what is on it cannot be read"))?;
    let from = LibraryCode::new(content.from.as_str());
    let key = if content.from.is_empty() {
        store.hub()?.map(|hub| hub.keys.signing)
    } else {
        store.branch(&from)?.map(|branch| branch.keys.signing)
    };
    let is_good = key
        .zip(from_hex::<64>(&signed.signature))
        .is_some_and(|(key, signature)| is_signed(&key, signed.content.as_bytes(), &signature));
    if !is_good {
        return Err(Error::stick("its writer is not known here, or did not sign it"));
    }
    if content.from.is_empty() {
        from_hub(store, content, now)
    } else {
        from_branch(store, &from, hub_name, &content, now)
    }
}

fn from_branch(
    store: &Store,
    from: &LibraryCode,
    hub_name: &LibraryCode,
    content: &Content,
    now: Timestamp,
) -> Result<Brought> {
    let (mut letters, mut refused) = (0, 0);
    for some in content.letters.chunks(MOST_LETTERS) {
        for reply in store.take_letters(from, some, hub_name, now)? {
            if reply.status() == 200 { letters += 1 } else { refused += 1 }
        }
    }
    // A stick that was written before the line said more moves nothing back.
    let acked = if is_remembered(store, from, content, now)? {
        store.branch(from)?.map_or(0, |branch| branch.acked).max(content.after)
    } else {
        BEGINS_AGAIN
    };
    store.note_branch(from, acked, 0, now)?;
    Ok(Brought { from: from.to_string(), letters, refused, items: 0 })
}

// Whether this hub knows the item and the moment that a branch names; a branch of an older version names neither.
fn is_remembered(store: &Store, from: &LibraryCode, content: &Content, now: Timestamp) -> Result<bool> {
    let Some(mark) = &content.mark else { return Ok(true) };
    Ok(!store.feed_since(from, (content.after, mark, content.stand), now)?.reset)
}

fn from_hub(store: &Store, content: Content, now: Timestamp) -> Result<Brought> {
    let Some(hub) = store.hub()?.filter(|hub| hub.library.as_str() == content.to) else {
        return Err(Error::stick(format!("it is for the branch of {}", content.to)));
    };
    if content.again {
        store.begin_feed_again(content.stand)?;
    } else if !content.remembers(store.heard()?) {
        let reason = "the hub was put back from an older copy since it was heard here: bring it a stick of this machine first";
        return Err(Error::stick(reason));
    }
    let cursor = store.machine()?.cursor;
    if content.after > cursor {
        return Err(Error::stick("it begins later than this machine has read: bring the earlier one first"));
    }
    let items: Vec<Told> = content.items.into_iter().filter(|told| told.seq > cursor).collect();
    store.hear(content.stand)?;
    let is_new = store.take_in(&hub.library, cursor, &items, now)?;
    store.send_again_what_was_forgotten(items.last().map_or(cursor, |told| told.seq))?;
    Ok(Brought { from: String::new(), letters: 0, refused: 0, items: if is_new { items.len() } else { 0 } })
}

fn closed(content: &Content, identity: &Identity, to: &[u8; 32]) -> Result<Vec<u8>> {
    let json = |cause| Error::Run { source: cause };
    let content = serde_json::to_string(content).map_err(json)?;
    let signature = to_hex(&identity.sign(content.as_bytes()));
    let plain = serde_json::to_vec(&Signed { content, signature }).map_err(json)?;
    let sealed = seal(to, &plain).ok_or_else(|| Error::stick("the reader's key is no key"))?;
    Ok([FIRST_LINE, &sealed].concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::requests::State;
    use crate::store::Hub;
    use crate::trial;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    struct Pair {
        hub: Store,
        branch: Store,
        hub_keys: Identity,
        branch_keys: Identity,
        of_branch: Hub,
    }

    fn pair() -> Pair {
        let (hub_keys, branch_keys) =
            (Identity::of(&[1; 32], &[2; 32]).unwrap(), Identity::of(&[3; 32], &[4; 32]).unwrap());
        let (hub, branch, library) = (Store::in_memory(), Store::in_memory(), LibraryCode::new("BJFU"));
        hub.add_enrol_code([0; 32], &library, at(0)).unwrap();
        hub.enrol([0; 32], None, branch_keys.public(), at(0)).unwrap().unwrap();
        let of_branch = Hub { library, url: "https://hub.example.org".into(), keys: hub_keys.public() };
        branch.set_hub(&of_branch).unwrap();
        Pair { hub, branch, hub_keys, branch_keys, of_branch }
    }

    #[test]
    fn a_request_goes_by_stick_and_its_receipt_comes_by_stick() {
        let pair = pair();
        let id = trial::submitted(&pair.branch, at(1));
        let (name, library) = (LibraryCode::new("HUB"), LibraryCode::new("BJFU"));
        let (there, n) =
            export_to_hub(&pair.branch, &pair.branch_keys, &pair.of_branch, None, at(2)).unwrap();
        assert_eq!(n, 1);
        assert_eq!(pair.branch.request(id).unwrap().unwrap().state, State::Sent);
        // The line may carry it too: the stick is read twice, and nothing happens twice.
        for _ in 0..2 {
            let brought = import(&pair.hub, &pair.hub_keys, &name, &there, at(3)).unwrap();
            assert_eq!((brought.letters, brought.refused), (1, 0));
        }
        assert_eq!(pair.hub.request(id).unwrap().unwrap().state, State::AtCentre);
        let (back, n) = export_to_branch(&pair.hub, &pair.hub_keys, &library, at(4)).unwrap();
        assert_eq!(n, 1);
        let brought = import(&pair.branch, &pair.branch_keys, &name, &back, at(5)).unwrap();
        assert_eq!(brought.items, 1);
        assert_eq!(import(&pair.branch, &pair.branch_keys, &name, &back, at(6)).unwrap().items, 0);
        assert_eq!(pair.branch.request(id).unwrap().unwrap().state, State::AtCentre);
        assert_eq!(pair.branch.messages().unwrap()[0].delivery, crate::requests::DeliveryState::Delivered);
        let (empty, n) =
            export_to_hub(&pair.branch, &pair.branch_keys, &pair.of_branch, None, at(7)).unwrap();
        assert_eq!(n, 0);
        import(&pair.hub, &pair.hub_keys, &name, &empty, at(8)).unwrap();
        assert_eq!(
            export_to_branch(&pair.hub, &pair.hub_keys, &library, at(9)).unwrap().1,
            0,
            "it has read all"
        );
    }

    #[test]
    fn what_follows_a_request_goes_on_the_same_stick() {
        let pair = pair();
        let id = trial::submitted(&pair.branch, at(1));
        let (name, library) = (LibraryCode::new("HUB"), LibraryCode::new("BJFU"));
        // The first stick is lost; the reader withdraws what may have arrived.
        export_to_hub(&pair.branch, &pair.branch_keys, &pair.of_branch, None, at(2)).unwrap();
        let by = (&library, crate::requests::Party::Reader);
        let asked = crate::requests::Event::AskCancel;
        pair.branch.record_event(id, by, &asked, "", at(3)).unwrap().unwrap().unwrap();
        let (there, n) =
            export_to_hub(&pair.branch, &pair.branch_keys, &pair.of_branch, None, at(4)).unwrap();
        assert_eq!(n, 2);
        let brought = import(&pair.hub, &pair.hub_keys, &name, &there, at(5)).unwrap();
        assert_eq!((brought.letters, brought.refused), (2, 0));
        assert_eq!(pair.hub.request(id).unwrap().unwrap().state, State::CancelPending);
        // The line carries them too, one after the other.
        for n in [1, 2] {
            let heads = pair.branch.heads(CENTRE, 9, at(6)).unwrap();
            assert_eq!((heads.len(), heads[0].key), (1, (id, n)));
            let parcels = pair.branch.take_to_send(&heads, None, at(6)).unwrap();
            let letters = [parcels[0].body.clone()];
            let replies = pair.hub.take_letters(&library, &letters, &name, at(6)).unwrap();
            let ended = Settlement::Ended(replies[0].clone().into());
            pair.branch.settle(&[((id, n), ended)], at(6)).unwrap();
        }
        assert_eq!(pair.branch.request(id).unwrap().unwrap().state, State::CancelPending);
        assert_eq!(pair.hub.history(id).unwrap(), pair.branch.history(id).unwrap());
    }

    #[test]
    fn a_stick_of_somebody_else_or_a_changed_one_is_refused() {
        let pair = pair();
        trial::submitted(&pair.branch, at(1));
        let name = LibraryCode::new("HUB");
        let stranger = Identity::of(&[7; 32], &[8; 32]).unwrap();
        let (forged, _) = export_to_hub(&pair.branch, &stranger, &pair.of_branch, None, at(2)).unwrap();
        assert!(import(&pair.hub, &pair.hub_keys, &name, &forged, at(3)).is_err(), "another signature");
        let (good, _) = export_to_hub(&pair.branch, &pair.branch_keys, &pair.of_branch, None, at(2)).unwrap();
        assert!(import(&pair.branch, &pair.branch_keys, &name, &good, at(3)).is_err(), "not sealed to it");
        for end in [0, 5, 14, 15, 47, good.len() - 1] {
            assert!(import(&pair.hub, &pair.hub_keys, &name, &good[..end], at(3)).is_err(), "cut at {end}");
        }
        for place in (0..good.len()).step_by(7) {
            let mut changed = good.clone();
            changed[place] ^= 4;
            assert!(import(&pair.hub, &pair.hub_keys, &name, &changed, at(3)).is_err(), "byte {place}");
        }
        assert_eq!(import(&pair.hub, &pair.hub_keys, &name, &good, at(3)).unwrap().letters, 1);
    }
    #[test]
    fn a_hub_that_was_put_back_is_told_by_stick_what_it_forgot() {
        let mut pair = pair();
        let (name, library, folder) =
            (LibraryCode::new("HUB"), LibraryCode::new("BJFU"), tempfile::tempdir().unwrap());
        pair.hub.begin_life(1, at(0)).unwrap();
        let to_hub = |pair: &Pair, second| {
            let (there, n) =
                export_to_hub(&pair.branch, &pair.branch_keys, &pair.of_branch, None, at(second)).unwrap();
            import(&pair.hub, &pair.hub_keys, &name, &there, at(second)).unwrap();
            n
        };
        let to_branch = |pair: &Pair, second| {
            let (back, _) = export_to_branch(&pair.hub, &pair.hub_keys, &library, at(second)).unwrap();
            import(&pair.branch, &pair.branch_keys, &name, &back, at(second)).unwrap().items
        };
        let copy = folder.path().join("hub.db");
        pair.hub.copy_to(&copy);
        let id = trial::submitted(&pair.branch, at(1));
        assert_eq!((to_hub(&pair, 2), to_branch(&pair, 3)), (1, 1));
        pair.hub = Store::of_copy(&copy);
        pair.hub.begin_life(2, at(4)).unwrap();
        let (early, _) = export_to_branch(&pair.hub, &pair.hub_keys, &library, at(4)).unwrap();
        let refused = import(&pair.branch, &pair.branch_keys, &name, &early, at(4));
        assert!(refused.unwrap_err().to_string().contains("put back"), "it does not know what it lacks");
        assert_eq!(to_hub(&pair, 5), 0, "as far as the branch knows all is there");
        assert_eq!(pair.hub.branch(&library).unwrap().unwrap().acked, BEGINS_AGAIN);
        assert_eq!((to_branch(&pair, 6), to_hub(&pair, 7)), (0, 1));
        assert_eq!(pair.hub.request(id).unwrap().unwrap().state, State::AtCentre);
        assert_eq!((to_branch(&pair, 8), to_hub(&pair, 9)), (1, 0), "its receipt");
        assert_eq!(pair.branch.depths().unwrap().len(), 1);
        assert_eq!(pair.branch.heard().unwrap().life, 2);
    }
}
