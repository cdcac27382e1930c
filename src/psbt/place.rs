//! Where in a PSBT something stands.
//!
//! Floor 1.

use std::fmt;

/// Where in a PSBT something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The whole file or transaction, or the global map. (scope code 0, index 0xffffffff)
    Whole,
    /// An input, from 0. (scope code 1)
    Input(u32),
    /// An output, from 0. (scope code 2)
    Output(u32),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("global map"),
            Self::Input(index) => write!(f, "input {index}"),
            Self::Output(index) => write!(f, "output {index}"),
        }
    }
}
