//! Builds the bootable image: from Debian's signed kernel, a list of modules and one static program, the same bytes
//! wherever it is built. `image/build` runs it; it needs neither root nor a mounted file.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing))]

mod cpio;
mod disk;
mod iso;
mod listed;
mod lock;
mod module;
mod pe;
mod ramdisk;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use sha2::{Digest, Sha256};

use lock::Gone;

type Done<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: strongroom-image COMMAND
  fetch CACHE [--release]                          the packages of the lock file, or what takes their place
                                                   (not for a release); which they are
  relock CACHE                                     the lock file of what the archive has today, on standard output
  kernel CACHE OUT                                 Debian's kernel, as it is signed
  ramdisk CACHE OUT --init PROGRAM [--modules LIST] [--add PATH FILE]... [--command-line FILE]
  listed RAMDISK                                   whether it holds what image/initramfs.list names, and nothing else
  unify CACHE OUT RAMDISK [--command-line FILE]    the unified kernel image
  disk OUT UNIFIED                                 the disk image for UEFI
  iso CACHE OUT UNIFIED RAMDISK [--command-line FILE]   the hybrid image for UEFI and BIOS
  words FILES                                      the words that the image shows when it starts
  sums FOLDER FILE...                              the lines of SHA256SUMS";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match perform(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("strongroom-image: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(words: &[String]) -> Done<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["fetch", cache] => fetch(cache, Gone::Told),
        ["fetch", cache, "--release"] => fetch(cache, Gone::Refused),
        ["relock", cache] => {
            print!("{}", lock::renew(&locked()?, &absolute(cache)?)?);
            Ok(())
        }
        ["kernel", cache, out] => write(out, &read(&Source::fetch(cache)?.kernel()?)?),
        ["ramdisk", cache, out, ref options @ ..] => ramdisk::make(&Source::fetch(cache)?, Path::new(out), options),
        ["listed", ramdisk] => {
            let list = String::from_utf8(read(home().join("initramfs.list"))?)?;
            let count = listed::compare(&run("xz", &["-dc", ramdisk], Path::new("."))?, &list)?;
            println!("{count} entries in the initramfs, all of them listed");
            Ok(())
        }
        ["unify", cache, out, ramdisk, ref options @ ..] => {
            let source = Source::fetch(cache)?;
            let (kernel, ramdisk, line) = (read(&source.kernel()?)?, read(ramdisk)?, command_line(options)?);
            let stub = read(source.stub()?)?;
            // The kernel last: it may grow into what follows while it unpacks itself.
            let sections =
                [(".osrel", NAMED), (".cmdline", line.as_bytes()), (".initrd", &*ramdisk), (".linux", &*kernel)];
            write(out, &pe::unify(&stub, &sections)?)
        }
        ["disk", out, unified] => disk::make(Path::new(out), Path::new(unified)),
        ["iso", cache, out, unified, ramdisk, ref options @ ..] => {
            let line = command_line(options)?;
            iso::make(&Source::fetch(cache)?, Path::new(out), Path::new(unified), Path::new(ramdisk), &line)
        }
        ["words", files] => {
            println!("{}", named_by(&read(files)?));
            Ok(())
        }
        ["sums", folder, ref files @ ..] => {
            for file in files {
                println!("{}  {file}", hash(&read(Path::new(folder).join(file))?));
            }
            Ok(())
        }
        _ => fail(USAGE.into()),
    }
}

/// Who the unified image is, for menus of firmware.
const NAMED: &[u8] = b"ID=strongroom\nNAME=Strongroom\nPRETTY_NAME=Strongroom\n";

