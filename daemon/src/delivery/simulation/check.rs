//! What must hold when the sun shines again.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use crate::central::Item;
use crate::delivery::Letter;
use crate::harvest::Clock;
use crate::requests::{DeliveryState, Event, Party, Recorded, RequestId};
use crate::store::{Store, StoredRequest};

/// Everything that is wrong, as sentences.
pub(super) fn violations(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let stores = world.stores();
    let hub = &stores["HUB"];
    for machine in &world.machines {
        let library = machine.library.to_string();
        for depth in machine.store.depths().unwrap().iter().filter(|depth| depth.delivery.is_waiting()) {
            wrong.push(format!("{library}: {} messages are still {}", depth.n, depth.delivery.code()));
        }
        if machine.store.depths().unwrap().iter().any(|depth| depth.delivery == DeliveryState::Rejected) {
            wrong.push(format!("{library}: a letter was not taken"));
        }
        let (cursor, clock) = (machine.store.machine().unwrap(), &machine.clock);
        let unread = hub.feed(&machine.library, cursor.cursor, &cursor.mark, clock.now()).unwrap();
        if unread.reset || !unread.items.is_empty() {
            wrong.push(format!("{library}: {} items of its feed are not read", unread.items.len()));
        }
        for id in &machine.accepted {
            let Some(request) = machine.store.request(*id).unwrap() else {
                wrong.push(format!("{library}: {id} was accepted and is not there"));
                continue;
            };
            let is_anonymous = machine.store.is_anonymous(*id).unwrap();
            if !request.is_own || request.account != Some(machine.reader.id).filter(|_| !is_anonymous) {
                wrong.push(format!("{library}: {id} is not its reader's any more"));
            }
            let is_young = world.now() < 86_400 * 30u64.saturating_sub(machine.n_unwatched);
            if request.state == crate::requests::State::Expired && is_young {
                wrong.push(format!("{library}: {id} expired within a month"));
            }
            let history = machine.store.history(*id).unwrap();
            let has_left = history.first(|event| *event == Event::Transmit).is_some();
            let at_hub = hub.request(*id).unwrap();
            match (has_left, &at_hub) {
                (false, Some(_)) => wrong.push(format!("{library}: {id} never left and is at the hub")),
                (true, None) => {
                    wrong.push(format!("{library}: {id} has left and is not at the hub"));
                }
                (false, None) if !request.state.is_final() => {
                    wrong.push(format!("{library}: {id} is {} and has not left", request.state));
                }
                _ => {}
            }
        }
    }
    wrong.extend(names_kept(&stores));
    wrong.extend(disagreements(&stores));
    wrong.extend(feed_faults(world));
    let n_conflicts = world.hub.lock().unwrap().n_conflicts;
    if n_conflicts > 0 {
        wrong.push(format!("{n_conflicts} letters came under a number that was used"));
    }
    wrong
}

// Who was forgotten by the own library is forgotten by all, once what turned out to be open has ended.
fn names_kept(stores: &BTreeMap<String, Store>) -> Vec<String> {
    let mut forgotten = BTreeSet::new();
    for store in stores.values() {
        let mut own = Vec::new();
        let has_ended = |request: &StoredRequest| request.is_own && request.state.is_final();
        store.each_request(|request, _| own.extend(has_ended(&request).then_some(request.id))).unwrap();
        forgotten.extend(own.into_iter().filter(|id| store.is_anonymous(*id).unwrap()));
    }
    let mut wrong = Vec::new();
    for (name, store) in stores {
        let keeps = |request: StoredRequest, _| {
            let is_named = !request.patron.is_empty() || !request.form.recipient.is_empty();
            if is_named && forgotten.contains(&request.id) {
                wrong.push(format!("{name} knows whose {} was", request.id));
            }
        };
        store.each_request(keeps).unwrap();
    }
    wrong
}

