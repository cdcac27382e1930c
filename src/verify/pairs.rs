//! Compares two PSBTs pair by pair, as raw bytes: only planned signatures may have been added.
//!
//! In version 2 (BIP370) the global map says besides, with a signature, that nothing may be changed any more. A
//! reader of its own, beside that of `psbt`; both files were parsed before. Floor 4.

use std::borrow::Cow;

use crate::psbt::NewSignature;

/// A key with its value.
type Pair<'a> = (&'a [u8], Cow<'a, [u8]>);

/// The maps of a PSBT.
pub(super) struct Maps<'a> {
    maps: Vec<Vec<Pair<'a>>>,
    inputs: usize,
    two: bool,
}

/// What a map is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Global,
    Input,
    Output,
}

impl<'a> Maps<'a> {
    /// Reads the global map and those of exactly so many inputs and outputs after the magic bytes, and nothing
    /// after them.
    pub(super) fn read(bytes: &'a [u8], inputs: usize, outputs: usize) -> Option<Self> {
        let count = inputs.checked_add(outputs)?.checked_add(1)?;
        let mut rest = bytes.strip_prefix(b"psbt\xff")?;
        let mut maps = Vec::new();
        for _ in 0..count {
            let mut pairs = Vec::new();
            loop {
                let key = string(&mut rest)?;
                if key.is_empty() {
                    break;
                }
                pairs.push((key, Cow::Borrowed(string(&mut rest)?)));
            }
            maps.push(pairs);
        }
        let says_two = |(key, value): &Pair<'_>| *key == [0xfb] && **value == [2, 0, 0, 0];
        let two = maps.first().is_some_and(|global| global.iter().any(says_two));
        rest.is_empty().then_some(Self { maps, inputs, two })
    }

    /// Whether this is `original` with each of `added` in its input's map, every other pair as it was and in
    /// its order, and nothing else; of version 2 with neither inputs nor outputs open to change.
    pub(super) fn is_with(&self, original: &Self, added: &[(u32, NewSignature)]) -> bool {
        if !self.are_alike(original) || !self.hold(added) {
            return false;
        }
        self.maps.iter().zip(&original.maps).enumerate().all(|(map, (pairs, old))| {
            let mut left = of_map(added, map);
            let kind = self.kind(map);
            let mut old = old.iter().map(|pair| self.signed(kind, pair, added)).peekable();
            pairs.iter().all(|pair| old.next_if_eq(pair).is_some() || take(&mut left, pair))
                && left.is_empty()
                && old.peek().is_none()
        })
    }

    /// Whether this holds what makes the unsigned transaction of `original`, all of it and in its order, each of
    /// `added`, of the other pairs only signatures that `original` has too, and nothing else.
    pub(super) fn is_trimmed(&self, original: &Self, added: &[(u32, NewSignature)]) -> bool {
        if !self.are_alike(original) || !self.hold(added) {
            return false;
        }
        self.maps.iter().zip(&original.maps).enumerate().all(|(map, (pairs, old))| {
            let mut left = of_map(added, map);
            let kind = self.kind(map);
            let makes = |pair: &&Pair<'_>| self.makes_transaction(kind, pair.0);
            let mut must = old.iter().filter(makes).map(|pair| self.signed(kind, pair, added)).peekable();
            pairs.iter().all(|pair| {
                let signature = kind == Kind::Input && matches!(pair.0, [0x02, ..] | [0x13] | [0x14, ..]);
                must.next_if_eq(pair).is_some() || (signature && old.contains(pair)) || take(&mut left, pair)
            }) && left.is_empty()
                && must.peek().is_none()
        })
    }

    /// What the map at `place` is.
    fn kind(&self, place: usize) -> Kind {
        match place {
            0 => Kind::Global,
            place if place <= self.inputs => Kind::Input,
            _ => Kind::Output,
        }
    }

    /// Whether the unsigned transaction is made of such a field (BIP174, BIP370).
    fn makes_transaction(&self, map: Kind, key: &[u8]) -> bool {
        let [key] = key else { return false };
        if !self.two {
            return map == Kind::Global && *key == 0x00;
        }
        match map {
            Kind::Global => [0x02, 0x03, 0x04, 0x05, 0x06, 0xfb].contains(key),
            Kind::Input => [0x0e, 0x0f, 0x10, 0x11, 0x12].contains(key),
            Kind::Output => [0x03, 0x04].contains(key),
        }
    }