/// The folder of this tool, where its lists are.
fn home() -> PathBuf {
    env::var_os("STRONGROOM_IMAGE").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

fn locked() -> Done<Vec<lock::Locked>> {
    lock::parse(&String::from_utf8(read(home().join("lock"))?)?)
}

/// The kernel's command line: what is built in, without the line's end.
fn command_line(options: &[&str]) -> Done<String> {
    let file = match options {
        [] => home().join("cmdline"),
        ["--command-line", file] => PathBuf::from(file),
        _ => return fail(USAGE.into()),
    };
    Ok(String::from_utf8(read(file)?)?.trim_end().to_owned())
}

/// Fetches the packages and tells which they are, as lines of a lock file.
fn fetch(cache: &str, gone: Gone) -> Done<()> {
    for package in lock::fetch(&locked()?, &absolute(cache)?, gone)? {
        println!("{}", package.locked);
    }
    Ok(())
}

/// The unpacked packages.
struct Source(Vec<lock::Package>);

impl Source {
    fn fetch(cache: &str) -> Done<Self> {
        lock::fetch(&locked()?, &absolute(cache)?, Gone::Known).map(Self)
    }

    fn folder(&self, start: &str) -> Done<&Path> {
        let package = self.0.iter().find(|package| package.locked.name.starts_with(start));
        package.map(|package| &*package.folder).ok_or_else(|| format!("the lock file names no {start}").into())
    }

    /// The release of the kernel, as `uname -r` says it.
    fn release(&self) -> Done<String> {
        let package = self.0.iter().find_map(|package| package.locked.name.strip_prefix("linux-image-"));
        package.map(str::to_owned).ok_or_else(|| "the lock file names no kernel".into())
    }

    fn kernel(&self) -> Done<PathBuf> {
        Ok(self.folder("linux-image-")?.join(format!("boot/vmlinuz-{}", self.release()?)))
    }

    fn modules(&self) -> Done<PathBuf> {
        Ok(self.folder("linux-image-")?.join(format!("lib/modules/{}/kernel", self.release()?)))
    }

    fn stub(&self) -> Done<PathBuf> {
        Ok(self.folder("systemd-boot-efi")?.join("usr/lib/systemd/boot/efi/linuxx64.efi.stub"))
    }

    fn grub(&self) -> Done<PathBuf> {
        Ok(self.folder("grub-pc-bin")?.join("usr/lib/grub/i386-pc"))
    }
}

fn absolute(path: &str) -> Done<PathBuf> {
    Ok(std::path::absolute(path)?)
}

fn read(path: impl AsRef<Path>) -> Done<Vec<u8>> {
    let path = path.as_ref();
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn write(path: impl AsRef<Path>, bytes: &[u8]) -> Done<()> {
    let path = path.as_ref();
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Twelve words of BIP39's English list, for the first bits of the hash.
fn named_by(bytes: &[u8]) -> String {
    let list = bip39::Language::English.word_list();
    let hash = Sha256::digest(bytes);
    let mut bits = hash.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1));
    let word = |_| {
        let index = bits.by_ref().take(11).fold(0usize, |index, bit| index << 1 | usize::from(bit));
        list.get(index).copied().unwrap_or_default()
    };
    (0..12).map(word).collect::<Vec<_>>().join(" ")
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fail<T>(sentence: String) -> Done<T> {
    Err(sentence.into())
}

/// The time that stands in every file: 2026-01-01, for no reason but that it is the same everywhere.
const TIME: u64 = 1_767_225_600;

/// Runs a tool in `folder`, with nothing of this machine's language, time zone or clock.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Done<Vec<u8>> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    command.env("LC_ALL", "C").env("TZ", "UTC").env("SOURCE_DATE_EPOCH", TIME.to_string());
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    fail(format!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

fn text(program: &str, arguments: &[&str]) -> Done<String> {
    Ok(String::from_utf8(run(program, arguments, Path::new("."))?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_first_bits_of_the_hash() {
        // e3b0c442…: 11100011101 10000110001 …
        let words = named_by(b"");
        assert!(words.starts_with("together "), "{words}");
        assert_eq!(words.split(' ').count(), 12);
    }
}
