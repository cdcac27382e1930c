//! What is plugged in: every device stays closed until its descriptors were read, and only keyboards, storage, cameras and
//! hubs are opened.
//!
//! Floor 6. The kernel opens nothing by itself (`usbcore authorized_default=0`). Not a defence against a keyboard
//! that types by itself while people look at the first screen: what is opened is told there, so that they see a keyboard where they
//! plugged in a stick. Afterwards nobody looks, and no keyboard is opened.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
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

/// Why a keyboard stays closed.
const LATE: &str = "a keyboard that came later: switch off, and start again with it plugged in";

/// A device that was seen.
struct Seen {
    /// What it is and what became of it, for people; empty for a root hub.
    what: String,
    /// Whether it came after the first screen and was not opened.
    shut_out: bool,
    /// Whether it is a stick that was opened.
    stick: bool,
}

/// The devices that were seen, and what became of each.
#[derive(Default)]
pub(super) struct Plugs {
    seen: BTreeMap<PathBuf, Seen>,
    /// Whether people have left the first screen.
    settled: bool,
}

impl Plugs {
    /// Opens what has come since the last look, and forgets what has gone.
    pub(super) fn look(&mut self) {
        self.look_at(Path::new(DEVICES));
    }

    fn look_at(&mut self, devices: &Path) {
        let there: Vec<_> = fs::read_dir(devices).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        self.seen.retain(|path, _| there.contains(path));
        for path in there {
            if !self.seen.contains_key(&path)
                && path.join("descriptors").is_file()
                && let Some(seen) = meet(&path, self.settled)
            {
                self.seen.insert(path, seen);
            }
        }
    }

    /// People have seen what is plugged in, and go on: no keyboard is opened any more.
    pub(super) const fn settle(&mut self) {
        self.settled = true;
    }

    /// What is plugged in, for people. `boot` are the places of the disks that the machine may have been started from.
    pub(super) fn told(&self, boot: &[PathBuf]) -> Vec<String> {
        let boots = |path: &Path| boot.iter().any(|place| place.iter().any(|step| Some(step) == path.file_name()));
        let words = |(path, seen): (&PathBuf, &Seen)| match boot {
            _ if !seen.stick || !boots(path) => seen.what.clone(),
            [_] => format!("{}: the boot stick", seen.what),
            _ => format!("{}: looks like the boot stick", seen.what),
        };
        self.seen.iter().filter(|(_, seen)| !seen.what.is_empty()).map(words).collect()
    }

    /// What came since people went on, and was not opened.
    pub(super) fn shut_out(&self) -> Vec<String> {
        self.seen.values().filter(|seen| seen.shut_out).map(|seen| seen.what.clone()).collect()
    }
}

/// Reads a device's descriptors and opens it, where it is one of ours.
fn meet(path: &Path, settled: bool) -> Option<Seen> {
    let number = |name: &str| fs::read_to_string(path.join(name)).ok().map(|text| printable(text.trim()));
    let name = path.file_name()?.to_string_lossy().into_owned();
    if name.starts_with("usb") {
        return Some(Seen { what: String::new(), shut_out: false, stick: false });
    }
    let mut bytes = Vec::new();
    let one_more = u64::try_from(limits::USB_DESCRIPTOR_BYTES).ok()?.saturating_add(1);
    File::open(path.join("descriptors")).ok()?.take(one_more).read_to_end(&mut bytes).ok()?;
    let maker = number("idVendor").unwrap_or_default();
    let which = format!("{maker}:{}", number("idProduct").unwrap_or_default());
    let judged = kind(&bytes).and_then(|kind| if settled && kind == Kind::Keyboard { Err(LATE) } else { Ok(kind) });
    let what = match judged {
        Ok(kind) => match fs::write(path.join("authorized"), "1") {
            Ok(()) => format!("{} ({which})", kind.named()),
            Err(_) => format!("{} ({which}), which could not be opened", kind.named()),
        },
        Err(why) => format!("closed ({which}): {why}"),
    };
    Some(Seen { what, shut_out: settled && judged.is_err(), stick: judged == Ok(Kind::Storage) })
}

