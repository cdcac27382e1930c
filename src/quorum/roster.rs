//! The roster: custodians with their approval keys and commitments, and the threshold.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    digest::{Commitment, XOnly},
    limits,
    text::Name,
};

/// One custodian, as the statement names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custodian {
    /// The name.
    pub name: Name,
    /// The key that signs this custodian's ballots (BIP340).
    pub approval_key: XOnly,
    /// Member index of the SLIP-39 share, from 0.
    pub share_index: u8,
    /// Names the share value without telling it.
    pub commitment: Commitment,
}

/// The custodians with their threshold M of N.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RosterText", into = "RosterText")]
pub struct Roster {
    threshold: u8,
    custodians: Vec<Custodian>,
    identifiers: Vec<u16>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RosterText {
    threshold: u8,
    custodians: Vec<Custodian>,
    identifiers: Vec<u16>,
}

/// Why custodians and threshold make no roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// SLIP-39 has 1 of 1, and 2 of 2 to 16 of 16.
    #[error("no quorum of {threshold} of {custodians}: possible are 1 of 1, and 2 of 2 to 16 of 16")]
    Size {
        /// M.
        threshold: u8,
        /// N.
        custodians: usize,
    },
    /// More than the shares that a secret has.
    #[error("a vault has at most {} custodians, and here are {custodians}", limits::CUSTODIANS)]
    Many {
        /// N.
        custodians: usize,
    },
    /// A name stands twice.
    #[error("`{0}` stands twice in the roster")]
    Name(Name),
    /// An approval key, share index or commitment stands twice.
    #[error("two custodians share {0}")]
    Shared(&'static str),
    /// The SLIP-39 identifiers are not 15-bit numbers, each once, the present one last.
    #[error("the identifiers of the share sets are out of order")]
    Identifiers,
}

impl Roster {
    /// A roster. `identifiers` are the SLIP-39 identifiers used so far, the present one last.
    ///
    /// # Errors
    /// Sizes that SLIP-39 does not have; anything that two custodians share.
    pub fn new(threshold: u8, custodians: Vec<Custodian>, identifiers: Vec<u16>) -> Result<Self, RosterError> {
        check_size(threshold, custodians.len())?;
        let mut names = BTreeSet::new();
        for custodian in &custodians {
            if !names.insert(&custodian.name) {
                return Err(RosterError::Name(custodian.name.clone()));
            }
        }
        let distinct =
            |what, count: usize| if count == custodians.len() { Ok(()) } else { Err(RosterError::Shared(what)) };
        distinct("an approval key", custodians.iter().map(|c| c.approval_key).collect::<BTreeSet<_>>().len())?;
        distinct("a share index", custodians.iter().map(|c| c.share_index).collect::<BTreeSet<_>>().len())?;
        distinct("a commitment", custodians.iter().map(|c| c.commitment).collect::<BTreeSet<_>>().len())?;
        let used: BTreeSet<_> = identifiers.iter().collect();
        if identifiers.is_empty() || used.len() != identifiers.len() || identifiers.iter().any(|&id| id >= 1 << 15) {
            return Err(RosterError::Identifiers);
        }
        Ok(Self { threshold, custodians, identifiers })
    }

    /// M.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The custodians, in the order of creation.
    #[must_use]
    pub fn custodians(&self) -> &[Custodian] {
        &self.custodians
    }

    /// The custodian of this name.
    #[must_use]
    pub fn find(&self, name: &Name) -> Option<&Custodian> {
        self.custodians.iter().find(|custodian| custodian.name == *name)
    }

    /// The SLIP-39 identifiers used so far, the present one last.
    #[must_use]
    pub fn identifiers(&self) -> &[u16] {
        &self.identifiers
    }

