//! Reading: a book is shown page by page, to its end, on a screen of whatever size it has at each page.

use crate::{
    port::{Back, DeviceError, Screen, Turn},
    review::{Book, page_of},
};

/// That a book was seen to its last page. Nothing else makes one.
#[must_use]
pub struct Seen(());

/// Shows every page of a book. Where the screen changed its size while a page stood on it, the place where that page
/// began is shown again: part of it may have been pushed off.
///
/// # Errors
/// The terminal is gone, or the person stopped.
pub fn read_through(screen: &mut dyn Screen, heading: &str, book: &Book) -> Result<Seen, DeviceError> {
    let mut room = screen.room();
    let mut pages = book.pages(room);
    let mut at = 0usize;
    while let Some(page) = pages.get(at) {
        let of = if pages.len() > 1 { format!(" {} of {}", at.saturating_add(1), pages.len()) } else { String::new() };
        let back = if at > 0 { Back::Offered } else { Back::None };
        let turn = screen.turn(&format!("{heading}{of}: {}", page.title), &page.lines, back)?;
        let now = screen.room();
        if now != room {
            let from = page.from;
            room = now;
            pages = book.pages(room);
            at = page_of(&pages, from);
            continue;
        }
        at = match turn {
            Turn::On => at.saturating_add(1),
            Turn::Back => at.saturating_sub(1),
            Turn::Again => at,
        };
    }
    Ok(Seen(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sys::Secret, text::Room};

    /// A screen that follows a script of turns and sizes.
    #[derive(Default)]
    struct Script {
        rooms: Vec<Room>,
        turns: Vec<Turn>,
        seen: Vec<(String, Vec<String>, Back)>,
    }

    impl Screen for Script {
        fn say(&mut self, _: &str) -> Result<(), DeviceError> {
            Ok(())
        }

        fn page(&mut self, _: &str, _: &[String]) -> Result<(), DeviceError> {
            Err(DeviceError::NoTerminal)
        }

        fn room(&self) -> Room {
            *self.rooms.get(self.seen.len()).or(self.rooms.last()).unwrap_or(&Room::CONSOLE)
        }

        fn turn(&mut self, title: &str, lines: &[String], back: Back) -> Result<Turn, DeviceError> {
            self.seen.push((title.to_owned(), lines.to_vec(), back));
            Ok(self.turns.get(self.seen.len() - 1).copied().unwrap_or(Turn::On))
        }

        fn secret(&mut self, _: &str, _: &Secret) -> Result<(), DeviceError> {
            Ok(())
        }

        fn working(&mut self, _: Option<&str>) {}
    }

    fn book() -> Book {
        let mut book = Book::default();
        for chapter in ["ONE", "TWO"] {
            book.start(chapter);
            (0..9).for_each(|line| book.line(&format!("{chapter} {line}")));
        }
        book
    }

    fn room(lines: usize) -> Room {
        Room { lines, columns: 78 }
    }

    #[test]
    fn every_page_is_seen_before_anything_goes_on() {
        let mut script = Script { rooms: vec![room(5)], ..Script::default() };
        let _seen = read_through(&mut script, "heading", &book()).unwrap();
        let titles: Vec<&str> = script.seen.iter().map(|(title, ..)| title.as_str()).collect();
        assert_eq!(
            titles,
            ["heading 1 of 4: ONE", "heading 2 of 4: ONE", "heading 3 of 4: TWO", "heading 4 of 4: TWO"]
        );
        let lines: Vec<String> = script.seen.iter().flat_map(|(_, lines, _)| lines.clone()).collect();
        assert_eq!(lines.len(), 18);
        assert_eq!((script.seen[0].2, script.seen[1].2), (Back::None, Back::Offered));
    }

    #[test]
    fn who_goes_back_sees_all_that_follows_again() {
        let turns = vec![Turn::Back, Turn::On, Turn::Back, Turn::On, Turn::On];
        let mut script = Script { rooms: vec![room(20)], turns, ..Script::default() };
        let _seen = read_through(&mut script, "h", &book()).unwrap();
        let titles: Vec<&str> = script.seen.iter().map(|(title, ..)| title.as_str()).collect();
        assert_eq!(titles, ["h 1 of 2: ONE", "h 1 of 2: ONE", "h 2 of 2: TWO", "h 1 of 2: ONE", "h 2 of 2: TWO"]);
    }

    #[test]
    fn another_size_in_the_middle_loses_no_line() {
        // Each list: the size before the first page, then after each page.
        for rooms in [&[20, 20, 4][..], &[4, 20], &[4, 4, 3, 7, 3, 3], &[20, 3, 20, 3]] {
            let mut script = Script { rooms: rooms.iter().copied().map(room).collect(), ..Script::default() };
            let _seen = read_through(&mut script, "h", &book()).unwrap();
            let mut whole: Vec<String> = Vec::new();
            for (number, (_, lines, _)) in script.seen.iter().enumerate() {
                let same = script.rooms.get(number + 1).or(script.rooms.last())
                    == script.rooms.get(number).or(script.rooms.last());
                if same {
                    whole.extend(lines.clone());
                }
            }
            whole.dedup();
            for line in (0..9).flat_map(|line| [format!("ONE {line}"), format!("TWO {line}")]) {
                assert!(whole.contains(&line), "{rooms:?}: {line} stood on no page that was turned at its own size");
            }
        }
    }

    #[test]
    fn a_terminal_that_is_gone_has_shown_nothing() {
        struct Gone;
        impl Screen for Gone {
            fn say(&mut self, _: &str) -> Result<(), DeviceError> {
                Err(DeviceError::NoTerminal)
            }
            fn page(&mut self, _: &str, _: &[String]) -> Result<(), DeviceError> {
                Err(DeviceError::NoTerminal)
            }
            fn secret(&mut self, _: &str, _: &Secret) -> Result<(), DeviceError> {
                Err(DeviceError::NoTerminal)
            }
            fn working(&mut self, _: Option<&str>) {}
        }
        assert!(matches!(read_through(&mut Gone, "h", &book()), Err(DeviceError::NoTerminal)));
    }
}
