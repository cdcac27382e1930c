//! How a screen is laid out: the vault and what is done above, then where we are, a heading, lines, and the keys below.
//!
//! Floor 6. Pure: it paints cells. Bold and reversed letters only; nothing hangs on a colour.

use ratatui_core::{
    buffer::Buffer,
    style::{Modifier, Style},
};

use crate::{
    port::Step,
    text::{self, Room},
};

/// Rows above the lines: whose vault, where we are, the heading. Below them: a gap, the keys.
const ABOVE: usize = 3;
const BELOW: usize = 2;
/// The frame of a page that tells of tampering: rows above and below the lines, letters beside them.
const GRAVE_ABOVE: usize = 5;
const GRAVE_BELOW: usize = 3;
const GRAVE_BESIDE: usize = 3;
/// Rows and columns without which nothing can be read.
pub(super) const LEAST: (usize, usize) = (12, 34);

/// What stands on a screen around its lines.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// The vault and its network; empty where none is open.
    pub(super) whose: String,
    /// What is done.
    pub(super) doing: String,
    /// The steps of it, in order.
    pub(super) way: &'static [Step],
    /// Where it is.
    pub(super) at: Option<Step>,
    /// Whether it tells of tampering.
    pub(super) grave: bool,
}

/// The lines of a screen.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines<'a> {
    pub(super) heading: String,
    pub(super) lines: &'a [String],
    /// Lines that are marked, from and up to.
    pub(super) marked: Option<(usize, usize)>,
    pub(super) keys: &'a str,
}

/// The room for lines on a terminal of so many rows and columns.
pub(super) fn room((rows, columns): (usize, usize), grave: bool) -> Room {
    let (above, below, beside) = if grave { (GRAVE_ABOVE, GRAVE_BELOW, GRAVE_BESIDE) } else { (ABOVE, BELOW, 1) };
    Room {
        lines: rows.saturating_sub(above).saturating_sub(below).max(Room::LEAST.lines),
        columns: columns.saturating_sub(beside.saturating_mul(2)).clamp(Room::LEAST.columns, Room::WIDEST),
    }
}

/// The row and column at which the lines begin.
pub(super) const fn origin(grave: bool) -> (usize, usize) {
    if grave { (GRAVE_ABOVE, GRAVE_BESIDE) } else { (ABOVE, 1) }
}

/// Whether something can be read on a terminal of so many rows and columns.
pub(super) const fn is_large_enough((rows, columns): (usize, usize)) -> bool {
    rows >= LEAST.0 && columns >= LEAST.1
}

/// Lines that fit into `columns`. `plain` puts a line into letters that the terminal has, before it is broken.
pub(super) fn folded(lines: &[String], columns: usize, plain: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut out = Vec::new();
    for line in lines.iter().map(|line| plain(line)) {
        if line.is_empty() {
            out.push(String::new());
        }
        out.extend(line.lines().flat_map(|line| text::folded(line, columns)));
    }
    out
}

/// The keys as far as there is room: first the gaps shrink, then keys go, the ways on, out and to help last.
fn keys(keys: &str, columns: usize) -> String {
    let fits = |text: &str| text.chars().count() <= columns;
    if fits(keys) {
        return keys.to_owned();
    }
    let apart = keys.replace(", Enter", "   Enter");
    let mut parts: Vec<&str> = apart.split("   ").collect();
    let kept = |part: &&str| ["Enter", "Esc", "?", "F1"].iter().any(|key| part.starts_with(key));
    loop {
        if let Some(text) = [parts.join("   "), parts.join("  ")].into_iter().find(|text| fits(text)) {
            return text;
        }
        if parts.len() < 2 {
            return parts.concat();
        }
        parts.remove(parts.iter().position(|part| !kept(part)).unwrap_or(0));
    }
}

impl View {
    /// Paints the screen. `plain` puts a line into letters that the terminal has.
    pub(super) fn paint(&self, buffer: &mut Buffer, shown: &Lines<'_>, plain: &dyn Fn(&str) -> String) {
        let (rows, columns) = (usize::from(buffer.area.height), usize::from(buffer.area.width));
        let mut brush = Brush { buffer, plain, rows, columns };
        if !is_large_enough((rows, columns)) {
            let sentence = format!(
                "This window has {columns} columns and {rows} rows: too small to read in. It needs {} and {}.",
                LEAST.1, LEAST.0
            );
            for (row, line) in text::folded(&sentence, columns.max(8)).iter().enumerate() {
                brush.line(row, 0, line, Style::new());
            }
            return;
        }
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        let bold = Style::new().add_modifier(Modifier::BOLD);
        brush.bar(0, &between(&format!(" STRONGROOM  {}", self.whose), &format!("{} ", self.doing), columns), reversed);
        if self.grave {
            brush.frame(reversed);
            brush.line(GRAVE_ABOVE - 1, GRAVE_BESIDE, &shown.heading, bold);
        } else {
            let (before, here, after) = self.stands(columns.saturating_sub(2));
            brush.line(1, 1, &before, Style::new());
            brush.line(1, before.chars().count().saturating_add(1), &here, bold);
            brush.line(
                1,
                before.chars().count().saturating_add(here.chars().count()).saturating_add(1),
                &after,
                Style::new(),
            );
            brush.line(2, 1, &shown.heading, bold);
        }
        let (top, left) = origin(self.grave);
        let room = room((rows, columns), self.grave);
        for (number, line) in shown.lines.iter().take(room.lines).enumerate() {
            let marked = shown.marked.is_some_and(|(from, upto)| (from..upto).contains(&number));
            brush.line(top.saturating_add(number), left, line, if marked { reversed } else { Style::new() });
        }
        brush.bar(rows.saturating_sub(1), &format!(" {}", keys(shown.keys, columns.saturating_sub(1))), reversed);
    }

