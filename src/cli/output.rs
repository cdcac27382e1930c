//! Where results go, and bytes come from.

use std::{
    io::{Read, Write},
    path::Path,
};

use crate::{
    device::{read_file, write_file},
    hatch::{DEVICE, DONE, Failure, place_for},
    port::Privacy,
};

/// Writes results to standard output. A reader that went away is no failure.
pub(super) fn results(text: &str) -> Result<u8, Failure> {
    emit(None, text.as_bytes())
}

/// Whether the result can go to the file that `-o` names, if there is one, before anybody is asked anything.
pub(super) fn place_of(out: Option<&Path>) -> Result<(), Failure> {
    let named = |failure: Failure| Failure { what: format!("-o {}", failure.what), ..failure };
    out.map_or(Ok(()), |out| place_for(out).map_err(named))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_taken_is_told_with_its_option() {
        assert!(place_of(None).is_ok() && place_of(Some(Path::new("/dev/null"))).is_ok());
        let what = place_of(Some(Path::new("/dev"))).unwrap_err().what;
        assert_eq!(what, "-o /dev: it is a folder or a link");
    }
}
