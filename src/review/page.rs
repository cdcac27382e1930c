//! What people read, in chapters, and its pages on a screen of any size.
//!
//! A book is made once and knows no screen. What belongs together stays on one page where it fits on one; nothing
//! is ever cut off. Every text in it was escaped ([`clean`]), whoever it came from.

use crate::text::{Room, clean};

/// Columns of a line on the smallest console.
pub const WIDTH: usize = Room::CONSOLE.columns;
/// Lines of a page on the smallest console.
pub const LINES: usize = Room::CONSOLE.lines;

/// Columns of a field's name; a hash of 64 digits fits beside it.
const NAME: usize = 12;
/// Columns that a text needs beside what stands before it; with less it goes below.
const BESIDE: usize = 24;
/// Columns before a text that goes below.
const BELOW: usize = 4;

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// Its lines.
    pub lines: Vec<String>,
    /// Where in the book it begins.
    pub from: Mark,
}

/// A place in a book, whatever the screen: chapter, part, line, character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark([usize; 4]);

/// A line before it is broken: what stands before the text, the text, and how far its other rows are set in.
struct Line {
    lead: String,
    text: String,
    hang: usize,
}

impl Line {
    /// The rows, each with the number of its first character.
    fn rows(&self, columns: usize) -> Vec<(usize, String)> {
        let beside = columns.saturating_sub(self.hang);
        let mut rows = Vec::new();
        if beside >= BESIDE.min(self.text.chars().count()) || self.lead.trim().is_empty() {
            let first = columns.saturating_sub(self.lead.chars().count());
            for (from, row) in wrap(&self.text, first.max(1), beside.max(1)) {
                let lead = if rows.is_empty() { self.lead.clone() } else { " ".repeat(self.hang) };
                rows.push((from, format!("{lead}{row}").trim_end().to_owned()));
            }
        } else {
            rows.push((0, self.lead.trim_end().to_owned()));
            let below = columns.saturating_sub(BELOW).max(1);
            for (from, row) in wrap(&self.text, below, below) {
                rows.push((from, format!("{:BELOW$}{row}", "")));
            }
        }
        rows
    }
}

/// Lines that belong together.
#[derive(Default)]
pub struct Part(Vec<Line>);

impl Part {
    /// A line, set in as far as it is itself.
    pub fn line(&mut self, line: &str) {
        let text = line.trim_start_matches(' ');
        let hang = line.len().saturating_sub(text.len());
        self.0.push(Line { lead: " ".repeat(hang), text: clean(text), hang });
    }

    /// A name with what is said of it beside.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        let hang = NAME.saturating_add(2);
        self.0.push(Line { lead: format!("  {:<NAME$}", clean(name)), text: clean(value), hang });
    }

    /// A paragraph whose first line stands out.
    pub(super) fn wrapped(&mut self, indent: usize, text: &str) {
        self.0.push(Line { lead: " ".repeat(indent), text: clean(text), hang: indent.saturating_add(5) });
    }
}

struct Chapter {
    title: String,
    parts: Vec<Part>,
}

/// Chapters of parts of lines.
#[derive(Default)]
pub struct Book {
    chapters: Vec<Chapter>,
}

impl Book {
    /// A book of one chapter.
    #[must_use]
    pub fn of(title: &str, lines: &[String]) -> Self {
        let mut book = Self::default();
        book.start(title);
        lines.iter().for_each(|line| book.line(line));
        book
    }

    /// Starts a chapter, which begins a page.
    pub fn start(&mut self, title: &str) {
        self.chapters.push(Chapter { title: clean(title), parts: Vec::new() });
    }

    /// Adds lines that stay on one page if they fit on one.
    pub fn keep(&mut self, fill: impl FnOnce(&mut Part)) {
        let mut part = Part::default();
        fill(&mut part);
        if let Some(chapter) = self.chapters.last_mut() {
            chapter.parts.push(part);
        }
    }

    /// Adds a line.
    pub fn line(&mut self, line: &str) {
        self.keep(|part| part.line(line));
    }

    pub(super) fn field(&mut self, name: &str, value: &str) {
        self.keep(|part| part.field(name, value));
    }

