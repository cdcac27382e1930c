//! The targets of `fuzz/` over their committed corpora: whatever once found a fault stays found, without the engine.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::{collections::BTreeSet, fs, panic, path::PathBuf};

use crate::{
    hostile::{payment, sign, treasury},
    raw_psbt::to_v2,
};

/// All corpora together, in bytes.
const CORPORA: u64 = 1_000_000;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

fn files(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).unwrap_or_else(|error| panic!("fuzz/{name}: {error}"));
    let mut all: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn each_corpus_holds() {
    let mut size = 0;
    for (name, target) in targets::TARGETS {
        let corpus = files(&format!("corpus/{name}"));
        assert!(!corpus.is_empty(), "fuzz/corpus/{name} is empty");
        for file in corpus {
            let bytes = fs::read(&file).unwrap();
            size += bytes.len() as u64;
            assert!(panic::catch_unwind(|| target(&bytes)).is_ok(), "{name} fails over {}", file.display());
        }
    }
    assert!(size < CORPORA, "the corpora have {size} bytes");
}

#[test]
fn each_target_is_a_program_with_a_corpus() {
    let names: BTreeSet<String> = targets::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stems = |folder: &str| -> BTreeSet<String> {
        files(folder).iter().map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stems("targets"), names);
    assert_eq!(stems("corpus"), names);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    let bins = manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\""));
    assert_eq!(bins.map(str::to_owned).collect::<BTreeSet<_>>(), names);
}

/// Codes painted over at random, without the engine: `cargo test --test integration -- --ignored painted_codes`, with
/// `PAINTED` of them.
#[test]
#[ignore = "long"]
fn painted_codes_are_read_right_or_not_at_all() {
    let count: u64 = std::env::var("PAINTED").map_or(1_000, |count| count.parse().unwrap());
    for number in 0..count {
        let mut seed = strongroom_lens::Seed::new(number);
        let edits = seed.below(40);
        let mut data: Vec<u8> = (0..3 + 5 * edits).map(|_| seed.below(256) as u8).collect();
        // One of eight is no code at all.
        data[0] = if number % 8 == 0 { data[0] | 0x80 } else { data[0] & 0x7f };
        assert!(panic::catch_unwind(|| targets::eye(&data)).is_ok(), "number {number}");
    }
}

/// `cargo test --test integration -- --ignored the_vault_of_the_corpus` writes it anew: the slot that shares are held
/// against, and its files as seeds.
#[test]
#[ignore = "writes"]
fn the_vault_of_the_corpus_is_written() {
    let bench = treasury();
    let psbt = payment(&bench);
    let _ = sign(&bench, &["alice", "bob"], &psbt).unwrap();
    let _ = sign(&bench, &["carol", "bob"], &to_v2(&psbt)).unwrap();
    fs::create_dir_all(folder("vault")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder(name), bytes).unwrap();
    for (file, bytes) in bench.stick.files() {
        let target = match file.split_once('.') {
            Some(("slot", _)) => "slot",
            Some(_) => "share",
            None => "journal",
        };
        fs::create_dir_all(folder("corpus").join(target)).unwrap();
        write(&format!("corpus/{target}/{}", file.replace('.', "-")), &bytes);
        if file == "slot.b" {
            write("vault/slot.b", &bytes);
        }
    }
}
