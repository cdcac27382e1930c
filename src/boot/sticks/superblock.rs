//! Which file system a stick has, by its first bytes. They are anyone's.
//!
//! Floor 6. Not a reader of file systems: the kernel's are.

use crate::limits;

/// What the image can mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// FAT12, FAT16 or FAT32.
    Fat,
    /// exFAT.
    ExFat,
    /// ext2, ext3 or ext4.
    Ext4,
}

impl Kind {
    /// The kernel's word for it.
    pub(crate) const fn named(self) -> &'static str {
        match self {
            Self::Fat => "vfat",
            Self::ExFat => "exfat",
            Self::Ext4 => "ext4",
        }
    }
}

/// Bytes that are looked at.
pub(crate) const LOOKED_AT: u64 = 36 * 1024;

/// The kind of file system.
///
/// # Source
/// Microsoft's FAT and exFAT specifications, section 3; the kernel's page on ext4's superblock.
pub(crate) fn recognise(start: &[u8]) -> Option<Kind> {
    let at = |place: usize, length: usize| start.get(place..place.saturating_add(length));
    if at(0x438, 2) == Some(&[0x53, 0xef]) {
        return Some(Kind::Ext4);
    }
    if at(510, 2) != Some(&[0x55, 0xaa]) {
        return None;
    }
    if at(3, 8) == Some(b"EXFAT   ") {
        return Some(Kind::ExFat);
    }
    let fat = at(82, 5) == Some(b"FAT32") || matches!(at(54, 5), Some(b"FAT16" | b"FAT12"));
    fat.then_some(Kind::Fat)
}

/// Whether the journal of an ext4 file system holds what its files do not have yet: it was not let go of.
///
/// # Source
/// The kernel's page on ext4's superblock: `s_feature_incompat` at 0x60 of it, `INCOMPAT_RECOVER` 0x4.
pub(crate) fn has_unfinished_journal(start: &[u8]) -> bool {
    start.get(0x438..0x43a) == Some(&[0x53, 0xef]) && start.get(0x460).is_some_and(|low| low & 4 != 0)
}

/// Whether the kernel may be let mount a file system of this kind: an error says what is there that would keep it waiting, lead
/// it to another disk, or fill its memory.
///
/// # Source
/// The kernel's page on ext4's superblock, which begins at 0x400: `s_blocks_count_lo` at 0x4 of it, `s_blocks_per_group`
/// 0x20, `s_feature_incompat` 0x60 (`JOURNAL_DEV` 0x8, `MMP` 0x100), `s_journal_dev` 0xe4, `s_blocks_count_hi` 0x150.
/// exFAT's specification, section 3.1: `ClusterCount` at 92.
pub(crate) fn fit(kind: Kind, start: &[u8]) -> Result<(), &'static str> {
    let number = |place: usize| {
        let bytes = start.get(place..place.saturating_add(4)).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_le_bytes).ok_or("its file system is cut off at the beginning")
    };
    let pieces = match kind {
        Kind::Fat => return Ok(()),
        Kind::ExFat => u64::from(number(92)?) <= limits::EXFAT_CLUSTERS,
        Kind::Ext4 => {
            let features = number(0x460)?;
            if features & 0x100 != 0 {
                return Err(
                    "its ext4 has the feature mmp, which can keep a machine waiting for hours: bring another stick",
                );
            }
            if features & 0x8 != 0 || number(0x4e4)? != 0 {
                return Err("its ext4 has its journal on another disk: bring another stick");
            }
            let blocks = (u64::from(number(0x550)?) << 32) | u64::from(number(0x404)?);
            blocks.checked_div(u64::from(number(0x420)?)).is_some_and(|groups| groups <= limits::EXT4_GROUPS)
        }
    };
    if pieces { Ok(()) } else { Err("its file system is cut into too many pieces: bring another stick") }
}