    /// All pages, each of them full or the last of its chapter. A chapter without lines has none.
    #[must_use]
    pub fn pages(&self, room: Room) -> Vec<Page> {
        let room = Room { lines: room.lines.max(Room::LEAST.lines), columns: room.columns.max(Room::LEAST.columns) };
        let mut pages: Vec<Page> = Vec::new();
        for (chapter, number) in self.chapters.iter().zip(0usize..) {
            let mut open: Option<Page> = None;
            for (part, part_number) in chapter.parts.iter().zip(0usize..) {
                let rows = rows(part, room.columns);
                // A gap at the end of a part may fall off the page.
                let high = rows.iter().rposition(|(_, row)| !row.is_empty()).map_or(0, |last| last.saturating_add(1));
                let left = open.as_ref().map_or(0, |page| room.lines.saturating_sub(page.lines.len()));
                if high > left && high <= room.lines {
                    pages.extend(open.take());
                }
                for ((line, character), row) in rows {
                    if open.as_ref().is_some_and(|page| page.lines.len() >= room.lines) {
                        pages.extend(open.take());
                    }
                    if open.is_none() && row.is_empty() {
                        continue;
                    }
                    let from = Mark([number, part_number, line, character]);
                    let page = || Page { title: chapter.title.clone(), lines: Vec::new(), from };
                    open.get_or_insert_with(page).lines.push(row);
                }
            }
            pages.extend(open);
        }
        for page in &mut pages {
            while page.lines.last().is_some_and(String::is_empty) {
                page.lines.pop();
            }
        }
        pages
    }
}

/// The number of the page on which a place of the book stands.
#[must_use]
pub fn page_of(pages: &[Page], place: Mark) -> usize {
    pages.partition_point(|page| page.from <= place).saturating_sub(1)
}

/// Rows of a part, each with its line's number and the number of its first character.
fn rows(part: &Part, columns: usize) -> Vec<((usize, usize), String)> {
    let lines = part.0.iter().zip(0usize..);
    lines.flat_map(|(line, number)| line.rows(columns).into_iter().map(move |(c, row)| ((number, c), row))).collect()
}

/// Breaks a text at spaces into rows of at most `width` columns (the first of `first`), each with the number of its
/// first character; a word that is longer is cut, and spaces at a row's end are left out.
fn wrap(text: &str, first: usize, width: usize) -> Vec<(usize, String)> {
    let mut rows = Vec::new();
    let mut most = first;
    let (mut row, mut used, mut from) = (String::new(), 0usize, 0usize);
    let mut at = 0usize;
    let close = |row: &mut String| std::mem::take(row).trim_end().to_owned();
    for part in unbroken(text) {
        let long = columns(part.trim_end_matches(' '));
        if used > 0 && long > 0 && used.saturating_add(long) > most {
            rows.push((from, close(&mut row)));
            (used, from, most) = (0, at, width);
        }
        for c in part.chars() {
            let wide = column(c);
            let fits = used == 0 || used.saturating_add(wide) <= most;
            if !fits && c != ' ' {
                rows.push((from, close(&mut row)));
                (used, from, most) = (0, at, width);
            }
            if fits || c != ' ' {
                row.push(c);
                used = used.saturating_add(wide);
            }
            at = at.saturating_add(1);
        }
    }
    rows.push((from, close(&mut row)));
    rows
}

/// A text in parts at whose ends a row may end: after a space, but not inside of a number or before its unit.
fn unbroken(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0usize;
    for (at, _) in text.match_indices(' ') {
        let (before, after) =
            (text.get(from..at).unwrap_or_default(), text.get(at.saturating_add(1)..).unwrap_or_default());
        if !is_one_number(before, after) {
            parts.extend(text.get(from..=at));
            from = at.saturating_add(1);
        }
    }
    parts.extend(text.get(from..));
    parts
}

/// Whether a space stands between groups of three digits, or between a number and its unit.
fn is_one_number(before: &str, after: &str) -> bool {
    let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    let next = after.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let group = next.len() == 3 && next.bytes().all(|byte| byte.is_ascii_digit());
    let unit = matches!(next, "BTC" | "sat");
    let number = before.bytes().rev().nth(digits).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    digits > 0 && number && (unit || group && digits <= 3)
}

fn columns(text: &str) -> usize {
    text.chars().fold(0usize, |sum, c| sum.saturating_add(column(c)))
}

