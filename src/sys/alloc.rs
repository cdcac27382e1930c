//! A heap that keeps nothing: every block is overwritten before it is freed.
//!
//! Floor 0. The binary installs it, so that what age, serde_json or zxcvbn left in freed memory is closed. Not a
//! guard for secrets in use: those live in [`Secret`](super::Secret).

use std::alloc::{GlobalAlloc, Layout, System};

use super::overwrite::overwrite;

/// The system's allocator, with each block overwritten before it is freed or moved.
///
/// ```
/// #[global_allocator]
/// static HEAP: strongroom::sys::WipingAllocator = strongroom::sys::WipingAllocator;
/// # fn main() {}
/// ```
pub struct WipingAllocator;

// SAFETY: every call goes to `System` with the caller's own layout; `realloc` is the trait's own, which allocates,
// copies and frees through the functions here, so that a block that moves is overwritten too.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's, of this layout, and no longer used.
        unsafe {
            overwrite(block, layout.size());
            System.dealloc(block, layout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_grows_and_shrinks_with_its_contents() {
        let layout = Layout::from_size_align(64, 16).unwrap();
        // SAFETY: one block, used within its layouts.
        unsafe {
            let block = WipingAllocator.alloc_zeroed(layout);
            block.write_bytes(7, 64);
            let block = WipingAllocator.realloc(block, layout, 4096);
            assert!(std::slice::from_raw_parts(block, 64).iter().all(|byte| *byte == 7));
            let layout = Layout::from_size_align(4096, 16).unwrap();
            let block = WipingAllocator.realloc(block, layout, 32);
            assert!(std::slice::from_raw_parts(block, 32).iter().all(|byte| *byte == 7));
            WipingAllocator.dealloc(block, Layout::from_size_align(32, 16).unwrap());
        }
    }
}
