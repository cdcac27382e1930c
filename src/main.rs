//! The `strongroom` program: hardens itself, then hands its arguments to the command line. On the appliance it is the
//! first process, too.

use std::process::ExitCode;

/// Every block of memory that is given back is overwritten first.
#[global_allocator]
static MEMORY: strongroom::sys::WipingAllocator = strongroom::sys::WipingAllocator;

fn main() -> ExitCode {
    strongroom::boot::appliance().unwrap_or_else(strongroom::cli::run)
}
