//! What the initramfs may hold: nothing but what `image/initramfs.list` names, each as it says, owned by nobody.
//!
//! The packed file is unpacked again and read here by itself, so that what is compared is what the kernel gets.

use crate::{Done, fail};

/// The kinds of entries, by their mode, with the word of the list.
const KINDS: [(u32, &str); 4] =
    [(0o040_755, "folder"), (0o100_444, "file"), (0o100_555, "program"), (0o020_600, "device")];

/// Compares the unpacked archives with the list.
pub fn compare(archives: &[u8], list: &str) -> Done<usize> {
    let listed: Vec<&str> = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut found = entries(archives)?;
    found.sort();
    // Two archives may both name a folder. Of anything else the kernel takes the last, whatever was listed.
    found.dedup_by(|one, other| one == other && one.starts_with("folder "));
    let twice = found.windows(2).find(|pair| pair.first() == pair.last());
    if let Some(twice) = twice.and_then(|pair| pair.first()) {
        return fail(format!("the initramfs holds `{twice}` more than once"));
    }
    if let Some(odd) = found.iter().find(|line| !listed.contains(&line.as_str())) {
        return fail(format!("the initramfs holds `{odd}`, which image/initramfs.list does not name"));
    }
    if let Some(missing) = listed.iter().find(|line| !found.iter().any(|there| there == *line)) {
        return fail(format!("the initramfs has no `{missing}`, which image/initramfs.list names"));
    }
    if listed.len() != found.len() {
        return fail("image/initramfs.list names something twice".into());
    }
    Ok(found.len())
}

/// Each entry as a line of the list: `file image/cmdline`.
fn entries(mut rest: &[u8]) -> Done<Vec<String>> {
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let entry = Entry::read(rest).ok_or("the initramfs is no archive in the newc form")?;
        rest = rest.get(entry.length..).unwrap_or_default();
        if entry.name == "TRAILER!!!" {
            // Zeros up to the next archive.
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            rest = rest.get(zeros..).unwrap_or_default();
            continue;
        }
        let kind = KINDS.iter().find(|(mode, _)| *mode == entry.mode);
        let Some((_, kind)) = kind else { return fail(format!("`{}` has the mode {:o}", entry.name, entry.mode)) };
        if entry.owned || entry.dated {
            return fail(format!("`{}` has an owner or a time", entry.name));
        }
        let number = if *kind == "device" { format!(" {}:{}", entry.device.0, entry.device.1) } else { String::new() };
        lines.push(format!("{kind} {}{number}", entry.name));
    }
    Ok(lines)
}

/// What stands before an entry's bytes, and how long all of it is.
struct Entry<'a> {
    name: &'a str,
    mode: u32,
    owned: bool,
    dated: bool,
    device: (u32, u32),
    length: usize,
}

impl<'a> Entry<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let field = |number: usize| {
            let at = number.checked_mul(8)?.checked_add(6)?;
            u32::from_str_radix(std::str::from_utf8(bytes.get(at..at.checked_add(8)?)?).ok()?, 16).ok()
        };
        if bytes.get(..6)? != b"070701" {
            return None;
        }
        let (size, named) = (field(6)? as usize, field(11)? as usize);
        let body = named.checked_add(110)?.next_multiple_of(4);
        let name = bytes.get(110..named.checked_add(109)?)?;
        let length = body.checked_add(size)?.next_multiple_of(4);
        (length <= bytes.len()).then_some(())?;
        Some(Self {
            name: std::str::from_utf8(name).ok()?,
            mode: field(1)?,
            owned: (field(2)?, field(3)?) != (0, 0),
            dated: field(5)? != 0,
            device: (field(9)?, field(10)?),
            length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpio::Archive;

    const LIST: &str = "# what it is\nprogram init\n\nfolder dev\ndevice dev/console 5:1\nfolder a\nfile a/b\n";

    fn archives(change: impl FnOnce(&mut Archive, &mut Archive)) -> Vec<u8> {
        let (mut one, mut other) = (Archive::default(), Archive::default());
        one.file("init", b"program".to_vec(), true);
        other.device("dev/console", 5, 1);
        other.file("a/b", b"text".to_vec(), false);
        change(&mut one, &mut other);
        [one.finish(), other.finish()].concat()
    }

    #[track_caller]
    fn refused(archives: &[u8], list: &str, why: &str) {
        let error = compare(archives, list).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(why), "`{error}` says nothing of `{why}`");
    }

    #[test]
    fn what_is_listed_passes_and_nothing_else() {
        assert_eq!(compare(&archives(|_, _| ()), LIST).unwrap(), 5);
        assert_eq!(compare(&archives(|one, _| one.folder("a")), LIST).unwrap(), 5);
        refused(&archives(|_, other| other.file("a/c", Vec::new(), false)), LIST, "`file a/c`, which");
        refused(&archives(|one, _| one.file("bin/sh", Vec::new(), true)), LIST, "`folder bin`");
        refused(&archives(|_, other| other.folder("empty")), LIST, "`folder empty`");
        refused(&archives(|_, other| other.file("a/b", b"text".to_vec(), true)), LIST, "`program a/b`");
        refused(&archives(|_, other| other.device("dev/console", 1, 1)), LIST, "`device dev/console 1:1`");
        refused(&archives(|one, _| one.file("a/b", b"other".to_vec(), false)), LIST, "`file a/b` more than once");
        refused(&archives(|one, _| one.device("dev/console", 5, 1)), LIST, "5:1` more than once");
        refused(
            &archives(|_, other| other.file("init", b"another".to_vec(), true)),
            LIST,
            "`program init` more than once",
        );
        refused(&archives(|_, _| ()), &format!("{LIST}file more\n"), "no `file more`");
        refused(&archives(|_, _| ()), &format!("{LIST}file a/b\n"), "twice");
    }

    #[test]
    fn owners_times_odd_modes_and_torn_archives_are_refused() {
        let whole = archives(|_, _| ());
        let with = |field: usize, value: &[u8; 8]| {
            let mut bytes = whole.clone();
            bytes[6 + 8 * field..14 + 8 * field].copy_from_slice(value);
            bytes
        };
        refused(&with(2, b"000003e8"), LIST, "owner or a time");
        refused(&with(3, b"00000001"), LIST, "owner or a time");
        refused(&with(5, b"65000000"), LIST, "owner or a time");
        refused(&with(1, b"000089ed"), LIST, "the mode 104755");
        for (field, value) in [(6, b"ffffffff"), (11, b"ffffffff"), (11, b"00000000"), (6, b"-0000001")] {
            refused(&with(field, value), LIST, "no archive");
        }
        refused(&whole[..100], LIST, "no archive");
        refused(b"070702", LIST, "no archive");
        refused(b"", LIST, "has no `program init`");
    }

    #[test]
    fn the_committed_list_is_sorted_and_names_no_shell() {
        let list = include_str!("../initramfs.list");
        let paths: Vec<&str> = list.lines().filter_map(|line| line.split(' ').nth(1)).collect();
        let entries: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(entries.len() > 40 && paths.len() >= entries.len());
        let programs: Vec<&&str> = entries.iter().filter(|line| line.starts_with("program ")).collect();
        assert_eq!(programs, [&"program init"]);
        assert!(entries.iter().map(|line| line.split(' ').nth(1)).is_sorted());
    }
}
