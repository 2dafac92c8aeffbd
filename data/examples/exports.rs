//! Writes the sample exports into a folder, with the truth beside them: `cargo run -p data --example exports -- DIR WORKS`.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

use data::sample::{Config, Consortium, Truth};

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| "sample-exports".to_owned());
    let works = args.next().and_then(|n| n.parse().ok()).unwrap_or(1000);
    std::fs::create_dir_all(&folder).unwrap();
    let consortium = Consortium::new(Config::demo(46, works));
    let mut truth = format!("{}\n", Truth::HEADER);
    for position in 0..consortium.libraries().len() {
        let export = consortium.export(position);
        std::fs::write(format!("{folder}/{}", export.file_name), &export.bytes).unwrap();
        for row in export.truth {
            truth.push_str(&row.row(&export.library));
            truth.push('\n');
        }
    }
    std::fs::write(format!("{folder}/truth.tsv"), truth).unwrap();
}
