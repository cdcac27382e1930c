//! Words that everyone uses: names, escaped text, amounts, addresses in groups.
//!
//! Floor 0. Text from outside reaches a screen, a log or an error only through [`printable`] or [`Name`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The name of a custodian or a wallet: 1 to 32 of `a-z 0-9 - _`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        if fits && (1..=32).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError { given: printable(text) })
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A text that is no [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no name: 1 to 32 of a-z 0-9 - _")]
pub struct NameError {
    given: String,
}

/// `text` with every character that could deceive a screen escaped as `\u{…}`: control characters, and those
/// of format, direction or zero width, and all outside of what a console can be trusted to show; at most
/// 200 characters of it.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == 200 {
            out.push('…');
            break;
        }
        push_clean(c, &mut out);
    }
    out
}

/// A whole line for a screen, of any length: escaped as by [`printable`], which this leaves as it is.
#[must_use]
pub fn clean(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if c == '…' {
            out.push(c);
        } else {
            push_clean(c, &mut out);
        }
    }
    out
}

fn push_clean(c: char, out: &mut String) {
    if c == ' ' || c.is_ascii_graphic() || plain_letter(c) {
        out.push(c);
    } else {
        out.extend(c.escape_unicode());
    }
}

/// Letters of the alphabets, syllabaries and ideographs of BIP39's languages, without their combining marks.
fn plain_letter(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{24f}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// The room that one page has on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Lines, without heading and question.
    pub lines: usize,
    /// Columns of a line.
    pub columns: usize,
}

impl Room {
    /// A console of 80 by 24, less a heading, a question, a line between pages and one to spare.
    pub const CONSOLE: Self = Self { lines: 20, columns: 78 };
    /// Columns beyond which a line is hard to read.
    pub const WIDEST: usize = 100;
    /// Less than this holds no line of ours; the terminal breaks it then, and nothing is lost.
    pub const LEAST: Self = Self { lines: 3, columns: 20 };
}

/// An amount in BTC with all eight decimals and in satoshi: `0.00012345 BTC (12 345 sat)`.
#[must_use]
pub fn amount(sat: u64) -> String {
    format!("{} BTC ({} sat)", btc(sat), grouped_number(sat))
}

/// Satoshi as BTC with all eight decimals.
#[must_use]
pub fn btc(sat: u64) -> String {
    let whole = sat.checked_div(100_000_000).unwrap_or(0);
    let rest = sat.checked_rem(100_000_000).unwrap_or(0);
    format!("{whole}.{rest:08}")
}

/// `1234567` as `1 234 567`.
#[must_use]
pub fn grouped_number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(place);
        if place > 0 && left.is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Words that people write down and compare, numbered, four a row: `  1 diary      2 danger     3 steel      4 leaf`.
#[must_use]
pub fn in_rows(words: &str) -> Vec<String> {
    let numbered: Vec<String> =
        words.split_whitespace().zip(1usize..).map(|(word, number)| format!("{number:>3} {word:<8}")).collect();
    numbered.chunks(4).map(|row| row.join("   ").trim_end().to_owned()).collect()
}

/// A line of talk as lines of at most `width` characters, broken at spaces; what follows the first stands under it.
/// A word that is longer than that is cut, and so is an indent beyond half of it.
#[must_use]
pub fn folded(line: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let indent: String = line.chars().take_while(|c| *c == ' ').take(width / 2).collect();
    let mut lines = Vec::new();
    let mut open = String::new();
    // Spaces between words stay, so that columns do.
    for part in line.split_inclusive(' ') {
        let word = part.trim_end_matches(' ');
        if open.chars().count().saturating_add(word.chars().count()) > width && !open.trim().is_empty() {
            lines.push(std::mem::replace(&mut open, indent.clone()).trim_end().to_owned());
        }
        for c in part.chars() {
            if open.chars().count() >= width && c != ' ' {
                lines.push(std::mem::replace(&mut open, indent.clone()).trim_end().to_owned());
            }
            open.push(c);
        }
    }
    lines.push(open.trim_end().to_owned());
    lines
}

