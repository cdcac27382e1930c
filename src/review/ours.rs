//! What is ours: a script that a registered descriptor derives at a claimed branch and index, byte for byte.
//!
//! Not evidence: fingerprints, extended keys of the PSBT, script fields, the number of records, the shape of a
//! script. Records only say where to look; nothing here reads a script field.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use bitcoin::Script;

use crate::{
    psbt::{Derivation, TapDerivation},
    wallet::{Coin, Kind, Wallet},
};

/// First hardened step of a BIP32 path.
pub(super) const HARDENED: u32 = 1 << 31;
/// Places tried for one scope; a registered wallet needs one.
const TRIES: usize = 16;

/// A derivation record of either kind.
#[derive(Clone, Copy)]
pub(super) struct Record<'p> {
    /// 33 or 65 bytes, or 32 of taproot.
    pub(super) key: &'p [u8],
    pub(super) fingerprint: [u8; 4],
    pub(super) path: &'p [u32],
    /// Leaf hashes that it names (taproot).
    pub(super) leaves: usize,
}

/// All records of a scope.
pub(super) fn records<'p>(plain: &'p [Derivation], taproot: &'p [TapDerivation]) -> Vec<Record<'p>> {
    let plain =
        plain.iter().map(|r| Record { key: &r.key, fingerprint: r.fingerprint, path: &r.path, leaves: 0 });
    let taproot = taproot.iter().map(|r| Record {
        key: &r.key,
        fingerprint: r.fingerprint,
        path: &r.path,
        leaves: r.leaf_hashes.len(),
    });
    plain.chain(taproot).collect()
}

/// A script that is proved to be ours.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) wallet: usize,
    pub(super) branch: u32,
    pub(super) index: u32,
    pub(super) coin: Rc<Coin>,
}

impl Own {
    pub(super) const fn place(&self) -> (usize, u32, u32) {
        (self.wallet, self.branch, self.index)
    }
}

/// What is remarkable about one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// Names a key of the wallet, but holds another public key.
    WrongKey,
    /// Names another branch or index than the script has.
    Elsewhere,
    /// Bears a fingerprint of ours with a path that no registered wallet has.
    Path(PathFault),
    /// The key is right, the fingerprint or origin is not the registered one.
    OtherFingerprint,
    /// A key that the wallet does not have.
    Extra,
}

/// Why a path is none of a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathFault {
    /// No registered key has this origin.
    Origin,
    /// The branch is not one of the wallet's, or hardened.
    Branch,
    /// The index is hardened (2^31 and above).
    Index,
}

/// What the records of a scope amount to.
pub(super) struct Outcome {
    /// The proof.
    pub(super) own: Option<Own>,
    /// Without a proof: whether a record claims a key of ours all the same.
    pub(super) claimed: bool,
    /// Without a proof: the place that was claimed.
    pub(super) claim: Option<(usize, u32, u32)>,
    /// With a proof: whether a record holds a key of ours.
    pub(super) own_record: bool,
    /// By record number.
    pub(super) oddities: Vec<(usize, Oddity)>,
}

/// The registered wallets, arranged for looking up.
pub(super) struct Registry<'g> {
    wallets: &'g [Wallet],
    origins: HashMap<&'g [u32], Vec<(usize, usize)>>,
    ours: HashSet<[u8; 4]>,
    coins: HashMap<(usize, u32, u32), Option<Rc<Coin>>>,
}

#[derive(Clone, Copy)]
struct Candidate {
    record: usize,
    place: (usize, u32, u32),
    by_fingerprint: bool,
}

impl<'g> Registry<'g> {
    pub(super) fn new(wallets: &'g [Wallet]) -> Self {
        let mut origins: HashMap<&[u32], Vec<(usize, usize)>> = HashMap::new();
        let mut ours = HashSet::new();
        for (w, wallet) in wallets.iter().enumerate() {
            for (k, key) in wallet.keys().iter().enumerate() {
                origins.entry(&key.origin).or_default().push((w, k));
                if key.ours && key.fingerprint != [0; 4] {
                    ours.insert(key.fingerprint);
                }
            }
        }
        Self { wallets, origins, ours, coins: HashMap::new() }
    }

    /// The script of a wallet at branch and index; derived once.
    pub(super) fn coin(&mut self, place: (usize, u32, u32)) -> Option<Rc<Coin>> {
        let (wallet, branch, index) = place;
        let wallets = self.wallets;
        self.coins
            .entry(place)
            .or_insert_with(|| wallets.get(wallet).and_then(|w| w.coin(branch, index).ok()).map(Rc::new))
            .clone()
    }

