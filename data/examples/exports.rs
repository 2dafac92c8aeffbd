//! Writes the sample exports into a folder, with the truth beside them:
//! `cargo run -p data --example exports -- DIR WORKS`; 3.5 records a work.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use data::sample::{Config, Consortium, Truth};

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().unwrap_or_else(|| "sample-exports".to_owned()));
    let works = args.next().and_then(|n| n.parse().ok()).unwrap_or(1000);
    std::fs::create_dir_all(&folder)?;
    let consortium = Consortium::new(Config::demo(46, works));
    let create = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
    let mut table = create("truth.tsv")?;
    writeln!(table, "{}", Truth::HEADER)?;
    for (position, library) in consortium.libraries().iter().enumerate() {
        let mut file = create(&consortium.file_name(position))?;
        let mut rows = String::new();
        let note = |truth: Truth| rows.extend([truth.row(library).as_str(), "\n"]);
        consortium.write_export(position, &mut file, note)?;
        file.flush()?;
        table.write_all(rows.as_bytes())?;
    }
    table.flush()
}
