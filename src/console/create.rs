//! Creation: the questions before the ceremony.
//!
//! Floor 6.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    board::Entry,
    face::Face,
    files,
    fresh::Fresh,
    policy,
    seed::{self, Source},
};
use crate::{
    ceremony::{Custody, Origin, Throws},
    device::Folder,
    hatch::{self, Failure, Media, Places, Plan},
    network::Network,
    policy::Policy,
    port::{DeviceError, Step, Store},
    text::{Name, count},
};

const NEW: &[Step] = &[Step::Plan, Step::Throws, Step::Passphrases, Step::Work, Step::Papers];
const IMPORT: &[Step] = &[Step::Plan, Step::Mnemonic, Step::Throws, Step::Passphrases, Step::Work, Step::Papers];
const DOING: &str = "Make a vault";

/// Asks what `vault create` is told by options, and makes the vault in `folder`. Its path and its words, where it was made.
pub(super) fn create(face: &Face, folder: &Path) -> Result<Option<(PathBuf, String)>, DeviceError> {
    face.belongs("");
    face.begins(DOING, NEW);
    let Some((plan, place)) = plan(face, folder)? else { return Ok(None) };
    let planned = plan.vault.clone();
    match face.seriously(|screen, keyboard| hatch::found(plan, screen, keyboard)) {
        Ok(words) => {
            face.finish("the vault is made")?;
            // Where the planned stick was of no use, it is on another.
            let path = place.and_then(|place| place.borrow().clone());
            Ok(Some((path.unwrap_or(planned), words)))
        }
        Err(failure) => face.failed(&failure).map(|()| None),
    }
}

/// Where the vault's folder came to lie.
type Placed = Rc<RefCell<Option<PathBuf>>>;

/// What was answered so far.
#[derive(Default)]
struct Draft {
    network: Option<Network>,
    /// The folder in which the vault's shall lie, and what it shall be called.
    beside: Option<PathBuf>,
    name: Option<Name>,
    vault: Option<PathBuf>,
    names: Vec<Name>,
    threshold: Option<u8>,
    source: Option<Source>,
    home: Option<Home>,
    custodians: Vec<(Name, Custody)>,
    policy: String,
    origin: Option<Origin>,
}

impl Draft {
    fn network(&self) -> Network {
        self.network.unwrap_or(Network::Mainnet)
    }
}

/// What came of a question.
enum Went {
    On,
    Back,
    /// It is none for this vault.
    Past,
}

/// An answer, kept where there is one.
fn kept<T>(answer: Option<T>, place: impl FnOnce(T)) -> Went {
    answer.map_or(Went::Back, |answer| {
        place(answer);
        Went::On
    })
}

/// The answers; whoever goes back comes to the question before. `None` where that is none.
fn plan(face: &Face, folder: &Path) -> Result<Option<(Plan, Option<Placed>)>, DeviceError> {
    let mut draft = Draft::default();
    let (mut at, mut back) = (0usize, false);
    while let Some(question) = QUESTIONS.get(at) {
        back = match question(face, folder, &mut draft)? {
            Went::On => false,
            Went::Back => true,
            Went::Past => back,
        };
        at = match (back, at.checked_sub(1)) {
            (false, _) => at.saturating_add(1),
            (true, Some(before)) => before,
            (true, None) => return Ok(None),
        };
    }
    let Draft { network, vault, threshold, home, custodians, policy, origin, .. } = draft;
    let Some(((network, vault), (threshold, origin))) = network.zip(vault).zip(threshold.zip(origin)) else {
        return Ok(None);
    };
    let (shares, throws, sticks) = (Vec::new(), Throws::Asked, face.sticks().cloned());
    let embed = home == Some(Home::Inside);
    let media = if home == Some(Home::Apart) { media(face, &vault) } else { None };
    let (media, placed) = media.unzip();
    let plan = Plan { vault, network, threshold, custodians, shares, embed, origin, throws, policy, sticks, media };
    Ok(Some((plan, placed)))
}

type Question = fn(&Face, &Path, &mut Draft) -> Result<Went, DeviceError>;

