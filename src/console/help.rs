//! What `?` tells.
//!
//! Floor 6.

/// On pages.
pub(super) const PAGE: &[&str] = &[
    "  Enter, space, right, page down   the next page",
    "  b, left, page up                 the page before",
    "  Esc, q                           stop; a ceremony asks once more: to stop",
    "                                   is to refuse",
    "  Ctrl-C                           ends the program at once, wherever it is;",
    "                                   secrets in memory are overwritten",
    "",
    "The line under the top says where this is, and what comes next.",
    "The window may be made larger or smaller at any time; the page comes again.",
];

/// At questions.
pub(super) const FIELD: &[&str] = &[
    "  Enter             the answer is what was typed; Enter alone is never a yes",
    "  Backspace         takes the last letter back; Ctrl-U takes all of them",
    "  Esc               stop; a ceremony asks once more: to stop is to refuse",
    "  page up           what was said before the question",
    "  F1, or ? first    this help",
    "  Ctrl-C            ends the program at once, wherever it is; secrets in memory",
    "                    are overwritten",
    "",
    "Passphrases are not shown while they are typed, nor is their length.",
    "Where nobody answers for half an hour, the ceremony ends.",
];

/// In menus.
pub(super) const MENU: &[&str] = &[
    "  up, down          another choice; a number chooses at once",
    "  Enter             takes the choice that is marked",
    "  Esc, q, b         back",
    "  Ctrl-C            ends the program at once, wherever it is",
    "",
    "Nothing is signed, made or changed from a menu: each ceremony first shows",
    "what it is about, and needs the custodians' passphrases.",
];
