//! `lianmu demo --consortium`: a hub and two branches on this machine, each a process of its own, and a day of theirs:
//! the hub harvests and publishes, the branches take its catalogue, a night brings what changed, a line is cut, a
//! reader asks for a book meanwhile, and the line is whole again.

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};
use daemon::store::Store;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::line::Line;
use super::machine::{Machine, Told, until};
use super::{Args, accounts, make_exports};
use crate::cli::{Global, Outcome};
use crate::i18n::grouped;

/// Whose machines the branches are.
const BRANCHES: [&str; 2] = ["BJFU", "PKU"];

pub(super) fn run(global: &Global, args: &Args, listen: SocketAddr) -> anyhow::Result<Outcome> {
    let root = std::path::absolute(&global.data)?.join("consortium");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let told = Told::default();
    let own = told.clone();
    runtime.spawn(async move {
        crate::cli::serve::told_to_stop().await;
        own.say();
    });
    let mut day = Day::begin(&root, args, listen, (&runtime, &told))?;
    let password = day.take()?;
    day.night()?;
    day.cut()?;
    day.heal()?;
    if args.once {
        return Ok(Outcome::Done);
    }
    day.say_what_to_try(&password);
    runtime.block_on(day.go_on())?;
    Ok(Outcome::Done)
}

/// The machines and their lines.
struct Day {
    root: PathBuf,
    hub: Machine,
    branches: Vec<Machine>,
    /// A line to the hub for each branch.
    lines: Vec<Line>,
    /// The request that was made while the line was cut.
    asked: String,
    told: Told,
}

/// Bytes of what the hub has published, where that is what is in force.
fn published(hub: &Machine) -> Option<u64> {
    // In a repository that is begun and no more there is no list.
    let newest = hub.ask(&["snapshot", "list", "--json"]).unwrap_or_default().pop()?;
    (newest["generation"].as_str() == hub.generation().as_deref()).then(|| newest["bytes"].as_u64()).flatten()
}

fn said(what: &str, sentence: &str) {
    println!("{what:>8}  {sentence}");
}

impl Day {
    /// The hub harvests, publishes and is started.
    fn begin(
        root: &Path,
        args: &Args,
        listen: SocketAddr,
        (runtime, told): (&Runtime, &Told),
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(root.join("nights"))
            .with_context(|| format!("cannot make {}", root.display()))?;
        make_exports(&root.join("exports"), args)?;
        let [at_hub, one, other] = addresses(listen)?;
        let mut hub = Machine::new("hub", root.join("hub"), at_hub, &of_hub(root)?, told)?;
        let is_begun = hub.data.join("repository/metadata/1.root.json").is_file();
        if !is_begun {
            hub.say(&["snapshot", "init"])?;
        }
        hub.start()?;
        if hub.generation().is_none() {
            hub.say(&["harvest", "--now"])?;
            for run in hub.ask(&["runs", "list", "--json"])? {
                // Some exports are cut off on purpose; the person who would look at that knows it.
                if run["state"] == "held" {
                    hub.say(&["runs", "release", run["run"].as_str().unwrap_or_default()])?;
                }
            }
            hub.say(&["build"])?;
        }
        until(told, "the hub to publish its catalogue", || Ok(published(&hub).is_some()))?;
        let bytes = published(&hub).unwrap_or(0);
        let generation = hub.generation().unwrap_or_default();
        let sentence =
            format!("http://{at_hub}: generation {generation}, {} bytes published", grouped(bytes));
        said("hub", &sentence);
        let (mut branches, mut lines) = (Vec::new(), Vec::new());
        for (name, address) in BRANCHES.into_iter().zip([one, other]) {
            lines.push(Line::to(at_hub, runtime.handle())?);
            branches.push(Machine::new(
                name,
                root.join(name.to_lowercase()),
                address,
                &of_branch(name),
                told,
            )?);
        }
        Ok(Self { root: root.to_owned(), hub, branches, lines, asked: String::new(), told: told.clone() })
    }

