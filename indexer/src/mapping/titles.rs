//! Title and statement of responsibility: 200 and 245, and what an 880 makes of them.

use crate::bib::{Bib, Part};
use crate::marc::Field;

use super::language::{LanguageGroup, group_of_script};
use super::material::Signs;
use super::punctuation::trim_isbd;
use super::words::find_word;

/// What one title field says.
#[derive(Clone, Debug, Default)]
pub(super) struct TitleField {
    title: Option<String>,
    others: Vec<String>,
    parallel: Vec<String>,
    subtitle: String,
    responsibility: String,
    number: String,
    part_title: String,
    volume: String,
    pinyin: Vec<String>,
}

impl TitleField {
    /// Reads 200 of the UNIMARC family.
    pub(super) fn unimarc(field: &Field<'_>, signs: &mut Signs) -> Self {
        let mut read = Self::default();
        for (code, text) in field.subfields() {
            let part = trim_isbd(text);
            if part.is_empty() {
                continue;
            }
            match code {
                'a' if read.title.is_none() => read.title = Some(part.to_owned()),
                'a' | 'c' => read.others.push(part.to_owned()),
                'b' => note_designation(part, signs),
                'd' => read.parallel.push(part.to_owned()),
                'e' => append(&mut read.subtitle, " : ", part),
                'f' | 'g' => append(&mut read.responsibility, " ; ", part),
                'h' => append(&mut read.number, ". ", part),
                'i' => append(&mut read.part_title, ". ", part),
                'v' => append(&mut read.volume, ", ", part),
                '9' | 'A' | 'E' | 'I' => read.pinyin.push(part.to_owned()),
                _ => {}
            }
        }
        read
    }

    /// Reads 245 of MARC21.
    pub(super) fn marc21(field: &Field<'_>, signs: &mut Signs) -> Self {
        let mut read = Self::default();
        for (code, text) in field.subfields() {
            let part = trim_isbd(text);
            if part.is_empty() {
                continue;
            }
            match code {
                'a' if read.title.is_none() => read.title = Some(part.to_owned()),
                'a' => read.others.push(part.to_owned()),
                'b' if text.trim_start().starts_with('=') => read.parallel.push(part.to_owned()),
                'b' => match part.split_once(" = ") {
                    Some((subtitle, parallel)) => {
                        append(&mut read.subtitle, " : ", trim_isbd(subtitle));
                        read.parallel.push(trim_isbd(parallel).to_owned());
                    }
                    None => append(&mut read.subtitle, " : ", part),
                },
                'c' => append(&mut read.responsibility, " ; ", part),
                'h' => note_designation(part, signs),
                'n' => append(&mut read.number, ". ", part),
                'p' => append(&mut read.part_title, ". ", part),
                _ => {}
            }
        }
        read
    }

    /// Enters the first title field of the record.
    pub(super) fn describe(self, bib: &mut Bib) {
        let part =
            Part { number: filled(self.number), title: filled(self.part_title), volume: filled(self.volume) };
        bib.title = self.title;
        bib.subtitle = filled(self.subtitle);
        bib.responsibility = filled(self.responsibility);
        bib.part = (part != Part::default()).then_some(part);
        bib.other_titles.extend(self.others);
        bib.parallel_titles.extend(self.parallel);
        bib.title_pinyin.extend(self.pinyin);
    }

    /// Enters a further title field: another work in the same volume.
    pub(super) fn add(self, bib: &mut Bib) {
        bib.other_titles.extend(self.title);
        bib.other_titles.extend(self.others);
        bib.parallel_titles.extend(self.parallel);
        bib.title_pinyin.extend(self.pinyin);
    }

    /// Enters the 880 of the title: the original script is what is shown, the romanised form stays searchable.
    pub(super) fn link(self, bib: &mut Bib) {
        let original = self.title.as_deref().is_some_and(is_original_script);
        let shown = bib.title.as_deref().is_some_and(is_original_script);
        if !original || shown {
            self.add(bib);
            return;
        }
        bib.romanised_title = bib.title.take();
        bib.other_titles.extend(bib.subtitle.take());
        bib.title_skip = 0;
        let part = bib.part.take();
        let responsibility = bib.responsibility.take();
        self.describe(bib);
        bib.part = bib.part.take().or(part);
        bib.responsibility = bib.responsibility.take().or(responsibility);
    }
}

/// Whether a text is in a script other than Latin.
pub(super) fn is_original_script(text: &str) -> bool {
    !matches!(group_of_script(text), None | Some(LanguageGroup::Western))
}

/// The tag that an 880 stands for: `$6 245-01/$1`, in UNIMARC also `$6 a01/200`.
pub(super) fn linked_tag(field: &Field<'_>) -> Option<[u8; 3]> {
    let link = field.first('6')?.trim();
    let is_tag = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    let tag = link.get(..3).filter(|t| is_tag(t)).or_else(|| link.get(link.len().checked_sub(3)?..))?;
    is_tag(tag).then(|| tag.as_bytes().try_into().ok()).flatten()
}

fn note_designation(text: &str, signs: &mut Signs) {
    const AUDIOVISUAL: [&str; 7] =
        ["录像", "录音", "錄影", "錄音", "sound recording", "videorecording", "motion picture"];
    signs.audiovisual |= find_word(text, AUDIOVISUAL).is_some();
    signs.thesis |= find_word(text, ["学位论文", "學位論文"]).is_some();
}

fn append(text: &mut String, joint: &str, part: &str) {
    if !text.is_empty() {
        text.push_str(joint);
    }
    text.push_str(part);
}

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The number that links a field and its 880: the 01 of `880-01` and of `100-01/$1`; 00 links nothing.
pub(super) fn link_number(field: &Field<'_>) -> Option<[u8; 2]> {
    let link = field.first('6')?.trim();
    let number = link.split_once('-')?.1.as_bytes().first_chunk::<2>()?;
    (number.iter().all(u8::is_ascii_digit) && number != b"00").then_some(*number)
}
