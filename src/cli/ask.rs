//! What `vault create` was not told, people are asked for.
//!
//! Floor 6. Each answer is judged at once, by the rooms that know, and asked for again.

use super::args::CreateArgs;
use crate::{
    device::Terminal,
    hatch::{Failure, REFUSED, names, network, threshold},
    network::Network,
    port::{DeviceError, Keyboard, Screen},
    text::count,
};

/// Fills in the custodians, and gives network and threshold.
pub(super) fn what_is_missing(args: &mut CreateArgs) -> Result<(Network, u8), Failure> {
    if let (Some(network), Some(threshold), false) = (args.network, args.threshold, args.custodians.is_empty()) {
        return Ok((network, threshold));
    }
    let mut terminal = Terminal::open(true);
    let network = match args.network {
        Some(network) => network,
        None => ask(&mut terminal, "network: mainnet, testnet4, testnet, signet or regtest? ", "--network", network)?,
    };
    if args.custodians.is_empty() {
        args.custodians = ask(&mut terminal, "the custodians' names, spaces between them: ", "--custodian", names)?;
    }
    let all = args.custodians.len();
    let threshold = match args.threshold {
        Some(threshold) => threshold,
        None => {
            let prompt = format!("how many of {} approve each instruction? ", count(all, "custodian"));
            ask(&mut terminal, &prompt, "--threshold", |typed| threshold(typed, all))?
        }
    };
    Ok((network, threshold))
}

/// Asks until the answer is one; Enter alone stops.
fn ask<T>(
    terminal: &mut Terminal,
    prompt: &str,
    option: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    loop {
        let typed = match terminal.line(prompt) {
            Ok(typed) => typed,
            Err(DeviceError::NoTerminal) => {
                return Err(Failure::input(format!("{option} is missing, and there is no terminal to ask at")));
            }
            Err(error) => return Err(error.into()),
        };
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(Failure::new(REFUSED, "no vault is made; nothing was done"));
        }
        match read(typed) {
            Ok(answer) => return Ok(answer),
            Err(why) => terminal.say(&format!("{why}. Once more, please (Enter alone stops)."))?,
        }
    }
}