    /// The branches enrol and take the catalogue; the password of the invented people.
    fn take(&mut self) -> anyhow::Result<String> {
        let (password, _) = accounts(&self.hub.data, |library| library == BRANCHES[0], None)?;
        for (branch, line) in self.branches.iter_mut().zip(&self.lines) {
            let code = self.hub.say(&["branch", "enrol", "--library", branch.name])?;
            let code = code.split_whitespace().last().context("the hub gave no code")?;
            branch.say(&["enrol", "--hub", &format!("http://{}", line.near), "--code", code])?;
            accounts(&branch.data, |library| library == branch.name, Some(&password))?;
            let began = Instant::now();
            branch.start()?;
            // It looks for the catalogue by itself as soon as it runs.
            let hub = &self.hub;
            until(&self.told, &format!("{} to have the catalogue", branch.name), || {
                Ok(branch.generation().is_some() && branch.generation() == hub.generation())
            })?;
            let bytes = branch.document(&["status", "--json"])?["snapshot"]["bytes_fetched"].as_u64();
            let bytes = grouped(bytes.unwrap_or(0));
            let took = began.elapsed().as_secs_f64();
            said(
                branch.name,
                &format!("http://{}: {bytes} bytes fetched so far, {took:.1} s", branch.address),
            );
        }
        Ok(password)
    }

    /// Records change at the hub; the branches take what changed.
    fn night(&self) -> anyhow::Result<()> {
        let before = self.hub.generation();
        let nights = self.root.join("nights");
        let n = std::fs::read_dir(&nights)?.count() + 1;
        let path = nights.join(format!("{n}.mrk"));
        std::fs::write(&path, changed_records(n))
            .with_context(|| format!("cannot write {}", path.display()))?;
        until(&self.told, "the hub to build and publish what changed", || {
            Ok(self.hub.generation() != before && published(&self.hub).is_some())
        })?;
        for branch in &self.branches {
            let plan = branch.document(&["snapshot", "pull", "--dry-run", "--json"])?;
            let pulled = branch.document(&["snapshot", "pull", "--json"])?;
            ensure!(branch.generation() == self.hub.generation(), "{}: {pulled}", branch.name);
            let number = |document: &Value, key: &str| grouped(document[key].as_u64().unwrap_or(0));
            let sentence = format!(
                "{} took the night by {}: {} bytes ({} as files), {} s",
                branch.name,
                pulled["way"].as_str().unwrap_or_default(),
                number(&pulled, "bytes_fetched"),
                number(&plan, "bytes_as_files"),
                pulled["seconds"]
            );
            said("night", &sentence);
        }
        Ok(())
    }

    /// The line of the first branch is cut; a reader there asks for a book all the same.
    fn cut(&mut self) -> anyhow::Result<()> {
        let branch = &self.branches[0];
        self.lines[0].cut(true);
        let refused = branch.say(&["snapshot", "pull"]).is_err();
        ensure!(refused, "{} pulled over a line that is cut", branch.name);
        let found = branch.document(&["search", "java", "--json"])?;
        let token = branch.say(&["user", "token", "--library", branch.name, "reader"])?;
        let token = token.split_whitespace().last().context("there is no token")?;
        let form = json!({
            "title": "三国演义", "author": "罗贯中", "year": 2011, "call_number": "I242.4/12", "supplier": BRANCHES[1],
            "delivery": "courier", "recipient": "林小雨", "email": "demo@example.org",
        });
        let request = branch.post("/api/v1/requests", token, &form)?;
        self.asked = request["id"].as_str().context("the request has no id")?.to_owned();
        let sentence = format!(
            "the line of {} is cut: it finds java {} times, and keeps request {} ({})",
            branch.name,
            found["total"],
            request["number"].as_str().unwrap_or_default(),
            self.state_at(branch)?
        );
        said("cut", &sentence);
        Ok(())
    }

    /// The line is whole again; the request arrives.
    fn heal(&self) -> anyhow::Result<()> {
        let [branch, lender] = &self.branches[..] else { return Ok(()) };
        self.lines[0].cut(false);
        let began = Instant::now();
        until(&self.told, "the hub to have the request", || Ok(self.state_at(branch)? == "at_centre"))?;
        let at_hub = began.elapsed().as_secs_f64();
        // Who has nothing to send asks for news every few minutes; a person may say: now.
        Store::open(&lender.data)?.nudge()?;
        until(&self.told, "the lender to have the request", || Ok(self.state_at(lender)? != "unknown"))?;
        let at_lender = began.elapsed().as_secs_f64();
        let sentence = format!(
            "the line is whole: the hub has the request after {at_hub:.1} s, {} after {at_lender:.1} s",
            lender.name
        );
        said("heal", &sentence);
        Ok(())
    }

