//! The initramfs: the program, the kernel modules that it loads, and what it checks itself against. Nothing else.

use std::{
    fs::File,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::{Done, Source, USAGE, cpio::Archive, fail, home, module, read, write};

/// Folders that the program mounts on.
const FOLDERS: [&str; 4] = ["media", "proc", "run", "sys"];

/// Writes the packed archive to `out`, and beside it, as `OUT.files`, the hash of each of its files.
pub fn make(source: &Source, out: &Path, mut options: &[&str]) -> Done<()> {
    let mut archive = Archive::default();
    let (mut list, mut line) = (home().join("modules.list"), home().join("cmdline"));
    let mut manifest = Vec::new();
    let mut add = |archive: &mut Archive, path: &str, bytes: Vec<u8>, runs: bool| {
        manifest.push((format!("/{path}"), crate::hash(&bytes)));
        archive.file(path, bytes, runs);
    };
    let mut init = false;
    while let [option, rest @ ..] = options {
        options = match (*option, rest) {
            ("--init", [program, rest @ ..]) => {
                init = true;
                add(&mut archive, "init", read(program)?, true);
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
    pack(&archive.finish(), out)
}

/// The kernel's unpacker knows CRC-32 and no other check. One thread: several cut the data at other places. The filter
/// for machine code makes it larger, since most modules are not linked yet.
fn pack(bytes: &[u8], out: &Path) -> Done<()> {
    let mut command = Command::new("xz");
    command.args(["-9e", "--check=crc32", "--threads=1", "--stdout"]);
    let mut xz = command.stdin(Stdio::piped()).stdout(File::create(out)?).spawn()?;
    xz.stdin.take().ok_or("xz takes no input")?.write_all(bytes)?;
    if xz.wait()?.success() { Ok(()) } else { fail("xz failed".into()) }
}
