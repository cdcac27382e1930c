//! `man`: one page for all commands, each with its own sections.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::args::{Cli, EXIT_CODES};

/// The manual page, in roff.
pub(super) fn page() -> io::Result<Vec<u8>> {
    let mut root = Cli::command();
    root.build();
    let mut page = Vec::new();
    let man = Man::new(root.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for command in root.get_subcommands() {
        commands(command, "strongroom", &mut page)?;
    }
    page.extend_from_slice(format!(".SH \"EXIT STATUS\"\n{EXIT_CODES}\n").as_bytes());
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// A section for a command, or for each of those under it.
fn commands(command: &Command, above: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let name = format!("{above} {}", command.get_name());
    if command.get_name() == "help" {
        return Ok(());
    }
    if command.has_subcommands() {
        return command.get_subcommands().try_for_each(|below| commands(below, &name, page));
    }
    let mut own = Vec::new();
    let usual = |arg: clap::Arg| arg.hide(true);
    let man = Man::new(command.clone().mut_arg("help", usual).mut_arg("version", usual));
    man.render_synopsis_section(&mut own)?;
    man.render_description_section(&mut own)?;
    man.render_options_section(&mut own)?;
    page.extend_from_slice(format!(".SH \"{}\"\n", name.to_uppercase()).as_bytes());
    // Sections of the command become parts of its section.
    for line in String::from_utf8_lossy(&own).lines() {
        let line = line.strip_prefix(".SH ").map_or_else(|| line.to_owned(), |title| format!(".SS {title}"));
        page.extend_from_slice(line.as_bytes());
        page.push(b'\n');
    }
    if let Some(examples) = command.get_after_help() {
        page.extend_from_slice(b".PP\n.nf\n");
        for line in examples.to_string().lines() {
            page.extend_from_slice(line.replace('\\', "\\e").as_bytes());
            page.push(b'\n');
        }
        page.extend_from_slice(b".fi\n");
    }
    Ok(())
}
