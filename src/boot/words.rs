//! The words that name the image: of the hash of every file that it brought, as it lies in memory.
//!
//! Floor 6. The builder writes the same words beside the image. They name what runs; an image that lies can show any
//! words, so the file is checked before it is written to a stick.

use std::{
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

use crate::digest::{self, FileDigest};

/// Folders that are not of the image: the kernel's, and memory.
const OTHERS: [&str; 5] = ["dev", "media", "proc", "run", "sys"];
/// How many words.
const WORDS: usize = 12;

/// The words of the image that lies in `root`.
pub(super) fn words(root: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if !OTHERS.iter().any(|other| entry.file_name() == *other) {
            sort_in(entry, &mut folders, &mut files)?;
        }
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            sort_in(entry?, &mut folders, &mut files)?;
        }
    }
    // By the text of the path, as everyone's `sort` does; paths themselves sort by their parts.
    files.sort_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
    let mut list = String::new();
    for file in files {
        let inside = file.strip_prefix(root).unwrap_or(&file);
        let hash = FileDigest(digest::sha256(&fs::read(&file)?));
        // Writing into a text cannot fail.
        let _infallible = writeln!(list, "{hash}  /{}", inside.display());
    }
    Ok(of_list(&list))
}

/// The words of a list of files, as the builder writes it: `HASH  /PATH` a line, sorted by path.
fn of_list(list: &str) -> String {
    digest::words(&digest::sha256(list.as_bytes()), WORDS)
}

fn sort_in(entry: fs::DirEntry, folders: &mut Vec<PathBuf>, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let kind = entry.file_type()?;
    if kind.is_dir() {
        folders.push(entry.path());
    } else {
        files.push(entry.path());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_and_every_name_counts() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("image/modules")).unwrap();
        fs::create_dir(root.path().join("proc")).unwrap();
        let files = [("init", "program"), ("image/modules.list", "a"), ("image/modules/a.ko", "module")];
        for (name, text) in files {
            fs::write(root.path().join(name), text).unwrap();
        }
        let before = words(root.path()).unwrap();
        let line = |path: &str, text: &str| format!("{}  {path}\n", FileDigest(digest::sha256(text.as_bytes())));
        let list = [line("/image/modules.list", "a"), line("/image/modules/a.ko", "module"), line("/init", "program")];
        assert_eq!(before, of_list(&list.concat()));
        assert_eq!(before.split(' ').count(), WORDS);
        fs::write(root.path().join("proc/other"), "x").unwrap();
        assert_eq!(words(root.path()).unwrap(), before);
        fs::write(root.path().join("init"), "programme").unwrap();
        let after = words(root.path()).unwrap();
        assert_ne!(after, before);
        fs::write(root.path().join("image/new"), "").unwrap();
        assert_ne!(words(root.path()).unwrap(), after);
    }
}
