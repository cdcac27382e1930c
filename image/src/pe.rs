//! The unified kernel image: sections put into systemd's stub, without a time in it.
//!
//! The stub finds the kernel, the initramfs and the command line by the names of its own sections. A signature over
//! the file covers all of them.

use crate::{Done, fail};

const HEADER: usize = 40;

/// The stub with `sections` (name and bytes) behind its own, in that order.
pub fn unify(stub: &[u8], sections: &[(&str, &[u8])]) -> Done<Vec<u8>> {
    let Some(image) = Image::read(stub) else { return fail("the stub is no PE32+ program".into()) };
    let mut out = stub.to_vec();
    let table_end = image.table + HEADER * (image.sections + sections.len());
    if table_end > image.headers {
        return fail("the stub's header has no room for our sections".into());
    }
    let mut place = image.memory_end;
    for (number, (name, bytes)) in sections.iter().enumerate() {
        out.resize(out.len().next_multiple_of(image.file_step), 0);
        let start = out.len();
        out.extend(*bytes);
        out.resize(out.len().next_multiple_of(image.file_step), 0);
        let stored = out.len() - start;
        let mut header = [0; HEADER];
        let (named, rest) = header.split_at_mut(8);
        for (to, from) in named.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        // size in memory, place in memory, size in the file, place in the file, and no relocations or line numbers
        let fields = [bytes.len(), place, stored, start, 0, 0, 0, READ | DATA];
        for (to, field) in rest.chunks_exact_mut(4).zip(fields) {
            to.copy_from_slice(&u32::try_from(field)?.to_le_bytes());
        }
        let at = image.table + HEADER * (image.sections + number);
        set(&mut out, at, &header);
        place = (place + bytes.len()).next_multiple_of(image.memory_step);
    }
    let count = u16::try_from(image.sections + sections.len())?;
    set(&mut out, image.coff + 2, &count.to_le_bytes());
    // Time of the linker, and the checksum that firmware does not look at.
    set(&mut out, image.coff + 4, &[0; 4]);
    set(&mut out, image.optional + 64, &[0; 4]);
    set(&mut out, image.optional + 56, &u32::try_from(place)?.to_le_bytes());
    Ok(out)
}

/// Holds data that was there at the start; may be read.
const DATA: usize = 0x40;
const READ: usize = 0x4000_0000;

/// What we need of a PE32+ file's headers.
struct Image {
    coff: usize,
    optional: usize,
    table: usize,
    sections: usize,
    headers: usize,
    file_step: usize,
    memory_step: usize,
    /// The first free place in memory after its sections.
    memory_end: usize,
}

impl Image {
    fn read(file: &[u8]) -> Option<Self> {
        let number = |at: usize, bytes: usize| {
            let field = file.get(at..at.checked_add(bytes)?)?;
            Some(field.iter().rev().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte)))
        };
        let start = number(0x3c, 4)?;
        if file.get(..2)? != b"MZ" || file.get(start..start + 4)? != b"PE\0\0" {
            return None;
        }
        let coff = start + 4;
        let (sections, optional) = (number(coff + 2, 2)?, coff + 20);
        if number(optional, 2)? != 0x20b {
            return None;
        }
        let table = optional + number(coff + 16, 2)?;
        let (memory_step, file_step) = (number(optional + 32, 4)?, number(optional + 36, 4)?);
        if memory_step == 0 || file_step == 0 {
            return None;
        }
        let ends = (0..sections).map(|index| {
            let at = table + HEADER * index;
            Some(number(at + 8, 4)? + number(at + 12, 4)?)
        });
        let end = ends.collect::<Option<Vec<_>>>()?.into_iter().max()?;
        Some(Self {
            coff,
            optional,
            table,
            sections,
            headers: number(optional + 60, 4)?,
            file_step,
            memory_step,
            memory_end: end.next_multiple_of(memory_step),
        })
    }
}

fn set(out: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in out.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PE32+ file with one section, as small as the reader takes.
    fn stub() -> Vec<u8> {
        let mut file = vec![0; 1024];
        set(&mut file, 0, b"MZ");
        set(&mut file, 0x3c, &64u32.to_le_bytes());
        set(&mut file, 64, b"PE\0\0");
        set(&mut file, 64 + 4 + 2, &1u16.to_le_bytes());
        set(&mut file, 64 + 4 + 4, &0x1234_5678u32.to_le_bytes());
        set(&mut file, 64 + 4 + 16, &112u16.to_le_bytes());
        let optional = 64 + 24;
        set(&mut file, optional, &0x20bu16.to_le_bytes());
        set(&mut file, optional + 32, &4096u32.to_le_bytes());
        set(&mut file, optional + 36, &512u32.to_le_bytes());
        set(&mut file, optional + 60, &512u32.to_le_bytes());
        let table = optional + 112;
        set(&mut file, table, b".text");
        set(&mut file, table + 8, &100u32.to_le_bytes());
        set(&mut file, table + 12, &4096u32.to_le_bytes());
        file
    }

    #[test]
    fn sections_stand_behind_those_of_the_stub_and_no_time_is_left() {
        let kernel = vec![7; 5000];
        let file = unify(&stub(), &[(".cmdline", b"quiet"), (".linux", &kernel)]).unwrap();
        let image = Image::read(&file).unwrap();
        assert_eq!((image.sections, image.memory_end), (3, 0x5000));
        assert_eq!(&file[68 + 4..68 + 8], &[0; 4]);
        let at = image.table + 2 * HEADER;
        assert_eq!(&file[at..at + 8], b".linux\0\0");
        let place = u32::from_le_bytes(file[at + 20..at + 24].try_into().unwrap()) as usize;
        assert_eq!(&file[place..place + 5000], &kernel[..]);
        assert_eq!(unify(&stub(), &[(".cmdline", b"quiet"), (".linux", &kernel)]).unwrap(), file);
    }

    #[test]
    fn what_is_no_program_or_has_no_room_is_refused() {
        assert!(unify(b"MZ", &[]).is_err());
        assert!(unify(&[0; 1024], &[]).is_err());
        let many = [(".x", b"x".as_slice()); 20];
        assert!(unify(&stub(), &many).err().unwrap().to_string().contains("no room"));
    }
}
