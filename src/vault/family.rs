//! Who is at fault: what an error of this room means for the exit code.

use crate::port::DeviceError;

/// The families of this room's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// What was typed or given does not fit: exit code 2.
    Input,
    /// Disk, memory, keyboard: exit code 3.
    Device,
    /// Tampering, corruption, mixed or missing files: exit code 4.
    Integrity,
}

impl Family {
    /// That of a store's error: what is too large was not written by this program, and a path through a file is
    /// no folder.
    #[must_use]
    pub fn of_store(error: &DeviceError) -> Self {
        match error {
            DeviceError::TooLarge { .. } => Self::Integrity,
            DeviceError::File { source, .. } if source.kind() == std::io::ErrorKind::NotADirectory => Self::Input,
            DeviceError::File { .. }
            | DeviceError::NoTerminal
            | DeviceError::InputEnded
            | DeviceError::Stopped
            | DeviceError::Idle
            | DeviceError::LineTooLong(_)
            | DeviceError::NotText
            | DeviceError::NoRandomness
            | DeviceError::Memory(_)
            | DeviceError::Camera { .. } => Self::Device,
        }
    }

    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Input => 2,
            Self::Device => 3,
            Self::Integrity => 4,
        }
    }
}
