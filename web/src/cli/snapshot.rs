//! `lianmu snapshot …`: the catalogue into a repository, out of one, onto a stick; and which generation is in force.

mod arguments;
mod written;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use daemon::clock::SystemClock;
use daemon::jobs::{Answer, Request};
use daemon::settings::Settings;
use daemon::store::Store;
use daemon::sync::asked::Pull;
use daemon::sync::bucket::{Bucket, endpoint_of};
use daemon::sync::carrier::{Carrier, carrier_of};
use daemon::sync::keys::{Beginning, begin};
use daemon::sync::mirror;
use daemon::sync::pull::{Manner, Planned, dry_run};
use daemon::sync::repository::first_root;
use daemon::sync::{Site, export, keys, prune, publish, repository_of, status, verify};
use indexer::bib::LibraryCode;
use indexer::files::Disk;
use indexer::index;
use indexer::snapshot::Plan;
use indexer::snapshot::tuf::{Client, Expiry};

pub(crate) use arguments::Args;
use arguments::{Action, At};
use written::Written;

use super::progress::Bars;
use super::{Global, Outcome};

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let settings = super::settings(global)?;
    let site = Site {
        data_dir: global.data.clone(),
        files: Arc::new(Disk),
        clock: Arc::new(SystemClock::default()),
    };
    let desk = Desk { global, settings, site };
    match args.action {
        Action::Init { at, root_keys, keys, threshold, new_publisher_key, new_root_keys, json } => {
            let root_keys = root_keys.unwrap_or_else(|| global.data.join("keys").join("root"));
            let beginning =
                Beginning { root_keys, n_root_keys: keys, threshold, new_publisher_key, new_root_keys };
            desk.init(at, &beginning, json)
        }
        Action::Publish { at, json } => desk.publish(at, json),
        Action::List { at, json } => desk.list(at, json),
        Action::Verify { at, json } => desk.verify(at, json),
        Action::Prune { at, grace_days, json } => desk.prune(at, grace_days, json),
        Action::Pull { at, dry_run: true, json, .. } => desk.plan(at, json),
        Action::Pull { at, root, json, .. } => {
            let repository = desk.readable(at)?;
            desk.pull(repository, root.as_deref(), false, json)
        }
        Action::Switch { generation, json } => desk.switch(&generation, json),
        Action::Export { stick, at, branch, json } => desk.export(&stick_of(stick, at)?, branch, json),
        Action::Import { stick, at, root, json } => {
            let stick = stick_of(stick, at)?;
            let whole = std::path::absolute(&stick).unwrap_or(stick);
            desk.pull(whole.display().to_string(), root.as_deref(), true, json)
        }
    }
}

fn stick_of(stick: Option<PathBuf>, at: At) -> anyhow::Result<PathBuf> {
    let stick = stick.or_else(|| at.repository.map(PathBuf::from));
    let stick = stick.context("name the folder of the stick")?;
    if stick.to_str().is_some_and(|place| place.contains("://")) {
        let place = stick.display();
        bail!("{place}: a stick is a folder; `lianmu snapshot pull --repository {place}` reads from there");
    }
    Ok(stick)
}

struct Desk<'a> {
    global: &'a Global,
    settings: Settings,
    site: Site,
}

