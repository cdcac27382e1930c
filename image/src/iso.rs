//! The hybrid image: one file that boots as a disc or a stick, by UEFI and by the BIOS of old machines.
//!
//! UEFI starts the unified kernel image, the very same file as in the disk image. A BIOS starts GRUB, which has no
//! menu and no shell: it loads the kernel with the built-in command line, and boots it.

use std::{
    fs::{self, File, FileTimes},
    path::Path,
    time::{Duration, SystemTime},
};

use crate::{Done, Source, TIME, disk, read, run, write};

/// GRUB's parts: to read the disc, to set a picture mode, to start Linux.
const GRUB: [&str; 6] = ["biosdisk", "iso9660", "linux", "vbe", "video", "video_fb"];

/// Writes the hybrid image.
pub fn make(source: &Source, out: &Path, unified: &Path, ramdisk: &Path, line: &str) -> Done<()> {
    let work = std::path::absolute(out.with_added_extension("work"))?;
    let _absent = fs::remove_dir_all(&work);
    let tree = work.join("tree");
    fs::create_dir_all(&tree)?;
    write(tree.join("vmlinuz"), &read(source.kernel()?)?)?;
    write(tree.join("initrd"), &read(ramdisk)?)?;
    let script = format!(
        "set gfxpayload=1024x768x32;1024x768x24;1024x768x16;auto\nlinux /vmlinuz {line}\ninitrd /initrd\nboot\n"
    );
    write(work.join("grub.cfg"), script.as_bytes())?;
    let grub = source.grub()?.to_string_lossy().into_owned();
    let bios = tree.join("bios.img").to_string_lossy().into_owned();
    let mkimage = ["-O", "i386-pc-eltorito", "-d", &grub, "-p", "/", "-c", "grub.cfg", "-o", &bios];
    run("grub-mkimage", &[&mkimage[..], &GRUB].concat(), &work)?;
    // FAT16 of one sector a cluster holds the image with some room; sectors in steps of 1 MiB.
    let sectors = (fs::metadata(unified)?.len() as usize / 512 + 1024).next_multiple_of(2048);
    disk::filesystem(&work.join("efi.img"), unified, sectors, &["-F", "16"])?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(TIME);
    for path in [&tree, &tree.join("vmlinuz"), &tree.join("initrd"), &tree.join("bios.img")] {
        File::open(path)?.set_times(FileTimes::new().set_modified(time).set_accessed(time))?;
    }
    let hybrid = format!("{grub}/boot_hybrid.img");
    let absolute = std::path::absolute(out)?;
    let _absent = fs::remove_file(&absolute);
    let efi = work.join("efi.img").to_string_lossy().into_owned();
    let arguments = [
        "-as",
        "mkisofs",
        "-quiet",
        "-volid",
        "STRONGROOM",
        "--modification-date=2026010100000000",
        "-r",
        "--grub2-mbr",
        &hybrid,
        "-partition_offset",
        "16",
        "-appended_part_as_gpt",
        "-append_partition",
        "2",
        "0xef",
        &efi,
        "-b",
        "bios.img",
        "-no-emul-boot",
        "-boot-load-size",
        "4",
        "-boot-info-table",
        "--grub2-boot-info",
        "-eltorito-alt-boot",
        "-e",
        "--interval:appended_partition_2:all::",
        "-no-emul-boot",
        "-o",
        &absolute.to_string_lossy(),
        &tree.to_string_lossy(),
    ];
    run("xorriso", &arguments, &work)?;
    fs::remove_dir_all(&work)?;
    Ok(())
}
