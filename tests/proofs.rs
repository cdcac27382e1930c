//! What must not compile does not: a proof cannot be skipped, made up, copied or printed.
//!
//! Each file in `compile_fail` has its compiler's message beside it and a twin in `compile_pass`. The twins are
//! part of this test's own crate: they compile, or nothing here does.

use std::{collections::BTreeSet, fs};

use strongroom::{
    journal::Recorded,
    policy::Cleared,
    psbt::Parsed,
    quorum::{Approved, Proposed},
    review::Reviewed,
    secret::{ApprovalKey, Branch, Master, Mnemonic, Root, StatementKey},
    sign::Signed,
    sys::Secret,
    verify::{Released, Verified},
};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "that they compile is the test")]
#[path = "compile_pass"]
mod twins {
    pub mod clone_proof;
    pub mod forge_approved;
    pub mod forge_cleared;
    pub mod forge_recorded;
    pub mod forge_released;
    pub mod forge_signed;
    pub mod forge_verified;
    pub mod print_secret;
    pub mod release_twice;
    pub mod sign_another_instruction;
    pub mod sign_twice;
    pub mod sign_unapproved;
    pub mod sign_unjudged;
    pub mod sign_unrecorded;
    pub mod sign_unreviewed;
    pub mod verify_unsigned;
    pub mod write_signed;
    pub mod write_verified;
}

#[test]
fn proofs_can_be_neither_skipped_nor_forged() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

#[test]
fn each_case_has_its_message_and_a_twin_that_compiles() {
    let names = |folder: &str, ending: &str| -> BTreeSet<String> {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        files.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned())).collect()
    };
    let cases = names("tests/compile_fail", ".rs");
    let here = include_str!("proofs.rs");
    assert_eq!(cases, names("tests/compile_fail", ".stderr"));
    assert_eq!(cases, names("tests/compile_pass", ".rs"));
    assert!(cases.iter().all(|case| here.contains(&format!("pub mod {case};"))));
    assert!(cases.len() > 10);
}

/// Compiles only if none of the types has the trait: with it, two implementations would fit.
macro_rules! lacks {
    ($trait:path: $($type:ty),+ $(,)?) => {
        const _: () = {
            trait Fits<Which> {
                const HERE: () = ();
            }
            impl<T: ?Sized> Fits<()> for T {}
            #[allow(dead_code, reason = "it must not fit")]
            struct Has;
            impl<T: ?Sized + $trait> Fits<Has> for T {}
            $(let () = <$type as Fits<_>>::HERE;)+
        };
    };
}

macro_rules! proofs_lack {
    ($($trait:path),+ $(,)?) => {
        $(lacks!($trait:
            Parsed, Reviewed, Cleared, Proposed<u8>, Approved<Cleared>, Approved<Proposed<u8>>, Recorded<Cleared>,
            Recorded<Proposed<u8>>, Signed, Verified, Released,
        );)+
    };
}

macro_rules! secrets_lack {
    ($($trait:path),+ $(,)?) => {
        $(lacks!($trait: Secret, Master, Branch, StatementKey, ApprovalKey, Mnemonic, Root);)+
    };
}

proofs_lack!(Clone, Default, serde::de::DeserializeOwned);
secrets_lack!(Clone, Default, serde::de::DeserializeOwned, serde::Serialize, std::fmt::Debug, std::fmt::Display);
