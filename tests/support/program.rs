//! The program under test: the one of this build, or the one that `STRONGROOM_PROGRAM` names, such as the static
//! binary that is shipped.

use std::{env, sync::LazyLock};

pub(crate) static PROGRAM: LazyLock<String> =
    LazyLock::new(|| env::var("STRONGROOM_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_strongroom").to_owned()));
