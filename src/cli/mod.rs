//! The command line: what was typed becomes a ceremony or an answer; an error becomes a sentence and a code.
//!
//! Floor 6. Nothing is decided here.

mod air;
mod args;
mod ask;
mod carry;
mod known;
mod manual;
mod output;
mod place;
mod policy;
mod psbt;
mod qr;
mod quorum;
mod read;
mod share;

use std::process::ExitCode;

use clap::{
    CommandFactory, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use self::args::{Cli, Command, VaultCommand, WalletCommand};
#[cfg(all(feature = "online", feature = "consensus"))]
use crate::demo;
use crate::{
    console,
    device::complain,
    hatch::{self, Failure},
    sys,
    text::clean,
};

/// Hardens the process, reads the arguments, runs the command, and says what went wrong.
#[must_use]
pub fn run() -> ExitCode {
    if let Err(error) = sys::harden() {
        return said(Failure::new(hatch::DEVICE, format!("the process cannot be protected: {error}")));
    }
    if let Err(error) = sys::stay_alone() {
        return said(Failure::new(hatch::DEVICE, error.to_string()));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() {
                // It repeats arguments, which may be names that somebody else gave to files.
                error.render().to_string().lines().for_each(|line| complain(&clean(line)));
                if needs_psbt(&error) {
                    complain(
                        "what to do: name the PSBT's file, or take it from QR codes: --camera, --frames DIR, --video FILE",
                    );
                }
                return ExitCode::from(hatch::INPUT);
            }
            // A help text that nobody reads to its end is no failure.
            let _printed = error.print();
            return ExitCode::from(hatch::DONE);
        }
    };
    match answer(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => said(failure),
    }
}

/// Whether the PSBT is missing, which has other ways to come than the file that the usage names.
fn needs_psbt(error: &clap::Error) -> bool {
    let missing = error.get(ContextKind::InvalidArg);
    let psbt = |name: &String| name == "<PSBT>";
    error.kind() == ErrorKind::MissingRequiredArgument
        && matches!(missing, Some(ContextValue::Strings(names)) if names.iter().any(psbt))
}

fn said(failure: Failure) -> ExitCode {
    complain(&format!("strongroom: {}", failure.what));
    if let Some(advice) = failure.advice() {
        complain(&format!("what to do: {advice}"));
    }
    ExitCode::from(failure.code)
}

fn answer(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Demo { dir } => demonstrate(dir.as_deref()),
        Command::Vault(VaultCommand::Create(create)) => quorum::create(create),
        Command::Vault(VaultCommand::Show { vault, json }) => read::show(&vault, json),
        Command::Vault(VaultCommand::Check { vault, json }) => read::check(&vault, json),
        Command::Wallet(WalletCommand::Add { vault, name, script, account, descriptor, quorum }) => {
            quorum::add_wallet(&vault, name, script, account, descriptor, &quorum)
        }
        Command::Wallet(WalletCommand::Xpub { vault, path, quorum }) => quorum::xpub(&vault, &path, &quorum),
        Command::Wallet(WalletCommand::List { vault, json }) => read::wallets(&vault, json),
        Command::Wallet(WalletCommand::Export { vault, name, format, show }) => {
            read::export(&vault, &name, format, show)
        }
        Command::Address(address) => read::address(&address),
        Command::Review { vault, psbt, json } => quorum::review(&vault, &psbt, json),
        Command::Sign(sign) => quorum::sign(sign),
        Command::Psbt(psbt) => psbt::run(psbt),
        Command::Qr(qr) => qr::run(qr),
        Command::Share(share) => share::run(share),
        Command::Policy(command) => policy::run(command),
        Command::Console { folder } => console::run(folder.as_deref()),
        Command::Journal(journal) => read::journal(journal),
        Command::Vectors { dir, json } => known::vectors(dir.as_deref(), json),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "strongroom", &mut script);
            output::emit(None, &script)
        }
        Command::Man => {
            let page = manual::page()
                .map_err(|error| Failure::new(hatch::DEVICE, format!("cannot write the page: {error}")))?;
            output::emit(None, &page)
        }
    }
}

#[cfg(all(feature = "online", feature = "consensus"))]
fn demonstrate(dir: Option<&std::path::Path>) -> Result<u8, Failure> {
    let mut say = |line: &str| output::results(&format!("{line}\n")).map(drop);
    demo::run(dir, &mut say).map_err(|error| Failure::new(hatch::INTEGRITY, error.to_string()))??;
    Ok(hatch::DONE)
}

#[cfg(not(all(feature = "online", feature = "consensus")))]
fn demonstrate(_: Option<&std::path::Path>) -> Result<u8, Failure> {
    Err(Failure::input("this build has no online half, which the demonstration needs")
        .remedy("run it from a build with default features"))
}
