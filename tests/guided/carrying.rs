//! What is looked at, and where it comes from: files, folders of pictures, films, a camera.

use std::fs;

use strongroom::qr::{Density, Film, Kind};

use super::{ENTER, ESC, SIZES, before, picks, turns};
use crate::{films::y4m, hostile_cli::Office};

#[test]
fn a_review_alone_changes_nothing_wherever_the_transaction_comes_from() {
    for size in SIZES {
        let office = Office::new();
        let files = office.vault();
        let shown = office.run(&["qr", "show", "pay.psbt", "--png", "frames"]);
        assert_eq!(shown.code, Some(0), "{}", shown.err);
        fs::create_dir(office.path("cards")).unwrap();
        office.put("cards/IMG_0001.jpg", b"\xff\xd8 cut");
        let film =
            Film::ur(Kind::Psbt, &fs::read(office.path("pay.psbt")).unwrap(), Density::Compatible, false).unwrap();
        let texts: Vec<String> = (1..=film.count() + 1).map(|number| film.part(number)).collect();
        let whole = y4m(&texts, film.version(), " Cmono", 0);
        office.put("codes.y4m", &whole);
        office.put("cut.Y4M", &whole[..whole.len() / 9]);
        office.put("garbage", b"no PSBT");

        let mut sitter = before(&office, size);
        sitter.at("what is to be done?", "2");
        sitter.keeps("look-bring", "where is the PSBT?");
        sitter.at("where is the PSBT?", "?");
        sitter.keeps("help-bring", "bring it:");
        sitter.at("HELP", ESC);
        if strongroom::device::cameras().is_empty() {
            sitter.at("where is the PSBT?", "2");
            sitter.keeps("bring-no-camera", "there is no camera");
            sitter.at("there is no camera", ENTER);
        }
        sitter.at("where is the PSBT?", "1");
        sitter.keeps("bring-file", "which file is it?");
        picks(&mut sitter, "which file is it?", "garbage");
        sitter.keeps("bring-garbage", "THIS DID NOT WORK");
        sitter.at("THIS DID NOT WORK", ENTER);
        sitter.at("where is the PSBT?", "3");
        picks(&mut sitter, "which folder has the pictures?", "cards/");
        sitter.at("which folder has the pictures?", ENTER);
        sitter.keeps("bring-no-picture", "nothing of 1 picture could be used");
        sitter.at("Enter: go on", ENTER);
        sitter.keeps("bring-no-picture-notes", "IMG_0001.jpg");
        sitter.at("Enter: go on", ENTER);
        sitter.at("where is the PSBT?", "4");
        sitter.keeps("bring-film", "which film is it?");
        picks(&mut sitter, "which film is it?", "cut.Y4M");
        turns(&mut sitter, "THIS DID NOT WORK");
        sitter.keeps("bring-cut-film", "THIS DID NOT WORK");
        sitter.at("THIS DID NOT WORK", ENTER);

        turns(&mut sitter, "where is the PSBT?");
        sitter.at("where is the PSBT?", "1");
        picks(&mut sitter, "which file is it?", "pay.psbt");
        for page in 1.. {
            let screen = sitter.sees("review");
            sitter.keeps(&format!("look-{page}"), "review");
            if !screen.contains(&format!("review {page} of")) {
                break;
            }
            sitter.at("review", ENTER);
            if sitter.sees("").contains("what is to be done?") {
                break;
            }
        }
        for (number, what) in [("3", "frames/"), ("4", "codes.y4m")] {
            sitter.at("what is to be done?", "2");
            sitter.at("where is the PSBT?", number);
            picks(&mut sitter, "which f", what);
            if number == "3" {
                sitter.at("which folder has the pictures?", ENTER);
            }
            sitter.keeps(&format!("brought-{number}"), "what was read");
            sitter.at("what was read", ENTER);
            sitter.at("0.40000000 BTC", ESC);
        }
        sitter.at("what is to be done?", ESC);
        assert_eq!(sitter.ends(), 0);
        assert_eq!(office.vault(), files);
    }
}

#[test]
fn what_came_by_codes_goes_back_by_codes_or_as_text() {
    let office = Office::new();
    let shown = office.run(&["qr", "show", "pay.psbt", "--png", "frames"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    let mut sitter = before(&office, (25, 80));
    sitter.at("what is to be done?", "1");
    sitter.at("where is the PSBT?", "3");
    picks(&mut sitter, "which folder has the pictures?", "frames/");
    sitter.at("which folder has the pictures?", ENTER);
    sitter.at("what was read", ENTER);
    sitter.at("is this your vault?", ENTER);
    super::votes(&mut sitter, "carol", 1);
    super::votes(&mut sitter, "alice", 2);
    turns(&mut sitter, "the signed PSBT");
    sitter.at("the signed PSBT", "1");
    sitter.glances("q done");
    sitter.types("q");
    sitter.at("the signed PSBT", "2");
    sitter.sees("Here, as scanned.signed.psbt");
    sitter.at("where does the file go?", ENTER);
    sitter.at("written", ENTER);
    sitter.at("the signed PSBT", "3");
    sitter.at("what is to be done?", ESC);
    assert_eq!(sitter.ends(), 0);
    let signed = fs::read_to_string(office.path("scanned.signed.psbt")).unwrap();
    let unattended = office.run(&office.signing(&["--format", "base64"]));
    assert_eq!(signed.trim().as_bytes(), unattended.out.trim_ascii());
}
