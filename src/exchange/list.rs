//! A list of missing parts as it is typed, or as a scanner types it.

use crate::qr::{list_form, of_list};

/// Characters of a list, most.
const LETTERS: usize = 400;

/// A list that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    /// Parts that there are.
    count: u32,
    text: String,
    /// Whether Enter found it to be none.
    wrong: bool,
}

impl List {
    pub(super) const fn of(count: u32) -> Self {
        Self { count, text: String::new(), wrong: false }
    }

    pub(super) fn add(&mut self, letter: char) {
        // A scanner types the whole of it again: what was wrong makes room; to mend it, take letters back.
        if std::mem::take(&mut self.wrong) {
            self.text.clear();
        }
        if self.text.len() < LETTERS {
            self.text.push(letter);
        }
    }

    pub(super) fn take_back(&mut self) {
        self.wrong = false;
        self.text.pop();
    }

    /// The numbers: none for an empty list, which means all. What is wrong stays until something else is typed.
    pub(super) fn numbers(&mut self) -> Option<Vec<u32>> {
        // As a receiver shows it.
        let list = self.text.trim().trim_start_matches("missing:").trim();
        if list.is_empty() {
            return Some(Vec::new());
        }
        let numbers = of_list(list, self.count).ok();
        self.wrong = numbers.is_none();
        numbers
    }

    /// The line that is typed into, of `columns` letters.
    pub(super) fn line(&self, columns: usize) -> String {
        let (count, form) = (self.count, list_form(self.count));
        let prompt = if self.wrong {
            format!("no list of parts from 1 to {count}, such as {form}; Esc: leave: ")
        } else {
            format!("missing parts ({form}), Enter; Esc: leave: ")
        };
        // The end of a long list is what is being typed.
        let room = columns.saturating_sub(prompt.len()).saturating_sub(1).max(1);
        let from = self.text.chars().count().saturating_sub(room);
        let end: String = self.text.chars().skip(from).collect();
        format!("{prompt}{end}_")
    }
}
