//! Which sealed text of a share is the newest, as far as the journal tells.
//!
//! Floor 3. A change of passphrase writes the new file, removes the old one, and only then its `changed` line: a line
//! never comes before its file, and a change that was cut short leaves a file without a line. So a file that no line
//! names can be older than the last line (the one that the vault was made with has no line either) or newer than it;
//! one that an earlier line names is older. Nobody signs these lines at once: they are a hint for people, and nothing is
//! refused for them.

use crate::{
    digest::FileDigest,
    journal::{Journal, Line},
    text::Name,
};

/// A share's file that is not the one of the last change of its passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superseded {
    /// The line of the last change.
    pub line: u64,
    /// Whether it surely is an older file: an earlier line names it.
    pub surely: bool,
}

impl Journal {
    /// What the last change of `custodian`'s passphrase says against this sealed text of the share of `epoch`.
    #[must_use]
    pub fn superseded(&self, custodian: &Name, epoch: u32, sealed: FileDigest) -> Option<Superseded> {
        let mut last = None;
        let mut named = false;
        for entry in self.entries() {
            if let Line::Changed { custodian: who, epoch: of, sealed: new } = &entry.line
                && (who, *of) == (custodian, epoch)
            {
                last = Some((entry.number, *new));
                named |= *new == sealed;
            }
        }
        last.filter(|(_, new)| *new != sealed).map(|(line, _)| Superseded { line, surely: named })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::samples::{Sample, name, opened};

    fn changed(custodian: &str, epoch: u32, sealed: u8) -> Line {
        Line::Changed { custodian: name(custodian), epoch, sealed: FileDigest([sealed; 32]) }
    }

    #[test]
    fn the_last_change_of_this_share_tells_older_files() {
        let mut sample = Sample::new();
        let told = |sample: &Sample, sealed: u8| {
            sample.journal().superseded(&name("carol"), 1, FileDigest([sealed; 32])).map(|old| (old.line, old.surely))
        };
        // Of another custodian, and of another epoch: nothing is known of hers.
        for line in [opened(), changed("bob", 1, 1), opened(), changed("carol", 2, 1)] {
            sample.push(line);
        }
        assert_eq!(told(&sample, 9), None);
        for line in [opened(), changed("carol", 1, 1)] {
            sample.push(line);
        }
        assert_eq!((told(&sample, 1), told(&sample, 9)), (None, Some((7, false))));
        for line in [opened(), changed("carol", 1, 2), opened(), changed("bob", 1, 3)] {
            sample.push(line);
        }
        assert_eq!((told(&sample, 2), told(&sample, 1)), (None, Some((9, true))));
        assert_eq!((told(&sample, 9), told(&sample, 3)), (Some((9, false)), Some((9, false))));
    }
}
