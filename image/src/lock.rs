//! The packages of the image: which ones, from where, and whether they are what the lock file says.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Done, fail, hash, read, run, text};

/// A package as the lock file names it.
pub struct Locked {
    /// Debian's name.
    pub name: String,
    /// The exact version.
    pub version: String,
    /// Of the .deb.
    pub sha256: String,
}

/// A package as it is there, unpacked.
pub struct Package {
    /// Debian's name.
    pub name: String,
    /// Where it is unpacked.
    pub folder: PathBuf,
}

/// What the lock file names.
pub fn parse(text: &str) -> Done<Vec<Locked>> {
    let mut all = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<_> = line.split(' ').collect();
        let [name, version, sha256] = words[..] else { return fail(format!("lock: `{line}` is no package")) };
        if sha256.len() != 64 || !sha256.bytes().all(|c| c.is_ascii_hexdigit()) {
            return fail(format!("lock: {name} has no SHA-256"));
        }
        all.push(Locked { name: name.to_owned(), version: version.to_owned(), sha256: sha256.to_owned() });
    }
    Ok(all)
}

/// Fetches and unpacks what the lock file names; what is there with the right hash is not fetched again. Where the
/// archive no longer has a version, the newest signed one takes its place, checked by apt, and it is said.
pub fn fetch(locked: &[Locked], cache: &Path) -> Done<Vec<Package>> {
    fs::create_dir_all(cache)?;
    let mut packages = Vec::new();
    for wanted in locked {
        let file = cache.join(format!("{}_{}_amd64.deb", wanted.name, wanted.version.replace(':', "%3a")));
        let right = |file: &Path| Done::Ok(file.is_file() && hash(&read(file)?) == wanted.sha256);
        if !right(&file)? {
            let named = format!("{}={}", wanted.name, wanted.version);
            let fetched = run("apt-get", &["download", "-qq", &named], cache);
            if fetched.is_ok() && !right(&file)? {
                return fail(format!("{} is not the package of the lock file: its SHA-256 differs", file.display()));
            }
            if fetched.is_err() {
                packages.push(newest(wanted, cache)?);
                continue;
            }
        }
        packages.push(unpack(&wanted.name, &file, cache)?);
    }
    Ok(packages)
}

/// The newest version that the archive has of a package whose locked version is gone.
fn newest(gone: &Locked, cache: &Path) -> Done<Package> {
    let name = if gone.name.starts_with("linux-image-") { kernel()? } else { gone.name.clone() };
    eprintln!("════════════════════════════════════════════════════════════════════════════════");
    eprintln!("THIS IS NOT THE LOCKED IMAGE. The archive no longer has {} {}.", gone.name, gone.version);
    eprintln!("It is built with the newest {name}, whose signature apt checks; its hashes differ");
    eprintln!("from the published ones. `image/relock` writes what is there into the lock file.");
    eprintln!("════════════════════════════════════════════════════════════════════════════════");
    let file = download(&name, cache)?;
    unpack(&name, &file, cache)
}

/// The kernel that Debian recommends today.
fn kernel() -> Done<String> {
    let shown = text("apt-cache", &["depends", "linux-image-amd64"])?;
    let named = shown.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    named.map(str::to_owned).ok_or_else(|| "apt knows no linux-image-amd64: run apt-get update".into())
}

fn download(name: &str, cache: &Path) -> Done<PathBuf> {
    let folder = cache.join(format!("newest-{name}"));
    let _absent = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    run("apt-get", &["download", "-qq", name], &folder)?;
    let file = fs::read_dir(&folder)?.next().ok_or("apt fetched nothing")??.path();
    Ok(file)
}

fn unpack(name: &str, file: &Path, cache: &Path) -> Done<Package> {
    // Named by its hash, so that what is there is what the package holds.
    let folder = cache.join(format!("{name}-{:.16}", hash(&read(file)?)));
    if !folder.is_dir() {
        let new = cache.join(format!("{name}-new"));
        let _absent = fs::remove_dir_all(&new);
        run("dpkg-deb", &["-x", &file.to_string_lossy(), &new.to_string_lossy()], cache)?;
        fs::rename(&new, &folder)?;
    }
    Ok(Package { name: name.to_owned(), folder })
}

/// The lock file of what the archive has today.
pub fn renew(locked: &[Locked], cache: &Path) -> Done<String> {
    let mut out = "# The packages of the image: name, version, SHA-256 of the .deb. `image/relock` renews this file.\n"
        .to_owned();
    for old in locked {
        let name = if old.name.starts_with("linux-image-") { kernel()? } else { old.name.clone() };
        let file = download(&name, cache)?;
        let version = text("dpkg-deb", &["-f", &file.to_string_lossy(), "Version"])?;
        out += &format!("{name} {} {}\n", version.trim(), hash(&read(&file)?));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_three_packages_with_their_hashes() {
        let locked = parse(include_str!("../lock")).unwrap();
        let names: Vec<_> = locked.iter().map(|package| package.name.as_str()).collect();
        assert!(matches!(names[..], [kernel, "systemd-boot-efi", "grub-pc-bin"] if kernel.starts_with("linux-image-")));
        for bad in ["name version", "name version 12", "name version hash more", &format!("n v {}", "g".repeat(64))] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
