//! The power goes at every write of submit → deliver → settle, with every loss of what was not synced, enumerated over
//! the real stores.
//!
//! In WAL mode with full synchronisation a transaction is: its frames appended to the log, one by one, then one sync;
//! nothing is renamed. So between two syncs any of the frames may be on the disk or not, whole, torn or as zeros. A
//! lost frame is tried as zeros and as torn; what the store then finds must be the old state or the new one, the new
//! one once the call had returned, and from there everything must come to its one effect.

use std::collections::BTreeSet;
use std::path::Path;

use indexer::bib::LibraryCode;
use jiff::Timestamp;

use crate::central::Reply;
use crate::delivery::{Outcome, Settlement};
use crate::requests::{DeliveryState, RequestId};
use crate::store::{CENTRE, Hub, Store};
use crate::trial;

const HEADER: usize = 32;
/// Of a longer transaction these are lost each by itself, the rest together; with `LIANMU_SLOW_TESTS` all.
const FRAMES_IN_CI: usize = 10;

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

/// What can be seen of a store.
type Seen = Vec<String>;

fn seen(store: &Store) -> Seen {
    let mut seen = Vec::new();
    store
        .each_request(|request, history| {
            seen.push(format!("{} {} {}", request.id, request.state, history.events().count()));
        })
        .unwrap();
    for message in store.messages().unwrap() {
        let packet = store.packet((message.request, message.n)).unwrap();
        seen.push(format!("{} {} {} {packet:?}", message.request, message.n, message.delivery.code()));
    }
    seen.extend(store.whole_feed(&LibraryCode::new("BJFU")));
    seen.push(format!("{:?}", store.machine().unwrap().cursor));
    seen
}

/// Both machines, on a disk.
struct Pair {
    folder: tempfile::TempDir,
    hub: Store,
    branch: Store,
}

fn hub_name() -> LibraryCode {
    LibraryCode::new("HUB")
}

impl Pair {
    fn of(folder: tempfile::TempDir) -> Self {
        let [hub, branch] = ["hub", "branch"].map(|side| Store::open(&folder.path().join(side)).unwrap());
        Self { folder, hub, branch }
    }

    fn new() -> Self {
        let pair = Self::of(tempfile::tempdir().unwrap());
        let (library, keys) =
            (LibraryCode::new("BJFU"), crate::keys::PublicKeys { signing: [1; 32], sealing: [2; 32] });
        pair.hub.begin_life(1, now()).unwrap();
        pair.hub.add_enrol_code([0; 32], &library, now()).unwrap();
        pair.hub.enrol([0; 32], None, keys, now()).unwrap().unwrap();
        pair.branch.begin_life(2, now()).unwrap();
        pair.branch.set_hub(&Hub { library, url: String::new(), keys }).unwrap();
        trial::reader(&pair.branch, now());
        // The way begins with an empty log, as after a checkpoint.
        drop((pair.hub, pair.branch));
        Self::of(pair.folder)
    }

    fn store(&self, side: &str) -> &Store {
        if side == "hub" { &self.hub } else { &self.branch }
    }

    fn submit(&self) -> RequestId {
        let account = self.branch.account("BJFU", "R001").unwrap().unwrap();
        trial::kept_request(&self.branch, account.id, now())
    }

    fn mark(&self) -> Vec<crate::delivery::Parcel> {
        let heads = self.branch.heads(CENTRE, 9, now()).unwrap();
        self.branch.take_to_send(&heads, None, now()).unwrap()
    }

    fn send(&self, parcels: &[crate::delivery::Parcel]) -> Vec<Reply> {
        let letters: Vec<String> = parcels.iter().map(|parcel| parcel.body.clone()).collect();
        self.hub.take_letters(&LibraryCode::new("BJFU"), &letters, &hub_name(), now()).unwrap()
    }

    fn settle(&self, parcels: &[crate::delivery::Parcel], replies: Vec<Reply>) {
        let ended = |(parcel, reply): (&crate::delivery::Parcel, Reply)| {
            ((parcel.request, parcel.n), Settlement::Ended(Outcome::from(reply)))
        };
        let settled: Vec<_> = parcels.iter().zip(replies).map(ended).collect();
        self.branch.settle(&settled, now()).unwrap();
    }