    fn state_at(&self, machine: &Machine) -> anyhow::Result<String> {
        let all = machine.ask(&["requests", "list", "--json"])?;
        let own = all.into_iter().find(|request| request["id"] == self.asked.as_str());
        Ok(own
            .and_then(|request| request["state"].as_str().map(str::to_owned))
            .unwrap_or("unknown".to_owned()))
    }

    fn say_what_to_try(&self, password: &str) {
        println!(
            "sign in as reader, staff or admin of BJFU, staff of PKU, each at its branch; at the hub as admin of"
        );
        println!(
            "BJFU, and look at http://{}/admin/branches; password of each: {password}",
            self.hub.address
        );
        println!(
            "Enter cuts the line of {} and makes it whole again; Ctrl-C ends all three",
            self.branches[0].name
        );
    }

    /// Until told to stop.
    async fn go_on(&self) -> anyhow::Result<()> {
        let (tell, mut entered) = tokio::sync::mpsc::unbounded_channel();
        // Nobody waits for this thread: what a person types comes when it comes.
        std::thread::spawn(move || {
            for _ in std::io::stdin().lock().lines().map_while(Result::ok) {
                if tell.send(()).is_err() {
                    return;
                }
            }
        });
        let mut is_cut = false;
        let mut stopped = std::pin::pin!(crate::cli::serve::told_to_stop());
        loop {
            tokio::select! {
                () = &mut stopped => return Ok(()),
                Some(()) = entered.recv() => {
                    is_cut = !is_cut;
                    self.lines[0].cut(is_cut);
                    said(if is_cut { "cut" } else { "heal" }, self.branches[0].name);
                }
            }
        }
    }
}

// Three in a row; or free ones, where any will do.
fn addresses(listen: SocketAddr) -> anyhow::Result<[SocketAddr; 3]> {
    let mut addresses = [listen; 3];
    if listen.port() == 0 {
        let free = [(); 3].map(|()| std::net::TcpListener::bind(listen));
        for (address, listener) in addresses.iter_mut().zip(free) {
            *address = listener?.local_addr()?;
        }
    } else {
        for (n, address) in (0u16..).zip(&mut addresses) {
            let port = listen.port().checked_add(n).context("there are no three ports from that one on")?;
            address.set_port(port);
        }
    }
    Ok(addresses)
}

fn of_hub(root: &Path) -> anyhow::Result<String> {
    let mut config = "role = \"hub\"\n".to_owned();
    for (library, folder) in super::sets_of(&root.join("exports"))? {
        let location = toml_text(&folder);
        config += &format!(
            "[[source]]\nlibrary = \"{library}\"\nkind = \"folder\"\nlocation = {location}\nmode = \"full\"\n"
        );
    }
    let nights = toml_text(&root.join("nights"));
    config += &format!(
        "[[source]]\nlibrary = \"{}\"\nkind = \"folder\"\nlocation = {nights}\nmode = \"delta\"\n",
        BRANCHES[0]
    );
    Ok(config)
}

fn toml_text(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

fn of_branch(library: &str) -> String {
    format!("role = \"branch\"\nlibrary = \"{library}\"\n")
}

// Three new records a night, in a form that people can read.
fn changed_records(n: usize) -> String {
    let record = |k: usize| {
        let number = format!("night-{n}-{k}");
        let title = ["三国演义图说", "植物学通论", "Java网络编程实例"][k % 3];
        format!(
            "=LDR  00000nam0 2200000   450 \n=001  {number}\n=100  \\\\$a20261130d2026    em y0chiy0110    ea\n\
             =101  0\\$achi\n=200  1\\$a{title}$h第{n}卷$f顾明月著\n=210  \\\\$a北京$c中国林业出版社$d2026\n\
             =905  \\\\$a北林$dS7/{n}{k}\n\n"
        )
    };
    (0..3).map(record).collect()
}
