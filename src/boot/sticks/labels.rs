//! What its owner calls a stick: in the first bytes, or in the root folder, where FAT and exFAT keep it. They are anyone's.
//!
//! Floor 6.

use super::superblock::Kind;
use crate::limits;

/// A piece of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// The byte at which it begins.
    pub(super) at: u64,
    /// How long it is.
    pub(super) length: u64,
}

/// Where the root folder begins, by the first bytes; no more of it than belongs together, and than is looked at.
///
/// # Source
/// Microsoft's FAT specification, sections 3 and 6.7; exFAT's, section 3.1.
pub(super) fn root_folder(kind: Kind, start: &[u8]) -> Option<Piece> {
    let Piece { at, length } = match kind {
        Kind::Fat => fat_root(start)?,
        Kind::ExFat => exfat_root(start)?,
        Kind::Ext4 => return None,
    };
    Some(Piece { at, length: length.min(limits::ROOT_FOLDER_BYTES) })
}

/// The label by the first bytes and by those of the root folder, which counts where it has one; empty: none.
pub(super) fn label(kind: Kind, start: &[u8], root: &[u8]) -> String {
    let name = |place: usize, length: usize| start.get(place..place.saturating_add(length)).map(plain);
    match kind {
        Kind::Ext4 => name(0x478, 16),
        Kind::ExFat => exfat_label(root),
        Kind::Fat => {
            let place = if is_fat32(start) { 71 } else { 43 };
            fat_label(root).or_else(|| name(place, 11))
        }
    }
    .unwrap_or_default()
}

/// FAT12 and FAT16 have a region for it, FAT32 a chain of clusters, of which this is the first.
fn fat_root(start: &[u8]) -> Option<Piece> {
    let sector = u64::from(u16::from_le_bytes(part(start, 11)?));
    let [per_cluster] = part(start, 13)?.map(u64::from);
    let reserved = u64::from(u16::from_le_bytes(part(start, 14)?));
    let [tables] = part(start, 16)?.map(u64::from);
    let entries = u64::from(u16::from_le_bytes(part(start, 17)?));
    let short = u64::from(u16::from_le_bytes(part(start, 22)?));
    let (table, clusters, length) = if is_fat32(start) {
        let long = u64::from(u32::from_le_bytes(part(start, 36)?));
        let before = u64::from(u32::from_le_bytes(part(start, 44)?)).checked_sub(2)?;
        (long, before.checked_mul(per_cluster)?, per_cluster.checked_mul(sector)?)
    } else {
        (short, 0, entries.checked_mul(32)?)
    };
    let sectors = reserved.checked_add(tables.checked_mul(table)?)?.checked_add(clusters)?;
    Some(Piece { at: sectors.checked_mul(sector)?, length })
}

/// What a mark says that the kernel does not ask for: a FAT32 has no short table.
fn is_fat32(start: &[u8]) -> bool {
    part(start, 22) == Some([0, 0])
}

fn exfat_root(start: &[u8]) -> Option<Piece> {
    let heap = u64::from(u32::from_le_bytes(part(start, 88)?));
    let before = u64::from(u32::from_le_bytes(part(start, 96)?)).checked_sub(2)?;
    let count = u64::from(u32::from_le_bytes(part(start, 92)?));
    let [sector, cluster] = part(start, 108)?.map(u32::from);
    // Sectors of 512 to 4096 bytes, clusters of 32 MB at most.
    let cluster = sector.checked_add(cluster).filter(|cluster| (9..=12).contains(&sector) && *cluster <= 25)?;
    if before >= count {
        return None;
    }
    let (heap, before) = (heap.checked_mul(1 << sector)?, before.checked_mul(1 << cluster)?);
    Some(Piece { at: heap.checked_add(before)?, length: 1 << cluster })
}

/// The entry of a root folder that is the label, where one is in use.
///
/// # Source
/// Microsoft's FAT specification, section 6: the name's 11 bytes, then attributes; 0xe5 in place of a name is free, 0 the end.
fn fat_label(root: &[u8]) -> Option<String> {
    const LONG_NAME: u8 = 0x0f;
    let (entries, _) = root.as_chunks::<32>();
    let used = entries.iter().take_while(|[first, ..]| *first != 0).filter(|[first, ..]| *first != 0xe5);
    let mut labels = used.filter_map(|entry| {
        let (name, [attributes, ..]) = entry.split_first_chunk::<11>()? else { return None };
        let is_label = attributes & 0x3f != LONG_NAME && attributes & 0x18 == 0x08;
        is_label.then(|| plain(name))
    });
    labels.next()
}

