//! Which kernel modules the image carries: those of the list, and what they need, in an order that loads.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{Done, fail, read};

/// A module in the order of loading.
pub struct Module {
    /// Its name, as the kernel says it: with underscores.
    pub name: String,
    /// What it is loaded with.
    pub arguments: String,
    /// The file.
    pub path: PathBuf,
}

/// Parts of a kernel that no image of ours may hold: networks of every kind, disks inside of the machine, and ports
/// through which a device reads memory.
const FORBIDDEN: [&str; 14] = [
    "kernel/net/",
    "drivers/net/",
    "drivers/ata/",
    "drivers/nvme/",
    "drivers/bluetooth/",
    "drivers/firewire/",
    "drivers/thunderbolt/",
    "drivers/infiniband/",
    "drivers/usb/serial/",
    "drivers/usb/gadget/",
    "drivers/virtio/",
    "drivers/md/",
    "kernel/sound/",
    "drivers/char/",
];

/// The modules of the list in `text`, from the kernel's folder, each after what it needs.
pub fn closure(text: &str, kernel: &Path) -> Done<Vec<Module>> {
    let mut files = BTreeMap::new();
    find(kernel, &mut files)?;
    let mut order = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(_class), Some(name)) = (words.next(), words.next()) else {
            return fail(format!("modules.list: `{line}` is not a class and a module"));
        };
        let arguments = words.collect::<Vec<_>>().join(" ");
        add(&plain(name), &arguments, &files, &mut order, 0)?;
    }
    Ok(order)
}

fn add(
    name: &str,
    arguments: &str,
    files: &BTreeMap<String, PathBuf>,
    order: &mut Vec<Module>,
    depth: usize,
) -> Done<()> {
    if let Some(there) = order.iter().find(|module| module.name == name) {
        if arguments.is_empty() || there.arguments == arguments {
            return Ok(());
        }
        return fail(format!("modules.list: {name} has arguments and is loaded before its line"));
    }
    let Some(path) = files.get(name) else { return fail(format!("the kernel has no module {name}")) };
    if let Some(bad) = FORBIDDEN.iter().find(|bad| path.to_string_lossy().contains(*bad)) {
        return fail(format!("{name} is of {bad}, which no image may hold"));
    }
    if depth > 32 {
        return fail(format!("{name} needs itself"));
    }
    for needed in needs(&read(path)?).ok_or_else(|| format!("{} is no module", path.display()))? {
        add(&plain(&needed), "", files, order, depth + 1)?;
    }
    order.push(Module { name: name.to_owned(), arguments: arguments.to_owned(), path: path.clone() });
    Ok(())
}

fn plain(name: &str) -> String {
    name.replace('-', "_")
}

fn find(folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> Done<()> {
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "ko")
            && let Some(name) = path.file_stem()
        {
            files.insert(plain(&name.to_string_lossy()), path);
        }
    }
    Ok(())
}

/// What the module says that it needs: the line `depends=` of its section `.modinfo`.
fn needs(elf: &[u8]) -> Option<Vec<String>> {
    let info = section(elf, b".modinfo")?;
    let line = info.split(|byte| *byte == 0).find_map(|line| line.strip_prefix(b"depends="))?;
    let line = std::str::from_utf8(line).ok()?;
    Some(line.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// A section of a 64-bit ELF file by its name.
fn section<'a>(elf: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let number = |at: usize, bytes: usize| {
        let field = elf.get(at..at.checked_add(bytes)?)?;
        field.iter().rev().try_fold(0usize, |sum, byte| Some(sum.checked_mul(256)? | usize::from(*byte)))
    };
    if elf.get(..5)? != b"\x7fELF\x02" {
        return None;
    }
    let (table, size, count, names) = (number(0x28, 8)?, number(0x3a, 2)?, number(0x3c, 2)?, number(0x3e, 2)?);
    let bounds = |index: usize| {
        let at = table.checked_add(index.checked_mul(size)?)?;
        let (name, start, length) = (number(at, 4)?, number(at + 0x18, 8)?, number(at + 0x20, 8)?);
        Some((name, elf.get(start..start.checked_add(length)?)?))
    };
    let (_, strings) = bounds(names)?;
    (0..count).filter_map(bounds).find_map(|(name, bytes)| {
        let named = strings.get(name..)?.split(|byte| *byte == 0).next()?;
        (named == wanted).then_some(bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_module_needs_nothing_and_does_no_harm() {
        assert!(needs(b"").is_none());
        assert!(needs(b"\x7fELF\x02").is_none());
        assert!(needs(&[b"\x7fELF\x02".as_slice(), &[255; 300]].concat()).is_none());
    }

    #[test]
    fn the_list_names_classes_and_no_module_twice() {
        let list = include_str!("../modules.list");
        let mut names = Vec::new();
        for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (class, rest) = line.split_once(' ').unwrap();
            assert!(["usb", "keyboard", "camera", "storage", "files"].contains(&class), "{line}");
            names.push(rest.split_whitespace().next().unwrap());
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(list.contains("usbcore authorized_default=0"), "devices would open by themselves");
    }

    /// One that is forgotten would fail on the machine of whoever has such a stick.
    #[test]
    fn each_file_system_that_the_program_mounts_has_its_module() {
        let program = include_str!("../../src/boot/sticks/superblock.rs");
        let (_, named) = program.split_once("fn named").unwrap();
        let (named, _) = named.split_once("\n    }\n").unwrap();
        let kinds: Vec<_> = named.split('"').skip(1).step_by(2).collect();
        assert!(kinds.len() >= 3 && kinds.contains(&"ext4"), "{kinds:?}");
        for kind in kinds {
            let line = |line: &str| line.split_whitespace().eq(["files", kind]);
            assert!(include_str!("../modules.list").lines().any(line), "modules.list has no {kind}");
        }
    }

    #[test]
    fn a_missing_module_a_forbidden_one_and_late_arguments_are_refused() {
        let folder = std::env::temp_dir().join(format!("strongroom-image-modules-{}", std::process::id()));
        let net = folder.join("kernel/drivers/net");
        fs::create_dir_all(&net).unwrap();
        fs::write(net.join("card.ko"), b"").unwrap();
        let said = |list: &str| closure(list, &folder).err().unwrap().to_string();
        assert!(said("usb nothing").contains("no module nothing"));
        assert!(said("usb card").contains("no image may hold"));
        assert!(said("usb").contains("not a class and a module"));
        fs::write(folder.join("plain.ko"), b"").unwrap();
        assert!(said("usb plain").contains("is no module"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
