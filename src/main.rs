//! The `strongroom` program: hardens itself, then hands its arguments to the command line.

use std::process::ExitCode;

/// Every block of memory that is given back is overwritten first.
#[global_allocator]
static MEMORY: strongroom::sys::WipingAllocator = strongroom::sys::WipingAllocator;

fn main() -> ExitCode {
    strongroom::cli::run()
}