impl Desk<'_> {
    // Where something is written: a folder, and a bucket is a copy of one.
    fn writable(&self, at: At) -> anyhow::Result<Written> {
        let own = || self.settings.snapshot.folder().unwrap_or_else(|| self.global.data.join("repository"));
        let configured = self.settings.snapshot.bucket().map(str::to_owned);
        match at.repository.or(configured) {
            Some(place) if place.starts_with("s3://") => {
                let bucket = Bucket::of(&place, &self.settings.snapshot.access, &self.global.data)?;
                Ok(Written { folder: own(), bucket: Some(bucket) })
            }
            Some(place) if place.contains("://") => Err(anyhow!(
                "{place}: a repository is written in a folder, which a web server can serve, or in a bucket, s3://…"
            )),
            Some(place) => Ok(Written { folder: PathBuf::from(place), bucket: None }),
            None => Ok(Written { folder: own(), bucket: None }),
        }
    }

    fn carrier(&self, place: &str) -> daemon::Result<Box<dyn Carrier>> {
        carrier_of(place, &self.settings.snapshot.access, &self.global.data)
    }

    // Where something is read. A daemon works elsewhere, so a folder is named from the root of the disk.
    fn readable(&self, at: At) -> anyhow::Result<String> {
        let own = self.settings.own_repository(&self.global.data).map(|path| path.display().to_string());
        let of_hub =
            || Store::open(&self.global.data).and_then(|store| repository_of(&self.settings, &store));
        let configured = self.settings.snapshot.repository.clone();
        let place = match at.repository.or(configured).or(own) {
            Some(place) => Some(place),
            None => of_hub()?,
        };
        let place =
            place.context("no repository is configured: set [snapshot] repository, or give --repository")?;
        if place.contains("://") {
            return Ok(place);
        }
        Ok(std::path::absolute(&place).map_or(place, |path| path.display().to_string()))
    }

    fn init(&self, at: At, beginning: &Beginning, json: bool) -> anyhow::Result<Outcome> {
        let written = self.writable(at)?;
        let keys::Begun { version, expires, root_keys, made_root_keys } =
            begin(&self.site, &written.folder, beginning)?;
        let mirrored = written.copy(&self.site)?;
        if json {
            println!("{}", serde_json::json!({"root": version, "expires": expires, "root_keys": root_keys}));
            return Ok(Outcome::Done);
        }
        println!("{} has root {version}, which holds until {expires}", written.folder.display());
        written.tell(mirrored);
        root_keys.iter().for_each(|id| println!("  root key {id}"));
        if made_root_keys {
            println!(
                "the root keys are in {}: carry them away, to different places",
                beginning.root_keys.display()
            );
        }
        Ok(Outcome::Done)
    }

    fn publish(&self, at: At, json: bool) -> anyhow::Result<Outcome> {
        let written = self.writable(at)?;
        let bar = super::progress::bytes("publish");
        let published = publish::publish(&self.site, &written.folder, &|n| bar.inc(n))?;
        bar.finish_and_clear();
        let mirrored = written.copy(&self.site)?;
        let publish::Published { generation, is_there, bytes_new, bytes } = published;
        if json {
            let document = serde_json::json!({
                "generation": generation, "new": !is_there, "bytes_new": bytes_new, "bytes": bytes,
                "bytes_copied": mirrored.bytes,
            });
            println!("{document}");
        } else if is_there {
            println!("{generation} is in {} already", written.folder.display());
        } else {
            println!("{generation} is in {}: {bytes_new} new bytes of {bytes}", written.folder.display());
        }
        if !json {
            written.tell(mirrored);
        }
        Ok(Outcome::Done)
    }

    fn list(&self, at: At, json: bool) -> anyhow::Result<Outcome> {
        if at.repository.is_none() && self.settings.role == daemon::settings::Role::Branch {
            return self.list_here(json);
        }
        let carrier = self.carrier(&self.readable(at)?)?;
        for listed in verify::list(&self.site, carrier.as_ref())? {
            let verify::Listed { generation, published_at, entries, bytes, bytes_new } = listed;
            if json {
                let document = serde_json::json!({
                    "generation": generation, "published": published_at, "entries": entries, "bytes": bytes,
                    "bytes_new": bytes_new,
                });
                println!("{document}");
            } else {
                println!(
                    "{generation}  {published_at}  {entries} entries  {bytes} bytes, {bytes_new} of them new"
                );
            }
        }
        Ok(Outcome::Done)
    }

    fn list_here(&self, json: bool) -> anyhow::Result<Outcome> {
        let catalogue = self.global.data.join("catalogue");
        let in_force = index::name_in_force(&catalogue);
        for generation in index::names_here(&catalogue) {
            let is_in_force = in_force.as_ref() == Some(&generation);
            let manifest = index::manifest_of(&catalogue, &generation);
            let entries = manifest.as_ref().map_or(0, |manifest| manifest.entries);
            let built = manifest.map_or_else(|| "-".to_owned(), |manifest| manifest.built_at);
            if json {
                let document = serde_json::json!({
                    "generation": generation, "built": built, "entries": entries, "in_force": is_in_force,
                });
                println!("{document}");
            } else {
                let mark = if is_in_force { "  in force" } else { "" };
                println!("{generation}  {built}  {entries} entries{mark}");
            }
        }
        Ok(Outcome::Done)
    }

    fn verify(&self, at: At, json: bool) -> anyhow::Result<Outcome> {
        let place = self.readable(at)?;
        let carrier = self.carrier(&place)?;
        let verify::Verified { generations, pieces, bytes, faults } =
            verify::verify(&self.site, carrier.as_ref())?;
        if json {
            let document = serde_json::json!({
                "generations": generations, "pieces": pieces, "bytes": bytes, "faults": faults,
            });
            println!("{document}");
        } else {
            println!("{place}: {generations} generations, {pieces} pieces of {bytes} bytes are right");
            faults.iter().for_each(|name| println!("{name} is missing or is not what was signed"));
        }
        Ok(if faults.is_empty() { Outcome::Done } else { Outcome::Failed })
    }

    fn prune(&self, at: At, grace_days: u64, json: bool) -> anyhow::Result<Outcome> {
        let grace = Duration::from_secs(grace_days.saturating_mul(86_400));
        let Written { folder, bucket } = self.writable(at)?;
        let mut pruned = prune::prune(&self.site, &folder, grace)?;
        if let Some(bucket) = &bucket {
            pruned += mirror::prune(&self.site, &folder, bucket, grace)?;
        }
        let prune::Pruned { marked, removed, bytes } = pruned;
        if json {
            println!("{}", serde_json::json!({"marked": marked, "removed": removed, "bytes": bytes}));
        } else {
            println!(
                "{removed} files of {bytes} bytes were removed; {marked} are marked and go in {grace_days} days"
            );
        }
        Ok(Outcome::Done)
    }

    fn plan(&self, at: At, json: bool) -> anyhow::Result<Outcome> {
        let carrier = self.carrier(&self.readable(at)?)?;
        let manner = Manner {
            expiry: Expiry::Enforced,
            originals: self.settings.snapshot.originals,
            budget: None,
            served: false,
            neighbours: &[],
        };
        let Planned { from, to, plan, objection } = dry_run(&self.site, carrier.as_ref(), manner)?;
        if json {
            let number = |of: fn(&Plan) -> u64| plan.as_ref().map_or(0, of);
            let document = serde_json::json!({
                "from": from, "to": to, "way": plan.as_ref().map_or("files", Plan::way),
                "files": number(|plan| plan.fetch.len() as u64), "packs": number(|plan| plan.steps.len() as u64),
                "bytes_to_fetch": number(|plan| plan.bytes_to_fetch),
                "bytes_as_files": number(|plan| plan.bytes_as_files),
                "bytes_here": number(|plan| plan.bytes_here), "bytes_of_room": number(|plan| plan.room),
                "objection": objection,
            });
            println!("{document}");
            return Ok(Outcome::Done);
        }
        let from = from.as_deref().unwrap_or("nothing");
        match &plan {
            None => println!("{to} is in force already"),
            Some(plan) => {
                let Plan { steps, fetch, bytes_to_fetch, bytes_as_files, bytes_here, .. } = plan;
                let (packs, files) = (steps.len(), fetch.len());
                println!(
                    "from {from} to {to} by {}: {packs} packs and {files} files, {bytes_to_fetch} bytes to fetch \
                     ({bytes_as_files} without packs), {bytes_here} bytes are here",
                    plan.way()
                );
            }
        }
        objection.iter().for_each(|objection| println!("it would not be put in force: {objection}"));
        Ok(Outcome::Done)
    }

    fn pull(
        &self,
        repository: String,
        root: Option<&Path>,
        is_stick: bool,
        json: bool,
    ) -> anyhow::Result<Outcome> {
        let root = match root {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                Some(text)
            }
            None => self.first_trust(&repository)?,
        };
        let pull = Pull {
            repository,
            root,
            is_stick,
            library: self.settings.library.as_ref().map(ToString::to_string),
            originals: self.settings.snapshot.originals,
        };
        let Answer::Pulled { document, remarks } =
            super::submit(self.global, Request::Pull(pull), &Bars::new("pull"))?
        else {
            anyhow::bail!("the daemon gave an answer to another question");
        };
        remarks.iter().for_each(|remark| eprintln!("lianmu: {remark}"));
        if json {
            println!("{document}");
        } else if document["from"] == document["to"] {
            println!("{} is in force already", document["to"].as_str().unwrap_or_default());
        } else {
            let text = |key: &str| document[key].as_str().unwrap_or("nothing").to_owned();
            let (from, to, bytes) = (text("from"), text("to"), &document["bytes_fetched"]);
            let near = match document["bytes_from_neighbours"].as_u64() {
                Some(near) if near > 0 => format!(" and {near} bytes from neighbours"),
                _ => String::new(),
            };
            println!(
                "{to} is in force in place of {from}: {bytes} bytes came{near} in {} s",
                document["seconds"]
            );
        }
        Ok(Outcome::Done)
    }

    // Who trusts nobody yet and names a repository by hand trusts what is there, once, and is told whom. Over a line
    // that anybody may listen in on that would be no trust at all.
    fn first_trust(&self, repository: &str) -> anyhow::Result<Option<String>> {
        let store = endpoint_of(&self.settings.snapshot.access).filter(|_| repository.starts_with("s3://"));
        let line = store.as_deref().unwrap_or(repository);
        let is_safe = !line.starts_with("http://") || is_loopback(line);
        if status::trusts_somebody(&self.global.data) || !is_safe {
            return Ok(None);
        }
        let Some(root) = first_root(self.carrier(repository)?.as_ref())? else {
            return Ok(None);
        };
        let client = Client::pinned(&root).map_err(|refusal| anyhow!("{repository}: {refusal}"))?;
        eprintln!("lianmu: from now on this machine trusts {repository}, whose root keys are");
        let keys = client.root().roles.get(&indexer::snapshot::tuf::Role::Root);
        keys.iter().flat_map(|keys| keys.keys.keys()).for_each(|id| eprintln!("  {id}"));
        eprintln!("compare them with what `lianmu snapshot init` said at the hub");
        Ok(Some(String::from_utf8(root)?))
    }

    fn switch(&self, generation: &str, json: bool) -> anyhow::Result<Outcome> {
        let generation = Some(generation).filter(|name| *name != "newest").map(str::to_owned);
        let is_pinned = generation.is_some();
        let Answer::Switched { generation } =
            super::submit(self.global, Request::Switch { generation }, &())?
        else {
            anyhow::bail!("the daemon gave an answer to another question");
        };
        if json {
            println!("{}", serde_json::json!({"generation": generation, "pinned": is_pinned}));
        } else {
            let stays = if is_pinned { " and stays until `lianmu snapshot switch newest`" } else { "" };
            println!("{} is in force{stays}", generation.as_deref().unwrap_or("no generation"));
        }
        Ok(Outcome::Done)
    }

    fn export(&self, stick: &Path, branch: Option<String>, json: bool) -> anyhow::Result<Outcome> {
        let branch = branch.map(LibraryCode::new);
        if !super::all_are_members(self.global, branch.as_slice())? {
            return Ok(Outcome::WrongUsage);
        }
        let from = self.writable(At { repository: None })?.folder;
        let bar = super::progress::bytes("export");
        let exported = export::export(&self.site, &from, stick, branch.as_ref(), &|n| bar.inc(n))?;
        bar.finish_and_clear();
        let export::Exported { generation, since, bytes, bytes_there } = exported;
        if json {
            let document = serde_json::json!({
                "generation": generation, "since": since, "bytes": bytes, "bytes_there": bytes_there,
            });
            println!("{document}");
        } else {
            let since = since.map_or_else(String::new, |since| format!(", for a branch that has {since}"));
            println!("{generation} is on {}{since}: {bytes} bytes written and read back", stick.display());
        }
        Ok(Outcome::Done)
    }
}

fn is_loopback(repository: &str) -> bool {
    let host = repository.trim_start_matches("http://").split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
