//! What a terminal sends for a key.

use std::{fs::File, os::fd::AsFd, time::Duration};

use crate::{
    port::{DeviceError, Key},
    sys::wait_for_input,
};

/// How long the rest of a key's sequence may take.
const SEQUENCE: Duration = Duration::from_millis(40);
/// Bytes that are read of the keyboard at once.
const AT_ONCE: usize = 256;

/// Keys of a terminal that sends them one by one.
#[derive(Default)]
pub(super) struct Keys(Vec<u8>);

impl Keys {
    /// The next key, where one comes within `patience`.
    pub(super) fn next(&mut self, tty: &File, mut patience: Duration) -> Result<Option<Key>, DeviceError> {
        loop {
            if let Some(key) = next(&mut self.0, true) {
                return Ok(Some(key));
            }
            let half = !self.0.is_empty();
            let wait = if half { SEQUENCE } else { patience };
            if !wait_for_input(tty.as_fd(), wait).map_err(|_| DeviceError::NoTerminal)? {
                return Ok(next(&mut self.0, false));
            }
            let mut bytes = [0; AT_ONCE];
            let count = match rustix::io::read(tty, &mut bytes) {
                Ok(0) => return Err(DeviceError::NoTerminal),
                Ok(count) => count,
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
                Err(_) => return Err(DeviceError::NoTerminal),
            };
            self.0.extend_from_slice(bytes.get(..count).unwrap_or_default());
            patience = SEQUENCE;
        }
    }

    /// Keys that came and were not asked for are no answers to what comes next.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// The key of a sequence whose first byte, Escape, was read elsewhere.
    pub(super) fn after_escape(&mut self, tty: &File) -> Result<Option<Key>, DeviceError> {
        self.0 = vec![0x1b];
        let key = self.next(tty, SEQUENCE);
        self.forget();
        key
    }
}

/// Takes the next key from the bytes that came. `more` says whether the rest of a sequence may still come: without it,
/// what began one was Escape alone. What is no key is taken, and nothing comes of it.
pub(super) fn next(bytes: &mut Vec<u8>, more: bool) -> Option<Key> {
    loop {
        let (key, length) = match bytes.as_slice() {
            [] => return None,
            [0x1b] | [0x1b, b'[' | b'O'] | [0x1b, b'[', b'['] if more => return None,
            // A Linux console's function keys.
            [0x1b, b'[', b'[', key, ..] => ((*key == b'A').then_some(Key::Help), 4),
            [0x1b, b'[' | b'O', rest @ ..] => {
                // Numbers, then what says which key it is.
                let Some(end) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
                    if more && rest.len() < LONGEST {
                        return None;
                    }
                    bytes.clear();
                    return None;
                };
                let key = match rest.get(..=end) {
                    Some([b'A']) => Some(Key::Up),
                    Some([b'B']) => Some(Key::Down),
                    Some([b'C']) => Some(Key::Right),
                    Some([b'D']) => Some(Key::Left),
                    Some([b'P'] | [b'1', b'1', b'~']) => Some(Key::Help),
                    Some([b'5', b'~']) => Some(Key::PageUp),
                    Some([b'6', b'~']) => Some(Key::PageDown),
                    _ => None,
                };
                (key, end.saturating_add(3))
            }
            [0x1b, ..] => (Some(Key::Escape), 1),
            [b'\r' | b'\n', ..] => (Some(Key::Enter), 1),
            [0x08 | 0x7f, ..] => (Some(Key::Back), 1),
            [0x03 | 0x04 | 0x1c, ..] => (Some(Key::Stop), 1),
            [letter @ b' '..=b'~', ..] => (Some(Key::Letter(char::from(*letter))), 1),
            [_, ..] => (None, 1),
        };
        bytes.drain(..length.min(bytes.len()));
        if key.is_some() {
            return key;
        }
    }
}

/// Bytes of a sequence, most.
const LONGEST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(sent: &[u8]) -> Vec<Key> {
        let mut bytes = sent.to_vec();
        std::iter::from_fn(|| next(&mut bytes, false)).collect()
    }

    #[test]
    fn keys_are_told_from_sequences() {
        use Key::{Back, Down, Enter, Escape, Help, Left, Letter, PageDown, PageUp, Right, Stop, Up};
        assert_eq!(
            all(b"+1 \r\n\x7f\x08\x03\x04"),
            [Letter('+'), Letter('1'), Letter(' '), Enter, Enter, Back, Back, Stop, Stop]
        );
        assert_eq!(all(b"\x1b[A\x1bOB\x1b[C\x1b[Dq"), [Up, Down, Right, Left, Letter('q')]);
        assert_eq!(all(b"\x1b"), [Escape]);
        assert_eq!(all(b"\x1bx"), [Escape, Letter('x')]);
        assert_eq!(all(b"\x1bOP\x1b[11~\x1b[[A\x1b[5~\x1b[6~"), [Help, Help, Help, PageUp, PageDown]);
        // Other function keys, a click, letters beyond ASCII, control characters: nothing.
        assert_eq!(all(b"\x1b[[B\x1b[15;2~\x1b[<0;1;1M\xc3\xa9\x01\x00q"), [Letter('q')]);
    }

    #[test]
    fn half_a_sequence_waits_for_its_rest() {
        for half in [&b"\x1b"[..], b"\x1b[", b"\x1b[[", b"\x1b[1", b"\x1b[1;5"] {
            let mut bytes = half.to_vec();
            assert_eq!((next(&mut bytes, true), bytes.as_slice()), (None, half));
        }
        let mut bytes = b"\x1b[1".to_vec();
        assert_eq!((next(&mut bytes, false), bytes.len()), (None, 0));
        let mut endless = [&b"\x1b["[..], &[b'1'; 40]].concat();
        assert_eq!((next(&mut endless, true), endless.len()), (None, 0));
    }
}
