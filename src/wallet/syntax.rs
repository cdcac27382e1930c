//! The bare grammar of descriptors: functions, arguments, trees in braces. No meaning.
//!
//! Floor 1.

use crate::limits::DESCRIPTOR_DEPTH;

/// A node of a descriptor's text.
pub(super) enum Node<'a> {
    /// A text without parentheses: a key, a number, a hash.
    Leaf(&'a str),
    /// `name(argument,…)`; the name with its miniscript wrappers.
    Call { name: &'a str, arguments: Vec<Self> },
    /// `{left,right}` of taproot.
    Braces(Vec<Self>),
}

impl<'a> Node<'a> {
    /// Reads the whole of `text`; the error is the byte (from 1) at which it stops being a descriptor.
    pub(super) fn read(text: &'a str) -> Result<Self, usize> {
        let mut reader = Reader { text, at: 0 };
        let node = reader.node(DESCRIPTOR_DEPTH)?;
        if reader.rest().is_empty() { Ok(node) } else { Err(reader.place()) }
    }

    /// The arguments of a function of this very name.
    pub(super) fn call(&self, wanted: &str) -> Option<&[Self]> {
        match self {
            Self::Call { name, arguments } if *name == wanted => Some(arguments),
            Self::Call { .. } | Self::Leaf(_) | Self::Braces(_) => None,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn place(&self) -> usize {
        self.at.saturating_add(1)
    }

    fn take(&mut self, wanted: char) -> bool {
        let there = self.rest().starts_with(wanted);
        if there {
            self.at = self.at.saturating_add(wanted.len_utf8());
        }
        there
    }

    fn node(&mut self, depth: usize) -> Result<Node<'a>, usize> {
        let depth = depth.checked_sub(1).ok_or(self.place())?;
        if self.take('{') {
            return self.list('}', depth).map(Node::Braces);
        }
        let rest = self.rest();
        let word = rest.split(['(', ')', ',', '{', '}']).next().unwrap_or_default();
        self.at = self.at.saturating_add(word.len());
        if self.take('(') {
            let arguments = self.list(')', depth)?;
            Ok(Node::Call { name: word, arguments })
        } else {
            Ok(Node::Leaf(word))
        }
    }

    fn list(&mut self, end: char, depth: usize) -> Result<Vec<Node<'a>>, usize> {
        let mut nodes = Vec::new();
        loop {
            nodes.push(self.node(depth)?);
            if self.take(end) {
                return Ok(nodes);
            }
            if !self.take(',') {
                return Err(self.place());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_nest() {
        let node = Node::read("tr(a,{pk(b),v:older(3)})").map_err(|_| ()).unwrap();
        let arguments = node.call("tr").unwrap();
        assert!(matches!(arguments, [Node::Leaf("a"), Node::Braces(pair)] if pair.len() == 2));
    }

    #[test]
    fn the_place_of_an_error_is_named() {
        for (text, place) in [("pk(a", 5), ("pk(a))", 6), ("pk(a){", 6), ("sh(wsh(a)", 10), ("a,b", 2)] {
            assert_eq!(Node::read(text).map(|_| ()).unwrap_err(), place, "{text}");
        }
        assert!(Node::read(&"(".repeat(100_000)).is_err());
        assert!(Node::read(&"{".repeat(100_000)).is_err());
    }
}
