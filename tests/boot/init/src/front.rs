//! In the place of the program's screens: asks the first process for sticks, and writes to them.
//!
//! Steps, a line each: `until TEXT` and `without TEXT` (of the list of sticks), `ask REQUEST`, `refused REQUEST: WHY`,
//! `reads PATH`, `put PATH`, `cannot PATH` (be written), `fills PATH` (until nothing more fits), `absent PATH`,
//! `value PATH TEXT`, `say TEXT`.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    thread::sleep,
    time::Duration,
};

use crate::{tell, text};

pub(crate) fn run() {
    let failed = steps().err();
    tell(&failed.map_or("FRONT DONE".to_owned(), |sentence| format!("FRONT FAILED: {sentence}")));
}

fn steps() -> Result<(), String> {
    for line in text("/test/front")?.lines() {
        tell(&format!("FRONT {line}"));
        step(line).map_err(|why| format!("`{line}`: {why}"))?;
    }
    Ok(())
}

fn step(line: &str) -> Result<(), String> {
    let (what, rest) = line.split_once(' ').ok_or("no step")?;
    let must = |holds: bool, else_: &str| if holds { Ok(()) } else { Err(else_.to_owned()) };
    match what {
        "until" => listed(|list| list.contains(rest)),
        "without" => listed(|list| !list.contains(rest)),
        "ask" => ask(rest).map(drop),
        "refused" => {
            let (request, why) = rest.split_once(": ").ok_or("no reason")?;
            let said = ask(request).err().ok_or("it was done")?;
            must(said.contains(why), &said)
        }
        "reads" => fs::read(rest).map(drop).map_err(|error| error.to_string()),
        "put" => put(rest, b"written").map_err(|error| error.to_string()),
        "cannot" => must(put(rest, b"written").is_err(), "it was written"),
        "fills" => {
            let full = (0..64).find_map(|number| put(&format!("{rest}{number}"), &[7; 1 << 20]).err());
            must(full.is_some_and(|error| error.raw_os_error() == Some(28)), "it never got full")
        }
        "absent" => must(!Path::new(rest).exists(), "it is there"),
        "value" => {
            let (path, value) = rest.split_once(' ').ok_or("no value")?;
            let is = text(path)?;
            must(is.trim() == value, &is)
        }
        "say" => Ok(()),
        _ => Err("no such step".to_owned()),
    }
}

fn listed(fits: impl Fn(&str) -> bool) -> Result<(), String> {
    let mut list = String::new();
    for _ in 0..300 {
        list = ask("list")?;
        if fits(&list) {
            return Ok(());
        }
        sleep(Duration::from_millis(100));
    }
    Err(list)
}

fn ask(request: &str) -> Result<String, String> {
    let open = |error: std::io::Error| error.to_string();
    let mut ask = OpenOptions::new().write(true).open("/run/keeper/ask").map_err(open)?;
    let answer = File::open("/run/keeper/answer").map_err(open)?;
    ask.write_all(format!("{request}\n").as_bytes()).map_err(open)?;
    let mut lines = String::new();
    for line in BufReader::new(answer).lines() {
        let line = line.map_err(open)?;
        if line == "ok" {
            return Ok(lines);
        }
        if let Some(why) = line.strip_prefix("no ") {
            return Err(why.to_owned());
        }
        lines += &line;
        lines += "\n";
    }
    Err("no answer".to_owned())
}

fn put(path: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
