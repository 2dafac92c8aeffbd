//! `lianmu purchases`: what readers wish was bought, for the library's staff.

use daemon::purchases::{Listed, Purchases, Suggested};
use indexer::bib::LibraryCode;

use super::{Global, Outcome};

/// List what readers suggested for purchase, oldest first.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only those for this library.
    #[arg(long, value_name = "CODE")]
    library: Option<String>,
    /// Print one line of JSON a suggestion.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let list = Purchases::of(&global.data).list()?;
    if list.n_damaged > 0 {
        let n = list.n_damaged;
        eprintln!("lianmu: {n} {} damaged and left out", if n == 1 { "line is" } else { "lines are" });
    }
    let library = args.library.map(LibraryCode::new);
    let wanted = |s: &&Listed| library.is_none() || s.suggested.purchase.library == library;
    for listed in list.suggestions.iter().filter(wanted) {
        if args.json {
            println!("{}", serde_json::to_string(listed)?);
        } else {
            say(listed);
        }
    }
    Ok(Outcome::Done)
}

fn say(listed: &Listed) {
    let Suggested { at, purchase } = &listed.suggested;
    let library = purchase.library.as_ref().map_or("", LibraryCode::as_str);
    println!("{at}  {library}  {}  {}", listed.state.name(), purchase.title);
    let more = [&purchase.author, &purchase.publisher, &purchase.isbn, &purchase.contact, &purchase.note];
    for text in more.into_iter().filter(|text| !text.is_empty()) {
        println!("    {}", text.replace('\n', "\n    "));
    }
}
