//! The survivors that `docs/testing.md` explains: rows of its table, a file, what is done, and why it changes nothing.

use std::{collections::BTreeSet, fs, path::Path};

/// The heading of the table.
const HEADING: &str = "| file | mutant that survives | why |";

/// By file and name.
pub(crate) struct Explained(BTreeSet<(String, String)>);

impl Explained {
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let page =
            fs::read_to_string(root.join("docs/testing.md")).map_err(|error| format!("docs/testing.md: {error}"))?;
        let rows = page.lines().skip_while(|line| *line != HEADING).skip(2).take_while(|line| line.starts_with('|'));
        let cell = |text: &str| text.trim().trim_matches('`').to_owned();
        let row = |row: &str| {
            // `\|` in a cell is a `|` of its text.
            let cells: Vec<String> =
                row.replace("\\|", "\u{1}").split('|').map(|c| cell(&c.replace('\u{1}', "|"))).collect();
            match &cells[..] {
                [_, file, name, why, _] if !why.is_empty() => Ok((file.clone(), name.clone())),
                _ => Err(format!("docs/testing.md: {row}")),
            }
        };
        Ok(Self(rows.map(row).collect::<Result<_, _>>()?))
    }

    pub(crate) fn knows(&self, file: &str, name: &str) -> bool {
        self.0.contains(&(file.to_owned(), name.to_owned()))
    }
}
