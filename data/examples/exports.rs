//! Writes the sample exports into a folder, with the truth beside them:
//! `cargo run -p data --example exports -- DIR WORKS`; 3.5 records a work.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use data::sample::{Config, Consortium, Truth};

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().unwrap_or_else(|| "sample-exports".to_owned()));
    let works = args.next().and_then(|n| n.parse().ok()).unwrap_or(1000);
    std::fs::create_dir_all(&folder).unwrap();
    let consortium = Consortium::new(Config::demo(46, works));
    let create = |name: &str| BufWriter::new(File::create(folder.join(name)).unwrap());
    let mut table = create("truth.tsv");
    writeln!(table, "{}", Truth::HEADER).unwrap();
    for (position, library) in consortium.libraries().iter().enumerate() {
        let mut file = create(&consortium.file_name(position));
        let note = |truth: Truth| writeln!(table, "{}", truth.row(library)).unwrap();
        consortium.write_export(position, &mut file, note).unwrap();
        file.flush().unwrap();
    }
    table.flush().unwrap();
}