/// Whether these are the first bytes of a medium of ours: the disk's GUID in the GPT's header, or the disc's name.
pub(crate) fn boots_us(start: &[u8]) -> bool {
    let at = |place: usize, length: usize| start.get(place..place.saturating_add(length));
    let disk = at(512, 8) == Some(b"EFI PART") && at(512 + 56, 16) == Some(b"Strongroom disk\x01");
    let disc = at(0x8001, 5) == Some(b"CD001") && at(0x8028, 11) == Some(b"STRONGROOM ");
    disk || disc
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(parts: &[(usize, &[u8])]) -> Vec<u8> {
        let mut block = vec![0; LOOKED_AT as usize];
        for (at, bytes) in parts {
            block[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        block
    }

    #[test]
    fn three_file_systems_are_recognised_by_their_marks() {
        const MARK: (usize, &[u8]) = (510, &[0x55, 0xaa]);
        for (parts, kind) in [
            (&[MARK, (82, b"FAT32   ")][..], Kind::Fat),
            (&[MARK, (54, b"FAT16   ")], Kind::Fat),
            (&[MARK, (54, b"FAT12   ")], Kind::Fat),
            (&[MARK, (3, b"EXFAT   ")], Kind::ExFat),
            (&[(0x438, &[0x53, 0xef])], Kind::Ext4),
        ] {
            assert_eq!(recognise(&block(parts)), Some(kind));
        }
    }

    #[test]
    fn anything_else_is_nothing_to_mount() {
        for bytes in [
            &[][..],
            &[0; 512],
            &[0xff; LOOKED_AT as usize],
            &block(&[(82, b"FAT32   ")]),
            &block(&[(510, &[0x55, 0xaa]), (3, b"NTFS    ")]),
        ] {
            assert_eq!(recognise(bytes), None);
        }
    }

    #[test]
    fn a_journal_that_waits_is_one_bit_of_an_ext4() {
        const EXT4: (usize, &[u8]) = (0x438, &[0x53, 0xef]);
        for (flags, waits) in [(0x2c6u32, true), (0x4, true), (0x2c2, false), (0x400, false), (0, false)] {
            assert_eq!(has_unfinished_journal(&block(&[EXT4, (0x460, &flags.to_le_bytes())])), waits, "{flags:x}");
        }
        // No other file system, and nothing that ends before.
        assert!(!has_unfinished_journal(&block(&[(0x460, &[4])])));
        assert!(!has_unfinished_journal(&block(&[EXT4, (0x460, &[4])])[..0x460]));
        assert!(!has_unfinished_journal(&[]));
    }

    /// An ext4 of so many blocks in groups of 32,768, with one more field.
    fn ext4(blocks: u64, field: (usize, u32)) -> Vec<u8> {
        let ([low, high], (place, value)) = ([blocks as u32, (blocks >> 32) as u32], field);
        block(&[
            (0x404, &low.to_le_bytes()),
            (0x420, &32_768u32.to_le_bytes()),
            (0x438, &[0x53, 0xef]),
            (0x550, &high.to_le_bytes()),
            (place, &value.to_le_bytes()),
        ])
    }

    #[test]
    fn an_ext4_that_keeps_the_kernel_waiting_or_leads_to_another_disk_is_refused() {
        let said = |place, value: u32| fit(Kind::Ext4, &ext4(10_000, (place, value)));
        for usual in [0x2c6, 0x2c2, 0x4, 0x3c2 & !0x100, 0] {
            assert_eq!(said(0x460, usual), Ok(()), "{usual:x}");
        }
        for guarded in [0x100, 0x3c6, u32::MAX] {
            assert!(said(0x460, guarded).unwrap_err().contains("mmp"), "{guarded:x}");
        }
        assert!(said(0x460, 0x8).unwrap_err().contains("journal on another disk"));
        for disk in [1, 0x0800_0000, u32::MAX] {
            assert!(said(0x4e4, disk).unwrap_err().contains("journal on another disk"), "{disk:x}");
        }
        for cut in [0, 0x43a, 0x4e4, 0x553] {
            assert!(fit(Kind::Ext4, &ext4(10_000, (0, 0))[..cut]).is_err(), "{cut:x}");
        }
    }

    #[test]
    fn a_file_system_in_more_pieces_than_memory_holds_is_refused() {
        let most = limits::EXT4_GROUPS * 32_768;
        assert_eq!(fit(Kind::Ext4, &ext4(most, (0, 0))), Ok(()));
        for bytes in [
            ext4(most + 32_768, (0, 0)),
            ext4(1 << 40, (0, 0)),
            ext4(u64::MAX, (0, 0)),
            ext4(10_000_000, (0x420, 8)),
            ext4(10_000, (0x420, 0)),
        ] {
            assert!(fit(Kind::Ext4, &bytes).unwrap_err().contains("too many pieces"));
        }
        let exfat = |clusters: u32| fit(Kind::ExFat, &block(&[(92, &clusters.to_le_bytes())]));
        assert_eq!(exfat(64 * 1024 * 1024), Ok(()));
        assert!(exfat(64 * 1024 * 1024 + 1).is_err() && exfat(u32::MAX).is_err());
        assert_eq!(fit(Kind::Fat, &[]), Ok(()));
    }

    #[test]
    fn our_own_media_are_known() {
        assert!(boots_us(&block(&[(512, b"EFI PART"), (568, b"Strongroom disk\x01")])));
        assert!(boots_us(&block(&[(0x8001, b"CD001"), (0x8028, b"STRONGROOM   ")])));
        for other in [
            &block(&[(512, b"EFI PART"), (568, b"Strongroom disk\x02")])[..],
            &block(&[(568, b"Strongroom disk\x01")]),
            &block(&[(0x8001, b"CD001"), (0x8028, b"STRONGROOMS  ")]),
            &[],
        ] {
            assert!(!boots_us(other));
        }
    }
}
