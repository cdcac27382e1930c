//! A share's file that a change of passphrase put out of use, and that is there again.
//!
//! Floor 5. Nothing is refused for it: the share in it is the same, and whoever brings it may have no other.

use crate::{
    journal::Superseded,
    text::Name,
    vault::{Shelf, Vault},
};

/// What is said of the files of `custodian`'s share that were found, a sentence each. A file that does not count is not
/// judged: that it does not is said where it is looked for.
#[must_use]
pub fn superseded(found: &Shelf, custodian: &Name, vault: &Vault) -> Vec<String> {
    let epoch = vault.statement().epoch();
    let old = |(file, sealed): (String, _)| {
        let old = vault.journal().superseded(custodian, epoch, sealed)?;
        Some(sentence(&file, custodian, old))
    };
    found.files().filter_map(old).collect()
}

fn sentence(file: &str, custodian: &Name, Superseded { line, surely }: Superseded) -> String {
    let old = "whoever knows the old passphrase opens it: bring the newer file, and destroy this one";
    if surely {
        return format!("`{file}` is older than the change of {custodian}'s passphrase in line {line}, and {old}");
    }
    // A change after it that was cut short leaves such a file, too.
    format!(
        "`{file}` is not the file of the change of {custodian}'s passphrase in line {line}. If {custodian} did not change \
         it once more since then, it is older, and {old}"
    )
}
