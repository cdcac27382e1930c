//! Where results may go.

use std::{os::unix::fs::FileTypeExt, path::Path};

use super::exit::Failure;
use crate::{text::printable, vault};

/// Whether a result can go to `out`, before anybody is asked anything: its folder is there, nothing is there that would
/// be lost, and it is no file of a vault. A character device (`/dev/null`) is fine.
///
/// # Errors
/// What stands in the way.
pub fn place_for(out: Option<&Path>) -> Result<(), Failure> {
    let Some(out) = out else { return Ok(()) };
    let named = |what: &str| Failure::input(format!("-o {}: {what}", printable(&out.to_string_lossy())));
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