    /// Looks whether `script` is ours at a place that one of `records` claims.
    pub(super) fn prove(&mut self, records: &[Record<'_>], script: &Script) -> Outcome {
        let mut candidates = Vec::new();
        let mut faults = Vec::new();
        for (number, record) in records.iter().enumerate() {
            let before = candidates.len();
            let fault = self.candidates(number, record, &mut candidates);
            if candidates.len() == before && self.ours.contains(&record.fingerprint) {
                faults.push((number, Oddity::Path(fault)));
            }
        }
        candidates.sort_by_key(|candidate| !candidate.by_fingerprint);
        let mut places: Vec<(usize, u32, u32)> = Vec::new();
        for candidate in &candidates {
            if places.len() < TRIES && !places.contains(&candidate.place) {
                places.push(candidate.place);
            }
        }
        let own = places.iter().find_map(|place| {
            let fitting = self.wallets.get(place.0).is_some_and(|wallet| fits(wallet.kind(), script));
            let coin = fitting.then(|| self.coin(*place)).flatten()?;
            (coin.script_pubkey.as_script() == script).then_some(Own {
                wallet: place.0,
                branch: place.1,
                index: place.2,
                coin,
            })
        });
        match own {
            Some(own) => self.agreement(own, records, &candidates, faults),
            None => self.unproved(records, &candidates, &places, faults),
        }
    }

    /// Adds the places that a record may mean; else says what is wrong with its path.
    fn candidates(&self, number: usize, record: &Record<'_>, found: &mut Vec<Candidate>) -> PathFault {
        let Some((origin, [branch, index])) = record.path.split_last_chunk::<2>() else {
            return PathFault::Origin;
        };
        let Some(keys) = self.origins.get(origin) else { return PathFault::Origin };
        let mut fault = PathFault::Origin;
        for (w, k) in keys {
            let Some(wallet) = self.wallets.get(*w) else { continue };
            let Some(key) = wallet.keys().get(*k) else { continue };
            let by_fingerprint = key.fingerprint == record.fingerprint;
            if !wallet.branches().contains(branch) {
                if by_fingerprint {
                    fault = PathFault::Branch;
                }
            } else if *index >= HARDENED {
                if by_fingerprint {
                    fault = PathFault::Index;
                }
            } else {
                found.push(Candidate { record: number, place: (*w, *branch, *index), by_fingerprint });
            }
        }
        fault
    }

    /// Compares each record with the proof.
    fn agreement(
        &self,
        own: Own,
        records: &[Record<'_>],
        candidates: &[Candidate],
        faults: Vec<(usize, Oddity)>,
    ) -> Outcome {
        let keys = self.wallets.get(own.wallet).map(Wallet::keys).unwrap_or_default();
        let faults: HashMap<usize, Oddity> = faults.into_iter().collect();
        let mut oddities = Vec::new();
        let mut own_record = false;
        for (number, record) in records.iter().enumerate() {
            let mine = |c: &&Candidate| c.record == number && c.place.0 == own.wallet;
            let here = candidates.iter().filter(mine).find(|c| c.place == own.place() && c.by_fingerprint);
            let elsewhere = candidates.iter().filter(mine).any(|c| c.place != own.place() && c.by_fingerprint);
            let position = own.coin.keys.iter().position(|key| same_key(key, record.key));
            let oddity = match (position, faults.get(&number)) {
                (_, Some(fault)) => Some(*fault),
                (Some(_), None) if here.is_some() => None,
                (Some(_), None) if elsewhere => Some(Oddity::Elsewhere),
                (Some(_), None) => Some(Oddity::OtherFingerprint),
                (None, None) if here.is_some() => Some(Oddity::WrongKey),
                (None, None) if elsewhere => Some(Oddity::Elsewhere),
                (None, None) => Some(Oddity::Extra),
            };
            own_record |= position.and_then(|p| keys.get(p)).is_some_and(|key| key.ours);
            oddities.extend(oddity.map(|oddity| (number, oddity)));
        }
        Outcome { own: Some(own), claimed: true, claim: None, own_record, oddities }
    }

    /// Nothing was proved: does a record claim us all the same?
    fn unproved(
        &mut self,
        records: &[Record<'_>],
        candidates: &[Candidate],
        places: &[(usize, u32, u32)],
        faults: Vec<(usize, Oddity)>,
    ) -> Outcome {
        let by_fingerprint = records.iter().any(|record| self.ours.contains(&record.fingerprint));
        let claimed = by_fingerprint
            || places.iter().any(|place| {
                let Some(coin) = self.coin(*place) else { return false };
                let keys = self.wallets.get(place.0).map(Wallet::keys).unwrap_or_default();
                let ours = || coin.keys.iter().zip(keys).filter(|(_, key)| key.ours).map(|(derived, _)| derived);
                records.iter().any(|record| ours().any(|derived| same_key(derived, record.key)))
            });
        let claim = claimed.then(|| candidates.first().map(|candidate| candidate.place)).flatten();
        let mut oddities = faults;
        if let Some(first) = claim.filter(|_| claimed) {
            let other = |c: &&Candidate| c.by_fingerprint && c.place.0 == first.0 && c.place != first;
            oddities.extend(candidates.iter().find(other).map(|c| (c.record, Oddity::Elsewhere)));
        }
        Outcome { own: None, claimed, claim, own_record: false, oddities }
    }
}

/// Whether a record's key (33 bytes, or 32 of taproot) is the derived one.
pub(super) fn same_key(derived: &[u8; 33], given: &[u8]) -> bool {
    given == derived || derived.get(1..).is_some_and(|x_only| x_only == given)
}

/// Whether a script has the form of a wallet's scripts.
pub(super) fn fits(kind: Kind, script: &Script) -> bool {
    match kind {
        Kind::Pkh => script.is_p2pkh(),
        Kind::Wpkh => script.is_p2wpkh(),
        Kind::Tr => script.is_p2tr(),
        Kind::Wsh(_) => script.is_p2wsh(),
        Kind::ShWpkh | Kind::Sh(_) | Kind::ShWsh(_) => script.is_p2sh(),
    }
}
