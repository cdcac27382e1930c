//! Files and folders, chosen step by step.
//!
//! Floor 6.

use std::path::{Path, PathBuf};

use super::{board::Entry, face::Face, sticks};
use crate::{
    device::{listing, whole_path, write_file},
    hatch::place_for,
    port::{DeviceError, Privacy},
    text::{Name, printable},
    vault,
};

/// Numbers that a name gets where the name is taken, most.
const NAMES: u32 = 1000;

/// What a choice in a folder stands for.
enum Turn {
    Into(PathBuf),
    Take(PathBuf),
}

/// A path for people.
pub(super) fn shown(face: &Face, path: &Path) -> String {
    face.told(&printable(&path.to_string_lossy()))
}

/// Walks through folders until something is taken; `None` where the person goes back. On the appliance it begins with
/// the sticks, and goes no further up.
fn walk(
    face: &Face,
    heading: &str,
    start: &Path,
    here: impl Fn(&Path) -> Vec<(Entry, PathBuf)>,
    fits: impl Fn(&str) -> bool,
    likely: impl Fn(&str) -> bool,
) -> Result<Option<PathBuf>, DeviceError> {
    let mut folder = whole_path(start);
    loop {
        let stick = face.sticks().map(|sticks| sticks.holding(&folder).filter(|_| folder.is_dir()));
        if let (Some(sticks), Some(None)) = (face.sticks(), stick) {
            match sticks::which(face, sticks, heading)? {
                Some(path) => folder = path,
                None => return Ok(None),
            }
            continue;
        }
        let all = match listing(&folder) {
            Ok(all) => all,
            Err(error) => {
                face.failed(&error.into())?;
                match folder.parent() {
                    Some(above) => folder = above.to_owned(),
                    None => return Ok(None),
                }
                continue;
            }
        };
        let (mut entries, mut turns) = (Vec::new(), Vec::new());
        for (entry, path) in here(&folder) {
            entries.push(entry);
            turns.push(Turn::Take(path));
        }
        let mut first = None;
        for listed in all.iter().filter(|listed| listed.is_file && fits(&listed.name)) {
            if first.is_none() && likely(&listed.name) {
                first = Some(entries.len());
            }
            entries.push(Entry::new(printable(&listed.name), ""));
            turns.push(Turn::Take(folder.join(&listed.name)));
        }
        for listed in all.iter().filter(|listed| !listed.is_file) {
            let name = printable(&listed.name);
            entries.push(if stick.is_some() { Entry::new(name, "a folder") } else { Entry::new(name + "/", "") });
            turns.push(Turn::Into(folder.join(&listed.name)));
        }
        if let Some(above) = folder.parent() {
            entries.push(match stick.flatten() {
                Some((_, inside)) if inside.as_os_str().is_empty() => Entry::new("Another stick", ""),
                Some(_) => Entry::new("Back", "the folder above"),
                None => Entry::new("../", "the folder above"),
            });
            turns.push(Turn::Into(above.to_owned()));
        }
        let intro = [match stick.flatten() {
            Some((name, inside)) if inside.as_os_str().is_empty() => format!("on the stick \"{name}\""),
            Some(_) | None => format!("in {}", shown(face, &folder)),
        }];
        let Some(chosen) = face.choose(heading, &intro, &entries, first.unwrap_or(0))? else { return Ok(None) };
        match turns.into_iter().nth(chosen) {
            Some(Turn::Into(next)) => folder = next,
            Some(Turn::Take(path)) => return Ok(Some(path)),
            None => return Ok(None),
        }
    }
}

/// Writes a file that people chose a place for.
pub(super) fn write(face: &Face, path: &Path, bytes: &[u8]) -> Result<(), DeviceError> {
    let work = || write_file(path, bytes, Privacy::Public);
    face.works("writing the file", || face.sticks().map_or_else(work, |sticks| sticks.writing(path, work)))
}

/// A file whose name fits.
pub(super) fn file(
    face: &Face,
    heading: &str,
    start: &Path,
    fits: impl Fn(&str) -> bool,
) -> Result<Option<PathBuf>, DeviceError> {
    walk(face, heading, start, |_| Vec::new(), fits, |_| false)
}

/// A share file; one that is named like that of `custodian` is marked.
pub(super) fn share(face: &Face, custodian: &Name, start: &Path) -> Result<Option<PathBuf>, DeviceError> {
    let heading = format!("where is the share of {custodian}?");
    let fits = |name: &str| vault::stem_of(name).is_some();
    walk(face, &heading, start, |_| Vec::new(), fits, |name| name.split('.').any(|part| part == custodian.as_str()))
}

/// A folder.
pub(super) fn folder(face: &Face, heading: &str, start: &Path) -> Result<Option<PathBuf>, DeviceError> {
    let here = |folder: &Path| {
        let name =
            if face.sticks().is_some_and(|sticks| sticks.is_whole(folder)) { "This stick" } else { "This folder" };
        vec![(Entry::new(name, shown(face, folder)), folder.to_owned())]
    };
    walk(face, heading, start, here, |_| false, |_| false)
}

/// Where a new file goes: never over one that is there.
pub(super) fn new_file(
    face: &Face,
    heading: &str,
    start: &Path,
    (stem, end): (&str, &str),
) -> Result<Option<PathBuf>, DeviceError> {
    let free = |folder: &Path| {
        (1..NAMES).find_map(|number| {
            let name = if number == 1 { format!("{stem}{end}") } else { format!("{stem}-{number}{end}") };
            let path = folder.join(&name);
            (!path.exists()).then_some((name, path))
        })
    };
    let here = |folder: &Path| {
        let entry = |(name, path): (String, PathBuf)| (Entry::new(format!("Here, as {}", printable(&name)), ""), path);
        free(folder).map(entry).into_iter().collect()
    };
    loop {
        let Some(path) = walk(face, heading, start, here, |_| false, |_| false)? else { return Ok(None) };
        match place_for(&path) {
            Ok(()) => return Ok(Some(path)),
            Err(failure) => face.failed(&failure)?,
        }
    }
}
