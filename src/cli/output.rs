//! Where results go, and bytes come from.

use std::{
    io::{Read, Write},
    os::unix::fs::FileTypeExt,
    path::Path,
};

use super::exit::{DONE, Failure};
use crate::{
    device::{read_file, write_file},
    port::Privacy,
    text::printable,
    vault::{self, Side},
};

/// Writes results to standard output. A reader that went away is no failure.
pub(super) fn results(text: &str) -> Result<u8, Failure> {
    emit(None, text.as_bytes())
}

/// Writes bytes to a file, durably, or to standard output.
pub(super) fn emit(out: Option<&Path>, bytes: &[u8]) -> Result<u8, Failure> {
    match out {
        Some(path) => write_file(path, bytes, Privacy::Public)?,
        None => {
            let mut stdout = std::io::stdout().lock();
            match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    return Err(Failure::new(super::exit::DEVICE, format!("cannot write the result: {error}")));
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(DONE)
}

/// Whether a result can go to `out`, before anybody is asked anything: its folder is there, nothing is there that would
/// be lost, and it is no file of a vault. A character device (`/dev/null`) is fine.
pub(super) fn place_for(out: Option<&Path>) -> Result<(), Failure> {
    let Some(out) = out else { return Ok(()) };
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
    if there.is_file() {
        return Err(named("there is such a file already").remedy("name a new one; nothing is written over"));
    }
    if !there.file_type().is_char_device() {
        return Err(named("it is a pipe, a socket or a disk, and no file"));
    }
    Ok(())
}

/// The bytes of a file, or of standard input where the path is `-`.
pub(super) fn read_input(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() != "-" {
        return Ok(read_file(path, limit)?);
    }
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(super::exit::DEVICE, format!("cannot read standard input: {error}")))?;
    if bytes.len() > limit {
        return Err(Failure::input(format!("standard input is larger than {limit} bytes")));
    }
    Ok(bytes)
}