    /// The pair as it is once signatures were added: version 2 says then that neither inputs nor outputs may be
    /// changed, where it says anything of that.
    fn signed<'b>(&self, map: Kind, pair: &Pair<'b>, added: &[(u32, NewSignature)]) -> Pair<'b> {
        match (map, pair.0, &*pair.1) {
            (Kind::Global, [0x06], [flags]) if self.two && !added.is_empty() => {
                (pair.0, Cow::Owned(vec![flags & 0b1111_1100]))
            }
            _ => pair.clone(),
        }
    }

    fn are_alike(&self, other: &Self) -> bool {
        self.inputs == other.inputs && self.maps.len() == other.maps.len() && self.two == other.two
    }

    /// Whether every signature is for an input that is there, in their order.
    fn hold(&self, added: &[(u32, NewSignature)]) -> bool {
        added.is_sorted_by_key(|(input, _)| *input)
            && added.iter().all(|(input, _)| map_of(*input).is_some_and(|map| map <= self.inputs))
    }
}

/// The place of an input's map: the global one is the first.
fn map_of(input: u32) -> Option<usize> {
    usize::try_from(input).ok()?.checked_add(1)
}

/// The pairs that are to be added to a map. `added` is sorted by input.
fn of_map(added: &[(u32, NewSignature)], map: usize) -> Vec<(Vec<u8>, &[u8])> {
    let start = added.partition_point(|(input, _)| map_of(*input) < Some(map));
    let ours = added.iter().skip(start).take_while(|(input, _)| map_of(*input) == Some(map));
    ours.map(|(_, signature)| match signature {
        NewSignature::Ecdsa { key, signature } => ([&[0x02], key.as_slice()].concat(), signature.as_slice()),
        NewSignature::TapKey { signature } => (vec![0x13], signature.as_slice()),
        NewSignature::TapScript { key, leaf, signature } => {
            ([&[0x14], key.as_slice(), leaf].concat(), signature.as_slice())
        }
    })
    .collect()
}

/// Takes `pair` out of what is left to be found.
fn take(left: &mut Vec<(Vec<u8>, &[u8])>, pair: &Pair<'_>) -> bool {
    let found = left.iter().position(|(key, value)| key == pair.0 && *value == &*pair.1);
    found.map(|place| left.swap_remove(place)).is_some()
}

/// A byte string with its CompactSize length before it.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = compact_size(rest)?;
    let (string, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(string)
}

