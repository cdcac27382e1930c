//! Where results may go.

use std::{os::unix::fs::FileTypeExt, path::Path};

use super::exit::Failure;
use crate::{text::printable, vault};

/// Whether a result can go to `out`, before anybody is asked anything: its folder is there, nothing is there that would
/// be lost, and it is no file of a vault. A character device (`/dev/null`) is fine.
///
/// # Errors
/// What stands in the way.
pub fn place_for(out: &Path) -> Result<(), Failure> {
    let named = |what: &str| Failure::input(format!("{}: {what}", printable(&out.to_string_lossy())));
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(named("there is no such folder"));
    }
    let name = out.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if vault::is_of_a_vault(name) || vault::stem_of(name).is_some() {
        return Err(named("a vault has files of this name; nothing else may be written over them"));
    }
    let Ok(there) = std::fs::symlink_metadata(out) else { return Ok(()) };
    if there.is_dir() || there.is_symlink() {
        return Err(named("it is a folder or a link"));
    }
    if there.is_file() {
        return Err(named("there is such a file already").remedy("name a new one; nothing is written over"));
    }
    if !there.file_type().is_char_device() {
        return Err(named("it is a pipe, a socket or a disk, and no file"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn nothing_is_written_over_and_the_sentence_begins_with_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("there"), "x").unwrap();
        fs::create_dir(place("folder")).unwrap();
        std::os::unix::fs::symlink(place("nowhere"), place("link")).unwrap();
        assert!(place_for(&place("new")).is_ok() && place_for(Path::new("/dev/null")).is_ok());
        for (name, why) in [
            ("there", "there is such a file"),
            ("folder", "a folder or a link"),
            ("link", "a folder or a link"),
            ("none/new", "no such folder"),
            ("journal", "a vault has files of this name"),
        ] {
            let what = place_for(&place(name)).unwrap_err().what;
            assert!(what.starts_with(&format!("{}: ", place(name).display())) && what.contains(why), "{what}");
        }
    }
}