    /// The way, with the step where it is; in short where it is too long for a line.
    fn stands(&self, columns: usize) -> (String, String, String) {
        let Some(at) = self.at else { return Default::default() };
        let here = format!("[{}]", at.words());
        let Some(number) = self.way.iter().position(|step| *step == at) else {
            return (String::new(), here, String::new());
        };
        let (before, after) = self.way.split_at(number);
        let mut head: String = before.iter().map(|step| format!("{} > ", step.words())).collect();
        let mut tail: String = after.iter().skip(1).map(|step| format!(" > {}", step.words())).collect();
        let letters = |text: &str| text.chars().count();
        if letters(&head).saturating_add(letters(&here)).saturating_add(letters(&tail)) > columns {
            head = format!("{} of {} ", number.saturating_add(1), self.way.len());
            tail = after.get(1).map_or_else(String::new, |next| format!(" next: {}", next.words()));
        }
        (head, here, tail)
    }
}

/// Two texts at the two ends of a line; the first one is cut where both have no room.
fn between(left: &str, right: &str, columns: usize) -> String {
    let room = columns.saturating_sub(right.chars().count()).saturating_sub(1);
    let left: String = left.chars().take(room).collect();
    let gap = columns.saturating_sub(left.chars().count()).saturating_sub(right.chars().count());
    format!("{left}{}{right}", " ".repeat(gap))
}

/// Paints within the buffer only.
struct Brush<'a> {
    buffer: &'a mut Buffer,
    plain: &'a dyn Fn(&str) -> String,
    rows: usize,
    columns: usize,
}

