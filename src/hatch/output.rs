//! Where results may go.

use std::{
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
};

use super::exit::Failure;
use crate::{
    text::printable,
    vault::{self, Side},
};

/// Whether a result can go to `out`, before anybody is asked anything: its folder is there, it is neither a folder
/// nor a link, it is not the file that the result is made from, and no file of a vault.
///
/// # Errors
/// What stands in the way.
pub fn place_for(out: &Path, source: &Path) -> Result<(), Failure> {
    let named = |what: &str| Failure::input(format!("-o {}: {what}", printable(&out.to_string_lossy())));
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(named("there is no such folder"));
    }
    let name = out.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let kept = name == vault::JOURNAL
        || vault::stem_of(name).is_some()
        || Side::BOTH.iter().any(|side| side.slot_name() == name);
    if kept {
        return Err(named("a vault has files of this name; nothing else may be written over them"));
    }
    let Ok(there) = std::fs::symlink_metadata(out) else { return Ok(()) };
    if there.is_dir() || there.is_symlink() {
        return Err(named("it is a folder or a link"));
    }
    if !there.is_file() && !there.file_type().is_char_device() {
        return Err(named("it is a pipe, a socket or a disk, and no file"));
    }
    let source = std::fs::metadata(source);
    if source.is_ok_and(|source| (source.dev(), source.ino()) == (there.dev(), there.ino())) {
        return Err(named("it is the PSBT itself, which would be lost if the disk is full"));
    }
    Ok(())
}