/// One after the other; what a later one asks may hang on what an earlier one was told.
const QUESTIONS: [Question; 10] = [
    |face, _, draft| {
        Ok(kept(which_network(face, draft.network)?, |network| {
            let real = if network.is_mainnet() { "real coins" } else { "test coins" };
            face.belongs(&format!("new vault  {network} ({real})"));
            draft.network = Some(network);
        }))
    },
    |face, folder, draft| {
        let start = draft.beside.clone().unwrap_or_else(|| folder.to_owned());
        let chosen = files::folder(face, "in which folder shall the vault's folder lie?", &start)?;
        Ok(kept(chosen, |folder| draft.beside = Some(folder)))
    },
    |face, folder, draft| {
        let beside = draft.beside.as_deref().unwrap_or(folder);
        Ok(kept(vault(face, beside, draft.name.as_ref())?, |(name, path)| {
            (draft.name, draft.vault) = (Some(name), Some(path));
        }))
    },
    |face, _, draft| Ok(kept(custodians(face, &draft.names)?, |names| draft.names = names)),
    |face, _, draft| {
        let chosen = threshold(face, &draft.names, draft.threshold)?;
        Ok(kept(chosen, |threshold| draft.threshold = Some(threshold)))
    },
    |face, _, draft| {
        Ok(kept(seed::source(face, draft.source)?, |source| {
            draft.source = Some(source);
            face.begins(DOING, if source.is_new() { NEW } else { IMPORT });
        }))
    },
    |face, _, draft| match homes(face, draft.network()) {
        homes if homes.len() == 1 => {
            draft.home = homes.into_iter().next().map(|(home, _)| home);
            Ok(Went::Past)
        }
        homes => Ok(kept(home(face, &homes, draft.home)?, |home| draft.home = Some(home))),
    },
    |face, folder, draft| {
        Ok(kept(seed::custody(face, &draft.names, folder)?, |custodians| draft.custodians = custodians))
    },
    |face, folder, draft| {
        Ok(kept(policy(face, folder, draft.network(), draft.names.len())?, |policy| draft.policy = policy))
    },
    |face, folder, draft| {
        let source = draft.source.unwrap_or(Source::New(24));
        Ok(kept(seed::origin(face, source, folder)?, |origin| draft.origin = Some(origin)))
    },
];

fn which_network(face: &Face, earlier: Option<Network>) -> Result<Option<Network>, DeviceError> {
    let networks = [
        (Network::Mainnet, "real coins"),
        (Network::Testnet4, "test coins"),
        (Network::Signet, "test coins"),
        (Network::Testnet, "test coins, the old testnet"),
        (Network::Regtest, "test coins of a network of your own"),
    ];
    let entries: Vec<Entry> = networks.iter().map(|(one, about)| Entry::new(one.name(), *about)).collect();
    let at = networks.iter().position(|(network, _)| Some(*network) == earlier).unwrap_or(0);
    let chosen = face.choose("which network?", &[], &entries, at)?;
    Ok(chosen.and_then(|chosen| networks.get(chosen)).map(|(network, _)| *network))
}

fn custodians(face: &Face, earlier: &[Name]) -> Result<Option<Vec<Name>>, DeviceError> {
    let intro = [
        "Each custodian gets a share of the seed and a passphrase.",
        "A name has 1 to 32 small letters, digits, - or _; blanks go between names: alice bob carol",
    ];
    let earlier: Vec<&str> = earlier.iter().map(Name::as_str).collect();
    face.value_from(&intro, "the custodians' names:", &earlier.join(" "), hatch::names)
}

/// What the vault is called, and its folder: nothing may be in its place.
fn vault(face: &Face, beside: &Path, earlier: Option<&Name>) -> Result<Option<(Name, PathBuf)>, DeviceError> {
    let intro = [
        "The vault is a folder of this name, with `.vault` after it.",
        "A name has 1 to 32 small letters, digits, - or _.",
    ];
    let read = |typed: &str| {
        let name: Name = typed.parse().map_err(|error: crate::text::NameError| error.to_string())?;
        let path = beside.join(format!("{name}.vault"));
        hatch::free_for_a_vault(&Folder::at(&path).kept_by(face.sticks())).map_err(|failure| failure.what)?;
        Ok((name, path))
    };
    face.value_from(&intro, "the vault's name:", earlier.map_or("", Name::as_str), read)
}