impl Brush<'_> {
    fn line(&mut self, row: usize, column: usize, line: &str, style: Style) {
        let (Ok(y), Ok(x)) = (u16::try_from(row), u16::try_from(column)) else { return };
        if row < self.rows && column < self.columns {
            let _end = self.buffer.set_stringn(x, y, (self.plain)(line), self.columns.saturating_sub(column), style);
        }
    }

    /// A line over the whole width.
    fn bar(&mut self, row: usize, line: &str, style: Style) {
        let rest = self.columns.saturating_sub(line.chars().count());
        self.line(row, 0, &format!("{line}{}", " ".repeat(rest)), style);
    }

    /// A thick frame that says so in words, whatever colours there are.
    fn frame(&mut self, style: Style) {
        const WORDS: &str = "  S T O P  ";
        let last = self.rows.saturating_sub(2);
        let full = "#".repeat(self.columns);
        for row in [1, 3, last] {
            self.bar(row, &full, style);
        }
        let side = self.columns.saturating_sub(WORDS.len()) / 2;
        let rest = self.columns.saturating_sub(WORDS.len()).saturating_sub(side);
        self.bar(2, &format!("{}{WORDS}{}", "#".repeat(side), "#".repeat(rest)), style);
        for row in 4..last {
            self.line(row, 0, "##", style);
            self.line(row, self.columns.saturating_sub(2), "##", style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui_core::layout::Rect;

    const WAY: &[Step] = &[Step::Bring, Step::Vault, Step::Review, Step::Ballots, Step::Work, Step::Return];

    fn painted(rows: u16, columns: u16, view: &View, shown: &Lines<'_>) -> Vec<String> {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        view.paint(&mut buffer, shown, &|line| line.to_owned());
        let letters: Vec<&str> = buffer.content().iter().map(|cell| cell.symbol()).collect();
        letters.chunks(usize::from(columns)).map(|row| row.concat().trim_end().to_owned()).collect()
    }

    fn view() -> View {
        View { whose: "treasury  mainnet".into(), doing: "Sign".into(), way: WAY, at: Some(Step::Review), grave: false }
    }

    #[test]
    fn what_is_done_and_what_comes_next_is_on_every_screen() {
        let lines = vec!["one".to_owned(), "two".to_owned()];
        let shown = Lines { heading: "a page".into(), lines: &lines, marked: None, keys: "Enter: go on" };
        let rows = painted(25, 80, &view(), &shown);
        assert!(rows[0].starts_with(" STRONGROOM  treasury  mainnet") && rows[0].ends_with("Sign"), "{rows:#?}");
        assert_eq!(rows[1], " bring it > the vault > [review] > ballots > the work > return");
        assert_eq!((rows[2].as_str(), rows[3].as_str(), rows[4].as_str()), (" a page", " one", " two"));
        assert_eq!(rows[24], " Enter: go on");
        assert_eq!(painted(12, 40, &view(), &shown)[1], " 3 of 6 [review] next: ballots");
        let last = View { at: Some(Step::Return), ..view() };
        assert_eq!(painted(12, 40, &last, &shown)[1], " 6 of 6 [return]");
        let none = View { at: None, ..view() };
        assert_eq!(painted(25, 80, &none, &shown)[1], "");
    }

    #[test]
    fn of_the_keys_the_ways_out_and_to_help_stay() {
        let all = "up, down or a number, Enter: choose   Esc: back   ?: help";
        for (columns, shown) in [
            (79, all),
            (56, "up, down or a number  Enter: choose  Esc: back  ?: help"),
            (54, "Enter: choose   Esc: back   ?: help"),
            (33, "Enter: choose  Esc: back  ?: help"),
            (32, "Esc: back   ?: help"),
            (8, "?: help"),
        ] {
            assert_eq!(keys(all, columns), shown);
        }
        let pages = "Enter: go on   b: back   Esc: leave   ?: help";
        assert_eq!(keys(pages, 33), "Enter: go on  Esc: leave  ?: help");
        let narrow = Lines { keys: all, ..Lines::default() };
        assert_eq!(painted(12, 34, &view(), &narrow)[11], " Enter: choose  Esc: back  ?: help");
    }

    #[test]
    fn a_stop_has_a_frame_on_all_sides_and_its_lines_inside() {
        let lines: Vec<String> = (0..80).map(|number| format!("line {number}")).collect();
        let shown = Lines { heading: "SOMEONE TAMPERED".into(), lines: &lines, marked: None, keys: "Enter: go on" };
        for (rows, columns) in [(25u16, 80u16), (60, 200), (12, 34)] {
            let painted = painted(rows, columns, &View { grave: true, ..view() }, &shown);
            assert!(painted[2].contains("S T O P"), "{painted:#?}");
            let last = painted.len() - 2;
            for row in [1, 3, last] {
                assert_eq!(painted[row], "#".repeat(usize::from(columns)));
            }
            assert!(painted[4..last].iter().all(|row| row.starts_with("##") && row.ends_with("##")), "{painted:#?}");
            let room = room((usize::from(rows), usize::from(columns)), true);
            let inside = painted.iter().filter(|row| row.contains("line ")).count();
            assert_eq!(inside, room.lines, "{painted:#?}");
        }
    }

    #[test]
    fn a_row_is_broken_after_its_letters_were_replaced_so_that_its_end_is_on_the_screen() {
        let plain = |line: &str| {
            line.chars()
                .map(|c| if c.is_ascii() { c.into() } else { c.escape_unicode().to_string() })
                .collect::<String>()
        };
        let line = format!("{} pays 9.00000000 BTC", "é".repeat(60));
        let lines = folded(&[line.clone(), String::new()], 78, &plain);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 25));
        view().paint(&mut buffer, &Lines { lines: &lines, ..Lines::default() }, &plain);
        let letters: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
        assert!(letters.contains("pays 9.00000000 BTC"), "{letters}");
        assert_eq!(lines.concat().replace(' ', ""), plain(&line).replace(' ', ""));
        assert!(lines.iter().all(|row| row.chars().count() <= 78) && lines.last().unwrap().is_empty());
    }

    #[test]
    fn no_size_of_a_window_is_too_much() {
        let lines = vec!["x".repeat(300); 300];
        let shown = Lines { heading: "h".repeat(300), lines: &lines, marked: Some((0, 9)), keys: &"k".repeat(300) };
        for rows in [1, 2, 11, 12, 400] {
            for columns in [1, 2, 33, 34, 1000] {
                for grave in [false, true] {
                    let rows = painted(rows, columns, &View { grave, ..view() }, &shown);
                    assert!(rows.iter().all(|row| row.chars().count() <= usize::from(columns)));
                }
            }
        }
        assert!(painted(11, 80, &view(), &shown)[0].contains("too small to read in"));
    }

    #[test]
    fn the_room_of_80_by_25_is_that_of_a_console() {
        let room = room((25, 80), false);
        assert_eq!((room.lines, room.columns), (Room::CONSOLE.lines, Room::CONSOLE.columns));
    }
}