/// The kind of a device by the interfaces of all its configurations: all must be of one kind, sound beside a camera
/// apart, which nothing drives. All of its configurations must be there. An error says why it stays closed.
///
/// # Source
/// USB 2.0, section 9.6: a length and a type begin each descriptor; type 1 is the device, with the number of its
/// configurations at 17; type 2 is a configuration; type 4 is an interface, with its class at 5, subclass at 6 and protocol
/// at 7. HID 1.11: a boot keyboard is class 3, subclass 1, protocol 1.
fn kind(bytes: &[u8]) -> Result<Kind, &'static str> {
    if bytes.len() > limits::USB_DESCRIPTOR_BYTES {
        return Err("its description is too long");
    }
    let [18, 1, .., configurations] = *bytes.get(..18).unwrap_or_default() else {
        return Err("its description is broken");
    };
    let mut rest = bytes;
    let (mut found, mut sound, mut boot_keyboard, mut described) = (None, false, false, 0usize);
    while let [length, kind, ..] = rest {
        let length = usize::from(*length);
        let Some((descriptor, after)) = rest.split_at_checked(length).filter(|_| length >= 2) else {
            return Err("its description is broken");
        };
        rest = after;
        if *kind == 2 {
            described = described.saturating_add(1);
        }
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
    if described != usize::from(configurations) {
        return Err("its description is not whole");
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
        bytes.resize(17, 0);
        bytes.push(1);
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
            let description = [&whole[..18], broken].concat();
            assert_eq!(kind(&description), Err("its description is broken"), "{broken:?}");
            assert!(kind(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn what_hides_behind_a_long_or_unfinished_description_stays_closed() {
        let stick = device(&[[8, 6, 0x50]]);
        let keyboard = &device(&[[3, 1, 1]])[18..];
        let padded = |length: usize| {
            let mut bytes = stick.clone();
            while length - bytes.len() > 3 {
                bytes.extend([2, 0x24]);
            }
            let last = length - bytes.len();
            bytes.extend([last as u8, 0x24, 0].iter().take(last));
            bytes
        };
        let mut long = padded(limits::USB_DESCRIPTOR_BYTES + 1 - keyboard.len());
        assert_eq!(kind(&padded(limits::USB_DESCRIPTOR_BYTES)), Ok(Kind::Storage));
        long.extend(keyboard);
        assert_eq!(kind(&long), Err("its description is too long"));
        // Two configurations are said to be there.
        let mut two = stick;
        two[17] = 2;
        assert_eq!(kind(&two), Err("its description is not whole"));
        assert_eq!(kind(&[&two[..], keyboard].concat()), Err("it is several things at once"));
        two.extend_from_within(18..);
        assert_eq!(kind(&two), Ok(Kind::Storage));
        two[17] = 1;
        assert_eq!(kind(&two), Err("its description is not whole"));
    }

    #[test]
    fn a_keyboard_that_comes_when_people_have_gone_on_stays_closed_and_is_told() {
        let devices = tempfile::tempdir().unwrap();
        let plug = |name: &str, interfaces: &[[u8; 3]]| {
            let folder = devices.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("descriptors"), device(interfaces)).unwrap();
            for (file, text) in [("idVendor", "0627\n"), ("idProduct", "0001\n"), ("authorized", "0")] {
                fs::write(folder.join(file), text).unwrap();
            }
        };
        let opened = |name: &str| fs::read_to_string(devices.path().join(name).join("authorized")).unwrap() == "1";
        let (keyboard, stick, mouse) = ([[3, 1, 1]], [[8, 6, 0x50]], [[3, 1, 2]]);
        let mut plugs = Plugs::default();
        plug("usb1", &[[9, 0, 0]]);
        plug("1-1", &keyboard);
        plug("1-2", &mouse);
        plugs.look_at(devices.path());
        assert!(opened("1-1") && !opened("1-2") && !opened("usb1"));
        plugs.settle();
        plug("1-3", &stick);
        plug("1-4", &keyboard);
        plug("1-5", &mouse);
        plugs.look_at(devices.path());
        assert!(opened("1-3") && !opened("1-4") && !opened("1-5"));
        let late = format!("closed (0627:0001): {LATE}");
        assert_eq!(plugs.shut_out(), [late.clone(), "closed (0627:0001): it is no keyboard".to_owned()]);
        assert_eq!(plugs.told(&[]).len(), 5);
        // The one that was there from the beginning, too.
        fs::remove_dir_all(devices.path().join("1-1")).unwrap();
        plugs.look_at(devices.path());
        plug("1-1", &keyboard);
        plugs.look_at(devices.path());
        assert!(!opened("1-1") && plugs.told(&[]).contains(&late) && plugs.shut_out().len() == 3);
    }

    #[test]
    fn the_boot_stick_is_told_from_others() {
        let seen = |what: &str, stick: bool| Seen { what: what.to_owned(), shut_out: false, stick };
        let all = [("1-1", "a hub", false), ("1-1.2", "a stick", true), ("1-2", "a stick", true), ("usb1", "", false)];
        let device = |name: &str| Path::new(DEVICES).join(name);
        let plugs =
            Plugs { seen: all.map(|(name, what, stick)| (device(name), seen(what, stick))).into(), settled: false };
        let block =
            |device: &str| PathBuf::from(format!("/sys/devices/pci0/usb1/{device}/{device}:1.0/host0/block/sda"));
        let behind_the_hub = PathBuf::from("/sys/devices/pci0/usb1/1-1/1-1.2/1-1.2:1.0/host1/block/sdb/sdb1");
        assert_eq!(plugs.told(&[]), ["a hub", "a stick", "a stick"]);
        assert_eq!(plugs.told(&[block("1-2")]), ["a hub", "a stick", "a stick: the boot stick"]);
        assert_eq!(plugs.told(std::slice::from_ref(&behind_the_hub)), ["a hub", "a stick: the boot stick", "a stick"]);
        let like = "a stick: looks like the boot stick";
        assert_eq!(plugs.told(&[behind_the_hub, block("1-2")]), ["a hub", like, like]);
        // One that is no device of USB.
        assert_eq!(plugs.told(&[PathBuf::from("/sys/devices/pci0/ata1/block/sda")]), ["a hub", "a stick", "a stick"]);
    }
}
