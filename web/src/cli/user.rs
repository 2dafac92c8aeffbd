//! `lianmu user add|password|token`: accounts. They run beside a daemon; the pages of admins know the same ones.

use std::io::BufRead;

use anyhow::{Context, anyhow, bail};
use daemon::store::{Account, AccountRole, NewAccount, Store};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde_json::json;

use super::{Global, Outcome};
use crate::i18n::Lang;
use crate::login::password;
use crate::login::secret::Secret;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make an account, confirmed. Without `--password-stdin` a password is invented and printed once.
    Add(Add),
    /// Change the password of an account; its sessions end.
    Password {
        /// Barcode of the account.
        barcode: String,
        /// Code of its library; the library of this machine where none is given.
        #[arg(long, value_name = "CODE")]
        library: Option<String>,
        /// Read the password from the first line of the standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Give an account a token for programs: `Authorization: Bearer TOKEN`.
    Token {
        /// Barcode of the account.
        barcode: String,
        /// Code of its library; the library of this machine where none is given.
        #[arg(long, value_name = "CODE")]
        library: Option<String>,
    },
}

#[derive(clap::Args)]
struct Add {
    /// Code of the member library.
    #[arg(long, value_name = "CODE")]
    library: String,
    /// What is typed to sign in; unique within the library.
    #[arg(long, value_name = "BARCODE")]
    barcode: String,
    /// Name of the person.
    #[arg(long)]
    name: String,
    /// Address for messages.
    #[arg(long)]
    email: String,
    /// What the person may do.
    #[arg(long, value_parser = ["reader", "staff", "admin"])]
    role: String,
    /// Read the password from the first line of the standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Print the account as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    match args.action {
        Action::Add(add) => self::add(global, &add),
        Action::Password { barcode, library, .. } => {
            let Some((store, account)) = find(global, library, &barcode)? else {
                return Ok(Outcome::WrongUsage);
            };
            let typed = typed(&[&account.barcode, &account.name, &account.email])?;
            store.set_password(account.id, &password::hash(&typed)?)?;
            println!("{barcode} of {} has another password", account.library);
            Ok(Outcome::Done)
        }
        Action::Token { barcode, library } => {
            let Some((store, account)) = find(global, library, &barcode)? else {
                return Ok(Outcome::WrongUsage);
            };
            let secret = Secret::random()?;
            store.add_token(secret.hash(), account.id, Timestamp::now())?;
            println!("token of {barcode} of {}, shown once: {}", account.library, secret.reveal());
            Ok(Outcome::Done)
        }
    }
}

fn add(global: &Global, add: &Add) -> anyhow::Result<Outcome> {
    if !super::all_are_members(global, &[LibraryCode::new(add.library.as_str())])? {
        return Ok(Outcome::WrongUsage);
    }
    let barcode = add.barcode.trim();
    let is_plain =
        |text: &str| !text.trim().is_empty() && text.len() <= 200 && !text.contains(char::is_control);
    if ![barcode, &add.name, &add.email].into_iter().all(is_plain) {
        eprintln!("lianmu: barcode, name and email are single lines of at most 200 bytes, and not empty");
        return Ok(Outcome::WrongUsage);
    }
    let (chosen, invented) = if add.password_stdin {
        (typed(&[barcode, &add.name, &add.email])?, None)
    } else {
        let invented = Secret::random()?.reveal()[..20].to_owned();
        (invented.clone(), Some(invented))
    };
    let hash = password::hash(&chosen)?;
    let role = AccountRole::of(&add.role);
    let new = NewAccount {
        library: &add.library,
        barcode,
        code: barcode,
        name: add.name.trim(),
        email: add.email.trim(),
        phone: "",
        lang: "",
        role,
        password: Some(&hash),
    };
    if Store::open(&global.data)?.add_account(&new, Timestamp::now())?.is_none() {
        bail!("{} has an account with the barcode {barcode} already", add.library);
    }
    if add.json {
        let mut document = json!({"library": add.library, "barcode": barcode, "name": new.name, "email": new.email, "role": role.name()});
        if let Some(invented) = invented {
            document["password"] = invented.into();
        }
        println!("{document}");
        return Ok(Outcome::Done);
    }
    println!("{barcode} of {} may sign in as {}", add.library, role.name());
    if let Some(invented) = invented {
        println!("password, shown once: {invented}");
    }
    Ok(Outcome::Done)
}

fn find(global: &Global, library: Option<String>, barcode: &str) -> anyhow::Result<Option<(Store, Account)>> {
    let home = super::settings(global)?.library.map(|code| code.to_string());
    let Some(library) = library.or(home) else {
        eprintln!("lianmu: whose account? name the library with --library CODE");
        return Ok(None);
    };
    let store = Store::open(&global.data)?;
    let account = store.account(&library, barcode)?;
    let account = account.ok_or_else(|| anyhow!("{library} has no account with the barcode {barcode}"))?;
    Ok(Some((store, account)))
}

/// The first line of the standard input, if it may be a password.
fn typed(about: &[&str]) -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
    let typed = line.trim_end_matches(['\r', '\n']);
    match password::check(typed, about) {
        Ok(()) => Ok(typed.to_owned()),
        Err(unfit) => {
            let shortest = password::SHORTEST.to_string();
            bail!("{}", Lang::of_terminal().fill(unfit.key(), &[("n", &shortest)]))
        }
    }
}
