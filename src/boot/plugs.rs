//! What is plugged in: every device stays closed until its descriptors were read, and only keyboards, storage, cameras and
//! hubs are opened.
//!
//! Floor 6. The kernel opens nothing by itself (`usbcore authorized_default=0`). Not a defence against a keyboard
//! that types by itself: what is opened is told, so that people see a keyboard where they plugged in a stick.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{limits, text::printable};

/// Where the kernel shows the devices.
const DEVICES: &str = "/sys/bus/usb/devices";

/// What a device is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// For a person to type at.
    Keyboard,
    /// A stick.
    Storage,
    /// For codes.
    Camera,
    /// More sockets.
    Hub,
}

impl Kind {
    const fn named(self) -> &'static str {
        match self {
            Self::Keyboard => "a keyboard",
            Self::Storage => "a stick",
            Self::Camera => "a camera",
            Self::Hub => "a hub",
        }
    }
}

/// The devices that were seen, and what became of each.
#[derive(Default)]
pub(super) struct Plugs {
    seen: BTreeMap<PathBuf, String>,
}

impl Plugs {
    /// Opens what has come since the last look, and forgets what has gone.
    pub(super) fn look(&mut self) {
        let there: Vec<_> = fs::read_dir(DEVICES).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        self.seen.retain(|path, _| there.contains(path));
        for path in there {
            if !self.seen.contains_key(&path)
                && path.join("descriptors").is_file()
                && let Some(what) = meet(&path)
            {
                self.seen.insert(path, what);
            }
        }
    }

    /// What is plugged in, for people.
    pub(super) fn told(&self) -> Vec<String> {
        self.seen.values().filter(|what| !what.is_empty()).cloned().collect()
    }
}

/// Reads a device's descriptors and opens it, where it is one of ours. What it is; nothing for a root hub.
fn meet(path: &Path) -> Option<String> {
    let number = |name: &str| fs::read_to_string(path.join(name)).ok().map(|text| printable(text.trim()));
    let name = path.file_name()?.to_string_lossy().into_owned();
    if name.starts_with("usb") {
        return Some(String::new());
    }
    let bytes = fs::read(path.join("descriptors")).ok()?;
    let bytes = bytes.get(..bytes.len().min(limits::USB_DESCRIPTOR_BYTES))?;
    let maker = number("idVendor").unwrap_or_default();
    let which = format!("{maker}:{}", number("idProduct").unwrap_or_default());
    Some(match kind(bytes) {
        Ok(kind) => match fs::write(path.join("authorized"), "1") {
            Ok(()) => format!("{} ({which})", kind.named()),
            Err(_) => format!("{} ({which}), which could not be opened", kind.named()),
        },
        Err(why) => format!("closed ({which}): {why}"),
    })
}

/// The kind of a device by the interfaces of all its configurations: all must be of one kind, sound beside a camera
/// apart, which nothing drives. An error says why it stays closed.
///
/// # Source
/// USB 2.0, section 9.6: a length and a type begin each descriptor; type 4 is an interface, with its class at 5,
/// subclass at 6 and protocol at 7. HID 1.11: a boot keyboard is class 3, subclass 1, protocol 1.
fn kind(bytes: &[u8]) -> Result<Kind, &'static str> {
    let mut rest = bytes;
    let (mut found, mut sound, mut boot_keyboard) = (None, false, false);
    while let [length, kind, ..] = rest {
        let length = usize::from(*length);
        let Some((descriptor, after)) = rest.split_at_checked(length).filter(|_| length >= 2) else {
            return Err("its description is broken");
        };
        rest = after;
        if *kind != 4 {
            continue;
        }
        let [_, _, _, _, _, class, subclass, protocol, ..] = descriptor else {
            return Err("its description is broken");
        };
        let one = match class {
            1 => {
                sound = true;
                continue;
            }
            3 => {
                boot_keyboard |= [*subclass, *protocol] == [1, 1];
                Kind::Keyboard
            }
            8 => Kind::Storage,
            9 => Kind::Hub,
            14 => Kind::Camera,
            _ => return Err("it is no keyboard, stick, camera or hub alone"),
        };
        if found.is_some_and(|other| other != one) {
            return Err("it is several things at once");
        }
        found = Some(one);
    }
    match found {
        Some(Kind::Keyboard) if !boot_keyboard => Err("it is no keyboard"),
        Some(kind) if !sound || kind == Kind::Camera => Ok(kind),
        Some(_) => Err("it is several things at once"),
        None => Err("it is no keyboard, stick, camera or hub"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device with interfaces of these classes, subclasses and protocols.
    fn device(interfaces: &[[u8; 3]]) -> Vec<u8> {
        let mut bytes = vec![18, 1];
        bytes.resize(18, 0);
        bytes.extend([9, 2, 0, 0, 1, 1, 0, 0x80, 50]);
        for [class, subclass, protocol] in interfaces {
            bytes.extend([9, 4, 0, 0, 1, *class, *subclass, *protocol, 0]);
            bytes.extend([7, 5, 0x81, 3, 8, 0, 10]);
        }
        bytes
    }

    #[test]
    fn keyboards_sticks_cameras_and_hubs_are_opened() {
        for (interfaces, expected) in [
            (&[[3, 1, 1]][..], Kind::Keyboard),
            (&[[3, 1, 1], [3, 1, 2], [3, 0, 0]], Kind::Keyboard),
            (&[[8, 6, 0x50]], Kind::Storage),
            (&[[8, 6, 0x50], [8, 6, 0x62]], Kind::Storage),
            (&[[14, 1, 0], [14, 2, 0]], Kind::Camera),
            (&[[14, 1, 0], [14, 2, 0], [1, 1, 0], [1, 2, 0]], Kind::Camera),
            (&[[9, 0, 0]], Kind::Hub),
        ] {
            assert_eq!(kind(&device(interfaces)), Ok(expected));
        }
    }

    #[test]
    fn everything_else_stays_closed() {
        for interfaces in [
            &[][..],
            // network, modem, vendor's own, wireless, printer
            &[[2, 6, 0]],
            &[[10, 0, 0]],
            &[[255, 255, 255]],
            &[[224, 1, 1]],
            &[[7, 1, 2]],
            // a stick that is a keyboard, a network card, or plays music
            &[[8, 6, 0x50], [3, 1, 1]],
            &[[3, 1, 1], [8, 6, 0x50]],
            &[[8, 6, 0x50], [2, 6, 0]],
            &[[8, 6, 0x50], [1, 1, 0]],
            // a camera with a serial line, a mouse, sound alone
            &[[14, 1, 0], [255, 0, 0]],
            &[[3, 1, 2]],
            &[[1, 1, 0]],
        ] {
            assert!(kind(&device(interfaces)).is_err(), "{interfaces:?}");
        }
    }

    #[test]
    fn a_broken_description_opens_nothing() {
        let whole = device(&[[8, 6, 0x50]]);
        for cut in 0..whole.len() - 7 {
            assert!(kind(&whole[..cut]).is_err(), "{cut}");
        }
        for broken in [&[0, 0][..], &[1, 4], &[2, 4], &[255, 4, 0], &[5, 4, 0, 0, 0]] {
            assert!(kind(broken).is_err(), "{broken:?}");
        }
    }
}
