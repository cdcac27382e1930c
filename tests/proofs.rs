//! What must not compile does not: a proof cannot be skipped, made up, copied or printed.
//!
//! Each file in `compile_fail` has its compiler's message beside it and a twin in `compile_pass`, which is part
//! of this test's own crate: it compiles, or nothing here does.

#[test]
fn proofs_can_be_neither_skipped_nor_forged() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
