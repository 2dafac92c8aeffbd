//! What stands behind `lianmu snapshot`.

use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(super) action: Action,
}

/// Which repository.
#[derive(clap::Args)]
pub(super) struct At {
    /// A folder, an http(s): address or a bucket (s3://BUCKET/PREFIX), instead of the configured one.
    #[arg(long, value_name = "R")]
    pub(super) repository: Option<String>,
}

#[derive(clap::Subcommand)]
pub(super) enum Action {
    /// Begin a repository: make its keys and sign its first lists. Again: follow its root by a new one.
    ///
    /// The root keys sign who may publish. Carry them away, to different places, and bring them back for the next
    /// time; the daily key stays in the data directory.
    #[command(verbatim_doc_comment)]
    Init {
        #[command(flatten)]
        at: At,
        /// Where the root keys are, or are made; `keys/root` in the data directory unless it is said.
        #[arg(long, value_name = "DIR")]
        root_keys: Option<PathBuf>,
        /// How many root keys are made.
        #[arg(long, value_name = "N", default_value_t = 3)]
        keys: usize,
        /// How many of them must sign a root.
        #[arg(long, value_name = "N", default_value_t = 2)]
        threshold: usize,
        /// Replace the daily key.
        #[arg(long)]
        new_publisher_key: bool,
        /// From now on the root keys at hand count, and no others.
        #[arg(long)]
        new_root_keys: bool,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Publish the generation in force.
    Publish {
        #[command(flatten)]
        at: At,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// List the generations of a repository, or at a branch those that are here.
    List {
        #[command(flatten)]
        at: At,
        /// Print one line of JSON a generation.
        #[arg(long)]
        json: bool,
    },
    /// Read everything in a repository and compare it with what was signed.
    Verify {
        #[command(flatten)]
        at: At,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Mark what no listed generation needs, and remove what was marked long enough ago.
    Prune {
        #[command(flatten)]
        at: At,
        /// Days that what is marked stays.
        #[arg(long, value_name = "N", default_value_t = 7)]
        grace_days: u64,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Bring the newest generation here and put it in force.
    Pull {
        #[command(flatten)]
        at: At,
        /// Say what would be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
        /// The hub's 1.root.json, by which this machine shall trust it; for the first time only.
        #[arg(long, value_name = "FILE")]
        root: Option<PathBuf>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Put a generation in force that is here, and keep it; `newest` lets newer ones in again.
    Switch {
        /// Name of the generation, or `newest`.
        generation: String,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Write onto a stick what a branch lacks.
    Export {
        /// The stick's folder.
        #[arg(value_name = "DIR", required_unless_present = "repository")]
        stick: Option<PathBuf>,
        #[command(flatten)]
        at: At,
        /// Code of the branch: what it has by its list on the stick is left out.
        #[arg(long = "for", value_name = "CODE")]
        branch: Option<String>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Bring the generation of a stick here and put it in force, and leave on the stick what this branch has.
    Import {
        /// The stick's folder.
        #[arg(value_name = "DIR", required_unless_present = "repository")]
        stick: Option<PathBuf>,
        #[command(flatten)]
        at: At,
        /// The hub's 1.root.json, by which this machine shall trust it; for the first time only.
        #[arg(long, value_name = "FILE")]
        root: Option<PathBuf>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}