fn compact_size(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes {
        [0xfd, rest @ ..] => rest.split_first_chunk().map(|(size, rest)| (u16::from_le_bytes(*size).into(), rest)),
        [0xfe, rest @ ..] => rest.split_first_chunk().map(|(size, rest)| (u32::from_le_bytes(*size).into(), rest)),
        [0xff, rest @ ..] => rest.split_first_chunk().map(|(size, rest)| (u64::from_le_bytes(*size), rest)),
        [size, rest @ ..] => Some((u64::from(*size), rest)),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Owned = Vec<Vec<(Vec<u8>, Vec<u8>)>>;

    fn write(maps: &Owned) -> Vec<u8> {
        let mut out = b"psbt\xff".to_vec();
        for map in maps {
            for (key, value) in map {
                out.push(key.len() as u8);
                out.extend(key);
                out.push(value.len() as u8);
                out.extend(value);
            }
            out.push(0);
        }
        out
    }

    fn pair(key: &[u8], value: &[u8]) -> (Vec<u8>, Vec<u8>) {
        (key.to_vec(), value.to_vec())
    }

    fn signature(byte: u8) -> NewSignature {
        NewSignature::Ecdsa { key: [byte; 33], signature: vec![byte; 3] }
    }

    /// Two inputs, one output; a signature of another signer in input 1.
    fn original() -> Owned {
        vec![
            vec![pair(&[0], b"tx"), pair(&[0xfc, 1], b"x")],
            vec![pair(&[1], b"coin"), pair(&[6, 9], b"path")],
            vec![pair(&[1], b"coin"), pair(&[&[2], [9; 33].as_slice()].concat(), b"sig")],
            vec![pair(&[2, 9], b"path")],
        ]
    }

    fn added() -> Vec<(u32, NewSignature)> {
        vec![(0, signature(7)), (1, signature(8))]
    }

    fn signed() -> Owned {
        let mut maps = original();
        maps[1].insert(1, pair(&[&[2], [7; 33].as_slice()].concat(), &[7; 3]));
        maps[2].push(pair(&[&[2], [8; 33].as_slice()].concat(), &[8; 3]));
        maps
    }

    fn trimmed() -> Owned {
        let mut maps = signed();
        maps[0].truncate(1);
        maps[1].retain(|(key, _)| key[0] == 2);
        maps[2].retain(|(key, _)| key[0] == 2);
        maps[3].clear();
        maps
    }

    fn verdicts(bytes: &[u8], added: &[(u32, NewSignature)]) -> (bool, bool) {
        verdicts_on(&original(), bytes, added)
    }

    fn verdicts_on(original: &Owned, bytes: &[u8], added: &[(u32, NewSignature)]) -> (bool, bool) {
        let old = write(original);
        let old = Maps::read(&old, 2, 1).unwrap();
        Maps::read(bytes, 2, 1).map_or((false, false), |maps| (maps.is_with(&old, added), maps.is_trimmed(&old, added)))
    }

    #[test]
    fn the_original_with_the_planned_signatures_passes() {
        assert_eq!(verdicts(&write(&signed()), &added()), (true, false));
        assert_eq!(verdicts(&write(&trimmed()), &added()), (false, true));
        let mut without_the_other = trimmed();
        without_the_other[2].remove(0);
        assert_eq!(verdicts(&write(&without_the_other), &added()), (false, true));
    }

    #[track_caller]
    fn refused(what: &str, edit: impl Fn(&mut Owned)) {
        for base in [signed(), trimmed()] {
            let mut maps = base;
            edit(&mut maps);
            assert_eq!(verdicts(&write(&maps), &added()), (false, false), "{what}");
        }
    }

    #[test]
    fn any_other_difference_is_found() {
        refused("a value changed", |maps| maps[0][0].1[0] ^= 1);
        refused("a signature changed", |maps| maps[2].last_mut().unwrap().1[0] ^= 1);
        refused("a signature's key changed", |maps| maps[2].last_mut().unwrap().0[1] ^= 1);
        refused("a signature missing", |maps| drop(maps[2].pop()));
        refused("a signature in the other input", |maps| {
            let moved = maps[2].pop().unwrap();
            maps[1].push(moved);
        });
        refused("a signature twice", |maps| {
            let again = maps[2].last().unwrap().clone();
            maps[2].push(again);
        });
        refused("an unplanned pair", |maps| maps[1].push(pair(&[3], &[1, 0, 0, 0])));
        refused("an unplanned pair in an output", |maps| maps[3].push(pair(&[2, 1], b"x")));
        refused("an unplanned signature", |maps| maps[1].push(pair(&[&[2], [5; 33].as_slice()].concat(), &[5; 3])));
        refused("an output's old pair of another meaning", |maps| {
            maps[3] = vec![pair(&[2, 9], b"path"), pair(&[2, 9], b"path")]
        });
        refused("a pair fewer", |maps| drop(maps[0].remove(0)));
        refused("a map more", |maps| maps.push(vec![]));
        refused("a map fewer", |maps| drop(maps.pop()));
    }

    #[test]
    fn order_is_kept() {
        let mut maps = signed();
        maps[0].swap(0, 1);
        assert!(!verdicts(&write(&maps), &added()).0);
    }

    #[test]
    fn a_signature_for_no_input_is_refused() {
        let mut more = added();
        more.push((2, signature(1)));
        assert!(!verdicts(&write(&signed()), &[added()[1].clone(), added()[0].clone()]).0, "out of order");
        assert_eq!(verdicts(&write(&signed()), &more), (false, false));
        assert_eq!(verdicts(&write(&trimmed()), &more), (false, false));
        // Beyond all maps.
        more[2].0 = 7;
        assert_eq!(verdicts(&write(&signed()), &more), (false, false));
        assert_eq!(verdicts(&write(&trimmed()), &more), (false, false));
    }

    #[test]
    fn a_signature_in_an_outputs_map_is_refused() {
        let mut more = added();
        more.push((2, signature(1)));
        for mut maps in [signed(), trimmed()] {
            maps[3].push(pair(&[&[2], [1; 33].as_slice()].concat(), &[1; 3]));
            assert_eq!(verdicts(&write(&maps), &more), (false, false));
        }
    }

    #[test]
    fn as_many_inputs_and_outputs_are_there_as_before() {
        let old = write(&original());
        let old = Maps::read(&old, 2, 1).unwrap();
        for maps in [signed(), trimmed()] {
            let longer = [maps.clone(), vec![vec![]]].concat();
            for (maps, inputs, outputs) in [(&maps, 3, 0), (&maps, 1, 2), (&longer, 2, 2), (&longer, 3, 1)] {
                let bytes = write(maps);
                let other = Maps::read(&bytes, inputs, outputs).unwrap();
                let verdicts = (other.is_with(&old, &added()), other.is_trimmed(&old, &added()));
                assert_eq!(verdicts, (false, false), "{inputs} {outputs}");
            }
        }
    }

    #[test]
    fn only_the_field_of_the_version_tells_the_version() {
        let foreign = |mut maps: Owned| {
            maps[0].extend([pair(&[0xfc, 2], &[2, 0, 0, 0]), pair(&[6], &[3])]);
            maps
        };
        let old = foreign(original());
        assert_eq!(verdicts_on(&old, &write(&foreign(signed())), &added()), (true, false));
        assert_eq!(verdicts_on(&old, &write(&trimmed()), &added()), (false, true));
    }

    #[test]
    fn bytes_that_are_no_maps_are_not_read() {
        let good = write(&original());
        assert!(Maps::read(&good, 2, 1).is_some());
        for end in 0..good.len() {
            assert!(Maps::read(&good[..end], 2, 1).is_none(), "{end}");
        }
        assert!(Maps::read(&[good.as_slice(), &[0]].concat(), 2, 1).is_none());
    }

    /// The same of version 2, with these flags.
    fn two(maps: &Owned, flags: Option<u8>) -> Owned {
        let mut maps = maps.clone();
        maps[0].retain(|(key, _)| key[0] != 0);
        maps[0]
            .extend([(&[2][..], &[2, 0, 0, 0][..]), (&[4], &[2]), (&[5], &[1])].map(|(key, value)| pair(key, value)));
        maps[0].extend(flags.map(|flags| pair(&[6], &[flags])));
        maps[0].push(pair(&[0xfb], &[2, 0, 0, 0]));
        for map in &mut maps[1..=2] {
            map.extend([pair(&[0x0e], &[7; 32]), pair(&[0x0f], &[0; 4]), pair(&[0x10], &[9; 4])]);
        }
        maps[3].extend([pair(&[3], &[1; 8]), pair(&[4], b"script")]);
        maps
    }

    #[test]
    fn version_2_closes_and_changes_nothing_else() {
        for (before, after) in [(None, None), (Some(0), Some(0)), (Some(3), Some(0)), (Some(7), Some(4))] {
            let old = two(&original(), before);
            let check = |maps: &Owned, added: &[_]| verdicts_on(&old, &write(maps), added);
            assert_eq!(check(&two(&signed(), after), &added()), (true, false), "{before:?}");
            assert_eq!(check(&two(&trimmed(), after), &added()), (false, true), "{before:?}");
            // Nothing signed: nothing closed.
            assert!(check(&old, &[]).0, "{before:?}");
            for wrong in [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(7)] {
                if wrong != after {
                    assert_eq!(check(&two(&signed(), wrong), &added()), (false, false), "{before:?} {wrong:?}");
                    assert_eq!(check(&two(&trimmed(), wrong), &added()), (false, false), "{before:?} {wrong:?}");
                }
            }
        }
        let old = two(&original(), None);
        let refused = |what: &str, edit: &dyn Fn(&mut Owned)| {
            for mut maps in [two(&signed(), None), two(&trimmed(), None)] {
                edit(&mut maps);
                assert_eq!(verdicts_on(&old, &write(&maps), &added()), (false, false), "{what}");
            }
        };
        for map in 0..4 {
            for kind in [2, 4, 5, 0xfb, 0x0e, 0x0f, 0x10, 3, 4] {
                let Some(there) = old[map].iter().position(|(key, _)| *key == [kind]) else { continue };
                let key = old[map][there].0.clone();
                let at = |maps: &Owned| maps[map].iter().position(|(own, _)| *own == key).unwrap();
                refused("a field gone", &|maps| {
                    let at = at(maps);
                    maps[map].remove(at);
                });
                refused("a field changed", &|maps| {
                    let at = at(maps);
                    maps[map][at].1[0] ^= 1;
                });
                refused("a field twice", &|maps| {
                    let again = maps[map][at(maps)].clone();
                    maps[map].push(again);
                });
            }
        }
        refused("the other version's transaction", &|maps| maps[0].push(pair(&[0], b"tx")));
        refused("a sequence of its own", &|maps| maps[3].push(pair(&[0x10], &[9; 4])));
        // Version 0 has no such flags, and the versions do not go together.
        let flagged = |flags: u8| {
            let mut maps = signed();
            maps[0].push(pair(&[6], &[flags]));
            maps
        };
        let mut old = original();
        old[0].push(pair(&[6], &[3]));
        assert!(verdicts_on(&old, &write(&flagged(3)), &added()).0);
        assert!(!verdicts_on(&old, &write(&flagged(0)), &added()).0);
        assert_eq!(verdicts(&write(&two(&signed(), None)), &added()), (false, false));
    }
}
