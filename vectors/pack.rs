//! Packs the files of vectors, so that a program that carries them stays small.

use std::{env, fs, path::Path};

fn main() {
    let target = env::var_os("OUT_DIR").expect("cargo names a folder");
    for folder in ["", "psbt"] {
        let (from, to) = (Path::new("vectors").join(folder), Path::new(&target).join(folder));
        println!("cargo::rerun-if-changed={}", from.display());
        fs::create_dir_all(&to).expect("the folder for packed vectors can be made");
        for entry in fs::read_dir(&from).expect("the folder of vectors is there") {
            let path = entry.expect("the folder can be read").path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let text = fs::read(&path).expect("a file of vectors can be read");
                let packed = miniz_oxide::deflate::compress_to_vec(&text, 9);
                let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned() + ".deflate";
                fs::write(to.join(name), packed).expect("the packed vectors can be written");
            }
        }
    }
}
