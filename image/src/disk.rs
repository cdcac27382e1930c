//! The disk image: a GPT with one EFI system partition, which holds the unified kernel image and nothing else.

use std::{
    fs::{self, File, FileTimes},
    path::Path,
    time::{Duration, SystemTime},
};

use crate::{Done, TIME, fail, read, run, write};

const SECTOR: usize = 512;
/// Where the partition starts: at 1 MiB, as everyone's tools expect it.
const START: usize = 2048;
/// Sectors of the partition: FAT32 has at least 65,525 clusters, here of one sector each, and its tables.
const LENGTH: usize = 34 * 2048;
/// Sectors of a table of 128 partitions.
const TABLE: usize = 32;

/// C12A7328-F81F-11D2-BA4B-00A0C93EC93B, the type of an EFI system partition.
const EFI_SYSTEM: [u8; 16] =
    [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b];
/// By this the program knows the stick that it booted from, as bytes of the GPT's header.
const DISK: [u8; 16] = *b"Strongroom disk\x01";
const PARTITION: [u8; 16] = *b"Strongroom boot\x01";

/// Writes the disk image with the unified kernel image in it.
pub fn make(out: &Path, unified: &Path) -> Done<()> {
    let partition = out.with_added_extension("esp");
    filesystem(&partition, unified, LENGTH, &["-F", "32", "-s", "1"])?;
    let disk = wrap(&read(&partition)?)?;
    fs::remove_file(&partition)?;
    write(out, &disk)
}

/// A FAT file system of `sectors` with the unified kernel image where firmware looks for it.
pub fn filesystem(out: &Path, unified: &Path, sectors: usize, kind: &[&str]) -> Done<()> {
    let here = Path::new(".");
    let path = out.to_string_lossy();
    let _absent = fs::remove_file(out);
    File::create(out)?.set_len((sectors * SECTOR) as u64)?;
    let label = ["-n", "STRONGROOM", "-i", "57209A7E", "--invariant", &path];
    run("/sbin/mkfs.fat", &[kind, &label].concat(), here)?;
    run("mmd", &["-i", &path, "::/EFI", "::/EFI/BOOT"], here)?;
    // A copy that has our time.
    let copy = out.with_added_extension("copy");
    fs::copy(unified, &copy)?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(TIME);
    File::options().write(true).open(&copy)?.set_times(FileTimes::new().set_modified(time).set_accessed(time))?;
    run("mcopy", &["-i", &path, "-m", &copy.to_string_lossy(), "::/EFI/BOOT/BOOTX64.EFI"], here)?;
    fs::remove_file(copy)?;
    Ok(())
}

/// The partition within a GPT.
fn wrap(partition: &[u8]) -> Done<Vec<u8>> {
    if partition.len() != LENGTH * SECTOR {
        return fail("the partition has another size".into());
    }
    let last = START + LENGTH + TABLE;
    let mut table = vec![0; TABLE * SECTOR];
    let name: Vec<u8> = "Strongroom".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bounds = [START as u64, (START + LENGTH - 1) as u64].map(u64::to_le_bytes);
    put(&mut table, 0, &[&EFI_SYSTEM[..], &PARTITION, &bounds.concat(), &[0; 8], &name].concat());
    let mut disk = vec![0; (last + 1) * SECTOR];
    put(&mut disk, 0, &protective(last as u32));
    put(&mut disk, SECTOR, &header(1, last, 2, &table));
    put(&mut disk, 2 * SECTOR, &table);
    put(&mut disk, START * SECTOR, partition);
    put(&mut disk, (last - TABLE) * SECTOR, &table);
    put(&mut disk, last * SECTOR, &header(last, 1, last - TABLE, &table));
    Ok(disk)
}

/// The old partition table, which tells old tools that the disk is not empty.
fn protective(last: u32) -> Vec<u8> {
    let mut sector = vec![0; SECTOR];
    put(&mut sector, 446, &[0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
    put(&mut sector, 458, &last.to_le_bytes());
    put(&mut sector, 510, &[0x55, 0xaa]);
    sector
}

fn header(here: usize, other: usize, table_at: usize, table: &[u8]) -> Vec<u8> {
    let last_usable = START + LENGTH - 1;
    let mut header = [&b"EFI PART"[..], &0x1_0000u32.to_le_bytes(), &92u32.to_le_bytes(), &[0; 8]].concat();
    for place in [here, other, START, last_usable] {
        header.extend((place as u64).to_le_bytes());
    }
    header.extend(DISK);
    header.extend((table_at as u64).to_le_bytes());
    header.extend([128u32.to_le_bytes(), 128u32.to_le_bytes(), crc32(table).to_le_bytes()].concat());
    let sum = crc32(&header);
    put(&mut header, 16, &sum.to_le_bytes());
    header
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in out.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

/// The check of GPT (ISO 3309, reflected).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_the_one_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn both_headers_of_the_disk_are_whole_and_name_each_other() {
        let disk = wrap(&vec![0xab; LENGTH * SECTOR]).unwrap();
        let last = disk.len() / SECTOR - 1;
        for (here, other) in [(1, last), (last, 1)] {
            let mut header = disk[here * SECTOR..here * SECTOR + 92].to_vec();
            let sum = u32::from_le_bytes(header[16..20].try_into().unwrap());
            put(&mut header, 16, &[0; 4]);
            assert_eq!(crc32(&header), sum);
            let number = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap()) as usize;
            assert_eq!((number(24), number(32)), (here, other));
            let table = number(72) * SECTOR;
            let table = &disk[table..table + TABLE * SECTOR];
            assert_eq!(crc32(table), u32::from_le_bytes(header[88..92].try_into().unwrap()));
            assert_eq!(&table[..16], &EFI_SYSTEM);
        }
        assert_eq!(&disk[START * SECTOR..START * SECTOR + 4], &[0xab; 4]);
        assert_eq!(&disk[510..512], &[0x55, 0xaa]);
        assert!(wrap(&[0; 512]).is_err());
    }
}
