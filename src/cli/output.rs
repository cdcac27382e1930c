//! Where results go, and bytes come from.

use std::{
    io::{Read, Write},
    path::Path,
};

use crate::{
    device::{read_file, write_file},
    hatch::{DEVICE, DONE, Failure},
    port::Privacy,
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
                    return Err(Failure::new(DEVICE, format!("cannot write the result: {error}")));
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(DONE)
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
        .map_err(|error| Failure::new(DEVICE, format!("cannot read standard input: {error}")))?;
    if bytes.len() > limit {
        return Err(Failure::input(format!("standard input is larger than {limit} bytes")));
    }
    Ok(bytes)
}
