//! The initramfs as the kernel unpacks it: an archive in the "newc" form, the same bytes from the same files.
//!
//! Nothing of the machine that builds it gets in: no time, no owner, no mode of a file on disk.

use std::collections::BTreeMap;

/// What stands at a path of the archive.
enum Entry {
    Folder,
    File {
        bytes: Vec<u8>,
        runs: bool,
    },
    /// A character device.
    Device {
        major: u32,
        minor: u32,
    },
}

/// An archive that is being filled; entries come out sorted by path, each after its folder.
#[derive(Default)]
pub struct Archive(BTreeMap<String, Entry>);

impl Archive {
    /// A folder, and those above it.
    pub fn folder(&mut self, path: &str) {
        for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
            if let Some(above) = path.get(..at) {
                self.0.entry(above.to_owned()).or_insert(Entry::Folder);
            }
        }
    }

    /// A file that anyone may read, and run where it `runs`.
    pub fn file(&mut self, path: &str, bytes: Vec<u8>, runs: bool) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
        self.0.insert(path.to_owned(), Entry::File { bytes, runs });
    }

    /// A character device, for its owner.
    pub fn device(&mut self, path: &str, major: u32, minor: u32) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
        self.0.insert(path.to_owned(), Entry::Device { major, minor });
    }

    /// The bytes.
    pub fn finish(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut inode = 0u32;
        for (path, entry) in &self.0 {
            inode += 1;
            let (mode, links, bytes, device): (u32, u32, &[u8], (u32, u32)) = match entry {
                Entry::Folder => (0o040_755, 2, &[], (0, 0)),
                Entry::File { bytes, runs: true } => (0o100_555, 1, bytes, (0, 0)),
                Entry::File { bytes, runs: false } => (0o100_444, 1, bytes, (0, 0)),
                Entry::Device { major, minor } => (0o020_600, 1, &[], (*major, *minor)),
            };
            put(&mut out, path, [inode, mode, links, bytes.len() as u32, device.0, device.1], bytes);
        }
        put(&mut out, "TRAILER!!!", [0, 0, 1, 0, 0, 0], &[]);
        out.resize(out.len().next_multiple_of(512), 0);
        out
    }
}

fn put(out: &mut Vec<u8>, path: &str, [inode, mode, links, size, major, minor]: [u32; 6], bytes: &[u8]) {
    out.extend(b"070701");
    // inode, mode, uid, gid, links, mtime, size, device of the file (2), device that it is (2), name, checksum
    let fields = [inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, path.len() as u32 + 1, 0];
    for field in fields {
        out.extend(format!("{field:08x}").bytes());
    }
    out.extend(path.bytes());
    out.push(0);
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_sorted_and_holds_nothing_of_the_machine() {
        let mut one = Archive::default();
        one.file("b/c/file", b"hello".to_vec(), true);
        one.device("dev/console", 5, 1);
        let mut other = Archive::default();
        other.device("dev/console", 5, 1);
        other.file("b/c/file", b"hello".to_vec(), true);
        assert_eq!(one.finish(), other.finish());
        let bytes = one.finish();
        assert_eq!(bytes.len() % 512, 0);
        let text = String::from_utf8_lossy(&bytes);
        let places: Vec<_> = ["b\0", "b/c\0", "b/c/file\0", "dev\0", "dev/console\0", "TRAILER!!!\0"]
            .iter()
            .map(|name| text.find(name).unwrap())
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        // mode, uid, gid, links, mtime, size
        assert!(text.contains(&format!("{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", 0o100_555, 0, 0, 1, 0, 5)));
        assert!(text.contains(&format!("{:08x}{:08x}", 5, 1)));
    }
}
