//! Pages in the making: lines of 78 columns, pages of 20 lines, what belongs together on one page.

/// Columns of a line, at most.
pub const WIDTH: usize = 78;
/// Lines of a page, at most: 25 less a header, a footer and a line around them.
pub const LINES: usize = 20;

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// Its lines.
    pub lines: Vec<String>,
}

/// Columns of a field's name; a hash of 64 digits fits beside it.
const NAME: usize = 12;

/// Lines that belong together.
#[derive(Default)]
pub(super) struct Part(Vec<String>);

impl Part {
    pub(super) fn line(&mut self, line: &str) {
        self.0.extend(wrap(line, WIDTH));
    }

    pub(super) fn field(&mut self, name: &str, value: &str) {
        let lines = wrap(value, WIDTH.saturating_sub(NAME).saturating_sub(2));
        for (line, first) in lines.iter().zip(std::iter::once(true).chain(std::iter::repeat(false))) {
            let name = if first { name } else { "" };
            self.0.push(format!("  {name:<NAME$}{line}").trim_end().to_owned());
        }
    }

    pub(super) fn wrapped(&mut self, indent: &str, text: &str) {
        let lines = wrap(text, WIDTH.saturating_sub(indent.len()).saturating_sub(5));
        for (line, first) in lines.iter().zip(std::iter::once(true).chain(std::iter::repeat(false))) {
            let hang = if first { "" } else { "     " };
            self.0.push(format!("{indent}{hang}{line}").trim_end().to_owned());
        }
    }
}

/// Pages in the making.
#[derive(Default)]
pub(super) struct Book {
    pages: Vec<Page>,
}

impl Book {
    pub(super) fn start(&mut self, title: &str) {
        self.pages.push(Page { title: title.to_owned(), lines: Vec::new() });
    }

    /// Starts a page unless the open one is of this chapter.
    pub(super) fn start_if(&mut self, title: &str, chapter: &str) {
        if !self.pages.last().is_some_and(|page| page.title.starts_with(chapter)) {
            self.start(title);
        }
    }

    pub(super) fn line(&mut self, line: &str) {
        self.keep(|part| part.line(line));
    }

    pub(super) fn gap(&mut self) {
        self.keep(|part| part.0.push(String::new()));
    }

    pub(super) fn field(&mut self, name: &str, value: &str) {
        self.keep(|part| part.field(name, value));
    }

    /// Adds lines that stay on one page if they fit on one; a page that is full goes on in the next.
    pub(super) fn keep(&mut self, fill: impl FnOnce(&mut Part)) {
        let mut part = Part::default();
        fill(&mut part);
        let room = self.pages.last().map_or(0, |page| LINES.saturating_sub(page.lines.len()));
        let lines = part.0.iter().filter(|line| !line.is_empty()).count();
        if lines > room && lines <= LINES {
            self.turn();
        }
        for line in part.0 {
            if self.pages.last().is_none_or(|page| page.lines.len() >= LINES) {
                if line.is_empty() {
                    continue;
                }
                self.turn();
            }
            if let Some(page) = self.pages.last_mut() {
                page.lines.push(line);
            }
        }
    }

    /// Goes on in a new page under the same title.
    fn turn(&mut self) {
        let title = self.pages.last().map(|page| page.title.clone()).unwrap_or_default();
        if self.pages.last().is_some_and(|page| page.lines.is_empty()) {
            return;
        }
        self.start(&title);
    }

    pub(super) fn finish(mut self) -> Vec<Page> {
        for page in &mut self.pages {
            while page.lines.last().is_some_and(String::is_empty) {
                page.lines.pop();
            }
        }
        self.pages.retain(|page| !page.lines.is_empty());
        self.pages
    }
}

/// Breaks a text at spaces into lines of at most `width` columns; a word that is longer is cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0usize;
    for word in text.split(' ') {
        let long = columns(word);
        if used > 0 && used.saturating_add(1).saturating_add(long) > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used = used.saturating_add(1);
        }
        for c in word.chars() {
            let wide = column(c);
            if used.saturating_add(wide) > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used = used.saturating_add(wide);
        }
    }
    lines.push(line);
    lines
}

fn columns(text: &str) -> usize {
    text.chars().fold(0usize, |sum, c| sum.saturating_add(column(c)))
}

/// Columns of a character: two for East Asian letters, as far as [`crate::text::printable`] lets them through.
const fn column(c: char) -> usize {
    if c as u32 >= 0x3041 { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_nothing_is_lost() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("中中中", 4), ["中中", "中"]);
        let text = "bc1q xyzw 0123 4567 ".repeat(20);
        let back: String = wrap(&text, 33).join("").replace(' ', "");
        assert_eq!(back, text.replace(' ', ""));
    }

    #[test]
    fn a_part_that_fits_on_a_page_is_not_torn() {
        let mut book = Book::default();
        book.start("A");
        for _ in 0..15 {
            book.line("x");
        }
        book.keep(|part| (0..6).for_each(|n| part.line(&n.to_string())));
        let pages = book.finish();
        assert_eq!(pages.len(), 2);
        assert_eq!(pages[1].lines, ["0", "1", "2", "3", "4", "5"]);
        assert!(pages.iter().all(|page| page.title == "A"));
    }

    #[test]
    fn a_part_longer_than_a_page_goes_on() {
        let mut book = Book::default();
        book.start("A");
        book.keep(|part| (0..50).for_each(|n| part.line(&n.to_string())));
        let pages = book.finish();
        assert_eq!(pages.iter().map(|page| page.lines.len()).collect::<Vec<_>>(), [20, 20, 10]);
    }
}
