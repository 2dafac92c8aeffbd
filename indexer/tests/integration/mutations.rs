//! Bit flips, cuts and insertions in sample files: seconds by default, `LIANMU_MUTATION_SECONDS` for longer.

use std::time::{Duration, Instant};

use crate::corpus;
use crate::reading::{read_bytes, titled};

/// A small generator with a fixed seed: a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

fn samples() -> Vec<Vec<u8>> {
    let mut samples = vec![
        [titled("1", "红楼梦"), titled("2", "三国演义"), titled("3", "水浒传")].concat(),
        "<collection><record><leader>00714nam0 2200229   450 </leader><datafield tag=\"200\" ind1=\"1\" ind2=\" \">\
         <subfield code=\"a\">三国演义</subfield></datafield></record></collection>"
            .as_bytes()
            .to_vec(),
        "{\"leader\":\"00714nam\",\"fields\":[{\"200\":{\"subfields\":[{\"a\":\"三国演义\"}]}}]}\n".repeat(3).into_bytes(),
        "=LDR  00714nam0 2200229   450 \n=200  1\\$a三国演义\n\n".repeat(3).into_bytes(),
        "00714nam0 2200229   450 \n2001 ▼a三国演义\n***\n".repeat(3).into_bytes(),
    ];
    if let Some(folder) = corpus::folder() {
        let files = corpus::files(&folder);
        let small = files.iter().filter(|f| f.metadata().is_ok_and(|m| m.len() < 8_000));
        samples.extend(small.step_by(40).filter_map(|f| std::fs::read(f).ok()));
    }
    samples
}

fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len());
        match dice.roll(6) {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << dice.roll(8),
            2 => bytes.truncate(at),
            3 => {
                let end = (at + dice.roll(50)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let signs = [0x1D, 0x1E, 0x1F, b'<', b'"', b'{', b'\n', 0, 0xFF, b'$'];
                bytes.insert(at, signs[dice.roll(signs.len())]);
            }
            _ => {
                let end = (at + dice.roll(200)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = dice.roll(bytes.len());
                bytes.splice(to..to, piece);
            }
        }
    }
}

#[test]
fn mutated_samples_are_read_without_a_panic_and_accounted_for() {
    let seconds = std::env::var("LIANMU_MUTATION_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(3);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice(0x2026_1125);
    let samples = samples();
    while Instant::now() < end {
        for sample in &samples {
            let mut bytes = sample.clone();
            mutate(&mut bytes, &mut dice);
            read_bytes(&bytes);
        }
    }
}
