//! The packages of the image: which ones, from where, and whether they are what the lock file says.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use crate::{Done, fail, hash, read, run, text};

/// A package as the lock file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What it is.
    pub locked: Locked,
    /// Where it is unpacked.
    pub folder: PathBuf,
}

impl fmt::Display for Locked {
    /// As a line of the lock file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.version, self.sha256)
    }
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

/// What to do where the archive no longer has a locked version.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// Take the newest signed one, and say so in capitals.
    Told,
    /// Take the newest signed one: it was said before.
    Known,
    /// Go no further: a release is what is locked.
    Refused,
}

/// Fetches and unpacks what the lock file names; what is there with the right hash is not fetched again. Where the
/// archive no longer has a version, the newest one that apt's signed lists name takes its place, unless it is `Refused`.
pub fn fetch(locked: &[Locked], cache: &Path, gone: Gone) -> Done<Vec<Package>> {
    fs::create_dir_all(cache)?;
    let mut packages = Vec::new();
    for wanted in locked {
        let package = match file(wanted, cache)? {
            Some(file) => unpack(wanted, &file, cache)?,
            None => {
                let newest = newest(wanted)?;
                if gone == Gone::Refused {
                    return fail(format!(
                        "the archive no longer has {} {}, and a release is made of nothing else: run image/relock, and try the image",
                        wanted.name, wanted.version
                    ));
                }
                if gone == Gone::Told {
                    eprint!("{}", told(wanted, &newest));
                }
                let file = file(&newest, cache)?.ok_or_else(|| format!("apt has no {}", newest.name))?;
                unpack(&newest, &file, cache)?
            }
        };
        packages.push(package);
    }
    Ok(packages)
}

/// The package's file with the right hash, in the cache or from the archive; `None` where the archive has this version no
/// longer. What cannot be fetched for another reason is an error.
fn file(wanted: &Locked, cache: &Path) -> Done<Option<PathBuf>> {
    let file = cache.join(format!("{}_{}_amd64.deb", wanted.name, wanted.version.replace(':', "%3a")));
    let right = || Done::Ok(file.is_file() && hash(&read(&file)?) == wanted.sha256);
    if right()? {
        return Ok(Some(file));
    }
    let named = format!("{}={}", wanted.name, wanted.version);
    // The answer is empty, and no error, where apt's lists do not have it.
    if text("apt-cache", &["show", &named]).unwrap_or_default().trim().is_empty() {
        return Ok(None);
    }
    run("apt-get", &["download", "-qq", &named], cache)?;
    if right()? {
        return Ok(Some(file));
    }
    fail(format!("{} is not the package of the lock file: its SHA-256 differs", file.display()))
}

/// What is said where the image is not the locked one.
fn told(gone: &Locked, newest: &Locked) -> String {
    let line = "═".repeat(80);
    format!(
        "{line}\nTHIS IS NOT THE LOCKED IMAGE. The archive no longer has {} {}.\nIt is built with {} {}, the newest that the archive's signed\nlists name; its hashes differ from the published ones. `image/relock` writes what is there\ninto the lock file.\n{line}\n",
        gone.name, gone.version, newest.name, newest.version
    )
}

/// The newest package that takes the place of this one, as the archive's signed lists name it.
fn newest(gone: &Locked) -> Done<Locked> {
    let name = if gone.name.starts_with("linux-image-") { kernel()? } else { gone.name.clone() };
    let shown = text("apt-cache", &["show", "--no-all-versions", &name])?;
    let field = |key: &str| {
        let value = shown.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        value.map(str::to_owned).ok_or_else(|| format!("apt's lists have no {name}: run apt-get update"))
    };
    let (version, sha256) = (field("Version")?, field("SHA256")?);
    Ok(Locked { name, version, sha256 })
}

/// The kernel that Debian recommends today.
fn kernel() -> Done<String> {
    let shown = text("apt-cache", &["depends", "linux-image-amd64"])?;
    let named = shown.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    named.map(str::to_owned).ok_or_else(|| "apt knows no linux-image-amd64: run apt-get update".into())
}

fn unpack(locked: &Locked, file: &Path, cache: &Path) -> Done<Package> {
    let (name, sha256) = (&locked.name, &locked.sha256);
    let folder = cache.join(format!("{name}-{sha256:.16}"));
    // Unpacked anew each time: only the package's file was held against its hash, not what lies beside it.
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    run("dpkg-deb", &["-x", &file.to_string_lossy(), &folder.to_string_lossy()], cache)?;
    Ok(Package { locked: locked.clone(), folder })
}

