//! The initramfs: the program, the kernel modules that it loads, and what it checks itself against. Nothing else.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use crate::{Done, Source, USAGE, cpio::Archive, fail, home, module, read, write};

/// Folders that the program mounts on.
const FOLDERS: [&str; 4] = ["media", "proc", "run", "sys"];

/// Writes the packed archive to `out`, and beside it, as `OUT.files`, the hash of each of its files.
pub fn make(source: &Source, out: &Path, mut options: &[&str]) -> Done<()> {
    let (mut program, mut archive) = (Archive::default(), Archive::default());
    let (mut list, mut line) = (home().join("modules.list"), home().join("cmdline"));
    let mut manifest = Vec::new();
    let mut add = |archive: &mut Archive, path: &str, bytes: Vec<u8>, runs: bool| {
        manifest.push((format!("/{path}"), crate::hash(&bytes)));
        archive.file(path, bytes, runs);
    };
    let mut init = false;
    while let [option, rest @ ..] = options {
        options = match (*option, rest) {
            ("--init", [file, rest @ ..]) => {
                init = true;
                add(&mut program, "init", read(file)?, true);
                rest
            }
            ("--modules", [file, rest @ ..]) => {
                list = file.into();
                rest
            }
            ("--command-line", [file, rest @ ..]) => {
                line = file.into();
                rest
            }
            ("--add", [path, file, rest @ ..]) => {
                add(&mut archive, path, read(file)?, true);
                rest
            }
            _ => return fail(USAGE.into()),
        };
    }
    if !init {
        return fail("a ramdisk needs its --init".into());
    }
    for folder in FOLDERS {
        archive.folder(folder);
    }
    archive.device("dev/console", 5, 1);
    let modules = module::closure(&String::from_utf8(read(list)?)?, &source.modules()?)?;
    let mut order = String::new();
    for module in &modules {
        order += format!("{} {}", module.name, module.arguments).trim_end();
        order += "\n";
        add(&mut archive, &format!("image/modules/{}.ko", module.name), read(&module.path)?, false);
    }
    add(&mut archive, "image/modules.list", order.into_bytes(), false);
    add(&mut archive, "image/cmdline", read(line)?, false);
    add(&mut archive, "image/kernel", format!("{}\n", source.release()?).into_bytes(), false);
    manifest.sort();
    let manifest: String = manifest.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect();
    write(out.with_added_extension("files"), manifest.as_bytes())?;
    // Two archives, one behind the other: what packs the program well makes modules larger, which are not linked yet.
    let packed = [pack(&program.finish(), &MACHINE_CODE)?, pack(&archive.finish(), &PLAIN)?];
    write(out, &packed.concat())
}

/// The kernel's unpacker knows CRC-32 and no other check. One thread: several cut the data at other places.
const PLAIN: [&str; 4] = ["--lzma2=preset=9e", "--check=crc32", "--threads=1", "--stdout"];
const MACHINE_CODE: [&str; 5] = ["--x86", "--lzma2=preset=9e", "--check=crc32", "--threads=1", "--stdout"];

fn pack(bytes: &[u8], options: &[&str]) -> Done<Vec<u8>> {
    let mut command = Command::new("xz");
    let mut xz = command.args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = xz.stdin.take().ok_or("xz takes no input")?;
    // Beside the reading: both pipes are short.
    let (written, output) = thread::scope(|scope| {
        let written = scope.spawn(move || input.write_all(bytes));
        let output = xz.wait_with_output();
        (written.join(), output)
    });
    written.map_err(|_| "xz was not fed")??;
    let output = output?;
    if output.status.success() { Ok(output.stdout) } else { fail("xz failed".into()) }
}