    /// The SLIP-39 identifier of the present share set.
    #[must_use]
    pub fn identifier(&self) -> Option<u16> {
        self.identifiers.last().copied()
    }
}

/// Whether SLIP-39 can split among `custodians` with `threshold`.
///
/// # Errors
/// [`RosterError::Many`], [`RosterError::Size`].
pub(crate) fn check_size(threshold: u8, custodians: usize) -> Result<(), RosterError> {
    if custodians > limits::CUSTODIANS {
        return Err(RosterError::Many { custodians });
    }
    let fits = match threshold {
        0 => false,
        1 => custodians == 1,
        _ => usize::from(threshold) <= custodians,
    };
    if fits { Ok(()) } else { Err(RosterError::Size { threshold, custodians }) }
}

impl TryFrom<RosterText> for Roster {
    type Error = RosterError;

    fn try_from(text: RosterText) -> Result<Self, RosterError> {
        Self::new(text.threshold, text.custodians, text.identifiers)
    }
}

impl From<Roster> for RosterText {
    fn from(roster: Roster) -> Self {
        Self { threshold: roster.threshold, custodians: roster.custodians, identifiers: roster.identifiers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster(threshold: u8, count: usize) -> Result<Roster, RosterError> {
        of_sets(threshold, count, vec![1])
    }

    fn of_sets(threshold: u8, count: usize, identifiers: Vec<u16>) -> Result<Roster, RosterError> {
        Roster::new(threshold, (0..u8::try_from(count).unwrap()).map(custodian).collect(), identifiers)
    }

    fn custodian(n: u8) -> Custodian {
        Custodian {
            name: format!("c{n}").parse().unwrap(),
            approval_key: XOnly([n; 32]),
            share_index: n,
            commitment: Commitment([n; 32]),
        }
    }

    #[test]
    fn no_two_custodians_share_anything() {
        let with = |change: &dyn Fn(&mut Custodian)| {
            let mut all: Vec<Custodian> = (0..3).map(custodian).collect();
            change(&mut all[2]);
            Roster::new(2, all, vec![1]).map(drop)
        };
        assert_eq!(with(&|_| {}), Ok(()));
        let first = custodian(0);
        assert_eq!(with(&|one| one.name = first.name.clone()), Err(RosterError::Name(first.name.clone())));
        for (what, error) in [
            (with(&|one| one.approval_key = first.approval_key), "an approval key"),
            (with(&|one| one.share_index = first.share_index), "a share index"),
            (with(&|one| one.commitment = first.commitment), "a commitment"),
        ] {
            assert_eq!(what, Err(RosterError::Shared(error)));
        }
    }

    #[test]
    fn every_share_set_of_a_vault_has_an_identifier_of_its_own() {
        let used = vec![0, 32_767, 5];
        let roster = of_sets(2, 3, used.clone()).unwrap();
        assert_eq!((roster.identifiers(), roster.identifier()), (&used[..], Some(5)));
        for wrong in [vec![], vec![7, 5, 7], vec![32_768]] {
            assert_eq!(of_sets(2, 3, wrong), Err(RosterError::Identifiers));
        }
    }

    #[test]
    fn a_vault_has_as_many_custodians_as_slip39_has_shares() {
        let most = limits::CUSTODIANS;
        let all = u8::try_from(most).unwrap();
        for threshold in [2, all] {
            assert_eq!(roster(threshold, most).unwrap().custodians().len(), most);
            let error = roster(threshold, most + 1).unwrap_err();
            assert_eq!(error, RosterError::Many { custodians: most + 1 });
            assert_eq!(error.to_string(), "a vault has at most 16 custodians, and here are 17");
        }
        assert_eq!(roster(all + 1, most), Err(RosterError::Size { threshold: all + 1, custodians: most }));
        let said = roster(all + 1, most).unwrap_err().to_string();
        assert_eq!(said, "no quorum of 17 of 16: possible are 1 of 1, and 2 of 2 to 16 of 16");
        assert_eq!(roster(2, 3).unwrap().threshold(), 2);
        assert!(roster(1, 1).is_ok() && roster(1, 2).is_err() && roster(2, 1).is_err() && roster(0, 1).is_err());
    }
}