    fn learn(&self) {
        let library = LibraryCode::new("BJFU");
        let machine = self.branch.machine().unwrap();
        let answer = self.hub.feed(&library, machine.cursor, &machine.mark, now()).unwrap();
        self.branch.take_in(&library, machine.cursor, &answer.items, now()).unwrap();
    }

    /// From wherever it stands to the end; whether the request is there.
    fn comes_to_its_end(&self, id: RequestId) -> bool {
        self.branch.own_up_to_what_was_cut_short(CENTRE).unwrap();
        for _ in 0..3 {
            let parcels = self.mark();
            let replies = self.send(&parcels);
            self.settle(&parcels, replies);
            self.learn();
        }
        let (here, there) = (self.branch.request(id).unwrap(), self.hub.request(id).unwrap());
        assert_eq!(here.is_some(), there.is_some());
        let Some(request) = there else { return false };
        assert_eq!(request.state, here.unwrap().state);
        assert_eq!(self.hub.history(id).unwrap(), self.branch.history(id).unwrap());
        assert_eq!(self.hub.history(id).unwrap().events().count(), 3, "submitted, sent, received: once each");
        let messages = self.branch.messages().unwrap();
        assert!(messages.iter().all(|message| message.delivery == DeliveryState::Delivered));
        assert_eq!(self.hub.whole_feed(&LibraryCode::new("BJFU")).len(), 1, "one effect");
        true
    }

    fn copied(&self) -> tempfile::TempDir {
        let to = tempfile::tempdir().unwrap();
        for side in ["hub", "branch"] {
            std::fs::create_dir(to.path().join(side)).unwrap();
            for file in ["state.db", "state.db-wal"] {
                let _ =
                    std::fs::copy(self.folder.path().join(side).join(file), to.path().join(side).join(file));
            }
        }
        to
    }
}

/// What one transaction appended to the log, in the pieces in which it is written.
fn pieces(before: usize, log: &[u8]) -> Vec<std::ops::Range<usize>> {
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let mut at = before;
    let mut pieces = Vec::new();
    while at < log.len() {
        let end = if at == 0 { HEADER } else { at + 24 + page };
        pieces.push(at..end);
        at = end;
    }
    pieces
}

/// The log with some pieces lost: as zeros, or torn in the middle.
fn with_loss(
    log: &[u8],
    pieces: &[std::ops::Range<usize>],
    is_lost: impl Fn(usize) -> bool,
    torn: bool,
) -> Vec<u8> {
    let mut log = log.to_vec();
    for (n, piece) in pieces.iter().enumerate().filter(|(n, _)| is_lost(*n)) {
        let from = if torn { piece.start + piece.len() / 2 } else { piece.start };
        log[from..piece.end].fill(0);
        // Nothing was ever written behind the last piece of which anything is there.
        if (n + 1..pieces.len()).all(&is_lost) {
            log.truncate(from);
            break;
        }
    }
    log
}

/// How many cuts and losses were looked at, and how many states of the disk they came to.
#[derive(Default)]
struct Count {
    cuts: usize,
    disks: usize,
}