fn threshold(face: &Face, names: &[Name], earlier: Option<u8>) -> Result<Option<u8>, DeviceError> {
    let all = names.len();
    let possible: Vec<u8> = (1..=16u8).filter(|least| hatch::threshold(&least.to_string(), all).is_ok()).collect();
    let about = |least: u8| {
        let lost = all.saturating_sub(usize::from(least));
        match lost {
            0 => "nobody may be missing, and no share may be lost".to_owned(),
            _ => format!("{} may be missing or lost", count(lost, "custodian")),
        }
    };
    let entries: Vec<Entry> =
        possible.iter().map(|least| Entry::new(format!("{least} of {all}"), about(*least))).collect();
    let at = possible.iter().position(|least| Some(*least) == earlier).unwrap_or(0);
    let chosen = face.choose("how many custodians approve each instruction?", &[], &entries, at)?;
    Ok(chosen.and_then(|chosen| possible.get(chosen).copied()))
}

/// Where the shares go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    Inside,
    Beside,
    Apart,
}

/// Where they can go.
fn homes(face: &Face, network: Network) -> Vec<(Home, Entry)> {
    let mut homes =
        vec![(Home::Beside, Entry::new("Beside the folder", "a file each, for the custodians to carry away"))];
    if face.sticks().is_some() {
        let about = "asked for one after the other, when the shares are made";
        homes.insert(0, (Home::Apart, Entry::new("On sticks of their own", about)));
    }
    if !network.is_mainnet() {
        homes.push((Home::Inside, Entry::new("In the folder", "all together: for tests")));
    }
    homes
}

fn home(face: &Face, homes: &[(Home, Entry)], earlier: Option<Home>) -> Result<Option<Home>, DeviceError> {
    let entries: Vec<Entry> = homes.iter().map(|(_, entry)| entry.clone()).collect();
    let at = homes.iter().position(|(home, _)| Some(*home) == earlier).unwrap_or(0);
    let chosen = face.choose("where do the shares go?", &[], &entries, at)?;
    Ok(chosen.and_then(|chosen| homes.get(chosen)).map(|(home, _)| *home))
}

/// The vault's stick, which may be taken out in between, and one for each share.
fn media(face: &Face, vault: &Path) -> Option<(Media, Placed)> {
    let sticks = face.sticks()?;
    let (stick, inside) = sticks.holding(vault)?;
    let what = format!("the vault `{}`", Places::new(vault, Vec::new()).vault_name());
    let own = Fresh::new(face, sticks, what, Some(stick.to_owned()), inside.to_owned());
    let (face, sticks) = (face.clone(), sticks.clone());
    let share = move |name: &Name| -> Box<dyn Store> {
        Box::new(Fresh::new(&face, &sticks, format!("the share of {name}"), None, PathBuf::new()))
    };
    let placed = own.placed();
    Some((Media { vault: Box::new(own), share: Box::new(share) }, placed))
}

/// A policy that suits the vault.
fn policy(face: &Face, folder: &Path, network: Network, custodians: usize) -> Result<Option<String>, DeviceError> {
    let entries = [
        Entry::new("The usual limits", "shown before anything is made; a quorum can change them later"),
        Entry::new("A policy's file", "of your own (TOML)"),
    ];
    loop {
        match face.choose("which policy?", &[], &entries, 0)? {
            None => return Ok(None),
            Some(0) => return Ok(Some(String::new())),
            Some(_) => {}
        }
        let suits = |text: String| match Policy::read(&text).and_then(|policy| policy.suits(network, custodians)) {
            Ok(()) => Ok(text),
            Err(error) => Err(Failure::input(format!("the policy: {error}"))),
        };
        if let Some(text) = policy::file(face, folder)?
            && let Some(text) = face.shown(text.and_then(suits))?
        {
            return Ok(Some(text));
        }
    }
}
