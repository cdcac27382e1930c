//! Who is at fault: what an error of this room means for the exit code.

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