/// The same.
///
/// # Source
/// Microsoft's exFAT specification, sections 6.2 and 7.3: a type, of which 0 is the end and 0x83 a label in use; how many
/// characters; those, each two bytes.
fn exfat_label(root: &[u8]) -> Option<String> {
    let (entries, _) = root.as_chunks::<32>();
    let mut used = entries.iter().take_while(|[kind, ..]| *kind != 0);
    let [_, count, name @ ..] = used.find(|[kind, ..]| *kind == 0x83)?;
    let (units, _) = name.as_chunks::<2>();
    let units = units.iter().take(usize::from(*count).min(11)).map(|unit| u16::from_le_bytes(*unit));
    let letter = |unit| u8::try_from(unit).unwrap_or(b'-');
    Some(plain(&units.map(letter).collect::<Vec<u8>>()))
}

/// Letters, digits, `-` and `_` of a name, in lower case; other characters become `-`.
fn plain(bytes: &[u8]) -> String {
    let letters = bytes.iter().take_while(|byte| **byte != 0);
    let letter = |byte: &u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => char::from(*byte),
        b'A'..=b'Z' => char::from(byte.to_ascii_lowercase()),
        _ => '-',
    };
    let name: String = letters.map(letter).collect();
    let name = name.trim_matches('-');
    // What FAT says where there is no name.
    if name == "no-name" { String::new() } else { name.to_owned() }
}