// Whoever knows a request knows the same of it: what all must know, and how it stands. Where its time is up a machine
// takes out what people wrote without telling the others.
fn disagreements(stores: &BTreeMap<String, Store>) -> Vec<String> {
    let mut silent = BTreeSet::new();
    for store in stores.values() {
        let mut ids = Vec::new();
        store.each_request(|request, _| ids.push(request.id)).unwrap();
        silent.extend(ids.into_iter().filter(|id| store.is_anonymous(*id).unwrap()));
    }
    let mut seen: BTreeMap<RequestId, Vec<(String, BTreeSet<String>, String)>> = BTreeMap::new();
    for (name, store) in stores {
        store
            .each_request(|request, history| {
                let is_silent = silent.contains(&request.id);
                let said = |recorded: &Recorded| {
                    // A hub that forgot that it had a request says so once more.
                    if recorded.event == Event::CentreReceipt {
                        return "centre_receipt".to_owned();
                    }
                    let note = if is_silent { String::new() } else { recorded.note.clone() };
                    serde_json::to_string(&Recorded { note, ..recorded.clone() }).unwrap()
                };
                let shared = history
                    .events()
                    .filter(|recorded| recorded.party != Party::Branch)
                    // Nobody else need know when a reader took it home.
                    .filter(|recorded| recorded.event != Event::CheckOut)
                    .map(said);
                // Homes of readers aside, the lender's and the asking side stand alike.
                let state = match request.state.code() {
                    "on_loan" => "received".to_owned(),
                    code => code.to_owned(),
                };
                let is_at_home =
                    request.state.is_at_home() || history.first(|event| *event == Event::Transmit).is_none();
                if !(request.is_own && is_at_home) {
                    seen.entry(request.id).or_default().push((name.clone(), shared.collect(), state));
                }
            })
            .unwrap();
    }
    let mut wrong = Vec::new();
    for (id, known) in seen {
        let n_own = known.len();
        if n_own != 3 {
            let who: Vec<&String> = known.iter().map(|(name, ..)| name).collect();
            wrong.push(format!("{id} is known by {who:?}"));
        }
        for pair in known.windows(2) {
            if pair[0].1 != pair[1].1 {
                let here: Vec<_> = pair[0].1.difference(&pair[1].1).collect();
                let there: Vec<_> = pair[1].1.difference(&pair[0].1).collect();
                wrong.push(format!("{id}: {} has {here:?}, {} has {there:?}", pair[0].0, pair[1].0));
            } else if pair[0].2 != pair[1].2 {
                wrong.push(format!("{id}: {} at {}, {} at {}", pair[0].2, pair[0].0, pair[1].2, pair[1].0));
            }
        }
    }
    wrong
}

// One effect a letter, in the order of their numbers.
fn feed_faults(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let hub = world.hub.lock().unwrap();
    for machine in &world.machines {
        let mut last: BTreeMap<(String, RequestId), u32> = BTreeMap::new();
        for told in hub.store.whole_feed(&machine.library) {
            let Ok(Item::Letter { from, letter, .. }) = serde_json::from_str(&told) else { continue };
            let letter = Letter::parse(&letter).unwrap();
            let before = last.insert((from.clone(), letter.request), letter.n).unwrap_or(0);
            if letter.n <= before {
                wrong.push(format!(
                    "{}: {from} {} {} after {before}",
                    machine.library, letter.request, letter.n
                ));
            }
            if letter.library != machine.library && letter.supplier != machine.library {
                wrong.push(format!("{} is told of {}", machine.library, letter.request));
            }
        }
        // What counts as delivered had its effect.
        for message in machine.store.messages().unwrap() {
            let packet = machine.store.packet((message.request, message.n)).unwrap();
            let is_delivered = message.delivery == DeliveryState::Delivered
                && !machine.store.is_anonymous(message.request).unwrap();
            if is_delivered && packet.is_none_or(|packet| !hub.store.had_effect(&machine.library, &packet)) {
                wrong.push(format!("{}: {} #{} had no effect", machine.library, message.request, message.n));
            }
        }
    }
    wrong
}
