//! Which records were the members of entries that are none any more.
//!
//! An entry names its members by place and control number. The number is not enough to know a record by: where two
//! records of a library have the same one, only the first of them is known by it. What a record at a place was
//! known by stands in the state that the generation was built from.

use rustc_hash::{FxHashMap, FxHashSet};

use super::error::Result;
use super::library_records::birth_key;
use super::source::Source;
use crate::archive::{PackName, RecordKey};
use crate::bib::{Entry, LibraryCode, Member, RecordLocator};
use crate::index::Manifest;

/// Entries by id, and their members: place, and the birth that the control number alone would tell.
#[derive(Default)]
pub(super) struct MembersBefore {
    codes: Vec<LibraryCode>,
    entries: Vec<(u64, Vec<MemberBefore>)>,
}

#[derive(Clone, Copy)]
struct MemberBefore {
    code_idx: usize,
    locator: RecordLocator,
    numbered: Option<u64>,
}

impl MembersBefore {
    pub(super) fn add(&mut self, id: u64, entry: &Entry) {
        let members = entry.members.iter().map(|member| self.member(member)).collect();
        self.entries.push((id, members));
    }

    fn member(&mut self, member: &Member) -> MemberBefore {
        let known = self.codes.iter().position(|code| *code == member.library);
        let code_idx = known.unwrap_or_else(|| {
            self.codes.push(member.library.clone());
            self.codes.len() - 1
        });
        let key = member.control_number.as_deref().and_then(RecordKey::of_control_number);
        let numbered = key.map(|key| birth_key(&member.library, &key));
        MemberBefore { code_idx, locator: member.locator, numbered }
    }

    /// The births of each entry's members. Where a library's state is not there any more its records are known by
    /// their control numbers.
    pub(super) fn births(self, sources: &[Source], before: &Manifest) -> Result<Vec<(u64, Vec<u64>)>> {
        let mut places: Vec<FxHashSet<RecordLocator>> = vec![FxHashSet::default(); self.codes.len()];
        for member in self.entries.iter().flat_map(|(_, members)| members) {
            places[member.code_idx].insert(member.locator);
        }
        let states =
            self.codes.iter().zip(places).map(|(code, places)| births_at(sources, before, code, &places));
        let states = states.collect::<Result<Vec<_>>>()?;
        let birth = |member: &MemberBefore| match &states[member.code_idx] {
            Some(births) => births.get(&member.locator).copied(),
            None => member.numbered,
        };
        Ok(self
            .entries
            .iter()
            .map(|(id, members)| (*id, members.iter().filter_map(birth).collect()))
            .collect())
    }
}

/// Births of a library's records by place; `None` where the state that `before` was built from is not there.
fn births_at(
    sources: &[Source],
    before: &Manifest,
    code: &LibraryCode,
    places: &FxHashSet<RecordLocator>,
) -> Result<Option<FxHashMap<RecordLocator, u64>>> {
    let source = sources.iter().find(|source| source.code == *code);
    let was = before.libraries.iter().find(|library| library.code == *code);
    let (Some(source), Some(was)) = (source, was) else { return Ok(None) };
    let state = match was.state == source.stamp.number {
        true => source.library.state()?,
        false => match source.library.state_numbered(was.state) {
            Ok(state) => state,
            Err(_) => return Ok(None),
        },
    };
    let prefixes: Vec<u64> = state.packs.iter().map(PackName::prefix).collect();
    let placed = state
        .slots
        .iter()
        .map(|slot| (RecordLocator { pack: prefixes[slot.pack_idx()], slot: slot.slot }, &slot.key));
    let wanted = placed.filter(|(place, _)| places.contains(place));
    Ok(Some(wanted.map(|(place, key)| (place, birth_key(code, key))).collect()))
}