/// Cuts the power at every write of `act` on one side, and follows each state that comes of it to the end.
fn cut(pair: &Pair, name: &str, side: &str, id: RequestId, act: impl FnOnce(&Pair), count: &mut Count) {
    let log_path = |folder: &Path| folder.join(side).join("state.db-wal");
    let old_length = std::fs::read(log_path(pair.folder.path())).map_or(0, |log| log.len());
    let old = seen(pair.store(side));
    let was_accepted = pair.branch.request(id).unwrap().is_some();
    act(pair);
    let log = std::fs::read(log_path(pair.folder.path())).unwrap();
    let new = seen(pair.store(side));
    assert_ne!(old, new, "{name} changes something");
    let pieces = pieces(old_length, &log);
    let is_slow = std::env::var_os("LIANMU_SLOW_TESTS").is_some();
    let n_single = if is_slow { pieces.len() } else { pieces.len().min(FRAMES_IN_CI) };
    let image = pair.copied();
    let (mut outcomes, mut disks) = (BTreeSet::new(), BTreeSet::new());
    // After the k-th write any of the k may be lost; those behind it were never written, which is the disk that has
    // lost them too.
    count.cuts += 2 * ((2 << n_single) - 1) + 1;
    for torn in [false, true] {
        for lost in 0u64..1 << n_single {
            let is_lost = |n: usize| lost >> n.min(n_single - 1) & 1 == 1;
            let disk = with_loss(&log, &pieces, is_lost, torn);
            if !disks.insert(*blake3::hash(&disk).as_bytes()) {
                continue;
            }
            let folder = image.path().join(side);
            std::fs::write(folder.join("state.db-wal"), &disk).unwrap();
            let _ = std::fs::remove_file(folder.join("state.db-shm"));
            let bytes = std::fs::read(folder.join("state.db")).unwrap();
            let found = seen(&Store::of_copy(&folder.join("state.db")));
            std::fs::write(folder.join("state.db"), bytes).unwrap();
            assert!(found == old || found == new, "{name}, {lost:b} lost, torn {torn}: neither old nor new");
            assert!(lost != 0 || found == new, "{name}: synced, and not there");
            if outcomes.insert(found == new) {
                std::fs::write(folder.join("state.db-wal"), &disk).unwrap();
                let after = Pair::of(pair.copied());
                drop((after.hub, after.branch));
                for file in ["state.db", "state.db-wal"] {
                    std::fs::copy(folder.join(file), after.folder.path().join(side).join(file)).unwrap();
                }
                let _ = std::fs::remove_file(after.folder.path().join(side).join("state.db-shm"));
                let is_there = Pair::of(after.folder).comes_to_its_end(id);
                assert!(
                    is_there || (!was_accepted && lost != 0),
                    "{name}, {lost:b} lost: accepted, and gone"
                );
            }
        }
    }
    assert_eq!(outcomes.len(), 2, "{name}: a cut leaves the old state or the new one");
    count.disks += disks.len();
    println!("{name}: {} writes, {} disks", pieces.len(), disks.len());
}

#[test]
fn whatever_a_power_cut_loses_everything_accepted_has_one_effect() {
    let pair = Pair::new();
    let id = RequestId::new(now(), [7; 10]);
    let mut count = Count::default();
    cut(&pair, "submit", "branch", id, |pair| assert_eq!(pair.submit(), id), &mut count);
    let (mut parcels, mut replies) = (Vec::new(), Vec::new());
    cut(&pair, "mark", "branch", id, |pair| parcels = pair.mark(), &mut count);
    cut(&pair, "letters", "hub", id, |pair| replies = pair.send(&parcels), &mut count);
    cut(&pair, "settle", "branch", id, |pair| pair.settle(&parcels, replies), &mut count);
    cut(&pair, "learn", "branch", id, Pair::learn, &mut count);
    println!("{} cuts with their losses, {} different disks, 0 violations", count.cuts, count.disks);
    assert!(count.disks > 100);
}

/// The same without the sync: whatever was accepted since the last one may be gone. So the cuts do find something.
#[test]
fn without_the_sync_what_was_accepted_is_lost() {
    let pair = Pair::new();
    let log_path = pair.folder.path().join("branch/state.db-wal");
    let id = pair.submit();
    let image = pair.copied();
    let log = std::fs::read(&log_path).unwrap();
    let pieces = pieces(0, &log);
    let n_gone = (0..pieces.len())
        .filter(|lost| {
            let branch = image.path().join("branch");
            std::fs::write(branch.join("state.db-wal"), with_loss(&log, &pieces, |n| n == *lost, false))
                .unwrap();
            let _ = std::fs::remove_file(branch.join("state.db-shm"));
            let bytes = std::fs::read(branch.join("state.db")).unwrap();
            let is_gone = Store::of_copy(&branch.join("state.db")).request(id).unwrap().is_none();
            std::fs::write(branch.join("state.db"), bytes).unwrap();
            is_gone
        })
        .count();
    assert_eq!(n_gone, pieces.len(), "each lost write loses it");
}
