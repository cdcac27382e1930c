//! The watch over what the machine was started from. It goes on whatever a device does to the thread that reads and mounts:
//! nothing is asked of devices here, and of the kernel only what there is.
//!
//! Floor 6.

use std::collections::{BTreeMap, BTreeSet};

/// A disk or a partition: the kernel's name, and the number of the disk's coming, since names are used again.
pub(super) type Key = (String, String);

/// What the thread that reads disks tells the one that watches.
#[derive(Debug)]
pub(super) enum News {
    /// It begins to look at this one.
    Meets(Key),
    /// The machine may have been started from this one.
    Boots(Key),
}

/// Looks after which a disk waits for longer than any other takes to be read: five seconds of them.
const WAITS: u32 = 25;

/// What is known of the disks.
#[derive(Default)]
pub(super) struct Watch {
    boots: BTreeSet<Key>,
    met: BTreeSet<Key>,
    /// Those that were not met yet, and at how many looks they were there.
    waiting: BTreeMap<Key, u32>,
}

impl Watch {
    pub(super) fn hear(&mut self, news: News) {
        match news {
            News::Meets(key) => {
                self.waiting.remove(&key);
                self.met.insert(key);
            }
            News::Boots(key) => {
                self.boots.insert(key);
            }
        }
    }

    /// Whether something was pulled that the machine may have been started from, by what is there now. So may a disk that
    /// waits behind one which does not answer: nobody knows what it is.
    pub(super) fn pulled(&mut self, there: &BTreeSet<Key>) -> bool {
        let gone = |key: &Key| !there.contains(key);
        let pulled =
            self.boots.iter().any(gone) || self.waiting.iter().any(|(key, looks)| *looks >= WAITS && gone(key));
        self.met.retain(|key| !gone(key));
        self.waiting.retain(|key, _| !gone(key));
        for key in there.difference(&self.met) {
            let looks = self.waiting.entry(key.clone()).or_default();
            *looks = looks.saturating_add(1);
        }
        pulled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        (name.to_owned(), "1".to_owned())
    }

    fn there(names: &[&str]) -> BTreeSet<Key> {
        names.iter().map(|name| key(name)).collect()
    }

    fn watch(boots: &[&str], others: &[&str]) -> Watch {
        let mut watch = Watch::default();
        boots.iter().chain(others).for_each(|name| watch.hear(News::Meets(key(name))));
        boots.iter().for_each(|name| watch.hear(News::Boots(key(name))));
        watch
    }

    #[test]
    fn a_boot_medium_that_is_gone_is_noticed() {
        let mut watch = watch(&["sda"], &["sdb"]);
        assert!(!watch.pulled(&there(&["sda", "sdb"])));
        assert!(!watch.pulled(&there(&["sda"])));
        assert!(watch.pulled(&there(&["sdb"])));
        // The next disk gets its name, and is another.
        assert!(watch.pulled(&BTreeSet::from([("sda".to_owned(), "2".to_owned())])));
        assert!(!Watch::default().pulled(&there(&[])));
    }

    #[test]
    fn a_stick_that_looks_like_the_boot_medium_takes_the_watch_from_no_other() {
        for left in ["sda", "sdb"] {
            // Whichever the kernel shows first.
            let mut watch = watch(&["sda", "sdb"], &[]);
            assert!(!watch.pulled(&there(&["sda", "sdb"])));
            assert!(watch.pulled(&there(&[left])), "{left}");
        }
    }

    #[test]
    fn a_disk_that_waits_behind_one_that_does_not_answer_is_watched() {
        let both = there(&["sda", "sdb"]);
        for (looks, noticed) in [(1, false), (WAITS - 1, false), (WAITS, true), (2 * WAITS, true)] {
            let mut watch = watch(&[], &["sda"]);
            (0..looks).for_each(|_| assert!(!watch.pulled(&both)));
            // The one that holds everything up may be pulled.
            let mut other = Watch { met: watch.met.clone(), waiting: watch.waiting.clone(), ..Watch::default() };
            assert!(!other.pulled(&there(&["sdb"])), "{looks}");
            assert_eq!(watch.pulled(&there(&["sda"])), noticed, "{looks}");
        }
        // Once met, it is what it was found to be.
        let mut watch = watch(&[], &["sda"]);
        (0..WAITS).for_each(|_| assert!(!watch.pulled(&both)));
        watch.hear(News::Meets(key("sdb")));
        assert!(!watch.pulled(&both) && !watch.pulled(&there(&["sda"])));
    }
}