/// Columns of a character: two for East Asian letters, as far as [`clean`] lets them through.
const fn column(c: char) -> usize {
    if c as u32 >= 0x3041 { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        wrap(text, width, width).into_iter().map(|(_, row)| row).collect()
    }

    fn lines(book: &Book, lines: usize) -> Vec<usize> {
        book.pages(Room { lines, columns: 78 }).iter().map(|page| page.lines.len()).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_nothing_is_lost() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("中中中", 4), ["中中", "中"]);
        assert_eq!(wrapped("a   b", 9), ["a   b"]);
        assert_eq!(wrapped("abcd    efgh", 4), ["abcd", "efgh"]);
        // An amount is never broken, an address is.
        assert_eq!(
            wrapped("to 0.99000000 BTC (99 000 000 sat) 0123 4567", 18),
            ["to 0.99000000 BTC", "(99 000 000 sat)", "0123 4567"]
        );
        let rows: Vec<String> = wrap("one two three four", 8, 5).into_iter().map(|(_, row)| row).collect();
        assert_eq!(rows, ["one two", "three", "four"]);
        assert_eq!(wrapped("a123 456 12 345", 8), ["a123 456", "12 345"]);
        assert_eq!(wrapped("abc: 123 456", 8), ["abc:", "123 456"]);
        assert_eq!(wrapped("中  a", 1), ["中", "a"]);
        let text = "bc1q xyzw 0123 4567 ".repeat(20);
        for width in 1..40 {
            let rows = wrap(&text, width, width);
            assert!(rows.iter().all(|(_, row)| columns(row) <= width));
            let back: String = rows.iter().map(|(_, row)| row.replace(' ', "")).collect();
            assert_eq!(back, text.replace(' ', ""));
            for (from, row) in rows {
                assert!(text.chars().skip(from).collect::<String>().trim_start().starts_with(row.trim_start()));
            }
        }
    }

    #[test]
    fn a_book_of_lines_has_them_under_its_title() {
        let book = Book::of("A", &["x".to_owned(), String::new(), "  y".to_owned()]);
        let [page] = &book.pages(Room::CONSOLE)[..] else { panic!("one page") };
        assert_eq!((page.title.as_str(), &page.lines[..]), ("A", &["x", "", "  y"].map(String::from)[..]));
    }

    #[test]
    fn a_part_that_fits_on_a_page_is_not_torn() {
        let mut book = Book::default();
        book.start("A");
        (0..15).for_each(|_| book.line("x"));
        book.keep(|part| (0..6).for_each(|n| part.line(&n.to_string())));
        let pages = book.pages(Room::CONSOLE);
        assert_eq!(pages.len(), 2);
        assert_eq!(pages[1].lines, ["0", "1", "2", "3", "4", "5"]);
        assert!(pages.iter().all(|page| page.title == "A"));
        assert_eq!(lines(&book, 21), [21]);
    }

    #[test]
    fn a_part_longer_than_a_page_goes_on() {
        let mut book = Book::default();
        book.start("A");
        book.keep(|part| (0..50).for_each(|n| part.line(&n.to_string())));
        assert_eq!(lines(&book, 20), [20, 20, 10]);
        assert_eq!(lines(&book, 1), lines(&book, Room::LEAST.lines));
    }

    #[test]
    fn gaps_end_no_page_and_begin_none() {
        let mut book = Book::default();
        book.start("A");
        for _ in 0..5 {
            book.keep(|part| ["x", "x", "x", ""].iter().for_each(|line| part.line(line)));
        }
        assert_eq!(lines(&book, 7), [7, 7, 3]);
        assert_eq!(lines(&book, 3), [3, 3, 3, 3, 3]);
        book.start("B");
        assert_eq!(lines(&book, 100), [19], "a chapter without lines has no page");
    }

    #[test]
    fn a_field_goes_below_its_name_where_there_is_no_room_beside() {
        let mut book = Book::default();
        book.start("A");
        book.field("address", "bc1q xyzw 0123 4567 89ab cdef");
        let rows = |columns| book.pages(Room { lines: 20, columns })[0].lines.clone();
        assert_eq!(rows(78), ["  address     bc1q xyzw 0123 4567 89ab cdef"]);
        assert_eq!(rows(40), ["  address     bc1q xyzw 0123 4567 89ab", "              cdef"]);
        assert_eq!(rows(30), ["  address", "    bc1q xyzw 0123 4567 89ab", "    cdef"]);
        assert_eq!(rows(0), ["  address", "    bc1q xyzw 0123", "    4567 89ab cdef"]);
    }

    #[test]
    fn a_place_is_found_again_on_another_screen() {
        let mut book = Book::default();
        for chapter in ["A", "B"] {
            book.start(chapter);
            for part in 0..9 {
                book.keep(|part_| part_.line(&format!("{chapter}{part} {}", "word ".repeat(40))));
            }
        }
        for (small, large) in [((3, 20), (50, 100)), ((20, 78), (18, 60)), ((40, 30), (20, 78))] {
            let room = |(lines, columns)| Room { lines, columns };
            let (before, after) = (book.pages(room(small)), book.pages(room(large)));
            for page in &before {
                let found = &after[page_of(&after, page.from)];
                assert!(found.from <= page.from && found.title == page.title);
                let next = after.get(page_of(&after, page.from) + 1);
                assert!(next.is_none_or(|next| next.from > page.from));
            }
            assert_eq!(page_of(&after, before[0].from), 0);
        }
    }

    #[test]
    fn no_text_reaches_a_page_unescaped() {
        let hostile = "a\u{1b}[2J\u{202e}b\u{200b}c\u{301}\u{301}\r\n\u{9b}31m\u{2028}";
        let mut book = Book::of(hostile, &[hostile.to_owned()]);
        book.field(hostile, hostile);
        book.keep(|part| part.wrapped(2, hostile));
        for page in book.pages(Room::CONSOLE) {
            for line in page.lines.iter().chain([&page.title]) {
                assert!(line.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{line:?}");
            }
        }
    }
}
