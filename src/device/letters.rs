//! Which letters and control sequences a terminal has, by the environment.

/// What a terminal can show, by the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shows {
    /// More than ASCII.
    pub(super) utf8: bool,
    /// It obeys control sequences.
    pub(super) sequences: bool,
}

impl Shows {
    pub(super) fn by(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| variable(name)).find(|v| !v.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase().replace('-', "");
        Self { utf8: locale.contains("utf8"), sequences: variable("TERM").is_none_or(|term| term != "dumb") }
    }

    /// A line in letters that the terminal has.
    #[must_use]
    pub fn plain(self, line: &str) -> String {
        if self.utf8 || line.is_ascii() {
            return line.to_owned();
        }
        let mut out = String::new();
        for c in line.chars() {
            match c {
                '─' => out.push('-'),
                '…' => out.push_str("..."),
                c if c.is_ascii() => out.push(c),
                c => out.extend(c.escape_unicode()),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(variables: &[(&str, &str)]) -> Shows {
        Shows::by(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn letters_beyond_ascii_are_for_terminals_that_have_them() {
        for (variables, utf8) in [
            (&[("LANG", "C.UTF-8")][..], true),
            (&[("LANG", "de_DE.utf8"), ("LC_ALL", "")], true),
            (&[("LANG", "C.UTF-8"), ("LC_ALL", "C")], false),
            (&[("LANG", "de_DE.ISO-8859-1")], false),
            (&[], false),
        ] {
            assert_eq!(shows(variables).utf8, utf8, "{variables:?}");
        }
        let line = "── a… é";
        assert_eq!(shows(&[("LANG", "C.UTF-8")]).plain(line), line);
        assert_eq!(shows(&[]).plain(line), "-- a... \\u{e9}");
    }

    #[test]
    fn a_dumb_terminal_gets_no_sequences() {
        assert!(!shows(&[("TERM", "dumb")]).sequences);
        assert!(shows(&[("TERM", "linux")]).sequences && shows(&[]).sequences);
    }
}
