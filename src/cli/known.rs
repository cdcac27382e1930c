//! `vectors`: the official cases, built in; or from a folder, with the cases of our rules.

use std::path::Path;

use super::output::results;
use crate::{
    device::read_file,
    hatch::{DONE, Failure, INTEGRITY},
    vectors,
};

/// Bytes of one vector file.
const FILE_BYTES: usize = 16 * 1024 * 1024;

pub(super) fn vectors(dir: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let report = match dir {
        None => vectors::run_built_in(),
        Some(dir) => vectors::run(&|name| {
            let bytes = read_file(&dir.join(name), FILE_BYTES).map_err(|error| error.to_string())?;
            String::from_utf8(bytes).map(Into::into).map_err(|_| format!("`{name}` is not UTF-8 text"))
        }),
    };
    if as_json {
        results(&report.json().map_err(|error| Failure::input(error.to_string()))?)?;
    } else {
        results(&report.to_string())?;
    }
    Ok(if report.whole() { DONE } else { INTEGRITY })
}