/// A text in groups of four characters, for comparing an address by eye.
#[must_use]
pub fn in_fours(text: &str) -> String {
    let mut out = String::new();
    for (place, c) in text.chars().enumerate() {
        if place > 0 && place.is_multiple_of(4) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Whether two texts have the same words, case and spaces apart; in time that does not tell where they differ.
#[must_use]
pub fn same_words(one: &str, other: &str) -> bool {
    let letters = |text: &str| {
        let spaced = text.split_whitespace().flat_map(|word| word.bytes().chain([b' ']));
        zeroize::Zeroizing::new(spaced.map(|letter| letter.to_ascii_lowercase()).collect::<Vec<u8>>())
    };
    let (one, other) = (letters(one), letters(other));
    one.len() == other.len() && one.iter().zip(other.iter()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Lower-case hex of `bytes`. Never of a secret: the text is an ordinary string.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bitcoin::hex::DisplayHex::to_lower_hex_string(bytes)
}

/// A count with its noun: `1 input`, `2 inputs`, `52 560 blocks`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        return format!("1 {noun}");
    }
    let ending = if noun.ends_with('s') { "es" } else { "s" };
    format!("{} {noun}{ending}", grouped_number(u64::try_from(number).unwrap_or(u64::MAX)))
}

/// Seconds since 1970 as `2026-11-22 00:00 UTC`.
#[must_use]
pub fn date(seconds: u32) -> String {
    let days = i64::from(seconds.checked_div(86_400).unwrap_or(0));
    let rest = seconds.checked_rem(86_400).unwrap_or(0);
    let (hour, minute) =
        (rest.checked_div(3_600).unwrap_or(0), rest.checked_rem(3_600).unwrap_or(0).checked_div(60).unwrap_or(0));
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

/// Days since 1970-01-01 as year, month, day of the Gregorian calendar.
fn civil(days: i64) -> (i64, u32, i64) {
    let mut left = days;
    let mut year = 1970i64;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left = left.saturating_sub(length);
        year = year.saturating_add(1);
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1u32;
    for length in [31i64, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left = left.saturating_sub(length);
        month = month.saturating_add(1);
    }
    (year, month, left.saturating_add(1))
}

fn leap(year: i64) -> bool {
    let divides = |by: i64| year.checked_rem(by) == Some(0);
    divides(4) && (!divides(100) || divides(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_narrow() {
        assert!("alice-2_b".parse::<Name>().is_ok());
        for bad in ["", "Alice", "a b", "a\u{202e}b", "é", &"a".repeat(33)] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn deceiving_characters_are_escaped() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(printable("a\u{202e}b\u{200b}c\u{301}\n"), "a\\u{202e}b\\u{200b}c\\u{301}\\u{a}");
        assert_eq!(printable("あ 中 é"), "あ 中 é");
        assert_eq!(printable(&"x".repeat(300)).chars().count(), 201);
    }

    #[test]
    fn a_clean_line_is_whole_and_stays_as_it_is() {
        let line = format!("{}…", "x".repeat(300));
        assert_eq!(clean(&line), line);
        let hostile = "a\u{1b}[2J\u{202e}b\u{200b}\u{301}\u{301}\u{7}\r\n\u{85}\u{2028}\u{feff}\t";
        let escaped = clean(hostile);
        assert_eq!(
            escaped,
            "a\\u{1b}[2J\\u{202e}b\\u{200b}\\u{301}\\u{301}\\u{7}\\u{d}\\u{a}\\u{85}\\u{2028}\\u{feff}\\u{9}"
        );
        assert_eq!(clean(&escaped), escaped);
        assert_eq!(clean(&printable(hostile)), printable(hostile));
    }

    #[test]
    fn amounts_are_never_abbreviated() {
        assert_eq!(amount(2_099_999_997_690_000), "20999999.97690000 BTC (2 099 999 997 690 000 sat)");
        assert_eq!(amount(1), "0.00000001 BTC (1 sat)");
        assert_eq!(grouped_number(100), "100");
        assert_eq!(in_fours("bc1qxyz"), "bc1q xyz");
    }

    #[test]
    fn words_stand_in_rows_of_four_with_their_numbers() {
        let rows = in_rows("one two three four five six");
        assert_eq!(rows, ["  1 one          2 two          3 three        4 four", "  5 five         6 six"]);
        assert!(in_rows("").is_empty());
    }

    #[test]
    fn lines_are_folded_at_spaces_and_keep_their_columns() {
        assert_eq!(folded("", 10), [""]);
        assert_eq!(folded("a b", 10), ["a b"]);
        assert_eq!(folded("  one two three four", 14), ["  one two", "  three four"]);
        assert_eq!(folded("name   value", 12), ["name   value"]);
        assert_eq!(folded("0123456789ab", 10), ["0123456789", "ab"]);
        // An indent takes half of the width at most, whoever wrote it.
        assert_eq!(folded(&format!("{}ab cd", " ".repeat(90)), 10), ["", "     ab cd"]);
        for width in 1..20 {
            let lines = folded("  a few words, and averyverylongone of them", width);
            assert!(lines.iter().all(|line| line.chars().count() <= width.max(10)), "{lines:?}");
            let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            assert_eq!(words.concat(), "afewwords,andaveryverylongoneofthem");
        }
    }

    #[test]
    fn seconds_are_dates() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(date(1_795_305_600), "2026-11-22 00:00 UTC");
        assert_eq!(date(2_208_988_800), "2040-01-01 00:00 UTC");
        assert_eq!(date(u32::MAX), "2106-02-07 06:28 UTC");
    }
}