/// The lock file of what the archive has today, each package fetched and held against its hash.
pub fn renew(locked: &[Locked], cache: &Path) -> Done<String> {
    let mut out = "# The packages of the image: name, version, SHA-256 of the .deb. `image/relock` renews this file.\n"
        .to_owned();
    fs::create_dir_all(cache)?;
    for old in locked {
        let newest = newest(old)?;
        let fetched = file(&newest, cache)?;
        fetched.ok_or_else(|| format!("apt has no {} {}", newest.name, newest.version))?;
        out += &format!("{newest}\n");
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test at a time fetches there.
    static FETCHING: std::sync::Mutex<()> = std::sync::Mutex::new(());

    /// Where the build has its packages: what was fetched once is not fetched again.
    fn cache() -> PathBuf {
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/image/packages");
        fs::create_dir_all(&cache).unwrap();
        cache
    }

    fn stub() -> Locked {
        let locked = parse(include_str!("../lock")).unwrap();
        locked.into_iter().find(|package| package.name == "systemd-boot-efi").unwrap()
    }

    #[test]
    fn where_a_locked_version_is_gone_the_newest_takes_its_place_and_a_release_refuses() {
        let _one = FETCHING.lock();
        let gone = Locked { version: "1.0-1~gone".into(), sha256: "0".repeat(64), ..stub() };
        let locked = [gone.clone()];
        let taken = fetch(&locked, &cache(), Gone::Known).unwrap().remove(0);
        assert_eq!(taken.locked, newest(&gone).unwrap());
        assert!(taken.folder.join("usr/lib/systemd/boot/efi/linuxx64.efi.stub").is_file());
        let refused = fetch(&locked, &cache(), Gone::Refused).err().unwrap().to_string();
        assert!(refused.contains("no longer has systemd-boot-efi 1.0-1~gone"), "{refused}");
        let said = told(&gone, &taken.locked);
        assert!(said.contains("THIS IS NOT THE LOCKED IMAGE") && said.contains(&taken.locked.version), "{said}");
        let old = Locked { name: "linux-image-6.1.0-1-amd64".into(), ..gone };
        let kernel = newest(&old).unwrap();
        assert!(kernel.name.starts_with("linux-image-") && kernel.sha256.len() == 64, "{kernel}");
    }

    #[test]
    fn a_renewed_lock_file_names_what_the_archive_has_today() {
        let _one = FETCHING.lock();
        let old = Locked { version: "1.0-1~gone".into(), sha256: "0".repeat(64), ..stub() };
        let renewed = renew(std::slice::from_ref(&old), &cache()).unwrap();
        assert!(renewed.starts_with("# The packages of the image: "), "{renewed}");
        assert_eq!(parse(&renewed).unwrap(), [newest(&old).unwrap()]);
        let none = Locked { name: "strongroom-has-no-such-package".into(), ..old };
        assert!(renew(&[none], &cache()).is_err());
    }

    #[test]
    fn what_lies_unpacked_in_the_cache_is_never_trusted() {
        let _one = FETCHING.lock();
        let folder = std::env::temp_dir().join(format!("strongroom-image-unpacked-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let newest = newest(&stub()).unwrap();
        let deb = file(&newest, &cache()).unwrap().unwrap();
        fs::copy(&deb, folder.join(deb.file_name().unwrap())).unwrap();
        let locked = [newest];
        let part = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";
        let unpacked = fetch(&locked, &folder, Gone::Refused).unwrap().remove(0).folder;
        let honest = read(unpacked.join(part)).unwrap();
        fs::write(unpacked.join(part), b"changed").unwrap();
        fs::write(unpacked.join("added"), b"added").unwrap();
        let again = fetch(&locked, &folder, Gone::Refused).unwrap().remove(0).folder;
        assert_eq!(again, unpacked);
        assert!(read(again.join(part)).unwrap() == honest && !again.join("added").exists());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn another_hash_is_never_taken_for_a_version_that_is_gone() {
        let folder = std::env::temp_dir().join(format!("strongroom-image-lock-{}", std::process::id()));
        let other = Locked { version: newest(&stub()).unwrap().version, sha256: "0".repeat(64), ..stub() };
        let error = fetch(&[other], &folder, Gone::Known).err().unwrap().to_string();
        assert!(error.contains("SHA-256 differs"), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }

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