fn part<const N: usize>(bytes: &[u8], place: usize) -> Option<[u8; N]> {
    bytes.get(place..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(parts: &[(usize, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; 512];
        for (at, part) in parts {
            bytes[*at..at + part.len()].copy_from_slice(part);
        }
        bytes
    }

    /// The first sector of a stick of 40 MB, as `mkfs.exfat` writes it.
    fn exfat() -> Vec<u8> {
        bytes(&[
            (3, b"EXFAT   "),
            (88, &[0, 0x10, 0, 0, 0, 0x26, 0, 0, 5, 0, 0, 0]),
            (108, &[9, 3]),
            (510, &[0x55, 0xaa]),
        ])
    }

    /// The same of `mkfs.fat -F16`, with the name that it writes where it got none.
    fn fat16() -> Vec<u8> {
        bytes(&[(11, &[0, 2, 4, 4, 0, 2, 0, 2, 0, 0, 0xf8, 0x50, 0]), (43, b"NO NAME    FAT16   ")])
    }

    fn fat32() -> Vec<u8> {
        bytes(&[
            (11, &[0, 2, 1, 0x20, 0, 2, 0, 0, 0, 0, 0xf8, 0, 0]),
            (36, &[0x71, 2, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]),
            (71, b"NO NAME    FAT32   "),
        ])
    }

    /// Entries of a root folder.
    fn folder(entries: &[&[u8]]) -> Vec<u8> {
        let filled = |entry: &&[u8]| {
            let mut filled = entry.to_vec();
            filled.resize(32, 0);
            filled
        };
        entries.iter().flat_map(filled).chain([0; 64]).collect()
    }

    fn named(count: u8, name: &str) -> Vec<u8> {
        [0x83, count].into_iter().chain(name.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    }

    #[test]
    fn a_root_folder_is_where_the_first_bytes_say() {
        for (kind, start, at, length) in [
            // As the label's bytes lie in images that these tools made.
            (Kind::ExFat, exfat(), 0x20_0000 + 3 * 4096, 4096),
            (Kind::Fat, fat16(), 83_968, 16_384),
            (Kind::Fat, fat32(), (32 + 2 * 625) * 512, 512),
        ] {
            assert_eq!(root_folder(kind, &start), Some(Piece { at, length }), "{kind:?}");
        }
        assert_eq!(root_folder(Kind::Ext4, &[0; 2048]), None);
    }

    #[test]
    fn what_a_stick_says_of_its_root_folder_is_no_more_than_it_can_be() {
        let changed = |mut start: Vec<u8>, place: usize, bytes: &[u8]| {
            start[place..place + bytes.len()].copy_from_slice(bytes);
            start
        };
        for (place, wrong) in [
            // Clusters 0, 1 and one more than there are; sectors and clusters out of bounds.
            (96, &[0, 0, 0, 0][..]),
            (96, &[1, 0, 0, 0]),
            (96, &[2, 0x26, 0, 0]),
            (96, &[0xff; 4]),
            (108, &[8]),
            (108, &[13]),
            (109, &[17]),
            (108, &[0xff; 2]),
        ] {
            assert_eq!(root_folder(Kind::ExFat, &changed(exfat(), place, wrong)), None, "{place} {wrong:?}");
        }
        let last = root_folder(Kind::ExFat, &changed(exfat(), 96, &[1, 0x26, 0, 0])).unwrap();
        assert_eq!(last.at, 0x20_0000 + 0x25ff * 4096);
        for cluster in [0, 1] {
            assert_eq!(root_folder(Kind::Fat, &changed(fat32(), 44, &[cluster, 0, 0, 0])), None);
        }
        // The largest numbers stay numbers, and little is read.
        for (kind, start) in [(Kind::ExFat, exfat()), (Kind::Fat, fat16()), (Kind::Fat, fat32())] {
            for place in 11..126 {
                for byte in [0, 0xff] {
                    for length in [1, 2, 4] {
                        let piece = root_folder(kind, &changed(start.clone(), place, &[byte; 4][..length]));
                        assert!(piece.is_none_or(|piece| piece.length <= limits::ROOT_FOLDER_BYTES));
                    }
                }
            }
            for cut in 0..110 {
                let _no_panic = root_folder(kind, &start[..cut]);
                let _no_panic = label(kind, &start[..cut], &start);
            }
        }
    }

    #[test]
    fn exfat_has_its_label_in_the_root_folder() {
        let label = |entries: &[&[u8]]| label(Kind::ExFat, &exfat(), &folder(entries));
        assert_eq!(label(&[&named(3, "BOB")]), "bob");
        assert_eq!(label(&[&[0x81], &[0x82], &[0x85], &named(11, "My vault_12")]), "my-vault_12");
        // No more than it says it has, nor than there is room for.
        assert_eq!(label(&[&named(2, "BOB")]), "bo");
        assert_eq!(label(&[&named(0xff, "abcdefghijklmno")]), "abcdefghijk");
        assert_eq!(label(&[&named(5, "A\0BCD")]), "a");
        assert_eq!(label(&[&named(7, "Größe\u{1b}x")]), "gr--e-x");
        // None in use, one after the end, one of no letters.
        assert_eq!(label(&[]), "");
        assert_eq!(label(&[&[0x03, 3, b'B', 0]]), "");
        assert_eq!(label(&[&[0x81], &[0], &named(3, "BOB")]), "");
        assert_eq!(label(&[&named(4, "сейф")]), "");
        assert_eq!(super::label(Kind::ExFat, &exfat(), &folder(&[&named(3, "BOB")])[..31]), "", "cut off");
    }

    #[test]
    fn what_the_root_folder_of_a_fat_says_counts_before_its_first_bytes() {
        let entry = |name: &[u8; 11], attributes: u8| [&name[..], &[attributes]].concat();
        let vault = entry(b"VAULT      ", 0x08);
        for (start, place) in [(fat16(), 43), (fat32(), 71)] {
            let label = |start: &[u8], entries: &[&[u8]]| label(Kind::Fat, start, &folder(entries));
            let mut old = start.clone();
            old[place..place + 11].copy_from_slice(b"Old name   ");
            for start in [&start, &old] {
                assert_eq!(label(start, &[&vault]), "vault");
                assert_eq!(label(start, &[&entry(b"README  TXT", 0x20), &entry(b"my vault   ", 0x28)]), "my-vault");
            }
            // A part of a long name, a folder, a file; one that was taken away, one after the end.
            let long = entry(b"AV\0a\0u\0l\0t\0", 0x0f);
            let gone = entry(b"\xe5AULT      ", 0x08);
            let others = [&long[..], &entry(b"VAULT      ", 0x10), &entry(b"VAULT      ", 0x20), &gone];
            assert_eq!(label(&old, &others), "old-name");
            assert_eq!(label(&start, &others), "", "NO NAME is none");
            assert_eq!(label(&start, &[&[0], &vault]), "");
            assert_eq!(label(&old, &[]), "old-name");
        }
    }

    #[test]
    fn a_label_is_letters_and_digits() {
        for (bytes, name) in [(&b"Alice_1\0garbage.."[..], "alice_1"), (b"../..\x1b[2J\xff ", "2j"), (b"   ", "")] {
            assert_eq!(plain(bytes), name);
        }
        let ext4 = [&[0; 0x478][..], b"Alice_1\0garbage."].concat();
        assert_eq!(label(Kind::Ext4, &ext4, &[]), "alice_1");
        assert_eq!(label(Kind::Ext4, &ext4[..0x480], &[]), "");
    }
}
